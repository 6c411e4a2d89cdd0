"""How much may be recorded, and telling how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[int, int], None]
"""Called while states are recorded with how many are done and how many there are to do."""


@dataclass(frozen=True)
class Limits:
    """How much may be recorded.

    `max_states` bounds the states of all controls together, `seconds` the whole recording, and
    `state_seconds` one state. Where a group of controls has more states than are left, `coarsen`
    takes every k-th step of its sliders; with 1 no step is left out and the group is refused.
    """

    max_states: int = 2000
    seconds: float = 120.0
    state_seconds: float = 10.0
    coarsen: int = 1
