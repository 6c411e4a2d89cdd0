"""What tags and Quarto comments say of a cell."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from conftest import code
from hypothesis import given
from hypothesis import strategies as st
from making import many

from nb2space.tags import cell_tags, tag_notices, view_of

PLAIN = {
    "runs": True,
    "may_fail": False,
    "shows_source": True,
    "shows_outputs": True,
    "is_parameters": False,
}
HIDDEN = {"shows_source": False, "shows_outputs": False}


def test_tags_that_look_as_if_they_hid_something_are_named() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Sales", metadata={"tags": ["remove_cel"]}),
            code("1", "hidden", "scroll-output", "full-width"),
            code("2", "Remove-Cell", "shared", "injected-parameters", "per_viewer"),
            code("3", "paramters"),
        ]
    )
    assert tag_notices(notebook) == [
        "Cell 1 is tagged 'remove-cel', which does nothing here; did you mean 'remove-cell'?",
        "Cell 2 is tagged 'hidden', which does nothing here.",
        "Cell 3 is tagged 'paramters', which does nothing here; did you mean 'parameters'?",
    ]


BY_TAG: dict[str, dict[str, bool]] = {
    "remove-cell": HIDDEN,
    "hide-cell": HIDDEN,
    "hide-input": {"shows_source": False},
    "remove-input": {"shows_source": False},
    "hide-output": {"shows_outputs": False},
    "hide-outputs": {"shows_outputs": False},
    "remove-output": {"shows_outputs": False},
    "remove-outputs": {"shows_outputs": False},
    "skip-execution": {"runs": False},
    "raises-exception": {"may_fail": True},
    "parameters": {"is_parameters": True},
    "unknown": {},
}

BY_COMMENT: dict[str, dict[str, bool]] = {
    "#| include: false": HIDDEN,
    "#| echo: false": {"shows_source": False},
    "#| output: false": {"shows_outputs": False},
    "#| eval: false": {"runs": False},
    "#| error: true": {"may_fail": True},
    "#|echo:False": {"shows_source": False},
    "#|  echo :  no  ": {"shows_source": False},
    "# | echo: false": {"shows_source": False},
    "#| echo: false  # nobody needs it": {"shows_source": False},
    "#| label: fig-a\n#| fig-cap:\n#|   - One\n#| echo: false": {"shows_source": False},
    "#| echo: false\n#| output: false": HIDDEN,
    "#| echo: true": {},
    "#| echo: fenced": {},
    "#| output: asis": {},
    "#| eval: true": {},
    "#| error: false": {},
    "#| echo:": {},
    "#|": {},
    "x = 1\n#| echo: false": {},
    "\n#| echo: false": {},
    "# echo: false": {},
}


def expect(cell: Any, changes: dict[str, bool]) -> None:
    """Compare how `cell` takes part with a plain cell's way."""
    seen = view_of(cell)
    assert {name: getattr(seen, name) for name in PLAIN} == {**PLAIN, **changes}


@pytest.mark.parametrize("tag", BY_TAG)
@pytest.mark.parametrize("spelling", ["{}", "{} ", "underscore", "upper"])
def test_tags(tag: str, spelling: str) -> None:
    spelled = {"underscore": tag.replace("-", "_"), "upper": tag.upper()}
    expect(code("x", spelled.get(spelling, spelling.format(tag))), BY_TAG[tag])


@pytest.mark.parametrize("comment", BY_COMMENT)
def test_quarto_comments(comment: str) -> None:
    expect(code(f"{comment}\nx = 1"), BY_COMMENT[comment])


def test_tags_add_up() -> None:
    expect(code("#| echo: false\nx", "remove-output", "skip_execution"), {**HIDDEN, "runs": False})
    assert view_of(code("x", "hide-input", "hide-output")).is_hidden
    assert not view_of(code("x", "hide-input")).is_hidden


def test_text_neither_runs_nor_sets_parameters() -> None:
    for new in (nbformat.v4.new_markdown_cell, nbformat.v4.new_raw_cell):
        cell = new("#| echo: false\ntext", metadata={"tags": ["parameters"]})
        expect(cell, {"runs": False})
        expect(new("text", metadata={"tags": ["remove-input"]}), {**HIDDEN, "runs": False} | {
            "shows_outputs": True,
        })  # fmt: skip


def test_a_cell_without_tags_is_plain() -> None:
    assert cell_tags(nbformat.v4.new_code_cell("x")) == set()


@many
@given(st.text(max_size=40), st.text("#| :echofalsru\n", max_size=40))
def test_any_source_has_a_view(text: str, comment: str) -> None:
    view_of(code(f"#|{comment}{text}"))
