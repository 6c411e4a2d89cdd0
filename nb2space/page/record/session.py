"""Talking to a live kernel as a page does: setting controls, pressing buttons, waiting for idle."""

from __future__ import annotations

import ast
import json
import os
import time
from importlib import resources
from queue import Empty
from typing import Any

from nb2space.page.record.mirror import Mirror

_MODULE = "nb2space_recorder"
_ASK_SECONDS = 30.0
# How long a kernel may take to become idle after it was interrupted.
_INTERRUPT_SECONDS = 10.0

Event = tuple[str, str]
"""Who an event comes from: a control's model and its trait, or CLICK."""

CLICK = "#click"


class TooSlow(Exception):
    """A callback did not return in time; the kernel was interrupted and is idle again."""


class KernelLost(Exception):
    """The kernel died, or does not answer any more even when it is interrupted."""


class Session:
    """A page's connection to the kernel of an nbclient client, with the mirror that it keeps.

    `late` are the events whose callbacks still changed something after they had returned.
    """

    def __init__(self, client: Any, seconds: float) -> None:
        self.client = client
        self.kernel = client.kc
        self.seconds = seconds
        self.mirror = Mirror()
        self.late: set[Event] = set()
        self._owners: dict[str, Event] = {}

    async def open(self) -> None:
        """Load the recorder's own module into the kernel and take over all widgets' states."""
        source = resources.files(__package__).joinpath("inkernel.py").read_text(encoding="utf-8")
        module = f"__import__('types').ModuleType({_MODULE!r})"
        load = f"(lambda m: (exec({source!r}, m.__dict__), m)[1])({module})"
        await self._evaluate(f"__import__('sys').modules.__setitem__({_MODULE!r}, {load})")
        await self._load_states()
        await self.ask("begin()")

    async def close(self) -> None:
        """Take the recorder's module out of the kernel again."""
        await self.ask("end()")
        await self._evaluate(f"__import__('sys').modules.pop({_MODULE!r}) and None")

    async def ask(self, call: str) -> Any:
        """What a function of `inkernel.py` answers."""
        text = await self._evaluate(f"__import__('sys').modules[{_MODULE!r}].{call}")
        return json.loads(ast.literal_eval(text))

    async def update(self, model_id: str, key: str, value: Any) -> None:
        """Set a control as a person does. Raises TooSlow and KernelLost."""
        self.mirror.states[model_id][key] = value
        content = {"method": "update", "state": {key: value}, "buffer_paths": []}
        await self._event((model_id, key), content)

    async def click(self, model_id: str) -> None:
        """Press a button as a person does. Raises TooSlow and KernelLost."""
        await self._event((model_id, CLICK), {"method": "custom", "content": {"event": "click"}})

    async def settle(self, seconds: float) -> None:
        """Listen for what comes after the answers: threads, timers, tasks."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                message = await self.kernel.get_iopub_msg(timeout=left)
            except Empty:
                return
            self._take_late(message)

    async def _event(self, event: Event, data: dict[str, Any]) -> None:
        message_id = self._send(event[0], data)
        self._owners[message_id] = event
        try:
            captured = await self._until_idle(message_id, self.seconds)
        except KernelLost:
            if not await self.client.km.is_alive():
                raise
            # A kernel that answers the next question has only lost this one.
            await self._evaluate("1")
            raise TooSlow from None
        self.mirror.end_event(message_id)
        for model_id in captured:
            # A browser writes what an Output widget captured back to the kernel.
            state = {"outputs": self.mirror.value((model_id, "outputs"))}
            content = {"method": "update", "state": state, "buffer_paths": []}
            await self._until_idle(self._send(model_id, content), self.seconds)

    async def _until_idle(
        self, message_id: str, seconds: float, *, heard: bool = True
    ) -> list[str]:
        """Take over all answers to a message; the Output widgets that captured some.

        With `heard` false the answers are passed over, but not what comes late from others.
        """
        before = {place for place in self.mirror.touched if place[1] == "outputs"}
        self.mirror.touched -= before
        interrupted = False
        end = time.monotonic() + seconds
        try:
            while True:
                try:
                    left = max(end - time.monotonic(), 0.01)
                    message = await self.kernel.get_iopub_msg(timeout=left)
                except Empty:
                    if interrupted or not await self.client.km.is_alive():
                        raise KernelLost from None
                    await self.client.km.interrupt_kernel()
                    interrupted = True
                    end = time.monotonic() + _INTERRUPT_SECONDS
                    continue
                if message["parent_header"].get("msg_id") != message_id:
                    self._take_late(message)
                elif _is_idle(message):
                    break
                elif heard:
                    self.mirror.apply(message)
            captured = [place[0] for place in self.mirror.touched if place[1] == "outputs"]
        finally:
            self.mirror.touched |= before
        if interrupted:
            self.mirror.end_event(message_id)
            raise TooSlow
        return sorted(captured)

    def _take_late(self, message: dict[str, Any]) -> None:
        owner = self._owners.get(message["parent_header"].get("msg_id", ""))
        if self.mirror.apply(message) and owner is not None:
            self.late.add(owner)

    def _send(self, comm_id: str, data: dict[str, Any], kind: str = "comm_msg", **more: Any) -> str:
        content = {"comm_id": comm_id, "data": data, **more}
        message = self.kernel.session.msg(kind, content, metadata={"version": "2.1.0"})
        self.kernel.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    async def _load_states(self) -> None:
        comm = os.urandom(16).hex()
        target = "jupyter.widget.control"
        message = self.kernel.session.msg(
            "comm_open",
            {"comm_id": comm, "data": {}, "target_name": target},
            metadata={"version": "1.0.0"},
        )
        self.kernel.shell_channel.send(message)
        await self._until_idle(message["header"]["msg_id"], _ASK_SECONDS)
        asked = self._send(comm, {"method": "request_states"})
        end = time.monotonic() + _ASK_SECONDS
        while time.monotonic() < end:
            try:
                answer = await self.kernel.get_iopub_msg(timeout=_ASK_SECONDS)
            except Empty:
                break
            data = answer["content"].get("data") or {}
            if answer["parent_header"].get("msg_id") == asked and "states" in data:
                self.mirror.load(
                    data["states"],
                    zip(data["buffer_paths"], answer.get("buffers") or [], strict=False),
                )
                await self.settle(0.2)
                self.mirror.forget()
                return
        raise KernelLost

    async def _evaluate(self, expression: str) -> str:
        """The repr of an expression's value in the kernel, which leaves no names behind."""
        message_id = self.kernel.execute(
            "",
            silent=True,
            store_history=False,
            user_expressions={"answer": expression},
            allow_stdin=False,
        )
        # Figures that a callback left open are shown now, for us alone; a page never has them.
        await self._until_idle(message_id, _ASK_SECONDS, heard=False)
        while True:
            try:
                reply = await self.kernel.get_shell_msg(timeout=_ASK_SECONDS)
            except Empty:
                raise KernelLost from None
            if reply["parent_header"].get("msg_id") == message_id:
                break
        answer = reply["content"].get("user_expressions", {}).get("answer", {})
        if answer.get("status") != "ok":
            raise KernelLost
        return str(answer["data"]["text/plain"])


def _is_idle(message: dict[str, Any]) -> bool:
    content = message["content"]
    return message["msg_type"] == "status" and bool(content.get("execution_state") == "idle")
