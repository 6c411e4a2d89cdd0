"""What was found out about large texts, remembered.

The megabytes of script in some widgets' states are the same for every viewer, and reading them
takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

# What is found out about texts of more characters is remembered.
_LARGE = 50_000
_MOST = 500


class Verdicts:
    """The answers of `judge`, which asks each large text only once; smaller ones each time."""

    def __init__(self, judge: Callable[[str], bool]) -> None:
        self._judge = judge
        self._found: dict[int, bool] = {}

    def __call__(self, text: str) -> bool:
        """What `judge` says of `text`."""
        if len(text) <= _LARGE:
            return self._judge(text)
        mark = hash(text)
        if mark not in self._found:
            if len(self._found) >= _MOST:
                self._found.clear()
            self._found[mark] = self._judge(text)
        return self._found[mark]

    def know(self, texts: Iterable[str], verdict: bool) -> None:
        """Take `verdict` for what `judge` would say of those `texts` that are large."""
        self._found.update((hash(text), verdict) for text in texts if len(text) > _LARGE)


class Remembering:
    """`change`, which large texts that it leaves as they are go through only once.

    `change` gives back the very text where there is nothing to change.
    """

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change
        self._changes = Verdicts(lambda text: change(text) is not text)

    def __call__(self, text: str) -> str:
        """What `change` makes of `text`."""
        if len(text) > _LARGE and not self._changes(text):
            return text
        return self._change(text)
