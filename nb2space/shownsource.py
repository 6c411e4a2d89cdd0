"""Outputs that print the code itself: found at conversion, since viewers would read them.

`inspect.getsource`, `%history`, `print(In[-1])`, a widget whose value is a piece of the code and
their like put lines of the notebook into its outputs, where nothing else would look for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nb2space.audit.known import Known
from nb2space.audit.needles import needles_of
from nb2space.audit.search import Piece, Searcher
from nb2space.audit.shown import displayed, viewed_in
from nb2space.notebook import Notebook
from nb2space.runtime.bundles import viewer_data
from nb2space.runtime.cleantext import clean_text, text_of
from nb2space.tags import numbered, view_of
from nb2space.widgets import saved_models

_CODE_KINDS = {"line", "comment", "signature"}
_NO_LIBRARIES = Known(frozenset(), frozenset(), "")
# Rows of `dis` and nodes of `ast.dump`, which name what the code names.
_TAKEN_APART = re.compile(
    r"\b(?:LOAD|STORE|DELETE|IMPORT)_[A-Z_]+ +\d+ \((?:NULL \+ )?(\w+)|"
    r"\b(?:Name\(id|arg\(arg|FunctionDef\(name|ClassDef\(name|Attribute\([^()]*\battr)="
    r"['\"](\w+)['\"]"
)


@dataclass(frozen=True)
class ShownSource:
    """A cell, by its number from 1, whose output holds a piece of the code: `text`."""

    cell: int
    text: str


def shown_source(executed: Notebook) -> list[ShownSource]:
    """The shown outputs of `executed` that hold lines of its code, in any disguise, one finding a
    cell.
    """
    needles = needles_of([executed], {})
    names = {needle.text for needle in needles.items if needle.kind == "name"}
    code = tuple(n for n in needles.items if n.strong and n.kind in _CODE_KINDS)
    searcher = Searcher(replace(needles, items=code), "", _NO_LIBRARIES)
    models = saved_models(executed.metadata)
    states = {name: model["state"] for name, model in models.items()}
    found = []
    for number, cell in numbered(executed):
        if cell.cell_type == "code" and view_of(cell).shows_outputs:
            outputs = cell.get("outputs", [])
            shown = [*_texts(outputs), *_texts_of_widgets(states, viewed_in(outputs))]
            hit = _first(searcher, names, "\n".join(shown))
            if hit:
                found.append(ShownSource(number, hit))
    return found


def _first(searcher: Searcher, names: set[str], text: str) -> str:
    piece = Piece("outputs", "a cell", text.encode("utf-8", "replace"), loose=True)
    for kind, line, _ in searcher.leaks(piece):
        if kind in _CODE_KINDS:
            return line
    parts = (match for match in _TAKEN_APART.finditer(text) if (match[1] or match[2]) in names)
    return next((match[0] for match in parts), "")


def _texts(outputs: list[Any]) -> Iterator[str]:
    """The texts of outputs as a viewer would get them."""
    for output in outputs:
        if output["output_type"] == "stream" and output.get("name") == "stdout":
            yield clean_text(text_of(output["text"]) or "")
        elif output["output_type"] in ("display_data", "execute_result"):
            for mime, value in viewer_data(output["data"]).items():
                if "json" in mime:
                    yield json.dumps(value, ensure_ascii=False)
                elif mime.startswith("text/") or "xml" in mime or "script" in mime:
                    yield value if isinstance(value, str) else "".join(value)


def _texts_of_widgets(states: Mapping[str, Any], viewed: set[str]) -> Iterator[str]:
    """The texts of the widgets that a cell displays, and of what they refer to."""
    for name in sorted(displayed(states, viewed)):
        state = states[name]
        captured = state.get("outputs", [])
        if all(isinstance(output, dict) and "output_type" in output for output in captured):
            yield from _texts(captured)
        yield json.dumps({**state, "outputs": []}, ensure_ascii=False, default=str)
