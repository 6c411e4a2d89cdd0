"""Controls that a callback makes, as `interact` within `interact` does: tables within a state.

They exist as long as the controls outside them stay where they are, so what they do is recorded
anew for each state of those. On the page they get names of their own for each state, too.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nb2space.page.record.controls import Controls, Refused
from nb2space.page.record.units import VALUE_NAMES, Group, Recording, Trigger

if TYPE_CHECKING:
    from nb2space.page.record.recording import Whole

REACHES_OUT = "it makes controls that read or change what is outside of them"


@dataclass(frozen=True)
class Within:
    """What the controls of one state do; `names` are those that its values have for them."""

    controls: Controls
    recordings: tuple[Recording, ...]
    names: Mapping[str, str]


async def record_within(outer: Whole, group: Group) -> Within | None:
    """Record the controls that exist in the present state of `group`; None if there are none.

    Raises Refused when they cannot all be recorded.
    """
    from nb2space.page.record.recording import Whole

    blobs = outer.controls.blobs
    names: dict[str, str] = {}
    for place in group.outputs:
        for model_id, name in blobs.made(place).items():
            names.setdefault(model_id, name)
    if not any(found["id"] in names for found in await outer.session.ask("discover()")):
        return None
    controls = Controls(outer.session, outer.controls.notebook, only=names)
    limits = replace(outer.limits, max_states=outer.room(), bytes=outer.limits.bytes - blobs.bytes)
    inner = Whole(outer.session, controls, limits, lambda done, count: None)
    inner.until = max(outer.until, time.monotonic() + 1)
    inner.is_within = True
    if outer.knows_within:
        await inner.run_briefly()
    else:
        await inner.run()
        outer.knows_within = True
    for reason in inner.refused.values():
        raise Refused(f"it makes controls that cannot be recorded: {reason}")
    for trigger in inner.triggers.values():
        _stay_within(trigger, {*names}, group, outer.controls)
    await controls.reset()
    blobs.bytes += controls.blobs.bytes
    outer.states_within += sum(len(recording.rows) for recording in inner.finished())
    return Within(controls, tuple(inner.finished()), names)


def _stay_within(trigger: Trigger, made: set[str], group: Group, outside: Controls) -> None:
    """Raise Refused when a made control has to do with what is outside its state."""
    written = {model_id for model_id, _ in trigger.writes}
    read = {
        model_id
        for model_id, name in trigger.reads
        if name in VALUE_NAMES and model_id in {*outside.keys, *outside.free}
    }
    # What the state itself is made of does not change within it.
    if written & {*outside.blobs.base} or read - {*group.inputs} - made:
        raise Refused(REACHES_OUT)


@dataclass(frozen=True)
class Naming:
    """Names on the page for the models of one row."""

    names: Mapping[str, str]
    row: str

    def of(self, model_id: str) -> str:
        """The name of a model of the kernel."""
        if model_id not in self.names:
            return model_id
        text = f"{self.names[model_id]} {self.row}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def applied(self, blob: Any) -> Any:
        """A recorded value under these names."""
        text = json.dumps(blob)
        for model_id, name in self.names.items():
            text = text.replace(name, self.of(model_id)).replace(model_id, self.of(model_id))
        return json.loads(text)


def naming_of(within: Within, group: Group, key: str) -> Naming:
    """The names for the row `key` of the group's table, which no other row of any table has."""
    return Naming(within.names, f"{','.join(group.inputs)}={key}")
