"""Recording what controls do from a live kernel, and playing it without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operable import (
    APART,
    BUTTONS,
    CHAIN,
    CITIES,
    CLAMP,
    DYNAMIC,
    HIDDEN_BOX,
    INTERACT,
    MANY,
    PAGES,
    PLAYER,
    PLOT,
    RANGES,
)
from recording import Recorded, differences, record_cells

from nb2space.page.record.domains import coarse_steps, control_key, domain
from nb2space.page.record.keys import key_of

REFUSED = {
    "random": (
        "import random; x1 = W.IntSlider(description='random', max=3); l1 = W.Label()\n"
        "x1.observe(lambda c: setattr(l1, 'value', str(random.random())), 'value')\n"
        "W.VBox([x1, l1])"
    ),
    "clock": (
        "import time; x2 = W.IntSlider(description='clock', max=3); l2 = W.Label()\n"
        "x2.observe(lambda c: setattr(l2, 'value', time.strftime('%H:%M:%S')), 'value')\n"
        "W.VBox([x2, l2])"
    ),
    "counter": (
        "def counting():\n    n = 0\n    def count(c):\n        nonlocal n\n        n += 1\n"
        "        l3.value = str(n)\n    return count\n"
        "x3 = W.IntSlider(description='counter', max=3); l3 = W.Label()\n"
        "x3.observe(counting(), 'value'); W.VBox([x3, l3])"
    ),
    "thread": (
        "import threading; x4 = W.IntSlider(description='thread', max=3); l4 = W.Label()\n"
        "def later(c): threading.Timer(0.2, lambda: setattr(l4, 'value', 'x')).start()\n"
        "x4.observe(later, 'value'); W.VBox([x4, l4])"
    ),
    "task": (
        "import asyncio; x5 = W.IntSlider(description='task', max=3); l5 = W.Label()\n"
        "async def work():\n    await asyncio.sleep(0.2)\n    l5.value = str(x5.value)\n"
        "x5.observe(lambda c: asyncio.ensure_future(work()), 'value'); W.VBox([x5, l5])"
    ),
    "text": (
        "x6 = W.Text(description='text'); l6 = W.Label()\n"
        "x6.observe(lambda c: setattr(l6, 'value', x6.value.upper()), 'value')\nW.VBox([x6, l6])"
    ),
    "upload": (
        "x7 = W.FileUpload(description='upload'); l7 = W.Label()\n"
        "x7.observe(lambda c: setattr(l7, 'value', 'got it'), 'value'); W.VBox([x7, l7])"
    ),
    "reader": (
        "H = {'k': 0}; g = W.IntSlider(description='global', max=3)\n"
        "x8 = W.IntSlider(description='reader', max=3); l8 = W.Label()\n"
        "g.observe(lambda c: H.update(k=g.value), 'value')\n"
        "x8.observe(lambda c: setattr(l8, 'value', f\"{H['k']} {x8.value}\"), 'value')\n"
        "W.VBox([g, x8, l8])"
    ),
    "toggle": (
        "x9 = W.Button(description='toggle'); l9 = W.Label(); on = []\n"
        "def flip(_):\n    on.append(1)\n    l9.value = str(len(on) % 2)\n"
        "x9.on_click(flip); W.VBox([x9, l9])"
    ),
    "appends": (
        "x10 = W.IntSlider(description='appends', max=3); l10 = W.Label()\n"
        "x10.observe(lambda c: setattr(l10, 'value', l10.value + '.'), 'value'); W.VBox([x10, l10])"
    ),
    "inner": (
        "@interact(inner=(0, 2))\ndef outside(inner):\n    @interact(deep=(0, 2))\n"
        "    def within(deep): interact(lambda low: print(inner, deep, low), low=(0, 2))"
    ),
    "leaving": (
        "far = W.Label()\n@interact(leaving=(0, 2))\ndef outside(leaving):\n"
        "    interact(lambda deep: setattr(far, 'value', str(deep)), deep=(0, 2))\nfar"
    ),
}


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A notebook of controls that have nothing to do with each other."""
    folder = tmp_path_factory.mktemp("apart")
    return record_cells(INTERACT, APART, CHAIN, BUTTONS, folder=folder)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A notebook in which nothing but one slider can be recorded."""
    return record_cells(*REFUSED.values(), APART, folder=tmp_path_factory.mktemp("refused"))


@pytest.mark.kernel
def test_tables_are_the_sum_of_independent_groups(apart: Recorded) -> None:
    assert len(apart.unit_of("a").rows) == 10
    assert len(apart.unit_of("b").rows) == 7
    assert len(apart.unit_of("x").rows) == 5 * 2
    assert apart.unit_of("x") is apart.unit_of("y")
    assert apart.frozen.disabled == {} and apart.frozen.notices == ()


@pytest.mark.kernel
def test_nothing_is_left_in_the_authors_namespace(apart: Recorded) -> None:
    assert apart.names == ()


@pytest.mark.kernel
def test_a_button_that_moves_a_slider_is_a_table_of_transitions(apart: Recorded) -> None:
    unit = apart.unit_of("up")
    slider = apart.labelled("s")
    column = unit.outputs.index((slider, "value"))
    after = {
        key: apart.frozen.blobs[unit.entries[row][column]]["v"] for key, row in unit.rows.items()
    }
    assert after == {"0": 1, "1": 2, "2": 3, "3": 4, "4": 4}


@pytest.mark.kernel
@pytest.mark.parametrize(
    "cells",
    [
        pytest.param((INTERACT, CHAIN, BUTTONS), id="chains and buttons"),
        pytest.param((CITIES, PAGES), id="options and pages"),
        pytest.param((DYNAMIC, HIDDEN_BOX), id="made widgets"),
        pytest.param((RANGES, PLOT), id="ranges and plots"),
        pytest.param((PLAYER, CLAMP, MANY), id="links, clamps and selections"),
    ],
)
def test_tables_play_what_a_fresh_kernel_does(cells: tuple[str, ...], tmp_path: Path) -> None:
    recorded = record_cells(*cells, folder=tmp_path)
    assert recorded.frozen.disabled == {}
    assert recorded.frozen.units
    assert differences(recorded, tmp_path, moves=200, seed=1) == []


@pytest.mark.kernel
@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_recorded_is_refused_by_name(refused: Recorded, name: str) -> None:
    model_id = refused.labelled(name)
    assert refused.frozen.disabled[model_id]
    assert all(model_id not in (*unit.triggers, unit.button) for unit in refused.frozen.units)
    cell = list(REFUSED).index(name) + 2
    assert any(f"'{name}' in cell {cell}" in loss for loss in refused.frozen.losses)


@pytest.mark.kernel
def test_what_can_be_recorded_is_beside_what_cannot(refused: Recorded) -> None:
    assert len(refused.unit_of("a").rows) == 10
    assert set(refused.frozen.disabled) == {refused.labelled(name) for name in REFUSED}


@pytest.mark.kernel
def test_callbacks_that_fail_or_hang(tmp_path: Path) -> None:
    recorded = record_cells(
        "@interact(z=(0, 2))\ndef f(z):\n    print('secret_name', 1 / z)",
        "import time; n = W.IntSlider(description='slow', max=2); m = W.Label()\n"
        "def nap(c):\n    time.sleep(60)\n    m.value = 'awake'\n"
        "n.observe(nap, 'value'); W.VBox([n, m])",
        APART,
        folder=tmp_path,
        state_seconds=1.0,
    )
    assert recorded.frozen.disabled == {
        recorded.labelled("slow"): "one of its states takes longer than 1 seconds"
    }
    assert len(recorded.unit_of("z").rows) == 3
    assert any("'z' in cell 2 fails" in notice for notice in recorded.frozen.notices)
    assert "Traceback" not in json.dumps(recorded.frozen.blobs)
    assert len(recorded.unit_of("a").rows) == 10


@pytest.mark.kernel
def test_a_callback_that_ends_the_kernel(tmp_path: Path) -> None:
    recorded = record_cells(
        "import os; k = W.Button(description='kill'); k.on_click(lambda _: os._exit(1)); k",
        APART,
        folder=tmp_path,
        state_seconds=1.0,
    )
    assert recorded.frozen.units == ()
    labels = ("kill", "a", "b")
    assert set(recorded.frozen.disabled) == {recorded.labelled(label) for label in labels}
    assert "stopped answering" in recorded.frozen.losses[0]


@pytest.mark.kernel
def test_a_free_control_that_others_read_stays_as_it_is(tmp_path: Path) -> None:
    recorded = record_cells(
        "@interact(n=(0, 3), title='sales')\ndef f(n, title):\n    print(title, n)",
        folder=tmp_path,
    )
    assert set(recorded.frozen.disabled) == {recorded.labelled("title")}
    assert recorded.unit_of("n").inputs == (recorded.labelled("n"),)


@pytest.mark.kernel
def test_too_many_states_are_refused_or_coarsened(tmp_path: Path) -> None:
    cell = "@interact(u=(0, 40), w=(0, 40))\ndef f(u, w): print(u + w)"
    full = record_cells(cell, folder=tmp_path, max_states=200)
    assert set(full.frozen.disabled) == {full.labelled("u"), full.labelled("w")}
    assert "1,681 states" in full.frozen.losses[0]
    coarse = record_cells(cell, folder=tmp_path, max_states=200, coarsen=5)
    assert coarse.frozen.disabled == {}
    assert len(coarse.unit_of("u").rows) == 81
    assert coarse.frozen.states[coarse.labelled("u")]["state"]["step"] == 5
    again = record_cells(cell, folder=tmp_path, max_states=10, coarsen=5)
    assert "1,681 states, 81 with one in 5 of the steps, and" in again.frozen.losses[0]


@pytest.mark.kernel
def test_steps_are_left_out_so_that_the_page_begins_as_the_notebook(tmp_path: Path) -> None:
    cell = (
        "@interact(u=W.IntSlider(value=7, max=40),\n"
        "          v=W.FloatSlider(value=5.8, min=4.4, max=7.9, step=0.1))\n"
        "def f(u, v): print(u + v)"
    )
    coarse = record_cells(cell, folder=tmp_path, max_states=100, coarsen=5)
    assert coarse.frozen.disabled == {}
    begun = {name: coarse.frozen.states[coarse.labelled(name)]["state"] for name in "uv"}
    assert [begun["u"][trait] for trait in ("value", "min", "max", "step")] == [7, 2, 40, 5]
    assert begun["v"]["value"] == 5.8 and begun["v"]["min"] == 4.8
    assert len(coarse.unit_of("u").rows) == 9 * 8


@pytest.mark.parametrize(
    ("state", "low"),
    [
        ({"min": 0, "max": 20, "step": 1, "value": [3, 13]}, 3),
        ({"min": 0, "max": 20, "step": 1, "value": [8, 20]}, 3),
        ({"min": 0, "max": 20, "step": 1, "value": [3, 6]}, None),
        ({"min": 0, "max": 4, "step": 0.5, "value": 100.0, "base": 10.0}, 2),
    ],
)
def test_steps_that_hold_what_a_slider_begins_with(state: dict[str, Any], low: Any) -> None:
    kind = {"_model_name": "FloatLogSliderModel"} if "base" in state else {}
    found = coarse_steps({**state, **kind}, 5)
    assert (found.low if found else None) == low
    if found:
        begun = state["value"] if isinstance(state["value"], list) else [state["value"]]
        listed = domain({**state, "_model_name": "IntSliderModel", **kind}, found) or []
        assert set(begun) <= set(listed)


@pytest.mark.kernel
def test_links_of_the_page_stay_and_hidden_widgets_do_not_leave(tmp_path: Path) -> None:
    recorded = record_cells(
        "c = W.IntSlider(description='c', max=3); d = W.IntProgress(max=3)\n"
        "W.jslink((c, 'value'), (d, 'value')); W.VBox([c, d])",
        "W.Label('never shown');",
        folder=tmp_path,
    )
    models = [model["model_name"] for model in recorded.frozen.states.values()]
    assert "LinkModel" in models
    assert "never shown" not in json.dumps(recorded.frozen.states)


def _state(widget: Any) -> dict[str, Any]:
    return dict(json.loads(json.dumps(widget.get_state(), default=str)))


def _accepts_all(widget: Any) -> None:
    """The kernel takes each listed value as it is, and the present one is listed."""
    state = _state(widget)
    key, values = str(control_key(state)), domain(state)
    assert values is not None
    for value in values:
        widget.set_state({key: value})
        assert key_of(widget.get_state(key)[key]) == key_of(value)


numbers = st.integers(-50, 50)


@settings(deadline=None, max_examples=50)
@given(low=numbers, length=st.integers(0, 40), step=st.integers(1, 9))
def test_the_kernel_accepts_every_step_of_a_slider(low: int, length: int, step: int) -> None:
    _accepts_all(ipywidgets.IntSlider(min=low, max=low + length, value=low, step=step))
    _accepts_all(ipywidgets.IntRangeSlider(min=low, max=low + length, value=(low, low), step=step))


@settings(deadline=None, max_examples=50)
@given(low=st.floats(-9, 9), length=st.floats(0, 9), step=st.floats(0.05, 3))
def test_the_kernel_accepts_every_step_of_a_float_slider(
    low: float, length: float, step: float
) -> None:
    _accepts_all(ipywidgets.FloatSlider(min=low, max=low + length, value=low, step=step))


@settings(deadline=None, max_examples=50)
@given(options=st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=6, unique=True))
def test_the_kernel_accepts_every_option(options: list[str]) -> None:
    for kind in (ipywidgets.Dropdown, ipywidgets.RadioButtons, ipywidgets.ToggleButtons):
        widget = kind(options=options)
        assert len(domain(_state(widget)) or []) == len(options)
        _accepts_all(widget)
    _accepts_all(ipywidgets.SelectMultiple(options=options))
    _accepts_all(ipywidgets.SelectionRangeSlider(options=options, index=(0, 0)))


def test_values_that_cannot_be_listed() -> None:
    for widget in (
        ipywidgets.Text(),
        ipywidgets.FloatText(),
        ipywidgets.FileUpload(),
        ipywidgets.IntSlider(min=0, max=10**9),
        ipywidgets.SelectMultiple(options=range(20)),
    ):
        assert control_key(_state(widget)) and domain(_state(widget)) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (3.0, "3"),
        (-0.0, "0"),
        (1e-5, "0.00001"),
        (1e-7, "1e-7"),
        (-2.5e-9, "-2.5e-9"),
        (123456789012, "123456789000"),
        (1e21, "1e+21"),
        (12.5, "12.5"),
        (True, "true"),
        (None, "null"),
        ("é", '"é"'),
        ([1, 2.5], "[1,2.5]"),
    ],
)
def test_keys_are_what_javascript_writes(value: Any, text: str) -> None:
    assert key_of(value) == text
