"""The controls of the page, moved as a person would move them."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterable
from typing import Any

from nb2space.notebook import Notebook
from nb2space.page.record.blobs import Blobs
from nb2space.page.record.domains import STEPPED, Coarse, Values, control_key, domain, is_free
from nb2space.page.record.keys import key_of
from nb2space.page.record.mirror import Place
from nb2space.page.record.names import describe, displayed_by_cell, reach
from nb2space.page.record.session import CLICK, Session, TooSlow
from nb2space.runtime.outputs import LINKS

# Setting one control may move another; so often it is tried to have all at their places.
_TRIES = 3


class Refused(Exception):
    """What the controls do cannot be recorded; the text says why, to the author."""


class Controls:
    """Every control that a viewer sees, with the values that it can have.

    `keys` are the controls whose values can be listed and the trait that sets each; `free` are
    those that take any value, `fixed` those that were refused. `coarse` says of
    a coarsened slider which of its steps are taken. `cells` are the shown models.
    """

    def __init__(
        self, session: Session, notebook: Notebook, only: Iterable[str] | None = None
    ) -> None:
        """With `only` no other controls than these are there."""
        self.session = session
        self.mirror = session.mirror
        self.blobs = Blobs(session.mirror)
        self.notebook = notebook
        self.cells = displayed_by_cell(notebook, self.mirror.states)
        if only is not None:
            self.cells = {model_id: self.cells.get(model_id, 0) for model_id in only}
        self.keys: dict[str, str] = {}
        self.free: set[str] = set()
        self.fixed: set[str] = set()
        self.coarse: dict[str, Coarse] = {}
        self.begun = copy.deepcopy(self.mirror.states)
        self.begun_buffers = copy.deepcopy(self.mirror.buffers)
        self.written: dict[str, set[Place]] = {}
        self.linked: set[Place] = set()
        self.opened: dict[str, set[str]] = {}
        self._seen: dict[str, Values] = {}
        self.find_shown()

    def find_shown(self) -> None:
        """Take in the models that callbacks have brought onto the page since."""
        states = self.mirror.states
        for model_id, cell in list(self.cells.items()):
            for inner in reach(states.get(model_id, {}), states):
                if inner in self.blobs.base:
                    self.cells.setdefault(inner, cell)
        self._take_links()
        for model_id in self.cells:
            state = states.get(model_id)
            key = control_key(state) if state else None
            if state is None or key is None or model_id in {*self.keys, *self.fixed}:
                continue
            if is_free(state):
                self.free.add(model_id)
            else:
                self.keys[model_id] = key

    def _take_links(self) -> None:
        """A link that the page itself keeps brings what it links, though nothing refers to it."""
        for model_id, state in self.begun.items():
            if state.get("_model_name") not in LINKS:
                continue
            ends = [
                (str(model_id).removeprefix("IPY_MODEL_"), str(trait))
                for model_id, trait in (state["source"], state["target"])
            ]
            if all(end in self.cells for end, _ in ends):
                self.cells.setdefault(model_id, self.cells[ends[0][0]])
                self.linked.update(ends)

    def describe(self, model_id: str) -> str:
        """A control in words for the author."""
        return describe(model_id, self.begun, self.cells)

    def can_be_disabled(self, model_id: str) -> bool:
        """True when the page can keep viewers from using this control."""
        return "disabled" in self.begun.get(model_id, {})

    def value(self, model_id: str) -> Any:
        """The value that a control has now."""
        return self.mirror.value((model_id, self.keys[model_id]))

    def values(self, model_id: str) -> Values:
        """All values that a control can have now: by hand, at first, and by other callbacks."""
        state = self.mirror.states[model_id]
        listed = domain(state, self.coarse.get(model_id)) or []
        known = {key_of(value) for value in listed}
        others = [self.begun[model_id].get(self.keys[model_id]), *self._seen.get(model_id, [])]
        for value in others:
            if key_of(value) not in known and _is_allowed(value, state):
                known.add(key_of(value))
                listed.append(value)
        return listed

    def seen(self, model_id: str) -> int:
        """How many values beside the listed ones callbacks have given a control."""
        return len(self._seen.get(model_id, []))

    async def move(self, model_id: str, value: Any) -> bool:
        """Give a control a value; False when it has it already."""
        if key_of(self.value(model_id)) == key_of(value):
            return False
        await self.fire(model_id, self.keys[model_id], value)
        return True

    async def fire(self, model_id: str, key: str, value: Any = None) -> set[Place]:
        """Set a control or press a button; the places that the kernel then wrote to.

        What takes too long is tried a second time. Raises Refused when that fails too.
        """
        self.mirror.forget()
        try:
            await self._fire_once(model_id, key, value)
        except TooSlow:
            try:
                await self._fire_again(model_id, key, value)
            except TooSlow:
                seconds = self.session.seconds
                raise Refused(f"one of its states takes longer than {seconds:g} seconds") from None
        touched = {place for place in self.mirror.touched if place[0] in self.blobs.base}
        for touched_id, touched_key in touched:
            if self.keys.get(touched_id) == touched_key:
                self._note_seen(touched_id)
        own = (model_id, key)
        if own in touched and key_of(self.mirror.value(own)) == key_of(value):
            touched.discard(own)
        self.written.setdefault(model_id, set()).update(touched)
        self.opened.setdefault(model_id, set()).update(self.mirror.opened)
        return touched

    async def _fire_once(self, model_id: str, key: str, value: Any) -> None:
        if key == CLICK:
            await self.session.click(model_id)
        else:
            await self.session.update(model_id, key, value)

    async def _fire_again(self, model_id: str, key: str, value: Any) -> None:
        if key != CLICK:
            # The kernel has the value already: only a change calls the callback.
            other = self.other_value(model_id, value)
            if other is not None:
                await self.session.update(model_id, key, other[0])
        self.mirror.forget()
        await self._fire_once(model_id, key, value)

    def other_value(self, model_id: str, value: Any) -> Values | None:
        """A value of the control that is not `value`, in a list; None when there is none."""
        others = (v for v in self.values(model_id) if key_of(v) != key_of(value))
        return next(([other] for other in others), None)

    async def reach(self, wanted: dict[str, Any], but: Iterable[str] = ()) -> bool:
        """Give several controls their values; False when they cannot have them together."""
        left = {model_id: value for model_id, value in wanted.items() if model_id not in set(but)}
        for _ in range(_TRIES):
            moved = False
            for model_id, value in left.items():
                if key_of(value) in {key_of(v) for v in self.values(model_id)}:
                    moved |= await self.move(model_id, value)
            if not moved:
                break
        return all(key_of(self.value(m)) == key_of(value) for m, value in left.items())

    async def fix(self, model_id: str) -> None:
        """Leave a control alone from now on, where it was at first; so must the page."""
        if model_id in self.keys:
            with contextlib.suppress(Refused):
                await self.move(model_id, self.begun[model_id].get(self.keys[model_id]))
            del self.keys[model_id]
        self.fixed.add(model_id)

    async def reset(self) -> None:
        """Put every control to where it was at first."""
        await self.reach({m: self.begun[m].get(key) for m, key in self.keys.items()})

    def _note_seen(self, model_id: str) -> None:
        value = self.value(model_id)
        if key_of(value) not in {key_of(v) for v in self.values(model_id)}:
            self._seen.setdefault(model_id, []).append(value)


def _is_allowed(value: Any, state: dict[str, Any]) -> bool:
    if value is None or isinstance(value, str):
        return True
    if state.get("_model_name") not in STEPPED:
        return False
    low, high = state["min"], state["max"]
    if state.get("_model_name") == "FloatLogSliderModel":
        low, high = state["base"] ** low, state["base"] ** high
    numbers = value if isinstance(value, list | tuple) else [value]
    return all(low <= number <= high for number in numbers)
