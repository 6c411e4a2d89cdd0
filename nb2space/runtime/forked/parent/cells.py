"""Running the shared cells once, and finding those that must not be shared after all."""

from __future__ import annotations

import contextvars
import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .digest import digest_of, digest_of_widgets
from .leftovers import Before, left_over
from .randomness import Randomness
from .recorder import Message, Recorder
from .watch import Watch
from .widgets import Page

# What replaying a message later shows is what it showed at once.
_REPLAYABLE = {
    "stream", "display_data", "execute_result", "clear_output",
    "comm_open", "comm_msg", "comm_close",
}  # fmt: skip


class Unshareable(Exception):
    """A part of the plan must be left out; `answer` says which, and why."""

    def __init__(self, why: str, **part: Any) -> None:
        super().__init__(why)
        self.answer = {**part, "why": why}


@dataclass(frozen=True)
class Shared:
    """A cell that has run: `messages` show a viewer what it showed, under the number `count`."""

    source: str
    count: int
    messages: list[Message]


def import_modules(names: Sequence[str]) -> None:
    """Import what the notebook will import. Raises Unshareable for what cannot be forked."""
    for name in names:
        before = Before()
        # What fails here may be caught in the cell, which is to fail or not by itself.
        _in_thread(partial(_try_to_import, name))
        if why := _controls() or left_over(before):
            raise Unshareable(why, module=name)


def run_cells(
    shell: Any, recorder: Recorder, randomness: Randomness, cells: Sequence[Any]
) -> list[Shared]:
    """Run the cells one after the other. Raises Unshareable with the first that is not to be."""
    watch, page = Watch(), Page()
    shared = []
    for index, cell in enumerate(cells):
        before = Before()
        count = shell.execution_count
        with watch:
            result = _in_thread(partial(shell.run_cell, cell["source"], store_history=True))
        messages = recorder.take()
        shown = page.show(messages)
        recorder.take()  # what widgets echo
        drawn = randomness.drawn_without_seed(cell["seeds"])
        why = _fault(result, messages) or left_over(before)
        if not why and not cell["told"]:
            why = watch.seen or ("draws random numbers without a seed" if drawn else "")
            digests = digest_of(shown), digest_of_widgets(page.states)
            if not why and digests != (cell["digest"], cell["widgets"]):
                why = "shows something else than at the conversion"
        if why:
            raise Unshareable(why, cell=index)
        shared.append(Shared(cell["source"], count, messages))
    return shared


def _fault(result: Any, messages: Sequence[Message]) -> str:
    if not result.success:
        return "fails when it runs before there is a viewer"
    if any(message.kind == "error" for message in messages):
        return "shows an error"
    if any(message.kind not in _REPLAYABLE for message in messages):
        return "changes what it has shown"
    return ""


def _controls() -> str:
    """What widgets say while a module is imported is part of no cell, and reaches no page."""
    import comm

    return "makes controls" if getattr(comm.get_comm_manager(), "comms", None) else ""


def _try_to_import(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:
        sys.modules.pop(name, None)


def _in_thread(work: Callable[[], Any]) -> Any:
    """The result of `work`, done in a thread that has ended.

    libgomp keeps a pool of threads for each thread that uses it, and after a fork waits for those
    of the forking thread, which are gone; a pool ends with its thread.
    """
    context = contextvars.copy_context()
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(context.run(work)))
    thread.start()
    thread.join()
    # Settings that libraries keep by context (decimal, NumPy) are to hold in the kernels, too.
    for variable, value in context.items():
        variable.set(value)
    return results[0]
