"""The widget state that a viewer's notebook needs: of displayed widgets and what they refer to.

A kernel's widget state holds every widget ever made in it, displayed or not. Only the models that
an output displays, and those that these refer to, may leave the author's machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
STATE_MIME = "application/vnd.jupyter.widget-state+json"

# A reference to a model inside a state, as @jupyter-widgets/base serialises it.
_REFERENCE = re.compile(r"IPY_MODEL_([0-9A-Za-z-]+)")

# The model of an output area; its outputs may display widgets in turn.
_OUTPUT_MODULE = "@jupyter-widgets/output"

Output = Any
Models = dict[str, Any]


def saved_models(notebook_metadata: Any) -> Models:
    """The widget models in a notebook's metadata, by id; empty when there are none."""
    widgets = notebook_metadata.get("widgets", {})
    state = widgets.get(STATE_MIME, {}).get("state", {}) if isinstance(widgets, dict) else {}
    return dict(state) if isinstance(state, dict) else {}


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
        state = model.get("state", {})
        waiting.extend(_references(state))
        if model.get("model_module") == _OUTPUT_MODULE:
            waiting.extend(_viewed_ids(state.get("outputs", [])))
    return reached


def _viewed_ids(outputs: Iterable[Output]) -> Iterator[str]:
    for output in outputs:
        view = output.get("data", {}).get(VIEW_MIME)
        if isinstance(view, dict) and isinstance(view.get("model_id"), str):
            yield view["model_id"]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _references(key)
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
