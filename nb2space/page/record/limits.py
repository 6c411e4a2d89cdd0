"""How much may be recorded, and telling how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

Progress = Callable[[int, int], None]
"""Called while states are recorded with how many are done and how many there are to do."""

Agree = Callable[[tuple[int, ...]], None]
"""Asked before callbacks run, with the numbers of the cells whose controls call them; it raises
what ends the conversion when the author does not want that."""


@dataclass(frozen=True)
class Limits:
    """How much may be recorded.

    `max_states` bounds the states of all controls together, `seconds` the whole recording,
    `bytes` what is kept of it, as JSON, and `state_seconds` one state. Where a group of controls
    has more states than are left, `coarsen` takes every k-th step of its sliders; with 1 no step
    is left out and the group is refused.
    """

    max_states: int = 2000
    seconds: float = 120.0
    bytes: int = 25_000_000
    state_seconds: float = 10.0
    coarsen: int = 1


def limits_for(max_states: int | None, coarsen: int) -> Limits:
    """The limits when the author allows `max_states` (None: as many as usual).

    Who allows more states allows the time and the bytes for them as well.
    """
    usual = Limits(coarsen=coarsen)
    if max_states is None:
        return usual
    share = max(max_states / usual.max_states, 1.0)
    return replace(
        usual,
        max_states=max_states,
        seconds=usual.seconds * share,
        bytes=int(usual.bytes * share),
    )
