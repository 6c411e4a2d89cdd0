"""Random numbers over a fork: drawn anew in each kernel, or from the author's seed as always."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from typing import Any


def _random_state() -> Any:
    return random.getstate()


def _numpy_state() -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "random"):
        return None
    kind, keys, position, has_gauss, gauss = numpy.random.get_state()
    return kind, keys.tobytes(), position, has_gauss, gauss


def _torch_state() -> Any:
    torch = sys.modules.get("torch")
    return None if torch is None else torch.random.get_rng_state().numpy().tobytes()


_STATES = {"random": _random_state, "numpy": _numpy_state, "torch": _torch_state}


class Randomness:
    """Watches the global random numbers of the libraries that have some."""

    def __init__(self) -> None:
        self._seeded: set[str] = set()
        self._states = self._now()

    def drawn_without_seed(self, seeds: Iterable[str]) -> bool:
        """True when numbers were drawn since the last time that no seed determines.

        `seeds` are the libraries that were seeded meanwhile.
        """
        before, self._states = self._states, self._now()
        self._seeded.update(seeds)
        return any(
            before[name] is not None and before[name] != state and name not in self._seeded
            for name, state in self._states.items()
        )

    def begin_kernel(self) -> None:
        """In a fork, before the first cell: as it would be without the fork."""
        # A fork seeds `random` anew by itself, and so undoes the author's seed.
        if "random" in self._seeded:
            random.setstate(self._states["random"])
        if self._states["numpy"] is not None and "numpy" not in self._seeded:
            sys.modules["numpy"].random.seed()
        if self._states["torch"] is not None and "torch" not in self._seeded:
            sys.modules["torch"].seed()

    @staticmethod
    def _now() -> dict[str, Any]:
        return {name: state() for name, state in _STATES.items()}
