"""Finding what a table cannot play: chance, clocks, hidden state, and work that goes on afterwards.

A callback can be recorded when what it shows follows from the controls it reads, and from nothing
else. That is tried out: the same values, in another order and with everything else moved, must
show the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from nb2space.page.record.controls import Controls, Refused
from nb2space.page.record.keys import key_of, row_key
from nb2space.page.record.mirror import CUSTOM, Place
from nb2space.page.record.units import Recorder, Recording, Trigger

WORKS_ON = "it goes on working after it has returned (a thread, a timer or a task)"
SENDS_MESSAGES = "it sends messages that are no state, as a canvas does"
MAKES_CONTROLS = "it makes controls that make further ones with callbacks of their own"
CHANGES_MADE = "it changes a widget that a callback has made before"
DIFFERS = (
    "the same settings do not always show the same: it uses chance, the time, or something that "
    "it remembers"
)
CLICK_DIFFERS = (
    "pressing it again does not always show the same: it uses chance, the time, or something that "
    "it remembers"
)
READS_STATE = "it reads something back that callbacks change"

_CLICKS = 3
_MOVED = 3
_LEAST_VISITS = 8
_VISITS_WHEN_OVER = 4
_SHARE = 0.05
# Longer than a clock's second, so that what shows the time shows another one.
_A_SECOND = 1.1
AFTERWARDS = 0.3
"""Seconds to wait for what a thread or a timer does after its callback has returned."""
_SOON = 0.03


async def run_once(trigger: Trigger, controls: Controls, recorder: Recorder) -> None:
    """Let a trigger's callbacks run once. Raises Refused."""
    if trigger.is_button:
        await recorder.fire(trigger)
    else:
        other = controls.other_value(trigger.model_id, controls.value(trigger.model_id))
        if other is not None:
            await recorder.fire(trigger, other[0])
    await controls.session.settle(_SOON)


async def probe(trigger: Trigger, controls: Controls, recorder: Recorder, chance: Any) -> None:
    """Try a trigger a few times, to learn what it reads and writes. Raises Refused."""
    shown: list[dict[Place, int]] = []
    if trigger.is_button:
        for _ in range(_CLICKS):
            await controls.reset()
            await recorder.fire(trigger)
            _look(trigger, controls)
            shown.append({place: controls.blobs.put(place) for place in _states(trigger.writes)})
        if any(earlier[place] != shown[-1][place] for earlier in shown for place in earlier):
            raise Refused(CLICK_DIFFERS)
    for round_number in range(2):
        values = controls.values(trigger.model_id) if not trigger.is_button else [None]
        some = [values[0], values[-1], values[len(values) // 2], values[len(values) // 3]]
        for value in [None] if trigger.is_button else some:
            if not trigger.is_button and key_of(value) == key_of(controls.value(trigger.model_id)):
                continue
            await recorder.fire(trigger, value)
            _look(trigger, controls)
        if round_number == 0:
            # With the others elsewhere it may read and write more.
            await _move_others(controls, {trigger.model_id}, chance)
    await controls.session.settle(AFTERWARDS)
    await controls.reset()


def _look(trigger: Trigger, controls: Controls) -> None:
    mirror = controls.mirror
    if any(key == CUSTOM for _, key in mirror.touched):
        raise Refused(SENDS_MESSAGES)
    made = {model_id for model_id, _ in mirror.touched} - set(controls.blobs.base)
    if any(model_id in mirror.states for model_id in made - mirror.opened):
        raise Refused(CHANGES_MADE)


def _states(places: Iterable[Place]) -> list[Place]:
    return [place for place in places if place[1] != CUSTOM]


async def _move_others(controls: Controls, but: set[str], chance: Any) -> None:
    others = [model_id for model_id in controls.keys if model_id not in but]
    for model_id in chance.sample(others, min(_MOVED, len(others))):
        values = controls.values(model_id)
        if values:
            try:
                await controls.move(model_id, chance.choice(values))
            except Refused:
                # Its own turn comes, with its own refusal.
                continue


class Revisit:
    """Goes back to recorded states in random order while other controls move.

    `differing` are the triggers that showed something else than before, with the reason; `grew`
    is true when a trigger wrote to what no table has, so that it must be recorded anew.
    """

    def __init__(
        self,
        controls: Controls,
        recordings: list[Recording],
        others: list[Trigger],
        chance: random.Random,
    ) -> None:
        self.controls = controls
        self.recordings = recordings
        self.chance = chance
        self.differing: dict[str, str] = {}
        self.grew = False
        self.visits = 0
        self._of: dict[str, list[Recording]] = {}
        for recording in recordings:
            for trigger in recording.group.triggers:
                self._of.setdefault(trigger.model_id, []).append(recording)
        self._silent = others
        self._buttons = [trigger for trigger in others if trigger.is_button]
        self._buttons += [r.group.triggers[0] for r in recordings if r.group.triggers[0].is_button]

    async def run(self, is_over: Callable[[], bool]) -> None:
        """Visit a share of all states, and of each table a few even when the time is over."""
        await self.controls.session.settle(_A_SECOND)
        for recording in self.recordings:
            count = max(_LEAST_VISITS, int(len(recording.rows) * _SHARE))
            for number in range(count):
                if number >= _VISITS_WHEN_OVER and is_over():
                    break
                triggers = recording.group.triggers
                if any(trigger.model_id in self.differing for trigger in triggers):
                    break
                await self._visit(recording)
        for trigger in self._silent:
            # It showed nothing until now, perhaps only because a second had not passed.
            if trigger.is_button:
                await self._fire(trigger.model_id, trigger.key, None)
            elif trigger.model_id in self.controls.keys:
                await self._move(trigger.model_id)
            self.grew |= bool(trigger.writes)
        await self.controls.reset()

    async def _visit(self, recording: Recording) -> None:
        self.visits += 1
        group = recording.group
        others = [m for m in self.controls.keys if m not in group.inputs]
        for model_id in self.chance.sample(others, min(_MOVED, len(others))):
            await self._move(model_id)
        for button in self._buttons:
            if self.chance.random() < 0.3:
                await self._fire(button.model_id, button.key, None)
        for model_id in self.chance.sample(group.inputs, len(group.inputs)):
            await self._move(model_id)
        trigger = self.chance.choice(group.triggers)
        if trigger.is_button:
            await self._fire(trigger.model_id, trigger.key, None)
        else:
            await self._move(trigger.model_id)

    async def _move(self, model_id: str) -> None:
        now = key_of(self.controls.value(model_id))
        values = [v for v in self.controls.values(model_id) if key_of(v) != now]
        if values:
            await self._fire(model_id, self.controls.keys[model_id], self.chance.choice(values))

    async def _fire(self, model_id: str, key: str, value: Any) -> None:
        """Let an event happen; what it shows must be what the tables say."""
        if model_id in self.differing:
            return
        controls, recordings = self.controls, self._of.get(model_id, [])
        keys = []
        for recording in recordings:
            before = [
                value if m == model_id else controls.value(m)
                for m in recording.group.inputs
                if m in controls.keys
            ]
            keys.append(row_key(before))
        try:
            touched = await controls.fire(model_id, key, value)
        except Refused as refused:
            self.differing[model_id] = str(refused)
            return
        for recording, row in zip(recordings, keys, strict=True):
            group = recording.group
            trigger = next(t for t in group.triggers if t.model_id == model_id)
            self.grew |= bool(set(_states(touched)) - set(group.outputs))
            now = tuple(controls.blobs.put(place) for place in group.outputs)
            # A state that was never reached while recording is one row more.
            if recording.rows.setdefault(row, now) != now:
                reason = CLICK_DIFFERS if trigger.is_button else DIFFERS
                for member in group.triggers:
                    self.differing[member.model_id] = reason
