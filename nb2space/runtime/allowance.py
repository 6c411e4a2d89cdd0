"""How much may come in a time: much at once, and as much again only bit by bit."""

from __future__ import annotations

import time
from collections.abc import Callable


class Allowance:
    """Lets `at_once` pass at once, and in the long run `per_second`."""

    def __init__(
        self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._clock = clock
        self._left = at_once
        self._since = clock()

    def take(self, amount: float = 1) -> bool:
        """True when so much more may pass; then it has."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._since) * self._per_second)
        self._since = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
