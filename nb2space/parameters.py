"""`-p name=value`: parameters in papermill's way, as a cell after the one tagged `parameters`."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Mapping

import nbformat

from nb2space.errors import InputError
from nb2space.notebook import Notebook
from nb2space.syntax import parse_code
from nb2space.tags import cell_tags, view_of

Value = str | int | float | bool | None


def parse_value(text: str) -> Value:
    """The value that `text` means: None, True, False, a number, or the text itself."""
    words: dict[str, Value] = {"None": None, "True": True, "False": False}
    if text in words:
        return words[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def inject_parameters(notebook: Notebook, values: Mapping[str, Value]) -> Notebook:
    """The notebook with a cell that sets `values` after its parameters cell.

    A cell that papermill injected earlier is replaced. Raises InputError when the notebook has
    no cell tagged `parameters`, or when that cell does not set a name that is given.
    """
    if not values:
        return notebook
    places = [i for i, cell in enumerate(notebook.cells) if view_of(cell).is_parameters]
    if not places:
        raise InputError(
            "The notebook has no cell tagged 'parameters', so -p has nothing to replace. "
            "Tag the cell that sets the defaults (in JupyterLab: Property Inspector, Cell Tags)."
        )
    place = places[0]
    known = _assigned_names(notebook.cells[place].source)
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            sets = f" It sets: {', '.join(known) or 'nothing'}."
            hint = f" Did you mean '{close[0]}'?" if close else sets
            raise InputError(
                f"There is no parameter '{name}' in the parameters cell (cell {place + 1}).{hint}"
            )
    injected = nbformat.v4.new_code_cell(
        "".join(f"{name} = {_literal(value)}\n" for name, value in values.items()),
        metadata={"tags": ["injected-parameters"]},
        id="injected-parameters",
    )
    cells = [cell for cell in notebook.cells if "injected-parameters" not in cell_tags(cell)]
    place = next(i for i, cell in enumerate(cells) if view_of(cell).is_parameters)
    result = notebook.copy()
    result.cells = [*cells[: place + 1], injected, *cells[place + 1 :]]
    return result


def _literal(value: Value) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value)


def _assigned_names(source: str) -> list[str]:
    tree = parse_code(source)
    names: dict[str, None] = {}
    for node in tree.body if tree else []:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            for part in ast.walk(target):
                # Of `table[row] = 1`, neither name is set.
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    names[part.id] = None
    return list(names)
