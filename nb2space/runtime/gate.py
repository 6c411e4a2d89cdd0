"""The gate between a kernel and its viewer's page: what is not on a list does not pass.

One gate serves one kernel. It decides on messages as plain data (the Jupyter messaging protocol's
dicts) and knows nothing of sockets.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .bundles import VIEW_MIME, viewer_data
from .cleantext import clean_text, text_of
from .markdown import with_markup
from .masking import Mask
from .media import bare_buffer
from .outputs import (
    LINKS,
    Report,
    reference_of,
    renderer_metadata,
    viewer_model,
    viewer_outputs,
    viewer_state,
)
from .sourcewall import SourceWall
from .tracebacks import Tracebacks

Message = dict[str, Any]

_WIDGET_TARGET = "jupyter.widget"
_CONTROL_TARGET = "jupyter.widget.control"
# How ipywidgets writes a widget in the state of another (ipywidgets.widgets.trait_types).
_REFERENCE = re.compile(r"IPY_MODEL_([0-9A-Za-z-]+)")
_NAMED = re.compile(r"IPY_MODEL_?([0-9A-Za-z-]*)")

# So much of a line that is printed in pieces is remembered, and so many of the lines before it.
_LONGEST_BEGUN = 2000
_LINES_BEFORE = 6

# ipywidgets' protocol version, told when a model is opened (ipywidgets._version).
_WIDGET_METADATA = {"version": "2.1.0"}

# Methods of widget messages that a page sends: github.com/jupyter-widgets/ipywidgets,
# packages/schema/messages.md.
_PAGE_METHODS = {"update", "request_state", "request_states", "custom"}

# What a page may read of a kernel's description; the rest tells of the machine.
_KERNEL_INFO = {"status", "protocol_version", "implementation", "language_info"}


class Gate:
    """Decides what passes between one kernel and the pages of its viewer.

    `report` notes the details of a problem and gives its reference number; `language` is the
    viewers'; `wall` and `mask` go over everything that leaves for the page.
    """

    def __init__(self, report: Report, language: str, mask: Mask, wall: SourceWall) -> None:
        self._report = report
        self._language = language
        self._wall = wall
        self._mask = mask
        self._printed = _Printed("")
        self._reached: set[str] = set()
        self._held: dict[str, Message] = {}
        self._links: dict[str, set[str]] = {}
        self._names: dict[str, Any] = {}
        self._controls: set[str] = set()
        self._capturing: dict[str, str] = {}

    # -- from the page ----------------------------------------------------------------------

    def admits(self, channel: str, message: Message) -> bool:
        """True when a message of the page may reach the kernel."""
        kind = message.get("header", {}).get("msg_type")
        content = message.get("content", {})
        if channel != "shell" or not isinstance(content, dict):
            return False
        if kind in ("kernel_info_request", "comm_info_request"):
            return True
        comm = str(content.get("comm_id"))
        if kind == "comm_open":
            if content.get("target_name") != _CONTROL_TARGET:
                return False
            self._controls.add(comm)
            return True
        if kind == "comm_msg":
            data = content.get("data")
            method = data.get("method") if isinstance(data, dict) else None
            known = isinstance(method, str) and method in _PAGE_METHODS
            if not known or comm not in self._reached | self._controls:
                return False
            # The kernel repeats what a page sends: it must not name what the page does not have.
            return self._reached.issuperset(_named(data))
        return kind == "comm_close" and comm in self._controls

    # -- from the kernel --------------------------------------------------------------------

    def show(self, model_ids: Iterable[str]) -> None:
        """Tell the gate which widget models the page displays."""
        self._reached.update(model_ids)

    def release(self, channel: str, message: Message) -> list[Message]:
        """The messages that the page gets in the place of a kernel's message, in order."""
        handler = _HANDLERS.get((channel, message["header"]["msg_type"]))
        if handler is None:
            return []
        bare = {
            **message,
            "header": {**message["header"], "username": ""},
            "parent_header": _bare_parent(message.get("parent_header")),
            "metadata": {},
            "buffers": [bare_buffer(buffer) for buffer in message.get("buffers") or []],
        }
        return [self._walled(released) for released in handler(self, bare, message["content"])]

    def _walled(self, message: Message) -> Message:
        """A message without lines of the code and values of secrets."""
        if self._wall or self._mask:
            kind = _KINDS.get(message["header"]["msg_type"], "a message")
            walled = {n: self._wall.value(message[n], kind) for n in ("content", "buffers")}
            content = walled["content"]
            if message["header"]["msg_type"] == "stream":
                # Of a value that is printed in pieces, `Unbroken` has to see each as it is.
                content = {**content, "text": self._mask.whole(content["text"])}
            else:
                content = self._mask.value(content)
            rest = {"buffers": walled["buffers"], "metadata": message["metadata"]}
            masked = {name: self._mask.value(part) for name, part in rest.items()}
            message = {**message, **masked, "content": content}
        return {**message, "content": with_markup(message["content"], self._markup)}

    def _markup(self, html: str) -> str:
        return self._mask.text(self._wall.without_source(html))

    def _status(self, message: Message, content: Message) -> Iterator[Message]:
        yield {**message, "content": {"execution_state": content.get("execution_state")}}

    def _kernel_info(self, message: Message, content: Message) -> Iterator[Message]:
        kept = {name: content[name] for name in _KERNEL_INFO if name in content}
        yield {**message, "content": {**kept, "banner": "", "help_links": []}}

    def _comm_info(self, message: Message, content: Message) -> Iterator[Message]:
        comms = {
            name: comm
            for name, comm in content.get("comms", {}).items()
            if name in self._reached | self._controls
        }
        yield {**message, "content": {"status": content.get("status", "ok"), "comms": comms}}

    def _clear(self, message: Message, content: Message) -> Iterator[Message]:
        yield {**message, "content": {"wait": bool(content.get("wait"))}}

    def _stream(self, message: Message, content: Message) -> Iterator[Message]:
        if content.get("name") == "stdout":
            parent = str(message["parent_header"].get("msg_id"))
            if parent != self._printed.parent:
                self._printed = _Printed(parent)
            text = self._printed.cut(text_of(content.get("text")) or "", self._wall)
            if text := clean_text(text):
                yield {**message, "content": {"name": "stdout", "text": text}}

    def _display(self, message: Message, content: Message) -> Iterator[Message]:
        data = viewer_data(content.get("data", {}))
        if not data:
            return
        view = data.get(VIEW_MIME)
        if isinstance(view, dict):
            yield from self._reach([str(view.get("model_id"))])
        yield {
            **message,
            "content": {
                "data": data,
                "metadata": renderer_metadata(content.get("metadata", {})),
                "transient": _bare_transient(content.get("transient")),
            },
        }

    def _error(self, message: Message, content: Message) -> Iterator[Message]:
        reference = reference_of(content, self._report)
        # Where an output area captures it, the sentence stands there; else the page says it.
        captured = message["parent_header"].get("msg_id") in self._capturing.values()
        metadata = {} if captured else {"nb2space_reference": reference}
        outputs = viewer_outputs(
            [{"output_type": "error", "ename": "nb2space", "evalue": reference}],
            self._report,
            self._language,
        )
        yield {
            **message,
            "header": {**message["header"], "msg_type": "display_data"},
            "metadata": metadata,
            "content": {"data": outputs[0]["data"], "metadata": {}, "transient": {}},
        }

    def _open(self, message: Message, content: Message) -> Iterator[Message]:
        model_id = str(content.get("comm_id"))
        if content.get("target_name") != _WIDGET_TARGET:
            return
        opened = {**message, "metadata": _WIDGET_METADATA, "content": content}
        self._hold(model_id, opened)
        yield from self._reach([model_id] if model_id in self._reached else [])

    def _change(self, message: Message, content: Message) -> Iterator[Message]:
        comm, data = str(content.get("comm_id")), content.get("data")
        if not isinstance(data, dict):
            return
        if comm in self._controls:
            yield from self._states(message, content, data)
        elif comm in self._held:
            _merge(self._held[comm], message, data)
        elif comm in self._reached:
            self._note_capture(comm, data.get("state"))
            state = self._cleaned(comm, data.get("state"))
            yield from self._reach(_references(state))
            yield {**message, "content": {"comm_id": comm, "data": _with_state(data, state)}}

    def _close(self, message: Message, content: Message) -> Iterator[Message]:
        comm = str(content.get("comm_id"))
        self._held.pop(comm, None)
        self._links.pop(comm, None)
        self._names.pop(comm, None)
        if comm in self._reached:
            yield {**message, "content": {"comm_id": comm, "data": {}}}

    def _states(self, message: Message, content: Message, data: Message) -> Iterator[Message]:
        """The answer to request_states: the displayed models go, the others are held."""
        if data.get("method") != "update_states":
            return
        states = data.get("states", {})
        buffers: dict[str, list[tuple[list[Any], Any]]] = {}
        for path, buffer in zip(data.get("buffer_paths", []), message["buffers"], strict=False):
            buffers.setdefault(str(path[0]), []).append((path, buffer))
        for model_id, model in states.items():
            self._hold(model_id, _as_opened(message, model_id, model, buffers.get(model_id, [])))
        for opened in self._reach(list(self._reached)):
            model_id = opened["content"]["comm_id"]
            states[model_id] = {**states[model_id], "state": opened["content"]["data"]["state"]}
        sent = [name for name in states if name in self._reached]
        kept = [pair for name in sent for pair in buffers.get(name, [])]
        yield {
            **message,
            "buffers": [buffer for _, buffer in kept],
            "content": {
                "comm_id": content["comm_id"],
                "data": {
                    "method": "update_states",
                    "states": {name: states[name] for name in sent},
                    "buffer_paths": [path for path, _ in kept],
                },
            },
        }

    def _note_capture(self, comm: str, state: Any) -> None:
        """Note which request's outputs an output area takes in (its trait msg_id)."""
        if isinstance(state, dict) and isinstance(state.get("msg_id"), str):
            self._capturing[comm] = state["msg_id"]

    # -- models -----------------------------------------------------------------------------

    def _reach(self, model_ids: Iterable[str]) -> Iterator[Message]:
        """Release what is held of these models and of all that they refer to, referents first.

        What the page itself keeps alike is told to it last: nothing refers to such a link.
        """
        yield from self._reach_all(model_ids)
        yield from self._reach_all([n for n, ends in self._links.items() if ends <= self._reached])

    def _hold(self, model_id: str, opened: Message) -> None:
        """Hold a model back, and note its name and which others it keeps alike (`jslink`)."""
        self._held[model_id] = opened
        state = opened["content"]["data"].get("state")
        self._names[model_id] = state.get("_model_name") if isinstance(state, dict) else None
        if self._names[model_id] in LINKS:
            ends = _references([state.get("source"), state.get("target")])
            if len(ends) == 2:
                self._links[model_id] = set(ends)

    def _reach_all(self, model_ids: Iterable[str]) -> Iterator[Message]:
        for model_id in model_ids:
            self._reached.add(model_id)
            opened = self._held.pop(model_id, None)
            self._links.pop(model_id, None)
            if opened is None:
                continue
            data = opened["content"]["data"]
            state = self._cleaned(model_id, data.get("state"))
            yield from self._reach_all(_references(state))
            content = {**opened["content"], "data": _with_state(data, state)}
            yield {**opened, "content": content}

    def _cleaned(self, model_id: str, state: Any) -> Any:
        """A widget's state with its captured outputs as a viewer may see them."""
        if not isinstance(state, dict):
            return state
        outputs = state.get("outputs")
        others = {name: item for name, item in state.items() if name != "outputs"}
        rest = viewer_model(others, self._names.get(model_id))
        if "outputs" not in state:
            return rest
        # Another widget may have a trait of this name that holds something else.
        if isinstance(outputs, list | tuple) and all(
            isinstance(o, dict) and "output_type" in o for o in outputs
        ):
            cleaned = viewer_outputs(outputs, self._report, self._language)
            return {**rest, "outputs": cleaned}
        return {**rest, "outputs": viewer_state(outputs)}


class _Printed:
    """What one request prints, which may come in pieces: a line at a time, or less."""

    def __init__(self, parent: str) -> None:
        self.parent = parent
        self._tracebacks = Tracebacks()
        self._begun = ""
        self._before = ""

    def cut(self, text: str, wall: SourceWall) -> str:
        """The next piece, without what tells of the code together with the pieces before."""
        first, end, rest = text.partition("\n")
        begun = self._begun + first
        self._begun = text.rpartition("\n")[2] if end else begun[-_LONGEST_BEGUN:]
        if begun != first and wall.hides(begun):
            text = rest
        return self._tracebacks.cut(self._without_blocks(text, wall))

    def _without_blocks(self, text: str, wall: SourceWall) -> str:
        """`text` without the lines that are code together with lines that were printed before."""
        before, every = self._before, self._before + text
        lines = every.splitlines(keepends=True)
        self._before = "".join(lines[-_LINES_BEFORE:])[-_LONGEST_BEGUN:]
        if not before or not wall or not wall.hides(every):
            return text
        hidden = wall.hidden_lines(lines)
        kept, place = [], 0
        for number, line in enumerate(lines):
            if number not in hidden:
                # Of what was begun before, the rest.
                kept.append(line[max(0, len(before) - place) :])
            place += len(line)
        rest = "".join(kept)
        shown = "".join(line for number, line in enumerate(lines) if number not in hidden)
        # A line of the code that was broken over several of these.
        return "" if wall.hides(shown) else rest


_HANDLERS = {
    ("iopub", "status"): Gate._status,
    ("iopub", "stream"): Gate._stream,
    ("iopub", "display_data"): Gate._display,
    ("iopub", "update_display_data"): Gate._display,
    ("iopub", "execute_result"): Gate._display,
    ("iopub", "clear_output"): Gate._clear,
    ("iopub", "error"): Gate._error,
    ("iopub", "comm_open"): Gate._open,
    ("iopub", "comm_msg"): Gate._change,
    ("iopub", "comm_close"): Gate._close,
    ("shell", "kernel_info_reply"): Gate._kernel_info,
    ("shell", "comm_info_reply"): Gate._comm_info,
}


# What the log calls what a message is about.
_KINDS = {
    "stream": "printed text",
    "display_data": "an output",
    "update_display_data": "an output",
    "execute_result": "an output",
    "comm_open": "a widget",
    "comm_msg": "a widget",
}


def _with_state(data: Message, state: Any) -> Message:
    """The data of a widget's message with its cleaned state, and all else in it cleaned too."""
    as_it_is = ("method", "state", "buffer_paths")
    rest = {name: viewer_state(item) for name, item in data.items() if name not in as_it_is}
    kept: Message = {name: data[name] for name in ("method", "buffer_paths") if name in data}
    return {**rest, **kept, **({"state": state} if "state" in data else {})}


def _bare_transient(transient: Any) -> Message:
    """The display id, which may be the author's text, as a number that stands for it."""
    given = transient.get("display_id") if isinstance(transient, dict) else None
    if given is None:
        return {}
    return {"display_id": hashlib.sha256(str(given).encode()).hexdigest()[:16]}


def _bare_parent(parent: Any) -> Message:
    """The parent's header as the page needs it, to know which request an answer belongs to."""
    if not isinstance(parent, dict):
        return {}
    kept = {
        n: parent[n] for n in ("msg_id", "msg_type", "session", "date", "version") if n in parent
    }
    return {**kept, "username": ""} if kept else {}


def _as_opened(
    message: Message, model_id: str, model: Message, buffers: list[tuple[list[Any], Any]]
) -> Message:
    """A comm_open message for a model that request_states told of."""
    return {
        **message,
        "header": {**message["header"], "msg_type": "comm_open"},
        "metadata": _WIDGET_METADATA,
        # In update_states a path begins with the model's id and 'state'.
        "buffers": [buffer for _, buffer in buffers],
        "content": {
            "comm_id": model_id,
            "target_name": _WIDGET_TARGET,
            "data": {
                "state": model.get("state", {}),
                "buffer_paths": [path[2:] for path, _ in buffers],
            },
        },
    }


def _merge(opened: Message, message: Message, data: Message) -> None:
    """Take a change of a model that is held back into what is held."""
    if not isinstance(data.get("state"), dict):
        return
    held = opened["content"]["data"]
    changed = set(data["state"])
    paths, buffers = held.get("buffer_paths", []), opened["buffers"]
    kept = [(p, b) for p, b in zip(paths, buffers, strict=False) if p and p[0] not in changed]
    new = list(zip(data.get("buffer_paths", []), message["buffers"], strict=False))
    held["state"] = {**held.get("state", {}), **data["state"]}
    held["buffer_paths"] = [path for path, _ in [*kept, *new]]
    opened["buffers"] = [buffer for _, buffer in [*kept, *new]]


def _references(value: Any) -> list[str]:
    """The ids of the models that a state refers to, its captured outputs included."""
    if isinstance(value, str):
        # Whole: what a viewer has typed may stand in the middle of any other text.
        found = _REFERENCE.fullmatch(value)
        return [found[1]] if found else []
    if isinstance(value, dict):
        view = value.get(VIEW_MIME)
        own = [str(view["model_id"])] if isinstance(view, dict) and "model_id" in view else []
        return own + [found for item in value.values() for found in _references(item)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in _references(item)]
    return []


def _named(value: Any) -> set[str]:
    """The ids of the models that anything in a page's message might be made to refer to."""
    return {*_references(value), *_NAMED.findall(json.dumps(value))}
