"""The recording as the page takes it: the tables, what it begins with, and what to tell the author.

Only what viewers see is handed over: models that no output displays stay with the author.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from nb2space.page.record.blobs import Blobs, viewer_model
from nb2space.page.record.controls import Controls
from nb2space.page.record.domains import control_key
from nb2space.page.record.names import reach
from nb2space.page.record.nested import Naming, naming_of
from nb2space.page.record.recording import Whole
from nb2space.page.record.session import CLICK
from nb2space.page.record.units import Recording
from nb2space.page.tables import Frozen, Unit

# So many different failures of one control are told.
_MOST_FAILURES = 3


def frozen_of(whole: Whole) -> Frozen:
    """All that the page needs of a recording."""
    controls = whole.controls
    recordings = whole.finished()
    shown = _shown(controls, recordings)
    values = _Values()
    units: list[Unit] = []
    for recording in recordings:
        unit = _unit(recording, controls, shown, values, None)
        if unit is not None:
            units += [unit, *_units_within(recording, values)]
    states, buffers = _beginning(controls, shown)
    disabled = {m: reason for m, reason in whole.refused.items() if m in states}
    return Frozen(
        states=states,
        buffers=buffers,
        units=tuple(units),
        blobs=tuple(values.kept),
        disabled=disabled,
        notices=_notices(whole),
        losses=_losses(whole),
        coarse={m: coarse.every for m, coarse in controls.coarse.items() if m in states},
    )


def _shown(controls: Controls, recordings: Iterable[Recording]) -> set[str]:
    """The models that the page displays at some time: at first, or by what a table says."""
    shown = set(controls.cells)
    blobs = controls.blobs
    named: dict[int, set[str]] = {}
    while True:
        before = len(shown)
        for recording in recordings:
            for place, column in zip(
                recording.group.outputs, zip(*recording.rows.values(), strict=True), strict=False
            ):
                if place[0] not in shown:
                    continue
                for number in set(column):
                    if number not in named:
                        named[number] = set(reach(blobs.all[number], controls.begun)) & {
                            *blobs.base
                        }
                    shown |= named[number]
        if len(shown) == before:
            return shown


class _Values:
    """The recorded values that the page gets, each once; `kept` in the order of their numbers."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, blobs: Blobs, number: int, naming: Naming | None) -> int:
        """The new number of a value, in which models may have names of their own."""
        known = (id(blobs), number, naming.row if naming else None)
        if known not in self._numbers:
            self._numbers[known] = len(self.kept)
            blob = blobs.all[number]
            self.kept.append(naming.applied(blob) if naming else blob)
        return self._numbers[known]


def _unit(
    recording: Recording,
    controls: Controls,
    shown: set[str],
    values: _Values,
    naming: Naming | None,
) -> Unit | None:
    """The table for the page."""
    group = recording.group
    places = [place for place in group.outputs if place[0] in shown]
    if not places or not recording.rows:
        return None
    columns = [group.outputs.index(place) for place in places]
    entries: dict[tuple[int, ...], int] = {}
    rows = {}
    for key, row in recording.rows.items():
        within = recording.within.get(key)
        names = naming_of(within, group, key) if within else naming
        entry = tuple(values.number(controls.blobs, row[column], names) for column in columns)
        rows[key] = entries.setdefault(entry, len(entries))

    def of(model_id: str) -> str:
        return naming.of(model_id) if naming else model_id

    first = group.triggers[0]
    is_button = first.key == CLICK
    states = controls.begun
    return Unit(
        triggers=() if is_button else tuple(of(trigger.model_id) for trigger in group.triggers),
        button=of(first.model_id) if is_button else None,
        inputs=tuple(of(model_id) for model_id in group.inputs),
        input_keys=tuple(control_key(states[model_id]) or "value" for model_id in group.inputs),
        outputs=tuple((of(model_id), trait) for model_id, trait in places),
        rows=rows,
        entries=tuple(entries),
    )


def _units_within(recording: Recording, values: _Values) -> Iterator[Unit]:
    """The tables of the controls that exist in one state of the recording only."""
    for key, within in recording.within.items():
        shown = _shown(within.controls, within.recordings)
        for inner in within.recordings:
            unit = _unit(
                inner, within.controls, shown, values, naming_of(within, recording.group, key)
            )
            if unit is not None:
                yield unit


def _beginning(
    controls: Controls, shown: set[str]
) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The states and buffers of the models that viewers see, as they were at first."""
    states: dict[str, Any] = {}
    buffers: dict[str, dict[str, str]] = {}
    for model_id in controls.blobs.base:
        if model_id not in shown or model_id not in controls.begun:
            continue
        state = viewer_model(controls.begun[model_id])
        coarse = controls.coarse.get(model_id)
        if coarse:
            state |= {"min": coarse.low, "step": state["step"] * coarse.every}
        states[model_id] = {**controls.mirror.headers[model_id], "state": state}
        held = controls.begun_buffers.get(model_id)
        if held:
            buffers[model_id] = held
    # What is no JSON has no place on a page.
    return json.loads(json.dumps(states, default=str)), buffers


def _losses(whole: Whole) -> tuple[str, ...]:
    """One sentence for each reason, with all that it is the reason for."""
    names: dict[str, list[str]] = {}
    for model_id, reason in whole.refused.items():
        if model_id in whole.controls.cells:
            names.setdefault(reason, []).append(whole.controls.describe(model_id))
    return tuple(
        f"{_listed(named)} cannot work without a kernel: {reason}."
        for reason, named in names.items()
    )


def _listed(names: list[str]) -> str:
    *first, last = names
    text = f"{', '.join(first)} and {last}" if first else last
    return text[:1].upper() + text[1:]


def _notices(whole: Whole) -> tuple[str, ...]:
    controls = whole.controls
    said: list[str] = []
    for model_id, coarse in controls.coarse.items():
        said.append(f"{_name(controls, model_id)} takes only one in {coarse.every} of its steps.")
    for model_id, failures in whole.failures.items():
        if model_id not in whole.refused:
            some = "; ".join(sorted(failures)[:_MOST_FAILURES])
            said.append(
                f"{_name(controls, model_id)} fails for some settings ({some}); "
                "viewers then see nothing there."
            )
    for model_id in sorted(whole.unseen - set(whole.refused), key=list(controls.begun).index):
        said.append(
            f"{_name(controls, model_id)} prints or displays something outside any Output widget; "
            "viewers do not see that."
        )
    return tuple(dict.fromkeys(said))


def _name(controls: Controls, model_id: str) -> str:
    words = controls.describe(model_id)
    return words[0].upper() + words[1:]
