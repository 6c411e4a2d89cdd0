"""The whole recording: find the callbacks, try them, record their tables, check, and hand over."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from typing import Any

from nb2space.page.record import checks
from nb2space.page.record.controls import Controls, Refused
from nb2space.page.record.domains import STEPPED, coarse_steps, control_key
from nb2space.page.record.limits import Limits, Progress
from nb2space.page.record.nested import record_within
from nb2space.page.record.session import CLICK, KernelLost, Session, TooSlow
from nb2space.page.record.units import (
    Group,
    Recorder,
    Recording,
    Trigger,
    groups_of,
    settle_inputs,
    size_of,
    state_read,
)

FREE = "it takes any value, and a page without a kernel can answer only to recorded ones"
READS_FREE = "it reads a control that takes any value"
NOT_LISTED = "its values cannot be listed"
OWN_MESSAGES = "its callback answers to messages of the widget's own"
KERNEL_LOST = "the kernel stopped answering while its states were recorded"
NEVER_SETTLES = "each look at it finds more that it changes or depends on"

# Tables may depend on more than the first look shows; then they are recorded anew.
_ROUNDS = 5


class Whole:
    """One recording of a whole notebook: what was recorded, and what was refused and why.

    `refused` maps models to reasons. `failures` are sentences about callbacks that raised.
    """

    def __init__(
        self, session: Session, controls: Controls, limits: Limits, progress: Progress
    ) -> None:
        self.session = session
        self.controls = controls
        self.limits = limits
        self.progress = progress
        self.refused: dict[str, str] = {}
        self.triggers: dict[str, Trigger] = {}
        self.recordings: dict[Any, Recording] = {}
        self.failures: dict[str, set[str]] = {}
        self.unseen: set[str] = set()
        self.chance = random.Random(0)
        self.until = time.monotonic() + limits.seconds
        # Of tables within states: whether this is one, whether one was checked, how many states.
        self.is_within = False
        self.knows_within = False
        self.states_within = 0
        self._written: set[tuple[str, str]] = set()
        self._done = self._count = 0

    async def cells(self) -> tuple[int, ...]:
        """The numbers of the cells whose controls have callbacks that will run."""
        found = await self.session.ask("discover()")
        return tuple(
            sorted({self.controls.cells[f["id"]] for f in found if f["id"] in self.controls.cells})
        )

    async def run(self) -> None:
        """Record all that can be recorded. Never raises for what the author's code does."""
        try:
            for _ in range(_ROUNDS):
                await self._find_triggers()
                await self._record_groups()
                if not await self._revisit():
                    break
            await self.session.settle(1.0)
            await self._refuse_late()
            await self._refuse_unsettled()
        except (KernelLost, TooSlow):
            # What was not checked to its end is not known to be right.
            for model_id in self.triggers:
                self.refused.setdefault(model_id, KERNEL_LOST)

    async def run_briefly(self) -> None:
        """Record what is much like something that was recorded and checked before."""
        await self._find_triggers()
        await self._record_groups()
        await self._refuse_late()
        await self._refuse_unsettled()

    def finished(self) -> list[Recording]:
        """The recordings that hold, without those that show nothing."""
        return [recording for recording in self._current() if recording.group.outputs]

    def _current(self) -> list[Recording]:
        return [
            recording
            for recording in self.recordings.values()
            if not any(t.model_id in self.refused for t in recording.group.triggers)
        ]

    def _live(self) -> list[Trigger]:
        return [t for t in self.triggers.values() if t.model_id not in self.refused]

    async def _find_triggers(self) -> None:
        """Try every callback that the page can call and that was not tried before."""
        self.controls.find_shown()
        while True:
            news = []
            for found in await self.session.ask("discover()"):
                trigger = self._trigger_of(found)
                if trigger is not None:
                    news.append(trigger)
            fresh = {t.model_id for t in news} - set(self.triggers)
            for trigger in news:
                known = self.triggers.setdefault(trigger.model_id, trigger)
                known.handlers |= trigger.handlers
            if not fresh:
                return
            for model_id in [m for m in self.triggers if m in fresh]:
                await self._look_alone(self.triggers[model_id])
            for model_id in [m for m in self.triggers if m in fresh]:
                if model_id not in self.refused:
                    await self._probe(self.triggers[model_id])
            self.controls.find_shown()

    def _trigger_of(self, found: dict[str, Any]) -> Trigger | None:
        """The trigger that a found callback makes of a shown control, unless it is refused."""
        model_id = found["id"]
        state = self.controls.begun.get(model_id)
        if state is None or model_id not in self.controls.cells or model_id in self.refused:
            return None
        handlers = frozenset(tuple(identity) for identity in found["handlers"])
        writes = self.controls.written.setdefault(model_id, set())
        if found["kind"] == "click":
            return Trigger(model_id, CLICK, handlers, writes)
        if found["kind"] == "message":
            self.refused[model_id] = OWN_MESSAGES
            return None
        key = control_key(state)
        if key is None:
            # Of ipywidgets' own widgets only Python changes what is no control.
            if not str(state.get("_model_module")).startswith("@jupyter-widgets/"):
                self.refused[model_id] = NOT_LISTED
            return None
        if found["trait"] not in {key, "value", "index", "label", "*"}:
            return None
        if model_id not in self.controls.keys:
            if model_id in self.controls.free:
                self.refused[model_id] = FREE
            return None
        return Trigger(model_id, key, handlers, writes)

    async def _look_alone(self, trigger: Trigger) -> None:
        """Let a callback run once with nothing else: what it leaves running is its own."""
        recorder = Recorder(self.controls, self._fired)
        try:
            await checks.run_once(trigger, self.controls, recorder)
            await self._take_reads()
            if trigger.event in self.session.late:
                raise Refused(checks.WORKS_ON)
        except Refused as refused:
            await self._refuse([trigger], str(refused))
        if trigger.model_id in self.refused:
            # It may end by itself; then it must not be taken for what the next one does.
            await self.session.settle(checks.AFTERWARDS)
            self.session.late.clear()

    async def _probe(self, trigger: Trigger) -> None:
        recorder = Recorder(self.controls, self._fired)
        try:
            await checks.probe(trigger, self.controls, recorder, self.chance)
            await self._take_reads()
            if trigger.event in self.session.late:
                raise Refused(checks.WORKS_ON)
            made = self.controls.opened.get(trigger.model_id, set())
            if any(found["id"] in made for found in await self.session.ask("discover()")):
                trigger.makes_controls = True
                if self.is_within:
                    raise Refused(checks.MAKES_CONTROLS)
        except Refused as refused:
            await self._refuse([trigger], str(refused))

    async def _take_reads(self) -> None:
        answer = await self.session.ask("take()")
        for model_id, reads in answer["reads"].items():
            if model_id in self.triggers:
                places = {(place[0], place[1]) for place in reads}
                self.triggers[model_id].reads |= places
                await self._fix_free(self.triggers[model_id])
        for model_id in answer["works_on"]:
            if model_id in self.triggers:
                await self._refuse([self.triggers[model_id]], checks.WORKS_ON)

    async def _fix_free(self, reader: Trigger) -> None:
        """A control that takes any value and is read must stay as it is, or nothing holds."""
        for model_id in {model_id for model_id, _ in reader.reads} & self.controls.free:
            if self.controls.can_be_disabled(model_id):
                self.refused.setdefault(model_id, FREE)
            else:
                await self._refuse([reader], READS_FREE)

    async def _record_groups(self) -> None:
        for _ in range(_ROUNDS):
            await self._refuse_state_readers()
            settle_inputs(self._live(), self.controls)
            groups = [group for group in groups_of(self._live(), self.controls) if group.outputs]
            wanted = {self._mark(group): group for group in groups}
            self.recordings = {m: r for m, r in self.recordings.items() if m in wanted}
            missing = {m: g for m, g in wanted.items() if m not in self.recordings}
            if not missing:
                return
            self._count = self._done + sum(size_of(g, self.controls) for g in missing.values())
            for mark, group in missing.items():
                # A refusal on the way takes a control out; then the next round groups anew.
                is_whole = self.controls.keys.keys() >= set(group.inputs)
                if is_whole and not any(t.model_id in self.refused for t in group.triggers):
                    await self._record(mark, group)
            await self._take_reads()
            self.controls.find_shown()

    def _mark(self, group: Group) -> Any:
        """Changes whenever a table must be recorded anew."""
        sizes = tuple(self.controls.seen(model_id) for model_id in group.inputs)
        ids = tuple(trigger.model_id for trigger in group.triggers)
        return (ids, group.inputs, group.outputs, group.moves_inputs, sizes)

    async def _refuse_unsettled(self) -> None:
        """Whatever shows something must have a whole table; a page must not play half of one."""
        whole = {
            trigger.model_id
            for recording in self._current()
            for trigger in recording.group.triggers
            if trigger.writes <= {*recording.group.outputs}
        }
        for trigger in self._live():
            if trigger.writes and trigger.model_id not in whole:
                await self._refuse([trigger], NEVER_SETTLES)

    async def _record(self, mark: Any, group: Group) -> None:
        before = self.controls.blobs.bytes
        try:
            self._make_room(group, self.room())
            recorder = Recorder(self.controls, self._fired, self._kept)
            self.recordings[mark] = await recorder.record(group)
        except Refused as refused:
            self.controls.blobs.bytes = before
            await self._refuse(group.triggers, str(refused))

    def room(self) -> int:
        """How many more states may be recorded."""
        used = sum(len(recording.rows) for recording in self._current())
        return self.limits.max_states - used - self.states_within

    def _make_room(self, group: Group, room: int) -> None:
        count = size_of(group, self.controls)
        if count <= room:
            return
        states = self.controls.begun
        stepped = [
            model_id
            for model_id in group.inputs
            if states[model_id].get("_model_name") in STEPPED
            and model_id not in self.controls.coarse
        ]
        fewer = ""
        if self.limits.coarsen > 1:
            found = {m: coarse_steps(states[m], self.limits.coarsen) for m in stepped}
            taken = {m: coarse for m, coarse in found.items() if coarse}
            self.controls.coarse.update(taken)
            left = size_of(group, self.controls)
            if left <= room:
                return
            for model_id in taken:
                del self.controls.coarse[model_id]
            fewer = f", {left:,} with one in {self.limits.coarsen} of the steps"
        raise Refused(
            f"together with what it depends on it has {count:,} states{fewer}, and there is room "
            f"for {max(room, 0):,}; allow more with --max-states, or take greater steps with "
            "--coarsen"
        )

    async def _kept(self, group: Group) -> Any:
        """One more state is done; what the controls do that exist in it only."""
        self._done += 1
        self.progress(self._done, max(self._count, self._done))
        if not any(trigger.makes_controls for trigger in group.triggers):
            return None
        await self._take_reads()
        return await record_within(self, group)

    def _fired(self, trigger: Trigger) -> None:
        mirror = self.controls.mirror
        if mirror.failed:
            self.failures.setdefault(trigger.model_id, set()).update(mirror.failed)
        if mirror.loose - {"error"}:
            self.unseen.add(trigger.model_id)
        if self._is_over():
            seconds = self.limits.seconds
            raise Refused(f"recording all states takes longer than {seconds:g} seconds")
        if self.controls.blobs.bytes > self.limits.bytes:
            raise Refused(f"what it shows is larger than {self.limits.bytes / 1e6:g} MB in all")

    async def _refuse_state_readers(self) -> None:
        self._written |= {place for t in self.triggers.values() for place in t.writes}
        self._written |= self.controls.linked
        for trigger in self._live():
            if state_read(trigger, self._written, self.controls):
                await self._refuse([trigger], checks.READS_STATE)

    async def _revisit(self) -> bool:
        """Check all tables; True when something must be recorded anew."""
        keys = set(self.controls.keys)
        recordings = [r for r in self._current() if keys.issuperset(r.group.inputs)]
        silent = [t for t in self._live() if not t.writes]
        revisit = checks.Revisit(self.controls, recordings, silent, self.chance)
        await revisit.run(self._is_over)
        for model_id, reason in revisit.differing.items():
            if model_id in self.triggers:
                await self._refuse([self.triggers[model_id]], reason)
        await self._take_reads()
        settle_inputs(self._live(), self.controls)
        wanted = {self._mark(g) for g in groups_of(self._live(), self.controls) if g.outputs}
        return bool(revisit.grew or wanted - set(self.recordings))

    def _is_over(self) -> bool:
        return time.monotonic() > self.until

    async def _refuse_late(self) -> None:
        await self._take_reads()
        late = {model_id for model_id, _ in self.session.late}
        for recording in self._current():
            if any(trigger.model_id in late for trigger in recording.group.triggers):
                await self._refuse(recording.group.triggers, checks.WORKS_ON)
        await self._refuse([t for t in self._live() if t.model_id in late], checks.WORKS_ON)

    async def _refuse(self, triggers: Iterable[Trigger], reason: str) -> None:
        for trigger in triggers:
            self.refused.setdefault(trigger.model_id, reason)
            self._written |= trigger.writes
            # A page cannot keep a viewer from turning to another tab; the others must know of it.
            if not trigger.is_button and self.controls.can_be_disabled(trigger.model_id):
                await self.controls.fix(trigger.model_id)
