"""Outputs that carry their data in full are named to the author."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
from making import notebook_of, stream

from nb2space.datavalues import data_notices, embedded_values
from nb2space.widgets import STATE_MIME, VIEW_MIME

PLOTLY = "application/vnd.plotly.v1+json"
NUMBERS = list(range(3000))


def of(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


CSV = "a,b,c\n" + "1,2,x\n" * 1000
COORDINATES = [[n / 10, n / 7] for n in NUMBERS]
BUFFER = base64.b64encode(bytes(24_000)).decode()
BOKEH = {"type": "ndarray", "array": {"type": "bytes", "data": BUFFER}, "dtype": "float64"}
BOKEH |= {"shape": [3000]}
INNER = f"<html><script>draw({NUMBERS})</script></html>"
# A library's own script, as it stands in a page that needs no network.
LIBRARY = "!function(t){" + "t.f=function(a){return [1,2,3,a]};" * 3000 + "}(this)"


def page(body: str) -> dict[str, Any]:
    return of(**{"text/html": body})


def link(content: str) -> dict[str, Any]:
    return page(f"<a download='a.csv' href=\"{content}\">Save</a>")


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("output", "count"),
    [
        # JSON: Plotly, Vega, Bokeh, maps.
        (of(**{PLOTLY: {"data": [{"x": NUMBERS, "y": NUMBERS}]}}), 6000),
        (of(**{PLOTLY: {"data": [{"x": {"dtype": "f8", "bdata": "A" * 32000}}]}}), 3000),
        (of(**{PLOTLY: {"layout": {"template": {"colours": NUMBERS}}}}), 0),
        (of(**{"application/vnd.vegalite.v5+json": {"data": [{"a": 1, "b": "x"}] * 900}}), 1800),
        (of(**{"application/vnd.vegalite.v5+json": {"data": {"values": CSV}}}), 3003),
        (of(**{"application/vnd.bokehjs_exec.v0+json": {"roots": [BOKEH]}}), 3000),
        (of(**{"application/geo+json": {"coordinates": COORDINATES}}), 6000),
        (of(**{"application/json": {"text": "One, two.\nThree.\nFour, five, six.\n" * 900}}), 0),
        # Scripts.
        (page(f"<div><script>var x = {NUMBERS};</script></div>"), 3000),
        (page(f"<script>draw({json.dumps([{'id': 1, 'label': 'a'}] * 900)})</script>"), 1800),
        (page(f"<script>const docs = '{json.dumps({'1': BOKEH})}';</script>"), 3000),
        (page("<script>" + "L.marker([4.5, 5.5], {}).addTo(map);\n" * 900 + "</script>"), 1800),
        (page(f"<script>{LIBRARY}</script><script>draw({NUMBERS})</script>"), 3000),
        (of(**{"application/javascript": f"element.data = {NUMBERS}"}), 3000),
        (of(**{"application/javascript": f"save(atob('{packed(CSV)}'))"}), 3003),
        (page(f"<iframe srcdoc='{html.escape(INNER)}'></iframe>"), 3000),
        # Tables.
        (page("<table>" + "<tr><td>1, 2]</td><td></td></tr>" * 3000 + "</table>"), 3000),
        (of(**{"text/csv": CSV}), 3003),
        (of(**{"text/plain": str(NUMBERS)}), 3000),
        (of(**{"text/markdown": "| a | b | c |\n|---|---|---|\n" + "| 1 | 2 | x |\n" * 900}), 2703),
        (stream("0  1.5  Ana  2026-01-01\n" * 900), 3600),
        (stream("Nothing to see, as one says.\n" * 900), 0),
        (stream(str(NUMBERS), "stderr"), 0),
        # Files in links.
        (link("data:text/csv;base64," + packed(CSV)), 3003),
        (link("data:text/csv;charset=utf-8," + quote(CSV)), 3003),
        (link("data:application/json;base64," + packed(json.dumps(NUMBERS))), 3000),
        (link("data:application/vnd.apache.arrow.file;base64," + "/+8A" * 8000), 3000),
        # Drawings.
        (of(**{"image/svg+xml": f"<svg><path d='M0 0{' L1.5-2' * 2999}'/></svg>"}), 3000),
        (page(f"<svg><polyline points='{'1,2 ' * 3000}'/></svg>"), 3000),
        (page("<svg>" + "<circle cx='1'/><use x='1' y='2' href='#m'/>" * 1500 + "</svg>"), 3000),
        (page(f"<svg><defs><path d='{'M0 0 L1 2' * 3000}'/></defs><use href='#A'/></svg>"), 0),
        # What carries no data.
        (of(**{"image/png": "A" * 100_000, "text/plain": str(NUMBERS)}), 0),
        (page(f"<img src='data:image/png;base64,{'A' * 100_000}'>"), 0),
        (page(f"<style>{'a { margin: 1px 2px; }' * 3000}</style><script>{LIBRARY}</script>"), 0),
    ],
)  # fmt: skip
def test_values_are_counted(output: Any, count: int) -> None:
    assert embedded_values([output], {}) == count


@pytest.mark.kernel
def test_real_outputs_are_named(notebook: Any, run: Any) -> None:
    path = notebook(
        "import matplotlib.pyplot as plt, numpy as np, pandas as pd\n"
        "%config InlineBackend.figure_formats = ['svg']\n"
        "table = pd.DataFrame(np.arange(6000).reshape(2000, 3) / 7)",
        "print(table.to_string())",
        "from IPython.display import HTML\nHTML(table.to_html())",
        "plt.scatter(table[0], table[1]);",
        "plt.plot([1, 2, 3])\nplt.title('A few points, and many letters');",
        "import bqplot\ns = bqplot.LinearScale()\n"
        "bqplot.Figure(marks=[bqplot.Lines(x=table[0], y=table[1], scales={'x': s, 'y': s})])",
        "table",
    )
    done = run("convert", path)
    assert done.code == 0, done.err
    said = dict(re.findall(r"Cell (\d)'s output carries about ([\d,]+) data values", done.err))
    counted = {int(cell): int(count.replace(",", "")) for cell, count in said.items()}
    # Printed with the rows' numbers, drawn with the axes' points.
    assert counted.keys() == {2, 3, 4, 6}
    assert 6000 <= counted[2] <= 8100 and counted[3] == 6000
    assert 2000 <= counted[4] <= 2400 and 4000 <= counted[6] <= 4100


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
    arrays = {"x": {"dtype": "float32", "shape": [3000], "value": None}, "_esm": f"x = {NUMBERS}"}
    buffers = [{"data": BUFFER, "path": ["x", "value"], "encoding": "base64"}]
    table = "<table>" + "<td>1</td>\n" * 2000 + "</table>"
    area = {"outputs": [stream(str(NUMBERS))]}
    for state, name, count in (
        (arrays, "LinesModel", 3000),
        ({"value": table}, "HTMLModel", 2000),
        (area, "OutputModel", 3000),
    ):
        module = "@jupyter-widgets/output" if state is area else "m"
        one = {"state": state, "model_name": name, "model_module": module, "buffers": []}
        if state is arrays:
            one["buffers"] = buffers
        assert embedded_values([shown], {"a": one}) == count
    notebook = notebook_of("1", "2")
    notebook.cells[1].outputs = [nbformat.from_dict(shown)]
    notebook.metadata["widgets"] = {STATE_MIME: {"state": models}}
    assert data_notices(notebook) == (
        "Cell 2's output carries about 2,002 data values. Viewers can take them all from the page, "
        "not only what is drawn.",
    )
    notebook.cells[1].metadata["tags"] = ["remove-output"]
    assert data_notices(notebook) == ()
