"""What a page knows of a kernel: the whole state of each widget, built from the kernel's messages.

A kernel sends changes only. A table needs whole states, so the changes are gathered here as a
browser gathers them, Output widgets and what they capture included.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

Message = dict[str, Any]
Place = tuple[str, str]
"""A model and one of its traits."""

CUSTOM = "#custom"
"""Stands for the trait in the place of a custom message, which is no state."""

_OUTPUTS = {"display_data", "execute_result", "stream", "error", "clear_output"}


class Mirror:
    """The states and buffers of all models, and what changed since `forget`.

    `touched` are the places that the kernel wrote to, `opened` the models that it made, `loose`
    the kinds of output that no Output widget captured.
    """

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.buffers: dict[str, dict[str, str]] = {}
        self.headers: dict[str, dict[str, Any]] = {}
        self.touched: set[Place] = set()
        self.opened: set[str] = set()
        self.loose: set[str] = set()
        self.failed: set[str] = set()
        self._capturing: dict[str, list[str]] = {}
        self._cleared_by_next: set[str] = set()

    def forget(self) -> None:
        """Forget what changed; what is, stays."""
        self.touched, self.opened, self.loose, self.failed = set(), set(), set(), set()

    def load(self, states: dict[str, Any], buffers: Iterable[tuple[list[Any], bytes]]) -> None:
        """Take over all states, as the kernel's control channel sends them."""
        for model_id, model in states.items():
            self.states[model_id] = dict(model["state"])
            self.headers[model_id] = {name: model[name] for name in model if name != "state"}
            if model["state"].get("_model_name") == "OutputModel":
                self.states[model_id]["msg_id"] = ""
        for path, data in buffers:
            # The paths begin with the model and the word 'state'.
            self._keep_buffer(path[0], path[2:], data)

    def apply(self, message: Message) -> bool:
        """Take over one message from the kernel; True when it changed what a page shows."""
        kind, content = message["msg_type"], message["content"]
        if kind == "comm_open":
            return self._open(message)
        if kind == "comm_msg":
            return self._comm(message)
        if kind == "comm_close":
            self.buffers.pop(content["comm_id"], None)
            return self.states.pop(content["comm_id"], None) is not None
        if kind in _OUTPUTS:
            return self._output(message)
        return False

    def end_event(self, message_id: str) -> None:
        """No output of this request is captured any more."""
        self._capturing.pop(message_id, None)

    def value(self, place: Place) -> Any:
        """What a place holds now; None where there is no such model."""
        return self.states.get(place[0], {}).get(place[1])

    def buffers_at(self, place: Place) -> dict[str, str]:
        """The buffers of one trait."""
        held = self.buffers.get(place[0], {})
        return {path: data for path, data in held.items() if json.loads(path)[0] == place[1]}

    def _open(self, message: Message) -> bool:
        content = message["content"]
        if content.get("target_name") != "jupyter.widget":
            return False
        model_id, data = content["comm_id"], content["data"]
        state = dict(data.get("state") or {})
        self.states[model_id] = state
        self.headers[model_id] = {
            "model_name": state.get("_model_name"),
            "model_module": state.get("_model_module"),
            "model_module_version": state.get("_model_module_version"),
        }
        self.buffers.pop(model_id, None)
        self._take_buffers(model_id, data, message)
        self.opened.add(model_id)
        return True

    def _comm(self, message: Message) -> bool:
        model_id, data = message["content"]["comm_id"], message["content"]["data"]
        if model_id not in self.states:
            return False
        if data.get("method") == "custom":
            self.touched.add((model_id, CUSTOM))
            return True
        if data.get("method") != "update":
            return False
        is_output = self.states[model_id].get("_model_name") == "OutputModel"
        changed = False
        for name, value in (data.get("state") or {}).items():
            if is_output and name == "msg_id":
                self._capture(model_id, value)
                continue
            held = self.buffers.get(model_id, {})
            for path in [path for path in held if json.loads(path)[0] == name]:
                del held[path]
            self.states[model_id][name] = value
            self.touched.add((model_id, name))
            changed = True
        self._take_buffers(model_id, data, message)
        return changed

    def _capture(self, model_id: str, request: str) -> None:
        if request:
            self._capturing.setdefault(request, []).append(model_id)
            return
        for capturing in self._capturing.values():
            if model_id in capturing:
                capturing.remove(model_id)

    def _output(self, message: Message) -> bool:
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            self.failed.add(f"{content.get('ename')}: {content.get('evalue')}".rstrip(": "))
        capturing = self._capturing.get(message["parent_header"].get("msg_id"))
        if not capturing:
            if kind != "clear_output":
                self.loose.add(kind)
            return False
        model_id = capturing[-1]
        if kind == "clear_output" and content.get("wait"):
            self._cleared_by_next.add(model_id)
            return False
        outputs = list(self.value((model_id, "outputs")) or [])
        if kind == "clear_output" or model_id in self._cleared_by_next:
            outputs = []
            self._cleared_by_next.discard(model_id)
        if kind != "clear_output":
            _add_output(outputs, kind, content)
        self.states[model_id]["outputs"] = outputs
        self.touched.add((model_id, "outputs"))
        return True

    def _take_buffers(self, model_id: str, data: dict[str, Any], message: Message) -> None:
        paths = data.get("buffer_paths") or []
        for path, buffer in zip(paths, message.get("buffers") or [], strict=False):
            self._keep_buffer(model_id, path, buffer)

    def _keep_buffer(self, model_id: str, path: list[Any], data: bytes) -> None:
        encoded = base64.b64encode(bytes(data)).decode("ascii")
        self.buffers.setdefault(model_id, {})[json.dumps(path)] = encoded


def _add_output(outputs: list[Any], kind: str, content: dict[str, Any]) -> None:
    last = outputs[-1] if outputs else {}
    if kind == "stream":
        if last.get("output_type") == "stream" and last.get("name") == content["name"]:
            outputs[-1] = {**last, "text": last["text"] + content["text"]}
        else:
            outputs.append({"output_type": kind, "name": content["name"], "text": content["text"]})
    elif kind == "error":
        # The traceback has the author's code: it goes no further than this.
        name, value = content.get("ename", ""), content.get("evalue", "")
        outputs.append({"output_type": kind, "ename": name, "evalue": value, "traceback": []})
    else:
        outputs.append(
            {
                "output_type": "display_data",
                "data": content.get("data", {}),
                "metadata": content.get("metadata", {}),
            }
        )
