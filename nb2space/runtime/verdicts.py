"""What was found out about large texts, remembered.

The megabytes of script in some widgets' states are the same for every viewer, and reading them
takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

LARGE = 50_000
"""What is found out about texts of more characters is remembered."""

_MOST = 500


class Verdicts:
    """The answers of `judge`, which asks each large text only once; smaller ones each time."""

    def __init__(self, judge: Callable[[str], bool]) -> None:
        self._judge = judge
        self._found: dict[int, bool] = {}

    def __call__(self, text: str) -> bool:
        """What `judge` says of `text`."""
        if len(text) <= LARGE:
            return self._judge(text)
        mark = hash(text)
        if mark not in self._found:
            if len(self._found) >= _MOST:
                self._found.clear()
            self._found[mark] = self._judge(text)
        return self._found[mark]

    def know(self, texts: Iterable[str], verdict: bool) -> None:
        """Take `verdict` for what `judge` would say of those `texts` that are large."""
        self._found.update((hash(text), verdict) for text in texts if len(text) > LARGE)
