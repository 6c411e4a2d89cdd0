"""Plays recorded tables as the page's JavaScript does, to compare with a live kernel."""

from __future__ import annotations

import copy
import json
from typing import Any

from nb2space.page.record.keys import key_of, row_key
from nb2space.page.tables import Frozen, Unit


class FrozenPlayer:
    """A page without a kernel: the states that it shows after each move."""

    def __init__(self, frozen: Frozen) -> None:
        self.frozen = frozen
        self.states = {m: copy.deepcopy(model["state"]) for m, model in frozen.states.items()}
        self.guessed = 0

    def set(self, model_id: str, key: str, value: Any) -> None:
        """A person sets a control."""
        self.states[model_id][key] = value
        for unit in self.frozen.units:
            if model_id in unit.triggers and unit.input_keys[unit.inputs.index(model_id)] == key:
                self._play(unit)

    def click(self, model_id: str) -> None:
        """A person presses a button."""
        for unit in self.frozen.units:
            if unit.button == model_id:
                self._play(unit)

    def _play(self, unit: Unit) -> None:
        row = self._row(unit)
        if row is None:
            return
        for (model_id, trait), number in zip(unit.outputs, unit.entries[row], strict=True):
            blob = self.frozen.blobs[number]
            for made in blob.get("m", []):
                self.states[made["i"]] = copy.deepcopy(made["s"])
            self.states[model_id][trait] = copy.deepcopy(blob["v"])

    def _row(self, unit: Unit) -> int | None:
        values = [self.states[m].get(k) for m, k in zip(unit.inputs, unit.input_keys, strict=True)]
        exact = unit.rows.get(row_key(values))
        if exact is not None:
            return exact
        self.guessed += 1
        parts = [key_of(value) for value in values]
        best, least = None, float("inf")
        for key, row in unit.rows.items():
            there = key.split("|")
            gaps = [_gap(a, b) for a, b in zip(there, parts, strict=True)]
            if sum(gaps) < least:
                best, least = row, sum(gaps)
        return best


def _gap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return _distance(json.loads(one), json.loads(other))


def _distance(one: Any, other: Any) -> float:
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return 0.0 if one is other else float("inf")
    if isinstance(one, numbers) and isinstance(other, numbers):
        return float(abs(one - other))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return sum(_distance(a, b) for a, b in zip(one, other, strict=True))
    return 0.0 if one == other else float("inf")
