"""Outputs that carry their data in full are named to the author."""

from __future__ import annotations

import base64
from typing import Any

import nbformat
import pytest
from making import notebook_of

from nb2space.datavalues import data_notices, embedded_values
from nb2space.widgets import STATE_MIME, VIEW_MIME

PLOTLY = "application/vnd.plotly.v1+json"
NUMBERS = list(range(3000))


def of(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


@pytest.mark.parametrize(
    ("output", "count"),
    [
        (of(**{PLOTLY: {"data": [{"x": NUMBERS, "y": NUMBERS}]}}), 6000),
        (
            of(**{PLOTLY: {"data": [{"x": {"dtype": "f8", "bdata": "A" * 32000}}]}}),
            3000,
        ),
        (of(**{"application/vnd.vegalite.v5+json": {"data": [{"a": 1, "b": "x"}] * 900}}), 1800),
        (of(**{"text/html": f"<div><script>var x = {NUMBERS};</script></div>"}), 3000),
        (of(**{"text/html": "<table>" + "<td>1, 2]</td>" * 3000 + "</table>"}), 0),
        (of(**{"image/png": "A" * 100_000, "text/plain": str(NUMBERS)}), 0),
        ({"output_type": "stream", "name": "stdout", "text": str(NUMBERS)}, 0),
    ],
)
def test_values_are_counted(output: Any, count: int) -> None:
    assert embedded_values([output], {}) == count


def model(name: str, size: int) -> dict[str, Any]:
    data = base64.b64encode(bytes(size)).decode()
    buffers = [{"data": data, "path": ["value"], "encoding": "base64"}]
    return {"model_name": name, "model_module": "m", "state": {}, "buffers": buffers}


def test_widgets_count_when_they_are_displayed() -> None:
    shown = of(**{VIEW_MIME: {"model_id": "a"}})
    models = {
        "a": {"state": {"marks": ["IPY_MODEL_b", "IPY_MODEL_c"]}, "model_name": "F"},
        "b": model("LinesModel", 16_000),
        "c": model("ImageModel", 16_000),
        "d": model("LinesModel", 16_000),
    }
    assert embedded_values([shown], models) == 2002
    notebook = notebook_of("1", "2")
    notebook.cells[1].outputs = [nbformat.from_dict(shown)]
    notebook.metadata["widgets"] = {STATE_MIME: {"state": models}}
    assert data_notices(notebook) == (
        "Cell 2's output carries about 2,002 data values. Viewers can take them all from the page, "
        "not only what is drawn.",
    )
    notebook.cells[1].metadata["tags"] = ["remove-output"]
    assert data_notices(notebook) == ()
