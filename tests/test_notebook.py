"""Reading notebooks: every bad input is one sentence, every odd but good one is repaired."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import CORPUS
from hypothesis import example, given
from hypothesis import strategies as st
from making import document, json_values, many, mutated_documents, notebook_of, without_rights

from nb2space.errors import InputError
from nb2space.notebook import is_notebook, read_notebook, title_of
from nb2space.strip import strip_notebook


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a notebook of this module is written."""
    return tmp_path_factory.mktemp("read") / "a.ipynb"


def read(path: Path, content: bytes | Any) -> Any:
    """Read what is written to `path`; warnings are errors, what is read is valid and writable."""
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        notebook = read_notebook(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    nbformat.writes(notebook).encode("utf-8")
    return notebook


def read_or_refuse(path: Path, content: Any) -> Any:
    """As `read`, but None when the notebook is refused, which is to be one line naming it."""
    try:
        return read(path, content)
    except InputError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
        assert len(str(error)) < 500 + len(str(path))
        return None


def with_change(**changes: Any) -> dict[str, Any]:
    """The valid document with other values at its top level."""
    return {**document(), **changes}


def with_cell(**changes: Any) -> dict[str, Any]:
    """The valid document with other values in its code cell."""
    made = document()
    made["cells"][1].update(changes)
    return made


REFUSED: dict[str, tuple[bytes | Any, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\t ", "is empty"),
    "broken": (b'{"cells": [', "JSON is broken at line 1, column 12"),
    "text": (b"print(1)\n", "JSON is broken at line 1"),
    "conflict": (b"<<<<<<< HEAD\n{}\n=======\n", "JSON is broken"),
    "latin-1": ('{"a": "é"}'.encode("latin-1"), "byte 7 is not valid text"),
    "cut utf-16": (b"\xff\xfe{", "is not valid text"),
    "zip": (b"PK\x03\x04\xff\xff", "is not valid text"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbf{}", "JSON is broken"),
    "list": ([], "has no 'nbformat'"),
    "null": (None, "has no 'nbformat'"),
    "other JSON": ({"name": "package"}, "has no 'nbformat'"),
    "format as text": (with_change(nbformat="4"), "has no 'nbformat'"),
    "format as truth": (with_change(nbformat=True), "has no 'nbformat'"),
    "format as fraction": (with_change(nbformat=4.0), "has no 'nbformat'"),
    "format 0": (with_change(nbformat=0), "read as format 0"),
    "format -4": (with_change(nbformat=-4), "read as format -4"),
    "format 5": (with_change(nbformat=5), "notebook format 5, which is newer"),
    "minor as text": (with_change(nbformat_minor="5", cells=None), "is not a valid notebook"),
    "no cells": (with_change(cells=[]), "no cell with content"),
    "blank cells": (
        with_change(cells=[{"cell_type": "markdown", "metadata": {}, "source": " \n"}]),
        "no cell with content",
    ),
    "cells as object": (with_change(cells={}), "['cells']"),
    "cells as numbers": (with_change(cells=[1]), "is not a valid notebook"),
    "unknown cell": (
        with_change(cells=[{"cell_type": "sql", "metadata": {}, "source": "x"}]),
        "['cells'][0]",
    ),
    "metadata null": (with_change(metadata=None), "is not a valid notebook"),
    "source as number": (with_cell(source=5), "['cells'][1]"),
    "source of numbers": (with_cell(source=[5]), "is not a valid notebook"),
    "outputs null": (with_cell(outputs=None), "is not a valid notebook"),
    "output unknown": (with_cell(outputs=[{"output_type": "x"}]), "['cells'][1]['outputs'][0]"),
    "id with blank": (with_cell(id="a b"), "['cells'][1]['id']"),
    "id as list": (with_cell(id=[]), "is not a valid notebook"),
    "tags as text": (with_cell(metadata={"tags": "hide-input"}), "['metadata']['tags']"),
    "kernel as text": (with_change(metadata={"kernelspec": "python3"}), "['kernelspec']"),
    "unknown in future": (
        {**with_cell(outputs=[{"output_type": "x"}]), "nbformat_minor": 99},
        "['cells'][1]['outputs'][0]",
    ),
    "future cell": (
        with_change(nbformat_minor=99, cells=[{"cell_type": "sql", "metadata": {}}]),
        "['cells'][0]",
    ),
    "endless number": (b'{"nbformat": 4, "x": ' + b"9" * 5000 + b"}", "endless number"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "deep metadata": (
        json.dumps(with_change(metadata={"x": 0})).replace('"x": 0', '"x":' + "[" * 900 + "]" * 900)
        .encode(),
        "nested too deeply",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bad_notebooks_are_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    content, said = REFUSED[name]
    path = tmp_path / "bad.ipynb"
    with pytest.raises(InputError) as caught:
        read(path, content)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cell_type": "sql"}, "it is nothing that a notebook may have there"),
        ({"source": {"x": 1}}, "it is nothing that a notebook may have there"),
        ({"metadata": {"tags": 1}}, "it is not of type array"),
        ({"outputs": [{"output_type": "stream", "name": "stdout"}]}, "'text' is a required"),
    ],
)
def test_what_is_wrong_is_told_without_what_stands_there(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "bad.ipynb", with_cell(**{"source": "password = 'mangga'", **change}))
    assert said in str(caught.value) and "mangga" not in str(caught.value)


def test_a_missing_file_names_the_notebooks_there(tmp_path: Path) -> None:
    (tmp_path / "report.ipynb").touch()
    with pytest.raises(InputError, match=r"no file .*raport\.ipynb\. Notebooks there: report"):
        read_notebook(tmp_path / "raport.ipynb")
    with pytest.raises(InputError, match="There is no file"):
        read_notebook(tmp_path / "no-folder" / "raport.ipynb")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a folder; name the notebook in it"):
        read_notebook(tmp_path)
    with pytest.raises(InputError, match="cannot be read: Not a directory"):
        read_notebook(tmp_path / "file" / "a.ipynb")
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        read_notebook(tmp_path / ("a" * 300))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="cannot be read"):
        read_notebook(tmp_path / "loop")


def test_a_notebook_without_rights_is_refused(place: Path) -> None:
    place.write_text(json.dumps(document()))
    with without_rights(place), pytest.raises(InputError, match="cannot be read"):
        read_notebook(place)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_every_encoding_of_json_is_read(place: Path, encoding: str) -> None:
    made = json.dumps(with_cell(source="x = 'ü😀'"), ensure_ascii=False).encode(encoding)
    assert read(place, made).cells[1].source == "x = 'ü😀'"


def old_notebook(version: int) -> dict[str, Any]:
    """A notebook as it was written before format 4."""
    outputs = [
        {"output_type": "pyout", "prompt_number": 1, "text": ["1"], "metadata": {}},
        {"output_type": "stream", "stream": "stderr", "text": "warned"},
        {"output_type": "pyerr", "ename": "E", "evalue": "v", "traceback": ["t"]},
        {"output_type": "display_data", "png": "aGk=", "metadata": {}},
    ]
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Old"], "metadata": {}},
        {
            "cell_type": "code", "language": "python", "collapsed": False, "metadata": {},
            "input": ["x = 1\n" if version == 3 else "x = 1", "x"], "outputs": outputs,
        },
    ]  # fmt: skip
    sheet = {"cells": cells, "metadata": {}}
    return {
        "nbformat": version, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [sheet],
    }  # fmt: skip


@pytest.mark.parametrize("version", [2, 3])
def test_old_formats_are_upgraded(place: Path, version: int) -> None:
    notebook = read(place, old_notebook(version))
    assert [cell.source for cell in notebook.cells] == ["# Old", "x = 1\nx"]
    assert [output.output_type for output in notebook.cells[1].outputs] == [
        "execute_result", "stream", "error", "display_data",
    ]  # fmt: skip


def test_ids_that_are_missing_or_double_are_repaired(place: Path) -> None:
    made = document()
    del made["cells"][0]["id"]
    made["cells"][1]["id"] = made["cells"][2]["id"] = "same"
    ids = [cell.id for cell in read(place, made).cells]
    assert len(set(ids)) == 3
    assert ids[1] == "same"


def test_what_files_cannot_hold_is_replaced(place: Path) -> None:
    notebook = read(place, with_cell(source="half \ud800 of a pair, and \0"))
    assert notebook.cells[1].source == "half ? of a pair, and \0"


def test_numbers_that_are_none_are_kept(place: Path) -> None:
    data = {"application/json": [float("nan"), float("inf")]}
    made = with_cell(outputs=[{"output_type": "display_data", "data": data, "metadata": {}}])
    assert read(place, made).cells[1].outputs[0].data["application/json"][1] == float("inf")


def test_a_huge_output_is_read(place: Path) -> None:
    made = with_cell(outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 9_000_000}])
    assert len(read(place, made).cells[1].outputs[0].text) == 9_000_000


def test_reading_changes_nothing(place: Path) -> None:
    place.write_text(json.dumps(document()))
    os.utime(place, (1, 1))
    read_notebook(place)
    assert json.loads(place.read_text()) == document()
    assert place.stat().st_mtime == 1


@many
@given(st.binary(max_size=60))
@example(b"\xef\xbb\xbf")
@example(b"\0\0\0\0")
def test_any_bytes_are_read_or_refused(place: Path, content: bytes) -> None:
    assert read_or_refuse(place, content) is None


@many
@given(json_values() | st.dictionaries(st.sampled_from(list(document())), json_values()))
def test_any_json_is_read_or_refused(place: Path, content: Any) -> None:
    read_or_refuse(place, content)


@many
@given(mutated_documents(), st.sampled_from([0, 4, 5, 6]))
def test_any_mutation_is_read_and_stripped_or_refused(place: Path, made: Any, minor: int) -> None:
    if made.get("nbformat_minor") == 5:
        made["nbformat_minor"] = minor
    notebook = read_or_refuse(place, made)
    if notebook is None:
        return
    stripped = strip_notebook(
        notebook, folder=place.parent, title=title_of(notebook, place), show_source=False
    )
    for result in (stripped.viewer, stripped.live):
        nbformat.validate(result)
        nbformat.writes(result).encode("utf-8")


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_corpus(path: Path, place: Path) -> None:
    """Files named bad-… are refused, all others are read and stripped."""
    notebook = read_or_refuse(place, path.read_bytes())
    assert (notebook is None) == path.name.startswith("bad-")
    if notebook is not None:
        stripped = strip_notebook(notebook, folder=CORPUS, title="T", show_source=False)
        nbformat.validate(stripped.viewer)
        assert "SECRET" not in json.dumps(stripped.viewer)
        assert "SHOWN" in json.dumps(stripped.viewer)


def markdown(source: str, *tags: str) -> Any:
    """A Markdown cell with tags."""
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        (["x = 1", "# **The title** #"], "The title"),
        ([markdown("## Second\n\n# First")], "First"),
        ([markdown("```\n# a comment\n```\n# Real")], "Real"),
        ([markdown("~~~~\n```\n# a comment\n~~~\n~~~~\n# Real")], "Real"),
        ([markdown("# Not for viewers", "remove-cell"), "# Seen"], "Seen"),
        ([markdown("# Not for viewers", "hide_input"), "x"], "My report"),
        (["# ", "x"], "my-report"),
        (["#!comment"], "My report"),
    ],
)
def test_the_title_is_the_first_heading_that_viewers_see(cells: list[Any], title: str) -> None:
    assert title_of(notebook_of(*cells), Path("my-report.ipynb")) == title


def test_the_title_may_be_metadata_or_the_file_name() -> None:
    assert title_of(notebook_of("x", title=" Given "), Path("a.ipynb")) == "Given"
    assert title_of(notebook_of("x", title=" "), Path("__.ipynb")) == "Notebook"


@pytest.mark.parametrize("given", [{"shows_source": True}, "text", [1], None, 5])
def test_what_only_conversions_may_say_of_cells_is_dropped(
    given: Any, notebook: Callable[..., Path]
) -> None:
    cell = nbformat.v4.new_code_cell("print(1)")
    cell.metadata["nb2space"] = given
    read = read_notebook(notebook("# Title", cell))
    assert all("nb2space" not in cell.metadata for cell in read.cells)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("there", True), ("there.ipynb", True), ("gone.ipynb", True), ("GONE.IPYNB", True),
     ("gone", False), ("folder", False), ("folder.ipynb", False)],
)  # fmt: skip
def test_what_is_meant_as_a_notebook(tmp_path: Path, name: str, expected: bool) -> None:
    for file in ("there", "there.ipynb"):
        (tmp_path / file).touch()
    for folder in ("folder", "folder.ipynb"):
        (tmp_path / folder).mkdir()
    assert is_notebook(tmp_path / name) is expected
