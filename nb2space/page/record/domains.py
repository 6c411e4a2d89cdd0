"""Which values a person can give a control, read from the state that a page has of it.

Only what the page knows counts: a drop-down list whose options depend on another control has, at
each moment, the options of that moment.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Values = list[Any]

# The trait by which a page sets a control, by the control's model.
_BY_INDEX = {
    "DropdownModel",
    "RadioButtonsModel",
    "SelectModel",
    "ToggleButtonsModel",
    "SelectionSliderModel",
}
_SUBSETS = {"SelectMultipleModel"}
_INDEX_PAIRS = {"SelectionRangeSliderModel"}
_NUMBERS = {
    "IntSliderModel",
    "FloatSliderModel",
    "FloatLogSliderModel",
    "BoundedIntTextModel",
    "BoundedFloatTextModel",
    "PlayModel",
}
_PAIRS = {"IntRangeSliderModel", "FloatRangeSliderModel"}
_YES_OR_NO = {"CheckboxModel", "ToggleButtonModel"}
_SELECTED = {"TabModel", "AccordionModel", "StackModel"}
_FREE = {
    "TextModel",
    "TextareaModel",
    "PasswordModel",
    "IntTextModel",
    "FloatTextModel",
    "ComboboxModel",
    "DatePickerModel",
    "TimeModel",
    "TimePickerModel",
    "DatetimeModel",
    "NaiveDatetimeModel",
    "ColorPickerModel",
    "FileUploadModel",
    "TagsInputModel",
    "ColorsInputModel",
    "IntsInputModel",
    "FloatsInputModel",
    "ControllerModel",
}

SHAPING = {"min", "max", "step", "base", "_options_labels"}
"""The traits that decide which values a control has."""

STEPPED = _NUMBERS | _PAIRS
"""The models of which a table may take every k-th step."""

# All subsets of more options are too many to record.
_MOST_OPTIONS = 8
# More steps than any table may have; a slider of a billion steps must not fill the memory.
_MOST_STEPS = 100_000
# noUiSlider, the front end's slider, rounds to so many decimals.
_DECIMALS = 7
_ROUNDING = 1e-6


def control_key(state: Mapping[str, Any]) -> str | None:
    """The trait by which a page sets this control; None for what a person cannot operate."""
    model = state.get("_model_name")
    if model in _BY_INDEX | _SUBSETS | _INDEX_PAIRS:
        return "index"
    if model in _SELECTED:
        return "selected_index"
    return "value" if model in STEPPED | _YES_OR_NO | _FREE else None


def is_free(state: Mapping[str, Any]) -> bool:
    """True for a control that takes more values than can be listed."""
    return control_key(state) is not None and domain(state) is None


@dataclass(frozen=True)
class Coarse:
    """Of a slider only every so many steps are taken, the first of them at `low`."""

    every: int
    low: float


def coarse_steps(begun: Mapping[str, Any], every: int) -> Coarse | None:
    """Every so many steps of the slider that is as `begun`, so that its value is one of them.

    None where there are no such steps: a range may begin and end at two that are not.
    """
    low, step, value = begun["min"], begun["step"] * every, begun["value"]
    first, last = value if isinstance(value, list | tuple) else (value, value)
    if begun.get("_model_name") == "FloatLogSliderModel":
        first = last = math.log(first, float(begun.get("base") or 10))
    between = (last - first) / step
    if abs(between - round(between)) > _ROUNDING and last < begun["max"]:
        return None
    at = first - math.floor((first - low) / step + _ROUNDING) * step
    return Coarse(every, at if isinstance(at, int) else round(at, _DECIMALS))


def domain(state: Mapping[str, Any], coarse: Coarse | None = None) -> Values | None:
    """The values that a person can give the control with this state, in order.

    With `coarse` only these steps of a slider are taken. None when the values cannot be listed.
    """
    model = state.get("_model_name")
    if model in _YES_OR_NO:
        return [False, True]
    if model in _SELECTED:
        pages: Values = list(range(len(state.get("children") or [])))
        return [None, *pages] if model == "AccordionModel" else pages
    if model in _BY_INDEX | _SUBSETS | _INDEX_PAIRS:
        return _of_options(state)
    if model == "ComboboxModel" and state.get("ensure_option"):
        return list(dict.fromkeys([*(state.get("options") or []), state.get("value")]))
    if model in STEPPED:
        steps = _steps(state, coarse)
        if steps is None:
            return None
        return _pairs(steps) if model in _PAIRS else steps
    return None


def _of_options(state: Mapping[str, Any]) -> Values | None:
    options = range(len(state.get("_options_labels") or []))
    model = state.get("_model_name")
    if model in _INDEX_PAIRS:
        return _pairs(list(options))
    if model in _SUBSETS:
        if len(options) > _MOST_OPTIONS:
            return None
        sizes = range(len(options) + 1)
        return [list(some) for size in sizes for some in itertools.combinations(options, size)]
    # Nothing is chosen only as long as a person has chosen nothing.
    return [None, *options] if state.get("index") is None else list(options)


def _pairs(values: Values) -> Values | None:
    if len(values) ** 2 > _MOST_STEPS:
        return None
    return [[low, high] for place, low in enumerate(values) for high in values[place:]]


def _steps(state: Mapping[str, Any], coarse: Coarse | None) -> Values | None:
    low, high, step = state.get("min"), state.get("max"), state.get("step")
    if low is None or high is None or not step or step <= 0 or high < low:
        return None
    if coarse:
        low, step = coarse.low, step * coarse.every
    if (high - low) / step > _MOST_STEPS:
        return None
    values = [low + number * step for number in range(int((high - low) / step + 1e-9) + 1)]
    # The handle goes to the end of the scale even where no step ends there; Play stops before.
    if values[-1] < high and state.get("_model_name") != "PlayModel":
        values.append(high)
    if not all(isinstance(value, int) for value in values):
        values = [min(max(round(value, _DECIMALS), low), high) for value in values]
    if state.get("_model_name") == "FloatLogSliderModel":
        values = [float(state.get("base") or 10) ** value for value in values]
    return list(dict.fromkeys(values))
