"""Outputs that carry their data in full, also what they do not draw: named to the author."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from nb2space.countvalues import (
    BYTES_OF_A_VALUE,
    in_csv,
    in_drawing,
    in_json,
    in_markup,
    in_script,
    in_text,
)
from nb2space.notebook import Notebook
from nb2space.runtime.bundles import is_json, shown_data
from nb2space.runtime.cleantext import text_of
from nb2space.tags import numbered, view_of
from nb2space.widgets import (
    VIEW_MIME,
    captured_outputs,
    displayed_models,
    is_output_area,
    saved_models,
)

MANY = 1_000
"""An output with more data values than this is named."""

# What these hold in buffers is seen as it is.
_MEDIA = {"ImageModel", "AudioModel", "VideoModel"}
# What a widget is made of.
_MADE_OF = {"_esm", "_css"}
_TABLES = ("text/csv", "text/tab-separated-values")


def data_notices(executed: Notebook) -> tuple[str, ...]:
    """A sentence for each shown cell whose outputs carry more than 1,000 data values."""
    models = saved_models(executed.metadata)
    notices = []
    for number, cell in numbered(executed):
        if cell.cell_type == "code" and view_of(cell).shows_outputs:
            count = embedded_values(cell.get("outputs", []), models)
            if count > MANY:
                notices.append(
                    f"Cell {number}'s output carries about {count:,} data values. Viewers can take "
                    "them all from the page, not only what is drawn."
                )
    return tuple(notices)


def embedded_values(outputs: Iterable[Any], models: dict[str, Any]) -> int:
    """About how many data values the `outputs` and the widgets they display carry."""
    outputs = list(outputs)
    count = sum(map(_in_output, outputs))
    return count + sum(map(_in_model, displayed_models(outputs, models).values()))


def _in_output(output: Any) -> int:
    if output.get("output_type") == "stream":
        return in_text(text_of(output.get("text")) or "") if output.get("name") == "stdout" else 0
    data = shown_data(output.get("data") or {})
    return sum(_in_form(mime, value) for mime, value in data.items())


def _in_form(mime: str, value: Any) -> int:
    if mime == VIEW_MIME:
        return 0
    if is_json(mime):
        return in_json(value)
    text = text_of(value) or ""
    if mime == "image/svg+xml":
        return in_drawing(text)
    if mime == "application/javascript":
        return in_script(text)
    if mime in _TABLES:
        return in_csv(text)
    if mime == "text/html" or mime.endswith("xml"):
        return in_markup(text)
    if mime == "text/markdown":
        return in_text(text) + in_markup(text)
    return in_text(text) if mime.startswith("text/") else 0


def _in_model(model: dict[str, Any]) -> int:
    if model.get("model_name") in _MEDIA:
        return 0
    if is_output_area(model):
        return sum(map(_in_output, captured_outputs(model)))
    state = {name: value for name, value in model["state"].items() if name not in _MADE_OF}
    markup = sum(in_markup(v) for v in state.values() if isinstance(v, str) and "<" in v)
    buffers = model.get("buffers")
    # An array whose description tells its size was counted with the state.
    size = sum(
        _size(buffer)
        for buffer in (buffers if isinstance(buffers, list) else ())
        if not _is_described(state, buffer)
    )
    return in_json(state) + markup + size // BYTES_OF_A_VALUE


def _is_described(state: Any, buffer: Any) -> bool:
    """True when the state says of the array in `buffer` which shape it has."""
    path = buffer.get("path") if isinstance(buffer, dict) else None
    for step in path[:-1] if isinstance(path, list) else ():
        try:
            state = state[step]
        except (KeyError, IndexError, TypeError):
            return False
    return isinstance(state, dict) and "dtype" in state and "shape" in state


def _size(buffer: Any) -> int:
    try:
        return len(base64.b64decode(buffer["data"]))
    except (TypeError, KeyError, ValueError):
        return 0
