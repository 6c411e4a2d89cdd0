"""Outputs that no page can show: found at conversion, and told by the cell's number."""

from __future__ import annotations

from nb2space.errors import CellError
from nb2space.notebook import Notebook
from nb2space.runtime.bundles import is_json, is_well_formed
from nb2space.tags import numbered


def check_outputs(executed: Notebook) -> None:
    """Raise CellError, naming the cell, for an output whose value is not of its own MIME type.

    A kernel passes on whatever `display(…, raw=True)` is given.
    """
    for number, cell in numbered(executed):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            wrong = [mime for mime, value in data.items() if not is_well_formed(mime, value)]
            if wrong:
                what = "JSON nested too deeply" if is_json(wrong[0]) else "no text"
                raise CellError(
                    f"Cell {number} displays as '{wrong[0]}' what is {what}, so no page can show "
                    "it. Nothing was written. Change what the cell displays."
                )
