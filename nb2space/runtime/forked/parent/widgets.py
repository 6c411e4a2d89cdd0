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


def sorted_outputs(
    messages: Sequence[Message],
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The outputs of a cell as a notebook holds them, and those of Output widgets by comm id.

    As nbclient does it (nbclient.output_widget): of several widgets that take in what is shown,
    the last one gets it.
    """
    own = _Outputs()
    captured: dict[str, _Outputs] = {}
    taking: list[_Outputs] = []
    for message in messages:
        content = message.content
        if message.kind == "comm_msg":
            request = (content["data"].get("state") or {}).get("msg_id")
            if request:
                taking.append(captured.setdefault(content["comm_id"], _Outputs()))
            elif request == "" and taking:
                taking.pop()
        elif message.kind == "clear_output":
            (taking[-1] if taking else own).clear(wait=bool(content.get("wait")))
        elif not message.kind.startswith("comm_"):
            (taking[-1] if taking else own).add({"output_type": message.kind, **content})
    return own.shown, {comm: outputs.shown for comm, outputs in captured.items()}


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


def hand_over(captured: dict[str, list[dict[str, Any]]]) -> None:
    """Give Output widgets what was shown inside of them, as the server of a live kernel does."""
    if not captured:
        return
    import comm

    manager: Any = comm.get_comm_manager()
    for comm_id, outputs in captured.items():
        update = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
        message = {"content": {"comm_id": comm_id, "data": update}, "buffers": [], "metadata": {}}
        manager.comm_msg(None, None, message)


def for_request(content: dict[str, Any], request: str) -> dict[str, Any]:
    """The content of a comm's message, with the id of the request that it now answers."""
    state = content["data"].get("state")
    if not state or state.get("msg_id") != REQUEST:
        return content
    return {**content, "data": {**content["data"], "state": {**state, "msg_id": request}}}
