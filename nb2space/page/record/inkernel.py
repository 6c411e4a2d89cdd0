"""Runs inside the author's kernel: which callbacks there are, and what they read and start.

Loaded as a module of its own, so that nothing appears among the author's names. Only the standard
library, ipywidgets and traitlets may be used here, and the answers are JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from typing import Any

import ipywidgets  # type: ignore[import-untyped]
from ipywidgets.widgets import widget as widget_module  # type: ignore[import-untyped]
from traitlets import All
from traitlets.traitlets import ObserveHandler, TraitType

# What these read is for sending, comparing and validating, and no callback's input.
_MACHINERY = {
    "ipywidgets.widgets.widget",
    "ipywidgets.widgets.widget_output",
    "ipywidgets.widgets.widget_selection",
    __name__,
}
# Threads and tasks of these serve later calls or the kernel; a callback is not waiting for them.
_SERVANTS = (
    "concurrent.", "tqdm", "joblib", "asyncio", "anyio", "tornado", "zmq", "ipykernel", "IPython",
)  # fmt: skip
_AUTHORS_OWN = {"interactive", "link", "directional_link"}

_original = {
    "get": TraitType.get,
    "set": TraitType.set,
    "set_state": ipywidgets.Widget.set_state,
    "_handle_custom_msg": ipywidgets.Widget._handle_custom_msg,
    "start": threading.Thread.start,
}


class _Watch:
    """What each widget's events read and started, by the widget's id.

    `written` is what the event that goes on has written: reading that is no input.
    """

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.source = ""
        self.reads: dict[str, set[tuple[str, str]]] = {}
        self.written: set[tuple[str, str]] = set()
        self.threads: list[tuple[str, threading.Thread]] = []
        self.tasks: dict[Any, str] = dict.fromkeys(_tasks(), "")

    def begin_event(self, source: str) -> None:
        self.note_tasks()
        # What an earlier event wrote is, for the next one, something to be read.
        self.written.clear()
        self.source = source

    def note_tasks(self) -> None:
        """Tasks that are new were started by the event that went on until now."""
        for task in _tasks() - set(self.tasks):
            self.tasks[task] = self.source


_watch: _Watch | None = None


def discover() -> str:
    """Every displayed or hidden widget's callbacks that are the author's, as JSON."""
    found = []
    for model_id, widget in list(_widgets().items()):
        for trait, by_type in widget._trait_notifiers.items():
            handlers = [
                handler
                for handler in [*by_type.get("change", []), *by_type.get(All, [])]
                if _is_authors(handler, widget)
            ]
            name = "*" if trait is All else str(trait)
            if handlers:
                found.append(_callback(model_id, "observe", name, handlers))
        for attribute, dispatcher in _dispatchers(widget):
            handlers = [h for h in dispatcher.callbacks if _is_authors(h, widget)]
            if handlers:
                kind = "click" if attribute == "_click_handlers" else "message"
                found.append(_callback(model_id, kind, attribute, handlers))
    return json.dumps(found)


def begin() -> str:
    """Begin to note what callbacks read and start."""
    global _watch
    _watch = _Watch()
    TraitType.get = _get  # type: ignore[method-assign]
    TraitType.set = _set  # type: ignore[method-assign]
    ipywidgets.Widget.set_state = _set_state
    ipywidgets.Widget._handle_custom_msg = _handle_custom_msg
    threading.Thread.start = _start  # type: ignore[method-assign]
    return "null"


def take() -> str:
    """What each widget's events read since the last call, and which started what still works."""
    if _watch is None:
        return json.dumps({"reads": {}, "works_on": []})
    _watch.note_tasks()
    reads, _watch.reads = _watch.reads, {}
    works_on = {source for source, thread in _watch.threads if thread.is_alive()}
    works_on |= {source for task, source in _watch.tasks.items() if not task.done()}
    return json.dumps(
        {
            "reads": {source: sorted(traits) for source, traits in reads.items()},
            "works_on": sorted(works_on - {""}),
        }
    )


def end() -> str:
    """Stop noting, and leave traitlets and ipywidgets as they were."""
    global _watch
    _watch = None
    TraitType.get = _original["get"]  # type: ignore[method-assign]
    TraitType.set = _original["set"]  # type: ignore[method-assign]
    ipywidgets.Widget.set_state = _original["set_state"]
    ipywidgets.Widget._handle_custom_msg = _original["_handle_custom_msg"]
    threading.Thread.start = _original["start"]  # type: ignore[method-assign]
    return "null"


def _widgets() -> Any:
    found = getattr(widget_module, "_instances", None)
    return ipywidgets.Widget.widgets if found is None else found


def _dispatchers(widget: Any) -> list[tuple[str, Any]]:
    held = {**getattr(widget, "_trait_values", {}), **vars(widget)}
    return [
        (name, value)
        for name, value in held.items()
        if isinstance(value, ipywidgets.CallbackDispatcher)
    ]


def _callback(model_id: str, kind: str, trait: str, handlers: list[Any]) -> dict[str, Any]:
    return {
        "id": model_id,
        "kind": kind,
        "trait": trait,
        "handlers": [_identity(handler) for handler in handlers],
    }


def _identity(handler: Any) -> list[int]:
    """Equal for two bound methods of one object, which are made anew at each look."""
    return [id(getattr(handler, "__func__", handler)), id(getattr(handler, "__self__", None))]


def _is_authors(handler: Any, widget: Any) -> bool:
    """False for what belongs to ipywidgets or to the package that the widget comes from."""
    if isinstance(handler, str):
        return False
    if isinstance(handler, ObserveHandler):
        handler = getattr(handler, "func", handler)
        if (getattr(handler, "__module__", "") or "").startswith(("ipywidgets.", "traitlets.")):
            return False
    owner = getattr(handler, "__self__", None)
    if type(owner).__name__ in _AUTHORS_OWN:
        return True
    if owner is widget and not type(widget).__module__.startswith("__main__"):
        return False
    module = getattr(handler, "__module__", "") or ""
    if isinstance(owner, ipywidgets.Widget) and module.startswith("ipywidgets.widgets."):
        return False
    package = type(widget).__module__.split(".")[0]
    is_foreign = package not in ("ipywidgets", "__main__")
    return not (is_foreign and module.split(".")[0] == package)


def _tasks() -> set[Any]:
    """The unfinished asyncio tasks that are the author's."""
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:
        return set()
    return {task for task in tasks if not _serves(_module_of_task(task))}


def _module_of_task(task: Any) -> str:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return str(frame.f_globals.get("__name__", "")) if frame else "asyncio"


def _serves(module: str) -> bool:
    return module.startswith(_SERVANTS)


def _reader() -> str:
    """The module of the code that reads a trait, past traitlets itself."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(("traitlets.", "contextlib")):
            return module
        frame = frame.f_back
    return ""


def _is_watched(obj: Any) -> bool:
    return (
        _watch is not None
        and isinstance(obj, ipywidgets.Widget)
        and threading.get_ident() == _watch.thread
        and obj.comm is not None
    )


def _get(self: Any, obj: Any, cls: Any = None) -> Any:
    # `comm` is itself a trait: looking at it here must not come back here.
    if self.name != "comm" and _is_watched(obj) and _watch is not None:
        trait = (obj.comm.comm_id, self.name)
        if trait not in _watch.written and _reader() not in _MACHINERY:
            _watch.reads.setdefault(_watch.source, set()).add(trait)
    return _original["get"](self, obj, cls)


def _set(self: Any, obj: Any, value: Any) -> Any:
    if self.name != "comm" and _is_watched(obj) and _watch is not None:
        _watch.written.add((obj.comm.comm_id, self.name))
    return _original["set"](self, obj, value)


def _set_state(self: Any, state: Any) -> Any:
    if _watch is not None and self.comm is not None:
        _watch.begin_event(self.comm.comm_id)
    return _original["set_state"](self, state)


def _handle_custom_msg(self: Any, content: Any, buffers: Any) -> Any:
    if _watch is not None and self.comm is not None:
        _watch.begin_event(self.comm.comm_id)
    return _original["_handle_custom_msg"](self, content, buffers)


def _start(self: Any) -> Any:
    if _watch is not None and threading.get_ident() == _watch.thread:
        target = getattr(self, "_target", None)
        names = (type(self).__module__, getattr(target, "__module__", None) or "")
        if not any(_serves(name) for name in names):
            _watch.threads.append((_watch.source, self))
    return _original["start"](self)
