"""Outputs that carry their data in full, also what they do not draw: named to the author."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any

from nb2space.notebook import Notebook
from nb2space.runtime.bundles import viewer_data
from nb2space.tags import numbered, view_of
from nb2space.widgets import VIEW_MIME, displayed_models, saved_models

MANY = 1_000
"""An output with more data values than this is named."""

_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script\s*>", re.I | re.S)
_NUMBER_IN_LIST = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*(?=[,\]])")
# Arrays in base64, as Plotly ("bdata") and Bokeh ("__ndarray__") write them.
_PACKED = {"bdata", "__ndarray__"}
_PACKED_IN_TEXT = re.compile(r'"(?:bdata|__ndarray__|bytes)"\s*:\s*"([A-Za-z0-9+/=]{64,})"')
_SIZES = {"1": 1, "2": 2, "4": 4, "8": 8, "16": 2, "32": 4, "64": 8}
_BYTES_OF_A_VALUE = 8
# What these hold in buffers is seen as it is.
_MEDIA = {"ImageModel", "AudioModel", "VideoModel"}


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
    count = 0
    for output in outputs:
        for mime, value in viewer_data(output.get("data") or {}).items():
            if mime == "text/html":
                text = value if isinstance(value, str) else "".join(value)
                count += sum(_in_script(script) for script in _SCRIPT.findall(text))
            elif "json" in mime and mime != VIEW_MIME:
                count += _in_json(value)
    return count + sum(_in_model(model) for model in displayed_models(outputs, models).values())


def _in_script(text: str) -> int:
    packed = sum(
        len(found) * 3 // 4 // _BYTES_OF_A_VALUE for found in _PACKED_IN_TEXT.findall(text)
    )
    return packed + len(_NUMBER_IN_LIST.findall(text))


def _in_json(value: Any) -> int:
    """The leaves of lists, and the values of packed arrays."""
    count = 0
    for item, listed in _leaves(value, listed=False):
        count += item if isinstance(item, _Packed) else listed
    return count


class _Packed(int):
    """The number of values in a packed array."""


def _leaves(value: Any, *, listed: bool) -> Iterator[tuple[Any, bool]]:
    if isinstance(value, dict):
        packed = next((value[name] for name in _PACKED if isinstance(value.get(name), str)), None)
        if packed is not None:
            digits = re.sub(r"\D", "", str(value.get("dtype", "")))
            size = _SIZES.get(digits, _BYTES_OF_A_VALUE)
            yield _Packed(len(packed) * 3 // 4 // size), True
            return
        for item in value.values():
            # A row of a table is a dictionary in a list: each of its values counts.
            yield from _leaves(item, listed=listed)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, listed=True)
    else:
        yield value, listed


def _in_model(model: dict[str, Any]) -> int:
    if model.get("model_name") in _MEDIA:
        return 0
    buffers = model.get("buffers")
    size = sum(_size(buffer) for buffer in buffers) if isinstance(buffers, list) else 0
    return _in_json(model["state"]) + size // _BYTES_OF_A_VALUE


def _size(buffer: Any) -> int:
    try:
        return len(base64.b64decode(buffer["data"]))
    except (TypeError, KeyError, ValueError):
        return 0
