"""Which callbacks there are, and recording what one group of them does as one table.

A table's size is the product of the values of what its callbacks read, and no more: two groups
that have nothing to do with each other are two tables, the sum of both.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nb2space.page.record.controls import Controls
from nb2space.page.record.domains import SHAPING
from nb2space.page.record.keys import key_of, row_key
from nb2space.page.record.mirror import CUSTOM, Place
from nb2space.page.record.session import CLICK, Event

# The names under which Python reads a control's value.
VALUE_NAMES = {"value", "index", "label", "selected_index"}


@dataclass
class Trigger:
    """A control, or a button, with callbacks of the author's, and what is known of them.

    `reads` and `writes` are all traits that its events were seen to read before they wrote them,
    and to change; `inputs` the controls whose values decide what it does, itself among them.
    One that `makes_controls` shows new ones with callbacks of their own.
    """

    model_id: str
    key: str
    handlers: frozenset[tuple[int, ...]]
    writes: set[Place]
    reads: set[Place] = field(default_factory=set)
    inputs: set[str] = field(default_factory=set)
    makes_controls: bool = False

    @property
    def is_button(self) -> bool:
        """True for what is pressed rather than set."""
        return self.key == CLICK

    @property
    def event(self) -> Event:
        """What the session calls this trigger's events."""
        return (self.model_id, self.key)


@dataclass(frozen=True)
class Group:
    """Triggers that call the same callbacks with the same inputs: one table.

    A group that `moves_inputs` is recorded as a table of transitions: its rows are what was
    before the event, with the trigger's new value.
    """

    triggers: tuple[Trigger, ...]
    inputs: tuple[str, ...]
    outputs: tuple[Place, ...]
    moves_inputs: bool

    @property
    def is_transition(self) -> bool:
        """True when rows are keyed by what was before."""
        return self.moves_inputs or self.triggers[0].is_button


@dataclass(frozen=True)
class Recording:
    """A group with its rows: the numbers of its outputs' values, by the inputs' values.

    `within` holds what the controls do that exist in one row only, by the row's key.
    """

    group: Group
    rows: dict[str, tuple[int, ...]]
    within: dict[str, Any] = field(default_factory=dict)


def settle_inputs(triggers: Iterable[Trigger], controls: Controls) -> None:
    """Work out each trigger's inputs from what all of them read and write.

    What decides which values an input has (the options of a list) is an input as well.
    """
    triggers = list(triggers)
    shaping: dict[str, list[Trigger]] = {}
    for trigger in triggers:
        trigger.inputs = set() if trigger.is_button else {trigger.model_id}
        trigger.inputs |= {m for m, name in trigger.reads if _reads_value(m, name, controls)}
        for model_id, name in trigger.writes:
            if name in SHAPING and model_id in controls.keys:
                shaping.setdefault(model_id, []).append(trigger)
    for _ in triggers:
        before = sum(len(trigger.inputs) for trigger in triggers)
        for trigger in triggers:
            read = {model_id for model_id, name in trigger.reads if name in {*SHAPING, "options"}}
            for model_id in {*trigger.inputs, *read}:
                for shaper in shaping.get(model_id, []):
                    if shaper is not trigger:
                        trigger.inputs |= shaper.inputs
        if before == sum(len(trigger.inputs) for trigger in triggers):
            break


def _reads_value(model_id: str, name: str, controls: Controls) -> bool:
    return model_id in controls.keys and name in VALUE_NAMES


def state_read(trigger: Trigger, written: set[Place], controls: Controls) -> list[Place]:
    """What the trigger reads that callbacks write and that is no control's value: hidden state."""
    return sorted(
        place
        for place in trigger.reads & written
        if not _reads_value(*place, controls)
        and not (place[0] in controls.keys and place[1] in {*SHAPING, "options"})
    )


def groups_of(triggers: Iterable[Trigger], controls: Controls) -> list[Group]:
    """The triggers in groups, small tables first."""
    shaped = {m for trigger in triggers for m, name in trigger.writes if name in SHAPING}
    together: dict[Any, list[Trigger]] = {}
    for trigger in triggers:
        moves = any(
            controls.keys.get(m) == key and m in trigger.inputs for m, key in trigger.writes
        )
        alone = trigger.model_id if moves or trigger.is_button else ""
        inputs = frozenset(trigger.inputs)
        together.setdefault((trigger.handlers, inputs, alone, moves), []).append(trigger)
    groups = []
    order = list(controls.blobs.base)
    for (_, inputs, _, moves), members in together.items():
        ids = {trigger.model_id for trigger in members}
        outputs = {place for trigger in members for place in trigger.writes if place[1] != CUSTOM}
        ordered = sorted(inputs, key=lambda m: (m in shaped, m in ids, order.index(m)))
        placed = sorted(outputs, key=lambda place: (order.index(place[0]), place[1]))
        groups.append(Group(tuple(members), tuple(ordered), tuple(placed), moves))
    return sorted(groups, key=lambda group: size_of(group, controls))


def size_of(group: Group, controls: Controls) -> int:
    """How many states the group's table has."""
    return math.prod(len(controls.values(model_id)) for model_id in group.inputs)


class Recorder:
    """Records one group after the other.

    `fired` is called after each event of a trigger; `kept` is awaited after each state that was
    recorded, and gives what the controls do that exist in this state only, or None.
    """

    def __init__(
        self,
        controls: Controls,
        fired: Callable[[Trigger], None],
        kept: Callable[[Group], Awaitable[Any]] | None = None,
    ) -> None:
        self.controls = controls
        self.fired = fired
        self.kept = kept
        self._within: dict[str, Any] = {}

    async def record(self, group: Group) -> Recording:
        """Put the group's controls through all their values. Raises Refused."""
        await self.controls.reset()
        rows: dict[str, tuple[int, ...]] = {}
        self._within = {}
        if group.is_transition:
            await self._transitions(group, {}, rows)
        else:
            await self._states(group, 0, False, rows, {})
        return Recording(group, rows, self._within)

    async def fire(self, trigger: Trigger, value: Any = None) -> None:
        """Let an event happen."""
        await self.controls.fire(trigger.model_id, trigger.key, value)
        self.fired(trigger)

    def outputs_now(self, group: Group) -> tuple[int, ...]:
        """What the group's outputs are at this moment."""
        return tuple(self.controls.blobs.put(place) for place in group.outputs)

    def key_now(self, group: Group, changed: Mapping[str, Any] | None = None) -> str:
        """The row's key for what the inputs are at this moment, but for what `changed` says."""
        known = changed or {}
        values = [known.get(m, self.controls.value(m)) for m in group.inputs]
        return row_key(values)

    async def _states(
        self,
        group: Group,
        depth: int,
        answered: bool,
        rows: dict[str, tuple[int, ...]],
        backwards: dict[int, bool],
    ) -> None:
        """Go through all states there and back, so that each move is one step.

        `answered`: a callback of the group has run since the last move of another input.
        """
        members = {trigger.model_id: trigger for trigger in group.triggers}
        if depth == len(group.inputs):
            if not answered and not await self._leave_and_return(group.triggers[-1]):
                return
            await self._keep(rows, self.key_now(group), group)
            return
        model_id = group.inputs[depth]
        values = self.controls.values(model_id)
        if backwards.get(depth):
            values.reverse()
        backwards[depth] = not backwards.get(depth)
        for value in values:
            if key_of(self.controls.value(model_id)) != key_of(value):
                if model_id in members:
                    await self.fire(members[model_id], value)
                    answered = True
                else:
                    await self.controls.move(model_id, value)
                    answered = False
            await self._states(group, depth + 1, answered, rows, backwards)
            # What runs deeper may have moved other inputs last; only its own answer is sure.
            answered = False

    async def _leave_and_return(self, trigger: Trigger) -> bool:
        value = self.controls.value(trigger.model_id)
        other = self.controls.other_value(trigger.model_id, value)
        if other is None:
            return False
        await self.fire(trigger, other[0])
        await self.fire(trigger, value)
        return True

    async def _transitions(
        self, group: Group, wanted: dict[str, Any], rows: dict[str, tuple[int, ...]]
    ) -> None:
        trigger = group.triggers[0]
        others = [m for m in group.inputs if trigger.is_button or m != trigger.model_id]
        if len(wanted) < len(others):
            model_id = others[len(wanted)]
            for value in self.controls.values(model_id):
                await self.controls.move(model_id, value)
                await self._transitions(group, {**wanted, model_id: value}, rows)
            return
        for value in [None] if trigger.is_button else self.controls.values(trigger.model_id):
            changed = dict(wanted)
            if not trigger.is_button:
                changed[trigger.model_id] = value
                if key_of(self.controls.value(trigger.model_id)) == key_of(value):
                    other = self.controls.other_value(trigger.model_id, value)
                    if other is None:
                        continue
                    await self.fire(trigger, other[0])
            # What the event moved is put back, unless the inputs exclude each other.
            if not await self.controls.reach(wanted, but=[trigger.model_id]):
                continue
            key = row_key([changed[m] for m in group.inputs])
            await self.fire(trigger, value)
            await self._keep(rows, key, group)

    async def _keep(self, rows: dict[str, tuple[int, ...]], key: str, group: Group) -> None:
        rows[key] = self.outputs_now(group)
        within = await self.kept(group) if self.kept else None
        if within is not None:
            self._within[key] = within
