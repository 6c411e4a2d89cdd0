"""What the author is told of a control: what it is, its label, and the cell that shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nb2space.notebook import Notebook
from nb2space.page.record.blobs import referred
from nb2space.tags import numbered, view_of

_KINDS = {
    "DropdownModel": "drop-down list",
    "SelectModel": "list",
    "SelectMultipleModel": "list",
    "RadioButtonsModel": "radio buttons",
    "ToggleButtonsModel": "toggle buttons",
    "ToggleButtonModel": "toggle button",
    "ButtonModel": "button",
    "CheckboxModel": "checkbox",
    "TabModel": "tabs",
    "AccordionModel": "accordion",
    "PlayModel": "player",
    "TextModel": "text field",
    "TextareaModel": "text field",
    "ComboboxModel": "text field",
    "PasswordModel": "password field",
    "FileUploadModel": "file upload",
    "ColorPickerModel": "colour picker",
    "DatePickerModel": "date picker",
}

States = Mapping[str, Mapping[str, Any]]


def displayed_by_cell(notebook: Notebook, states: States) -> dict[str, int]:
    """The models that viewers see, with the number of the first cell that displays each."""
    found: dict[str, int] = {}
    for number, cell in numbered(notebook):
        if cell.cell_type != "code" or not view_of(cell).shows_outputs:
            continue
        for model_id in reach(cell.get("outputs", []), states):
            found.setdefault(model_id, number)
    return found


def reach(value: Any, states: States) -> list[str]:
    """The models that `value` displays or refers to, and what these refer to in turn."""
    found: dict[str, None] = {}
    waiting = list(referred(value))
    while waiting:
        model_id = waiting.pop(0)
        if model_id not in found and model_id in states:
            found[model_id] = None
            waiting += referred(states[model_id])
    return list(found)


def describe(model_id: str, states: States, cells: Mapping[str, int]) -> str:
    """A control as the author knows it: "the slider 'Year' in cell 4"."""
    state = states.get(model_id, {})
    model = str(state.get("_model_name") or "")
    kind = _KINDS.get(model)
    if kind is None and "Slider" in model:
        kind = "slider"
    if kind is None and "Text" in model:
        kind = "number field"
    if kind is None:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.removesuffix("Model")).lower() or "widget"
    label = str(state.get("description") or "").strip().rstrip(":")
    words = f"the {kind} '{label}'" if label else f"the {kind}"
    return f"{words} in cell {cells[model_id]}" if model_id in cells else words
