"""The widget state that a viewer's notebook needs: of displayed widgets and what they refer to.

A kernel's widget state holds every widget ever made in it, displayed or not. Only the models that
an output displays, and those that these refer to, may leave the author's machine.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

from nbformat.validator import isvalid

from nb2space.runtime.outputs import LINKS

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
STATE_MIME = "application/vnd.jupyter.widget-state+json"

# A reference to a model inside a state, as @jupyter-widgets/base serialises it.
_REFERENCE = re.compile(r"IPY_MODEL_([0-9A-Za-z-]+)")

# The model of an output area; its outputs may display widgets in turn.
_OUTPUT_MODULE = "@jupyter-widgets/output"

Output = Any
Models = dict[str, Any]


def saved_models(notebook_metadata: Any) -> Models:
    """The widget models in a notebook's metadata, by id; empty when there are none.

    What is no model is left out: notebook files hold whatever other tools wrote there.
    """
    found = notebook_metadata
    for name in ("widgets", STATE_MIME, "state"):
        found = found.get(name) if isinstance(found, dict) else None
    models = found if isinstance(found, dict) else {}
    return {
        model_id: model
        for model_id, model in models.items()
        if isinstance(model, dict) and isinstance(model.get("state"), dict)
    }


def displayed_models(outputs: Iterable[Output], models: Models) -> Models:
    """Those of `models` that `outputs` display, with all that they refer to, in order of reach."""
    reached: Models = {}
    waiting = list(_viewed_ids(outputs))
    while waiting:
        model_id = waiting.pop(0)
        if model_id in reached or model_id not in models:
            continue
        model = models[model_id]
        reached[model_id] = model
        waiting.extend(_references(model["state"]))
        waiting.extend(_viewed_ids(captured_outputs(model)))
    links = {name: model for name, model in models.items() if _is_link_between(model, reached)}
    return {**reached, **links}


def _is_link_between(model: Any, reached: Container[str]) -> bool:
    """True for what `jslink` makes of two models that are `reached`: nothing refers to it."""
    state = model["state"]
    ends = list(_references([state.get("source"), state.get("target")]))
    is_link = state.get("_model_name", model.get("model_name")) in LINKS and len(ends) == 2
    return is_link and all(end in reached for end in ends)


def is_output_area(model: Any) -> bool:
    """True for the model of an Output widget, whose state holds outputs as a cell's do."""
    return bool(model.get("model_module") == _OUTPUT_MODULE)


def captured_outputs(model: Any) -> list[Output]:
    """The well-formed outputs in the model of an output area; none for any other model."""
    outputs = model["state"].get("outputs")
    if not is_output_area(model) or not isinstance(outputs, list | tuple):
        return []
    return [o for o in outputs if isinstance(o, dict) and isvalid(o, ref="output", version=4)]


def _viewed_ids(outputs: Iterable[Output]) -> Iterator[str]:
    """The ids of the models that `outputs` display."""
    for output in outputs:
        data = output.get("data")
        view = data.get(VIEW_MIME) if isinstance(data, dict) else None
        if isinstance(view, dict) and isinstance(view.get("model_id"), str):
            yield view["model_id"]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _references(key)
            yield from _references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _references(item)
