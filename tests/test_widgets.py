"""Which widget models leave the author's machine: the displayed ones, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import OUTPUT_MODULE, STATE, json_values, many, model, stream, view

from nb2space.widgets import captured_outputs, displayed_models, saved_models

MODELS: dict[str, Any] = {
    "box": model(children=["IPY_MODEL_slider", "IPY_MODEL_out"], layout="IPY_MODEL_layout"),
    "slider": model(style="IPY_MODEL_style"),
    "layout": model(),
    "style": model(),
    "out": model(OUTPUT_MODULE, outputs=[stream("IPY_MODEL_style"), view("inner")]),
    "inner": model(nested={"deep": [["IPY_MODEL_loop"]], "IPY_MODEL_key": 1}),
    "loop": model(back="IPY_MODEL_inner"),
    "key": model(),
    "link": model(source=["IPY_MODEL_slider", "value"], target=["IPY_MODEL_hidden", "value"]),
    "hidden": model(),
    "lookalike": model(outputs=[view("hidden")]),
}


def reached(*ids: str) -> list[str]:
    """The ids of the models that displaying `ids` reaches."""
    return list(displayed_models([view(model_id) for model_id in ids], MODELS))


def test_what_a_displayed_model_refers_to_comes_along() -> None:
    assert set(reached("box")) == {
        "box", "slider", "out", "layout", "style", "inner", "loop", "key",
    }  # fmt: skip
    assert reached("slider") == ["slider", "style"]


def test_a_circle_ends() -> None:
    assert reached("loop") == ["loop", "inner", "key"]


def test_a_model_that_nothing_displays_stays() -> None:
    for shown in ("box", "slider", "inner", "lookalike"):
        assert "hidden" not in reached(shown)
    assert reached() == []
    assert "hidden" in reached("link")


def test_only_output_areas_display_by_their_outputs() -> None:
    assert reached("lookalike") == ["lookalike"]
    assert captured_outputs(MODELS["lookalike"]) == []


def test_a_model_that_is_not_saved_is_passed_over() -> None:
    assert reached("closed", "slider") == ["slider", "style"]


@pytest.mark.parametrize("outputs", [None, 5, "x", {}, [None], [5], [{}], [{"output_type": "x"}]])
def test_outputs_of_a_wrong_shape_are_none(outputs: Any) -> None:
    odd = model(OUTPUT_MODULE, outputs=outputs)
    assert captured_outputs(odd) == []
    assert displayed_models([view("a")], {"a": odd}) == {"a": odd}


def test_saved_models() -> None:
    metadata = {"widgets": {STATE: {"state": MODELS}}}
    assert saved_models(metadata) == MODELS


@pytest.mark.parametrize("odd", [5, None, [], "x", {}, {"state": 5}, {"state": None}])
def test_what_is_no_model_is_passed_over(odd: Any) -> None:
    for metadata in (
        {"widgets": odd},
        {"widgets": {STATE: odd}},
        {"widgets": {STATE: {"state": odd}}},
        {"widgets": {STATE: {"state": {"a": odd}}}},
    ):
        assert saved_models(metadata) == {}


@many
@given(json_values(), json_values(), json_values())
def test_any_metadata_is_handled(state: Any, data: Any, metadata: Any) -> None:
    models = saved_models({"widgets": {STATE: {"state": {"a": {"state": state}, "b": metadata}}}})
    outputs = [view("a"), view(data), {"output_type": "display_data", "data": data}]
    assert set(displayed_models(outputs, models)) <= {"a"}


@many
@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("abcde"))))
def test_reach_is_closed_and_minimal(references: dict[str, list[str]]) -> None:
    models = {name: model(to=[f"IPY_MODEL_{t}" for t in to]) for name, to in references.items()}
    found = displayed_models([view("a")], models)
    wanted, waiting = set(), ["a"]
    while waiting:
        name = waiting.pop()
        if name in references and name not in wanted:
            wanted.add(name)
            waiting += references[name]
    assert set(found) == wanted
