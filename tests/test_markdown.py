"""Markdown in outputs reaches pages as HTML."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import display, few, stream

from nb2space.runtime.markdown import with_markup
from nb2space.runtime.masking import MASK, Mask

BOLD = '<div class="jp-RenderedMarkdown"><p>a <strong>b</strong></p>\n</div>'


def test_an_output_is_rendered() -> None:
    output = display({"text/markdown": "a **b**", "text/x": "kept"}, {"m": 1})
    rendered = with_markup(output, str)
    assert rendered == display({"text/x": "kept", "text/html": BOLD}, {"m": 1})
    assert with_markup(rendered, str) == rendered
    assert output["data"]["text/markdown"] == "a **b**"


def test_lines_as_a_list_and_formulas() -> None:
    output = display({"text/markdown": ["$a_1*b$\n", "\n", "- $c*d_2$\n"]})
    html = with_markup(output, str)["data"]["text/html"]
    assert "$a_1*b$" in html and "<li>$c*d_2$</li>" in html


def test_outputs_within_states_and_messages() -> None:
    outputs = [display({"text/markdown": "a **b**"}), stream("**x**")]
    state = {"m": {"state": {"outputs": outputs, "value": "**x**", "n": (1, None)}}}
    found = with_markup(state, str)["m"]["state"]
    assert found["outputs"] == [display({"text/html": BOLD}), stream("**x**")]
    assert (found["value"], found["n"]) == ("**x**", [1, None])


@pytest.mark.parametrize("value", [None, 1, {}, [[]], {"data": "text/markdown"}, {"data": {}}])
def test_other_values_stay(value: Any) -> None:
    assert with_markup(value, str) == value


@pytest.mark.parametrize("text", [None, 1, {"a": 1}, [1]])
def test_what_is_no_text_is_left_out(text: Any) -> None:
    assert with_markup({"data": {"text/markdown": text, "x": 1}}, str) == {"data": {"x": 1}}


def test_what_was_made_is_looked_at_again() -> None:
    output = display({"text/markdown": "Tr0ub4d**or**"})
    html = with_markup(output, Mask(["Tr0ub4dor"]).text)["data"]["text/html"]
    assert html == f'<div class="jp-RenderedMarkdown"><p>{MASK}<strong></strong></p>\n</div>'


@few
@given(st.text())
def test_any_text_is_rendered(text: str) -> None:
    data = with_markup(display({"text/markdown": text}), str)["data"]
    assert set(data) == {"text/html"}
