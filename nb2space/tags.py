"""What the author's tags say of a cell: whether it runs, and what of it a viewer sees.

The tags are the ones people already use with nbconvert, Jupyter Book, papermill and nbclient, in
either spelling (`remove-cell`, `remove_cell`), and Quarto's `#|` comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2space.notebook import Notebook

# `#| name: value  # comment`; Quarto also takes `# |`, which formatters make of it.
_QUARTO = re.compile(r"^#\s*\|\s*([\w-]*)\s*:?\s*(.*?)\s*(?:\s#.*)?$")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_HIDE_CELL = {"remove-cell", "hide-cell"}
_HIDE_SOURCE = {"hide-input", "remove-input"}
_HIDE_OUTPUTS = {"hide-output", "remove-output", "hide-outputs", "remove-outputs"}
_KNOWN = {
    *_HIDE_CELL, *_HIDE_SOURCE, *_HIDE_OUTPUTS,
    "skip-execution", "raises-exception", "parameters", "injected-parameters", "shared",
    "per-viewer",
}  # fmt: skip
_ALIKE = 0.85
_QUARTO_TAGS = {
    ("include", False): "remove-cell",
    ("echo", False): "hide-input",
    ("output", False): "remove-output",
    ("eval", False): "skip-execution",
    ("error", True): "raises-exception",
}


@dataclass(frozen=True)
class CellView:
    """How one cell takes part: `runs` in the kernel, `may_fail` without stopping the notebook."""

    runs: bool
    may_fail: bool
    shows_source: bool
    shows_outputs: bool
    is_parameters: bool

    @property
    def is_hidden(self) -> bool:
        """True when a viewer sees nothing of the cell."""
        return not (self.shows_source or self.shows_outputs)


def view_of(cell: Notebook) -> CellView:
    """How `cell` takes part, by its tags and Quarto comments."""
    tags = cell_tags(cell)
    hidden = bool(tags & _HIDE_CELL)
    is_code = cell.cell_type == "code"
    return CellView(
        runs=is_code and "skip-execution" not in tags,
        may_fail="raises-exception" in tags,
        shows_source=not hidden and not tags & _HIDE_SOURCE,
        shows_outputs=not hidden and not tags & _HIDE_OUTPUTS,
        is_parameters=is_code and "parameters" in tags,
    )


def tag_notices(notebook: Notebook) -> list[str]:
    """What the author should know of tags that look as if they were to hide something."""
    said = []
    for number, cell in numbered(notebook):
        for tag in sorted(cell_tags(cell) - _KNOWN):
            near = get_close_matches(tag, sorted(_KNOWN), 1, _ALIKE)
            if near or tag.startswith(("hid", "remove")):
                meant = f"; did you mean '{near[0]}'?" if near else "."
                said.append(f"Cell {number} is tagged '{tag}', which does nothing here{meant}")
    return said


def numbered(notebook: Notebook) -> Iterator[tuple[int, Notebook]]:
    """The cells with their numbers in the author's notebook, counted from 1.

    The cell that sets parameters is not in it; it has the number of the one before.
    """
    number = 0
    for cell in notebook.cells:
        number += "injected-parameters" not in cell_tags(cell)
        yield number, cell


def cell_tags(cell: Notebook) -> set[str]:
    """The cell's tags in lower case with hyphens, Quarto's comments taken as the tags they mean."""
    tags = {str(tag).strip().lower().replace("_", "-") for tag in cell.metadata.get("tags", [])}
    if cell.cell_type == "code":
        for line in cell.source.splitlines():
            match = _QUARTO.match(line)
            if not match:
                break
            truth = _TRUTH.get(match[2].lower())
            meant = _QUARTO_TAGS.get((match[1], truth)) if truth is not None else None
            if meant:
                tags.add(meant)
    return tags
