"""What a page without a kernel knows: the recorded states of its controls, as plain data.

A *unit* is one callback of the author's code, recorded: for each combination of its inputs' values
it names what its outputs were. The page looks the answer up where it would have asked the kernel.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Unit:
    """One recorded callback: the values of its inputs, and for each the values of its outputs.

    `inputs[i]` is the model whose trait `input_keys[i]` is read. A key of `rows` is the inputs'
    values joined by "|": numbers as JavaScript writes `String(+value.toPrecision(10))`, lists as
    "[" + items joined by "," + "]", everything else as JSON. A row names an entry, and an entry
    names one blob for each output (a model and its trait).
    """

    triggers: tuple[str, ...]
    button: str | None
    inputs: tuple[str, ...]
    input_keys: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    rows: dict[str, int]
    entries: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Frozen:
    """All that the recorder hands to the page.

    `states` are saved models by id, as in a notebook's widget state ("model_name",
    "model_module", "model_module_version", "state"); `buffers` are their binary parts: model id →
    path as JSON → base64. A blob is one recorded value, {"v": value, "b": {path: base64},
    "m": [{"i": model id, "s": state, "b": {path: base64}}]}, "m" being the models that first exist
    with this value; "b" and "m" may be missing. `disabled` says of a model why it cannot work
    without a kernel; `losses` are the sentences about it for the author, `notices` all others.
    `coarse` are the models of which only every so many steps are recorded, with that number.
    """

    states: dict[str, Any]
    buffers: dict[str, dict[str, str]]
    units: tuple[Unit, ...]
    blobs: tuple[Any, ...]
    disabled: dict[str, str]
    notices: tuple[str, ...]
    losses: tuple[str, ...] = ()
    coarse: Mapping[str, int] = field(default_factory=dict)


NEEDS_KERNEL = "it needs the live version"


def frozen_without_tables(states: Mapping[str, Any]) -> Frozen:
    """A page on which nothing was recorded: controls that a Python callback may watch are off."""
    models = {name: plain_model(model) for name, model in states.items()}
    return Frozen(
        states=models,
        buffers={name: buffers_of(model) for name, model in states.items() if model.get("buffers")},
        units=(),
        blobs=(),
        disabled={name: NEEDS_KERNEL for name, model in models.items() if is_control(model)},
        notices=(),
    )


def plain_model(model: Any) -> Any:
    """A saved model without its buffers, which pages keep apart."""
    return {key: value for key, value in model.items() if key != "buffers"}


def buffers_of(model: Any) -> dict[str, str]:
    """The buffers of a saved model: base64 by their path as JSON."""
    return {json.dumps(buffer["path"]): buffer["data"] for buffer in model.get("buffers", [])}


def is_control(model: Any) -> bool:
    """True for a model that a person can operate, and that can be told not to be operated."""
    return "disabled" in model["state"]
