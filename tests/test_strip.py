"""Stripping: nothing of what viewers must not see is in their notebook, and all else is."""

from __future__ import annotations

import base64
import io
import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import code
from hypothesis import given
from hypothesis import strategies as st
from making import (
    OUTPUT_MODULE,
    STATE,
    display,
    failure,
    few,
    many,
    model,
    notebook_of,
    occurs,
    stream,
    view,
)

from nb2space.images import NO_PICTURE
from nb2space.strip import Stripped, strip_notebook

HIDING_SOURCE = {"hide-input", "remove_input", "hide-cell", "remove-cell"}
HIDING_OUTPUTS = {"hide-output", "remove_outputs", "hide-cell", "remove-cell"}
OTHER_TAGS = {"skip-execution", "raises-exception", "parameters"}
TAGS = sorted(HIDING_SOURCE | HIDING_OUTPUTS | OTHER_TAGS)

# What stands around a marker, so that it is escaped in each way there is.
AROUND = ["{}", '"{}\\', "<b>{}</b>", "ü{}😀", "\n\t{}\n", "# {}", "IPY_MODEL_{}"]


def strip(notebook: Any, *, show_source: bool = False, folder: Path = Path(".")) -> Stripped:
    """Strip, and see that both notebooks are valid and writable."""
    stripped = strip_notebook(notebook, folder=folder, title="Title", show_source=show_source)
    for result in (stripped.viewer, stripped.live):
        nbformat.validate(result)
        nbformat.writes(result).encode("utf-8")
    return stripped


@dataclass
class Marked:
    """A notebook full of markers, with what is to become of each."""

    show_source: bool
    cells: list[Any] = field(default_factory=list)
    models: dict[str, Any] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    around: Callable[[], str] = lambda: "{}"
    count: itertools.count[int] = field(default_factory=itertools.count)

    def mark(self, seen: bool) -> str:
        """A text with a new marker, which viewers are to see or not."""
        token = f"marker{next(self.count):04d}of{uuid.uuid4().hex[:6]}"
        (self.shown if seen else self.hidden).append(token)
        return self.around().format(token)

    def add_code(self, tags: set[str], kinds: list[str]) -> None:
        """Add a code cell with outputs of the given kinds."""
        seen_source = self.show_source and not tags & HIDING_SOURCE
        cell = code(self.mark(seen_source), *sorted(tags))
        self.code.append((self.shown if seen_source else self.hidden)[-1])
        cell.metadata["secret"] = {"a": [self.mark(False)]}
        cell["outputs"] = [self.output(kind, not tags & HIDING_OUTPUTS) for kind in kinds]
        self.cells.append(cell)

    def output(self, kind: str, seen: bool) -> dict[str, Any]:
        """An output of a kind, full of markers."""
        mark = self.mark
        if kind in {"stdout", "stderr"}:
            return stream(mark(seen and kind == "stdout"), kind)
        if kind == "error":
            return failure(mark(False))
        if kind == "plain":
            return display({"text/plain": mark(seen)})
        if kind == "rich":
            data = {"text/html": mark(seen), "text/plain": mark(False)}
            kept = {"text/html": {"width": mark(seen), "other": mark(False)}}
            return display(data, {**kept, "other": mark(False), "height": 3})
        if kind == "result":
            output = display({"image/svg+xml": mark(seen), "text/plain": mark(False)})
            return {**output, "output_type": "execute_result", "execution_count": 7}
        model_id = uuid.uuid4().hex
        if kind == "area":
            captured = [
                stream(mark(seen)), stream(mark(False), "stderr"), failure(mark(False)),
                self.output("rich", seen),
            ]  # fmt: skip
            self.models[model_id] = model(OUTPUT_MODULE, outputs=captured, msg_id=mark(False))
        else:
            self.models[model_id] = model(value=mark(seen))
        # An output that is dropped displays nothing, so what it names stays, too.
        self.models[uuid.uuid4().hex] = model(value=mark(False), children=[f"IPY_MODEL_{model_id}"])
        return view(model_id)

    def add_text(self, kind: str, tags: set[str]) -> None:
        """Add a Markdown or raw cell."""
        seen = not tags & HIDING_SOURCE
        if kind == "markdown":
            cell = nbformat.v4.new_markdown_cell(self.mark(seen))
            cell["attachments"] = {"a.png": {"image/png": self.mark(False)}}
        elif kind == "html":
            cell = nbformat.v4.new_raw_cell(self.mark(seen))
            cell.metadata["raw_mimetype"] = "text/html"
        else:
            cell = nbformat.v4.new_raw_cell(self.mark(False))
            cell.metadata["raw_mimetype"] = "text/latex"
        cell.metadata["tags"] = sorted(tags)
        cell.metadata["secret"] = self.mark(False)
        self.cells.append(cell)

    def notebook(self) -> Any:
        """The notebook."""
        made = notebook_of(*self.cells, models=self.models, secret={"a": self.mark(False)})
        nbformat.validate(made)
        return made


@st.composite
def marked_notebooks(draw: st.DrawFn) -> Marked:
    """Any notebook full of markers."""
    made = Marked(draw(st.booleans()), around=lambda: draw(st.sampled_from(AROUND)))
    tags = st.sets(st.sampled_from(TAGS), max_size=2)
    kinds = st.sampled_from(
        ["stdout", "stderr", "error", "plain", "rich", "result", "widget", "area"]
    )
    for kind in draw(
        st.lists(st.sampled_from(["code", "code", "markdown", "html", "latex"]), max_size=4)
    ):
        if kind == "code":
            made.add_code(draw(tags), draw(st.lists(kinds, max_size=4)))
        else:
            made.add_text(kind, draw(tags))
    return made


@many
@given(marked_notebooks())
def test_viewers_get_what_is_for_them_and_nothing_else(marked: Marked) -> None:
    stripped = strip(marked.notebook(), show_source=marked.show_source)
    for ascii_only in (True, False):
        text = json.dumps(stripped.viewer, ensure_ascii=ascii_only)
        assert [token for token in marked.hidden if occurs(token, text)] == []
        assert [token for token in marked.shown if token not in text] == []
    live = json.dumps(stripped.live)
    assert [token for token in marked.code if token not in live] == []


@few
@given(marked_notebooks())
def test_new_random_ids_change_nothing(marked: Marked) -> None:
    notebook = marked.notebook()
    first = json.dumps(notebook)
    second = first
    for number, old in enumerate(marked.models):
        # Kernels draw ids without hyphens, pages with them.
        drawn = uuid.uuid4()
        second = second.replace(old, str(drawn) if number % 2 else drawn.hex)
    stripped = [strip(nbformat.from_dict(json.loads(text))) for text in (first, second)]
    assert json.dumps(stripped[0].viewer) == json.dumps(stripped[1].viewer)
    assert stripped[0].notices == stripped[1].notices
    assert not [old for old in marked.models if old in json.dumps(stripped[0].viewer)]


def test_ids_agree_after_they_are_replaced() -> None:
    ids = [uuid.uuid4().hex for _ in range(3)]
    cell = code("w")
    cell["outputs"] = [view(ids[0]), view("0" * 32), view(uuid.uuid4().hex)]
    models = {ids[0]: model(children=[f"IPY_MODEL_{ids[1]}"]), ids[1]: model(), ids[2]: model()}
    viewer = strip(notebook_of(cell, models=models)).viewer
    saved = viewer.metadata.widgets[STATE]["state"]
    shown = [next(iter(output.data.values()))["model_id"] for output in viewer.cells[0].outputs]
    assert shown == [f"{number:032x}" for number in (1, 3, 4)]
    assert list(saved) == [shown[0], f"{2:032x}"]
    assert saved[shown[0]]["state"]["children"] == [f"IPY_MODEL_{2:032x}"]


@pytest.mark.parametrize("model_id", ["a", "", "1", "x.*", "cell", "nbformat", 5, None, {}])
def test_ids_that_no_kernel_drew_do_no_harm(model_id: Any) -> None:
    cell = code("w")
    cell["outputs"] = [view(model_id), stream("a1 cell nbformat")]
    models = {model_id: model(value=1)} if isinstance(model_id, str) else {}
    viewer = strip(notebook_of(cell, models=models)).viewer
    assert viewer.cells[0].outputs[1].text == "a1 cell nbformat"
    assert list(viewer.metadata.get("widgets", {STATE: {"state": {}}})[STATE]["state"]) == list(
        models
    )


def test_a_custom_widget_may_have_outputs_of_its_own() -> None:
    cell = code("w")
    cell["outputs"] = [view("1" * 32)]
    custom = model("anywidget", outputs=["a", 5], msg_id="mine")
    viewer = strip(notebook_of(cell, models={"1" * 32: custom})).viewer
    (saved,) = viewer.metadata.widgets[STATE]["state"].values()
    assert saved["state"] == {"outputs": ["a", 5], "msg_id": "mine"}


def test_what_a_dropped_message_names_is_not_displayed() -> None:
    cell = code("w")
    cell["outputs"] = [view("area")]
    area = model(OUTPUT_MODULE, outputs=[stream("IPY_MODEL_hidden", "stderr")])
    models = {"area": area, "hidden": model(value="private")}
    assert "private" not in json.dumps(strip(notebook_of(cell, models=models)).viewer)


def test_a_cell_without_anything_to_show_is_left_out() -> None:
    silent, hidden = code("x = 1"), code("y", "remove-cell")
    hidden["outputs"] = [stream("hidden")]
    stripped = strip(notebook_of("# Text", silent, hidden))
    assert [cell.source for cell in stripped.viewer.cells] == ["# Text"]
    assert [cell.source for cell in stripped.live.cells] == ["# Text", "x = 1", "y"]


def test_with_show_source_only_hidden_code_stays_hidden() -> None:
    cells = ["shown = 1", code("secret = 1", "hide-input"), code("#| echo: false\nsecret = 2")]
    cells.append(code("shown = 3", "hide-output"))
    stripped = strip(notebook_of(*cells), show_source=True)
    assert [cell.source for cell in stripped.viewer.cells] == ["shown = 1", "shown = 3"]
    shows = [cell.metadata.nb2space.shows_source for cell in stripped.live.cells]
    assert shows == [True, False, False, True]


def test_the_live_notebook_keeps_how_cells_run() -> None:
    cell = code("x", "skip-execution")
    cell["outputs"] = [stream("kept"), stream("dropped", "stderr")]
    hidden = code("x", "skip-execution", "hide-output")
    hidden["outputs"] = [stream("dropped")]
    live = strip(notebook_of(cell, hidden, code("1 / 0", "raises_exception"), "y")).live
    assert [cell.metadata.tags for cell in live.cells] == [
        ["skip-execution"], ["skip-execution"], ["raises-exception"], [],
    ]  # fmt: skip
    assert [output.text for output in live.cells[0].metadata.nb2space.outputs] == ["kept"]
    assert live.cells[1].metadata.nb2space.outputs == []
    assert "dropped" not in json.dumps(live)
    assert all(cell.get("outputs", []) == [] for cell in live.cells)


def test_notices_tell_what_viewers_miss() -> None:
    failed, hidden = code("x"), code("x", "hide-cell")
    failed["outputs"] = [stream("w", "stderr"), stream("w", "stderr"), failure("f")]
    hidden["outputs"] = [failure("f")]
    text = nbformat.v4.new_markdown_cell("![a](gone.png)")
    assert strip(notebook_of("# T", failed, hidden, text)).notices == (
        "Cell 2 writes warnings or messages to stderr; viewers do not see them.",
        "Cell 2 ends in E; viewers do not see the traceback.",
        "Cell 4 shows a picture that is missing: gone.png",
    )


@pytest.mark.parametrize("raw", [True, False])
def test_pictures_travel_in_the_text(tmp_path: Path, raw: bool) -> None:
    (tmp_path / "plot.png").write_bytes(b"png")
    source = '<img src="plot.png">'
    cell = nbformat.v4.new_markdown_cell(source)
    if raw:
        cell = nbformat.v4.new_raw_cell(source, metadata={"raw_mimetype": "text/html"})
    stripped = strip(notebook_of(cell), folder=tmp_path)
    for result in (stripped.viewer, stripped.live):
        assert result.cells[0].source == '<img src="data:image/png;base64,cG5n">'


def test_attachments_that_the_text_shows_travel_in_it() -> None:
    cell = nbformat.v4.new_markdown_cell("![a](attachment:my%20plot.png) ![b](attachment:b.png)")
    cell["attachments"] = {"my plot.png": {"image/png": "aGk="}, "old.png": {"image/png": "b2xk"}}
    stripped = strip(notebook_of(cell))
    assert stripped.notices == ("Cell 1 shows a picture that is missing: attachment:b.png",)
    for result in (stripped.viewer, stripped.live):
        assert result.cells[0].source == f"![a](data:image/png;base64,aGk=) ![b]({NO_PICTURE})"
        assert "attachments" not in result.cells[0]


def test_stripping_changes_nothing_of_the_authors() -> None:
    marked = Marked(False)
    marked.add_code(set(), ["rich", "widget", "area", "error"])
    marked.add_text("markdown", set())
    notebook = marked.notebook()
    before = json.dumps(notebook)
    strip(notebook)
    assert json.dumps(notebook) == before


def commented_png() -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info, buffer = PngInfo(), io.BytesIO()
    info.add_text("Comment", "private")
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


@pytest.mark.parametrize("way", ["file", "attachment", "url", "output", "drawing"])
def test_pictures_lose_their_texts_however_they_are_shown(tmp_path: Path, way: str) -> None:
    raw = commented_png()
    assert b"private" in raw
    coded = base64.b64encode(raw).decode()
    (tmp_path / "a.png").write_bytes(raw)
    (tmp_path / "b.svg").write_text("<svg><!-- private --><metadata>private</metadata></svg>")
    sources = {
        "file": "![a](a.png)",
        "drawing": "![a](b.svg)",
        "attachment": "![a](attachment:a.png)",
        "url": f"![a](data:image/png;base64,{coded})",
    }
    cell = nbformat.v4.new_markdown_cell(sources.get(way, "text"))
    cell["attachments"] = {"a.png": {"image/png": coded}}
    shown = code("x")
    shown["outputs"] = [display({"text/html": f'<img src="data:image/png;base64,{coded}">'})]
    made = notebook_of(cell, shown) if way == "output" else notebook_of(cell)
    stripped = strip(made, folder=tmp_path)
    for result in (stripped.viewer, stripped.live):
        text = json.dumps(result)
        if result is stripped.viewer or way != "output":
            assert "PHN2Z" in text if way == "drawing" else "iVBORw0KGgo" in text
        assert not occurs("private", text) and coded not in text
