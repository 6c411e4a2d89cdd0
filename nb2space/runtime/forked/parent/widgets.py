"""Widgets over a fork: what they say when they are made is recorded, and each kernel says it again.

Where a cell of a live kernel shows something inside of an Output widget, the server takes that out
of the cell's outputs and hands it to the widget's model. Here there is no server yet, so the same
is done to what was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .recorder import Message

# Stands for the id of the request that runs a cell, which an Output widget tells its page.
REQUEST = "nb2space-request"


class Standin:
    """What the shell takes for its kernel while there is none."""

    def get_parent(self, channel: str = "") -> dict[str, Any]:
        """The request that runs the cell, as far as Output widgets look at it."""
        return {"header": {"msg_id": REQUEST, "msg_type": "execute_request"}}


def record_widgets(session: Any, standin: Standin) -> None:
    """Make comms send by `session` until there is a kernel, and take `standin` for it.

    Kernels of before ipykernel 6.18 know no comms without a kernel: the cell fails, and is not
    shared.
    """
    try:
        from ipykernel.comm import comm
    except ImportError:
        return
    from ipykernel.jsonutil import json_clean
    from ipykernel.kernelbase import Kernel

    base: Any = comm.BaseComm
    plain = base.publish_msg

    def publish_msg(
        self: Any, msg_type: str, data: Any = None, metadata: Any = None,
        buffers: Any = None, **keys: Any,
    ) -> None:  # fmt: skip
        if Kernel.initialized():
            if self.kernel is standin:
                self.kernel = None  # so it looks for the kernel
            plain(self, msg_type, data=data, metadata=metadata, buffers=buffers, **keys)
            return
        # Without one, ipywidgets tells no changes.
        self.kernel = standin
        content = json_clean({"data": data or {}, "comm_id": self.comm_id, **keys})
        session.send(
            None, msg_type, content, metadata=json_clean(metadata or {}), ident=self.topic,
            buffers=buffers,
        )  # fmt: skip

    base.publish_msg = publish_msg


class Page:
    """What a page would have been told so far: `states` are those of its widgets, by comm id."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}

    def show(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Take in what a cell sent, and give its outputs as a notebook holds them.

        What is shown inside of an Output widget becomes part of the widget's state instead, as in
        nbclient (nbclient.output_widget): of several, the last one entered gets it.
        """
        own = _Outputs()
        captured: dict[str, _Outputs] = {}
        taking: list[_Outputs] = []
        for message in messages:
            content = message.content
            if message.kind.startswith("comm_"):
                state = content["data"].get("state") or {}
                self.states.setdefault(content["comm_id"], {}).update(state)
                if state.get("msg_id"):
                    taking.append(captured.setdefault(content["comm_id"], _Outputs()))
                elif "msg_id" in state and taking:
                    taking.pop()
            elif message.kind == "clear_output":
                (taking[-1] if taking else own).clear(wait=bool(content.get("wait")))
            else:
                (taking[-1] if taking else own).add({"output_type": message.kind, **content})
        for comm_id, outputs in captured.items():
            self.states[comm_id]["outputs"] = outputs.shown
            _hand_over(comm_id, outputs.shown)
        return own.shown


class _Outputs:
    """What one output area shows in the end."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []
        self._clears_at_next = False

    def clear(self, *, wait: bool) -> None:
        if wait:
            self._clears_at_next = True
        else:
            self.shown.clear()

    def add(self, output: dict[str, Any]) -> None:
        if self._clears_at_next:
            self._clears_at_next = False
            self.shown.clear()
        last = self.shown[-1] if self.shown else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
            return
        output.pop("transient", None)
        self.shown.append(output)


def _hand_over(comm_id: str, outputs: list[dict[str, Any]]) -> None:
    """Give an Output widget what was shown inside of it, as the server of a live kernel does."""
    import comm

    manager: Any = comm.get_comm_manager()
    update = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
    message = {"content": {"comm_id": comm_id, "data": update}, "buffers": [], "metadata": {}}
    manager.comm_msg(None, None, message)


def for_request(content: dict[str, Any], request: str) -> dict[str, Any]:
    """The content of a comm's message, with the id of the request that it now answers."""
    state = content["data"].get("state")
    if not state or state.get("msg_id") != REQUEST:
        return content
    return {**content, "data": {**content["data"], "state": {**state, "msg_id": request}}}
