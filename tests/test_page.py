"""The pieces of a page, and what of nbconvert they lean on."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib import resources
from typing import Any

import nbformat
import pytest
from making import display, view

from nb2space.page.assets import installed_extensions, needed_extensions, used_mimes, used_modules
from nb2space.page.packs import TABLE, table_files
from nb2space.page.public import masked_frozen, public_frozen
from nb2space.page.render import SCRIPTS, Page, is_still, render_page
from nb2space.page.static import with_hints
from nb2space.page.tables import Frozen, Unit, frozen_without_tables
from nb2space.runtime.messages import TEXTS
from nb2space.runtime.styles import MANAGER


def model(name: str = "IntSliderModel", **state: Any) -> dict[str, Any]:
    """A saved model of ipywidgets."""
    module = "@jupyter-widgets/controls"
    own = {"_model_name": name, "_model_module": module, **state}
    return {"model_name": name, "model_module": module, "state": own}


def recording(**parts: Any) -> Frozen:
    """A slider "a" whose callback sets the label "b"."""
    unit = Unit(("a",), None, ("a",), ("value",), (("b", "value"),), {"1": 0, "2": 1}, ((0,), (1,)))
    slider, label = model(value=1, disabled=False), model("LabelModel", value="one")
    made: dict[str, Any] = {
        "states": {"a": slider, "b": label, "unseen": model(value="not displayed")},
        "buffers": {},
        "units": (unit,),
        "blobs": ({"v": "one"}, {"v": "two"}),
        "disabled": {},
        "notices": (),
    }
    return Frozen(**{**made, **parts})


def page(*outputs: dict[str, Any], text: str = "# Title") -> str:
    """The page of a notebook with one text and one code cell."""
    cells = [
        nbformat.v4.new_markdown_cell(text),
        nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(o) for o in outputs]),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"title": "T"})
    return render_page(Page(notebook, "light", "en", TEXTS["en"], [], "1", list(SCRIPTS)))


def test_nbconvert_still_has_what_the_page_is_made_with() -> None:
    html = page()
    for part in ('id="jupyter-config-data"', 'id="rendered_cells"', "jp-MarkdownOutput", "<h1"):
        assert part in html
    assert html.count("<html") == html.count("</html>") == html.count("</body>") == 1


def test_nothing_is_asked_for_before_the_first_picture() -> None:
    head = page().partition("</head>")[0]
    # A style sheet for another medium, and scripts that wait, keep no browser from drawing.
    assert re.findall(r"<link[^>]+stylesheet[^>]+>", head) == [
        """<link rel="stylesheet" href="page/style.css" media="print" onload="this.media='all'">"""
    ]
    assert all("defer" in script for script in re.findall(r"<script[^>]+src=[^>]*>", head))
    assert ".jp-RenderedHTMLCommon h1{" in head and ".jp-RenderedHTMLCommon h3" not in head


def test_the_scripts_are_in_their_order() -> None:
    html = page()
    places = [html.index(f'src="{script}"') for script in SCRIPTS]
    assert places == sorted(places)


def test_pictures_and_tables_need_no_script() -> None:
    picture = display({"image/png": "aGVsbG8="})
    table = display({"text/html": "<table><tr><td>cell</td></tr></table>", "text/plain": "x"})
    html = page(picture, table)
    assert 'src="data:image/png;base64,aGVsbG8="' in html
    assert "<td>cell</td>" in html
    assert "vnd.voila.cell-output" not in html


@pytest.mark.parametrize(
    ("data", "still"),
    [
        ({"text/html": "<p>plain</p>"}, True),
        ({"text/html": "<p>$x$</p>"}, True),
        ({"text/html": "<script>1</script>"}, False),
        ({"text/html": ["<p>", "<SCRIPT>1</SCRIPT>"]}, False),
        ({"text/markdown": "*x*"}, True),
        ({"text/latex": "$x$"}, True),
        ({"application/json": {}}, False),
        ({"text/html": "<p>plain</p>", "application/vnd.x+json": {}}, False),
        ({"text/plain": "x"}, True),
    ],
)
def test_what_is_still(data: dict[str, Any], still: bool) -> None:
    assert is_still(display(data)) is still
    assert ("vnd.voila.cell-output" in page(display(data))) is not still


def test_only_needed_front_ends() -> None:
    installed = installed_extensions("")
    plain = [extension.name for extension in needed_extensions(installed, frozenset(), frozenset())]
    assert plain == [MANAGER]
    with_plot = needed_extensions(installed, frozenset({"bqplot"}), frozenset())
    assert {"bqplot", "bqscales"} <= {extension.name for extension in with_plot}


def test_modules_and_types_of_recorded_states_count() -> None:
    new = {"i": "n", "s": {"_model_module": "bqplot"}}
    drawn = [{"output_type": "display_data", "data": {"application/x-chart": 1}}]
    frozen = recording(blobs=({"v": drawn, "m": [new]}, {"v": 2}))
    assert "bqplot" in used_modules(frozen)
    assert "application/x-chart" in used_mimes([], frozen)


def test_equal_values_are_kept_once() -> None:
    frozen = recording(blobs=({"v": "same"}, {"v": "same"}))
    files = {file.path: json.loads(file.content) for file in table_files(frozen)}
    assert files["page/pack-0.json"] == {"0": {"v": "same"}}
    assert files[TABLE]["units"][0]["entries"] == [[0], [0]]


def test_values_travel_in_packs() -> None:
    frozen = recording(blobs=({"v": "1" * 300_000}, {"v": "2" * 300_000}))
    files = {file.path: json.loads(file.content) for file in table_files(frozen)}
    assert files[TABLE]["packs"] == 2
    assert files[TABLE]["pack_of"] == [0, 1]


def test_a_long_script_is_a_file_of_its_own() -> None:
    script = "// long\n" * 5000
    states = {name: model(_esm=script) for name in "ab"}
    files = {file.path: file.content for file in table_files(recording(states=states))}
    assert files["page/text-0.txt"].decode() == script
    table = json.loads(files[TABLE])
    assert table["texts"] == {"page/text-0.txt": [["a", "_esm"], ["b", "_esm"]]}


def test_only_displayed_widgets_are_public() -> None:
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(view("1" * 32))])
    label = nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(view("2" * 32))])
    viewer = nbformat.v4.new_notebook(cells=[cell, label])
    one, two = "a" * 32, "b" * 32
    text = json.dumps(asdict(recording())).replace('"a"', f'"{one}"').replace('"b"', f'"{two}"')
    parts = json.loads(text)
    parts["units"] = tuple(Unit(**unit) for unit in parts["units"])
    frozen = public_frozen(Frozen(**parts), viewer, {one: "1" * 32, two: "2" * 32})
    assert set(frozen.states) == {"1" * 32, "2" * 32}
    assert frozen.units[0].outputs == (("2" * 32, "value"),)
    assert frozen.units[0].inputs == ("1" * 32,)


def test_nothing_is_recorded_for_what_is_not_displayed() -> None:
    frozen = public_frozen(recording(), nbformat.v4.new_notebook(), {})
    assert frozen.states == {}
    assert frozen.units == ()


def test_secrets_are_masked_in_recorded_values() -> None:
    frozen, _ = masked_frozen(
        recording(blobs=({"v": "it is hunter2hunter2"},)), ["hunter2hunter2"], ()
    )
    assert "hunter2" not in json.dumps(frozen.blobs)


def test_controls_without_a_recording_are_off() -> None:
    frozen = frozen_without_tables({"a": model(disabled=False), "b": model("LabelModel")})
    off = with_hints(frozen, "en")
    assert off.states["a"]["state"]["disabled"] is True
    assert off.states["a"]["state"]["tooltip"] == "This needs the live version."
    assert "disabled" not in off.states["b"]["state"]


def test_the_pages_script_is_part_of_the_package() -> None:
    folder = resources.files("nb2space.templates").joinpath("page")
    scripts = {path.removeprefix("page/") for path in SCRIPTS}
    assert {"index.html.j2", "live.js", *scripts} == {path.name for path in folder.iterdir()}
