"""Outputs that print the code itself: found at conversion, since viewers would read them.

`inspect.getsource`, `%psource`, `print(In[-1])`, a logger with `exc_info` and their like put lines
of the notebook into its outputs, where nothing else would look for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nb2space.audit.needles import Needle, holds, needles_of
from nb2space.notebook import Notebook
from nb2space.runtime.bundles import viewer_data
from nb2space.runtime.cleantext import clean_text, text_of
from nb2space.runtime.codelines import canonical
from nb2space.tags import numbered, view_of

_CODE_KINDS = {"line", "comment", "signature"}


@dataclass(frozen=True)
class ShownSource:
    """A cell, by its number from 1, whose output holds a piece of the code: `text`."""

    cell: int
    text: str


def shown_source(executed: Notebook) -> list[ShownSource]:
    """The shown outputs of `executed` that hold lines of its code; one finding a cell."""
    code = [n for n in needles_of([executed], {}).items if n.strong and n.kind in _CODE_KINDS]
    found = []
    for number, cell in numbered(executed):
        if cell.cell_type == "code" and view_of(cell).shows_outputs:
            hit = _first(code, "\n".join(_texts(cell.get("outputs", []))))
            if hit:
                found.append(ShownSource(number, hit.text))
    return found


def _first(needles: list[Needle], text: str) -> Needle | None:
    shown = canonical(text)
    return next((needle for needle in needles if holds(shown, needle)), None)


def _texts(outputs: list[Any]) -> Iterator[str]:
    """The texts of outputs as a viewer would get them."""
    for output in outputs:
        if output["output_type"] == "stream" and output.get("name") == "stdout":
            yield clean_text(text_of(output["text"]) or "")
        elif output["output_type"] in ("display_data", "execute_result"):
            for mime, value in viewer_data(output["data"]).items():
                if mime.startswith("text/"):
                    yield value if isinstance(value, str) else "".join(value)
                elif "json" in mime:
                    yield json.dumps(value, ensure_ascii=False)
