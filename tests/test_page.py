"""The pieces of a page without a kernel, and what of Voila they lean on."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict
from importlib import resources
from typing import Any

import nbformat
import pytest
from making import display, view

from nb2space.page.assets import installed_extensions, needed_extensions, used_mimes, used_modules
from nb2space.page.packs import TABLE, table_files
from nb2space.page.public import masked_frozen, public_frozen
from nb2space.page.render import Page, has_still, is_still, render_page
from nb2space.page.static import with_hints
from nb2space.page.tables import Frozen, Unit, frozen_without_tables
from nb2space.runtime.messages import TEXTS


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
    return render_page(Page(notebook, "light", "en", TEXTS["en"], [], "1"))


def test_voila_still_has_what_the_page_is_made_with() -> None:
    from voila.exporter import VoilaExporter
    from voila.paths import collect_static_paths, collect_template_paths

    given = set(inspect.signature(VoilaExporter.generate_from_notebook_node).parameters)
    assert {"nb", "resources", "extra_context", "page_config"} <= given
    paths = collect_template_paths(["voila", "nbconvert"], "lab")
    assert paths and collect_static_paths(["voila", "nbconvert"], "lab")
    macros = [p for p in paths if "voila" in p and p.endswith("base")]
    assert macros
    html = page()
    for part in ('id="jupyter-config-data"', 'id="rendered_cells"', "voila.js", "voila-style.js"):
        assert part in html


def test_the_script_comes_before_voilas() -> None:
    html = page()
    assert 0 < html.index("page/frozen.js") < html.index("voila/static/voila.js")


def test_pictures_and_tables_need_no_script() -> None:
    picture = display({"image/png": "aGVsbG8="})
    table = display({"text/html": "<table><tr><td>cell</td></tr></table>", "text/plain": "x"})
    html = page(picture, table)
    assert 'src="data:image/png;base64,aGVsbG8="' in html
    assert "<td>cell</td>" in html
    assert "vnd.voila.cell-output" not in html


@pytest.mark.parametrize(
    ("data", "still", "before"),
    [
        ({"text/html": "<p>plain</p>"}, True, True),
        ({"text/html": "<p>$x$</p>"}, False, True),
        ({"text/html": "<script>1</script>"}, False, False),
        ({"text/markdown": "*x*"}, False, True),
        ({"application/json": {}}, False, False),
        ({"text/plain": "x"}, True, False),
    ],
)
def test_what_is_still(data: dict[str, Any], still: bool, before: bool) -> None:
    output = display(data)
    assert is_still(output) is still
    if not still:
        assert has_still(output) is before


def test_only_needed_front_ends() -> None:
    installed = installed_extensions("")
    plain = [extension.name for extension in needed_extensions(installed, frozenset(), frozenset())]
    assert "@voila-dashboards/widgets-manager8" in plain
    assert "bqplot" not in plain
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
    assert {"frozen.js", "index.html.j2"} <= {path.name for path in folder.iterdir()}
