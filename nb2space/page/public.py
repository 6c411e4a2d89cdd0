"""What of a recording may leave the author's machine: of displayed widgets, clean, without chance.

The recorder tells of every widget of its kernel. The page is to have those that it displays or can
come to display, cleaned as the viewer's notebook is, under ids that are the same in each
conversion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from nb2space.notebook import Notebook
from nb2space.page.tables import Frozen, Unit
from nb2space.runtime.outputs import LINKS, viewer_state
from nb2space.secrets import Finding, masked_notebook
from nb2space.strip import RANDOM_ID, clean_buffer, clean_model, viewer_outputs
from nb2space.widgets import VIEW_MIME

_REFERENCE = re.compile(r'IPY_MODEL_([0-9A-Za-z-]+)|"model_id": ?"([0-9A-Za-z-]+)"')


def masked_frozen(
    frozen: Frozen, known: Iterable[str], ignored: Any
) -> tuple[Frozen, tuple[Finding, ...]]:
    """The recording without secrets, and what was found beside the `known` values.

    A recorded value may show what no output of the notebook's run did.
    """
    import nbformat

    known = list(known)
    values = {
        f"blob-{number}": {"model_name": "", "model_module": "", "state": dict(blob)}
        for number, blob in enumerate(frozen.blobs)
    }
    carrier = nbformat.v4.new_notebook()
    carrier.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {
            "version_major": 2,
            "version_minor": 0,
            "state": {**frozen.states, **values},
        }
    }
    masked, found = masked_notebook(carrier, known, ignored)
    states = masked.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    plain = json.loads(json.dumps(states))
    blobs = tuple(plain[name]["state"] for name in values)
    return replace(frozen, states={n: plain[n] for n in frozen.states}, blobs=blobs), found


def public_frozen(frozen: Frozen, viewer: Notebook, model_ids: Mapping[str, str]) -> Frozen:
    """The part of `frozen` that the page of `viewer` can show, cleaned.

    `model_ids` are the ids that the viewer's notebook has for those of the kernel.
    """
    frozen = replace(
        frozen,
        states={name: clean_model(model) for name, model in frozen.states.items()},
        buffers={name: _clean_buffers(parts) for name, parts in frozen.buffers.items()},
        blobs=tuple(_clean_blob(blob) for blob in frozen.blobs),
    )
    # The other way round: what the viewer's notebook displays, by the ids of the kernel.
    of_kernel = {ours: theirs for theirs, ours in model_ids.items()}
    views = [
        (output.get("data") or {}).get(VIEW_MIME)
        for cell in viewer.cells
        for output in cell.get("outputs", [])
    ]
    named = {str(view.get("model_id")) for view in views if isinstance(view, dict)}
    displayed = {of_kernel.get(name, name) for name in named}
    return _with_stable_ids(_reached(frozen, displayed), model_ids)


def _clean_blob(blob: Any) -> Any:
    value = blob.get("v")
    outputs = isinstance(value, list) and any(
        isinstance(item, dict) and "output_type" in item for item in value
    )
    cleaned = {**blob, "v": viewer_outputs(value)[0] if outputs else viewer_state(value)}
    if blob.get("b"):
        cleaned["b"] = _clean_buffers(blob["b"])
    if blob.get("m"):
        cleaned["m"] = [
            {**new, "s": _clean_state(new["s"]), "b": _clean_buffers(new.get("b") or {})}
            for new in blob["m"]
        ]
    return cleaned


def _clean_buffers(parts: Mapping[str, str]) -> dict[str, str]:
    """Binary parts by their path; pictures without their texts."""
    return {path: clean_buffer({"data": data})["data"] for path, data in parts.items()}


def _clean_state(state: dict[str, Any]) -> dict[str, Any]:
    model = {
        "model_name": state.get("_model_name"),
        "model_module": state.get("_model_module"),
        "state": state,
    }
    cleaned: dict[str, Any] = clean_model(model)["state"]
    return cleaned


def _reached(frozen: Frozen, displayed: set[str]) -> Frozen:
    """Without the models that nothing on the page displays, and without what only they need."""
    reached: set[str] = set()
    created: set[str] = set()
    waiting = list(displayed)
    used_units: list[Unit] = []
    units = list(frozen.units)
    while waiting or units:
        while waiting:
            name = waiting.pop()
            if name in frozen.states and name not in reached:
                reached.add(name)
                waiting += _named_in(frozen.states[name]["state"])
        ready = [unit for unit in units if _is_operable(unit, reached | created)]
        if not ready:
            break
        units = [unit for unit in units if unit not in ready]
        used_units += ready
        for unit in ready:
            # A callback may read a control that is not displayed; it then has one value.
            waiting += unit.inputs
            waiting += _named_in([frozen.blobs[n] for n in _blobs_of(unit)])
            created |= {new["i"] for n in _blobs_of(unit) for new in frozen.blobs[n].get("m") or ()}
    for name, model in frozen.states.items():
        ends = set(_named_in(model["state"]))
        if model.get("model_name") in LINKS and ends <= reached:
            reached.add(name)
    return replace(
        frozen,
        states={name: model for name, model in frozen.states.items() if name in reached},
        buffers={name: parts for name, parts in frozen.buffers.items() if name in reached},
        units=tuple(_projected(unit, reached | created) for unit in used_units),
        disabled={name: why for name, why in frozen.disabled.items() if name in reached},
        coarse={name: every for name, every in frozen.coarse.items() if name in reached},
    )


def _is_operable(unit: Unit, reached: set[str]) -> bool:
    return bool(reached & {*unit.triggers, *filter(None, [unit.button])})


def _blobs_of(unit: Unit) -> set[int]:
    return {number for entry in unit.entries for number in entry}


def _projected(unit: Unit, reached: set[str]) -> Unit:
    """The unit without the outputs that nothing displays."""
    kept = [n for n, (name, _) in enumerate(unit.outputs) if name in reached]
    return replace(
        unit,
        outputs=tuple(unit.outputs[n] for n in kept),
        entries=tuple(tuple(entry[n] for n in kept) for entry in unit.entries),
    )


def _named_in(value: Any) -> list[str]:
    """The ids of the models that a state or a value names."""
    text = json.dumps(value, default=str)
    return [one or other for one, other in _REFERENCE.findall(text.replace('\\"', '"'))]


def _with_stable_ids(frozen: Frozen, model_ids: Mapping[str, str]) -> Frozen:
    """The recording under the viewer's notebook's ids, and ordinals for further models."""
    stable = dict(model_ids)
    used = sorted({number for unit in frozen.units for number in _blobs_of(unit)})
    new = [model["i"] for number in used for model in frozen.blobs[number].get("m") or ()]
    for name in (*frozen.states, *new):
        if RANDOM_ID.fullmatch(name):
            stable.setdefault(name, f"{len(stable) + 1:032x}")
    if not stable:
        return frozen
    pattern = re.compile("|".join(stable))

    def renamed(value: Any) -> Any:
        text = json.dumps(value)
        return json.loads(pattern.sub(lambda match: stable[match[0]], text))

    def of(name: str) -> str:
        return stable.get(name, name)

    return replace(
        frozen,
        states=renamed(frozen.states),
        buffers=renamed(frozen.buffers),
        units=tuple(
            replace(
                unit,
                triggers=tuple(map(of, unit.triggers)),
                button=of(unit.button) if unit.button else None,
                inputs=tuple(map(of, unit.inputs)),
                outputs=tuple((of(name), trait) for name, trait in unit.outputs),
            )
            for unit in frozen.units
        ),
        blobs=tuple(renamed(blob) for blob in frozen.blobs),
        disabled=renamed(frozen.disabled),
        coarse=renamed(frozen.coarse),
    )
