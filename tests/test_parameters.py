"""Parameters: what -p means, which cell they follow, and what the author is told."""

from __future__ import annotations

import ast
import math
from typing import Any

import nbformat
import pytest
from conftest import code
from hypothesis import example, given
from hypothesis import strategies as st
from making import many, notebook_of

from nb2space.errors import InputError
from nb2space.parameters import inject_parameters, parse_value
from nb2space.tags import view_of


def with_parameters(source: str) -> Any:
    """A notebook whose second cell is the parameters cell."""
    return notebook_of("import math", code(source, "parameters"), "print(n)")


def injected_source(source: str, **values: Any) -> str:
    """The source of the cell that is put after the parameters cell `source`."""
    return str(inject_parameters(with_parameters(source), values).cells[2].source)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("None", None),
        ("True", True),
        ("False", False),
        ("true", "true"),
        ("1", 1),
        ("-1", -1),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("", ""),
        ("a b", "a b"),
        ("'1'", "'1'"),
        ("[1]", "[1]"),
        ("1; import os", "1; import os"),
        ("2024-01-31", "2024-01-31"),
        ("inf", math.inf),
    ],
)
def test_what_text_means(text: str, value: Any) -> None:
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_nan_is_a_number() -> None:
    value = parse_value("nan")
    assert isinstance(value, float)
    assert math.isnan(value)


def test_the_injected_cell_follows_the_parameters_cell() -> None:
    notebook = with_parameters("n = 1\ntitle = 'a'")
    result = inject_parameters(notebook, {"n": 5, "title": "b"})
    nbformat.validate(result)
    assert [cell.source for cell in result.cells] == [
        "import math", "n = 1\ntitle = 'a'", "n = 5\ntitle = 'b'\n", "print(n)",
    ]  # fmt: skip
    assert view_of(result.cells[2]).shows_source, "what was run is what --show-source shows"
    assert len(notebook.cells) == 3


def test_without_values_nothing_changes() -> None:
    notebook = notebook_of("x = 1")
    assert inject_parameters(notebook, {}) is notebook


@pytest.mark.parametrize("before", [True, False])
def test_what_papermill_injected_is_replaced(before: bool) -> None:
    old, parameters = code("n = 2", "injected-parameters"), code("n = 1", "parameters")
    notebook = notebook_of(*([old, parameters] if before else [parameters, old]), "print(n)")
    result = inject_parameters(notebook, {"n": 3})
    assert [cell.source for cell in result.cells] == ["n = 1", "n = 3\n", "print(n)"]


def test_injecting_twice_is_as_injecting_once() -> None:
    once = inject_parameters(with_parameters("n = 1"), {"n": 5})
    twice = inject_parameters(once, {"n": 6})
    nbformat.validate(twice)
    assert [cell.source for cell in twice.cells[1:3]] == ["n = 1", "n = 6\n"]


@pytest.mark.parametrize("cell", [code("n = 1"), nbformat.v4.new_markdown_cell("n = 1")])
def test_a_notebook_without_a_parameters_cell_is_refused(cell: Any) -> None:
    if cell.cell_type == "markdown":
        cell.metadata["tags"] = ["parameters"]
    with pytest.raises(InputError, match="no cell tagged 'parameters'"):
        inject_parameters(notebook_of(cell), {"n": 1})


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        ("learning_rate = 1", "learning_rat", r"\(cell 2\)\. Did you mean 'learning_rate'\?"),
        ("a = 1\nb = 2", "zzz", "It sets: a, b."),
        ("", "n", "It sets: nothing."),
        ("# n = 1", "n", "It sets: nothing."),
        ("n = = 1", "n", "It sets: nothing."),
        ("table = {}\ntable[row] = column", "row", "It sets: table."),
        ("thing.part = 1", "thing", "It sets: nothing."),
        ("def f():\n    n = 1", "n", "It sets: nothing."),
        ("n = " + "-" * 100_000 + "1", "n", "It sets: nothing."),
        ("n = 1\0", "n", "It sets: nothing."),
    ],
)
def test_a_name_that_is_not_set_is_refused(source: str, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        injected_source(source, **{name: 1})


@pytest.mark.parametrize(
    "source",
    [
        "n = 1",
        "n: int = 1",
        "n: int",
        "m = n = 1",
        "m, (n, *o) = 1, (2, 3)",
        "%matplotlib inline\n!ls\nn = 1",
        "n = !ls",
        "n = %pwd",
        "?print\nn = 1",
        "%%time\nn = 1",
        "if True:\n    %matplotlib inline\nn = 1",
        "text = '''\n%d\n!\n'''\nn = 5 \\\n  % 3",
        r"n = '\d'",
    ],
)
def test_names_are_found_however_they_are_set(source: str) -> None:
    assert injected_source(source, n=2) == "n = 2\n"


@many
@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "ä"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text()
        | st.text(st.characters(codec=None, categories=["Cs", "Cc"])),
        min_size=1,
    )
)  # fmt: skip
@example({"a": float("nan"), "b": float("-inf"), "ä": -0.0})
def test_injected_source_gives_the_values_back(values: dict[str, Any]) -> None:
    source = injected_source("a = b = ä = 0", **values)
    source.encode("utf-8")
    assert len(ast.parse(source).body) == len(values)
    found: dict[str, Any] = {}
    exec(source, {}, found)
    assert {name: repr(value) for name, value in found.items()} == {
        name: repr(value) for name, value in values.items()
    }
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in values.items()
    }


@many
@given(st.text())
def test_any_text_means_something_that_injects(text: str) -> None:
    injected_source("n = 1", n=parse_value(text))
