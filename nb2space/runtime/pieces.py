"""Pieces of secret values, as programs leave them that cut a text short or break it over lines.

A table shows the first fifty characters, a console breaks a line, `%whos` shows both ends. Twelve
characters in a row of what a machine has drawn stand in no other text by chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SHORTEST = 12
"""A shorter piece of a value may be a word."""

# Of a value of fewer characters not enough would be left to be a secret.
_SHORTEST_VALUE = 20
_SIGNS = r"A-Za-z0-9_+/=.~-"
_VALUE = re.compile(rf"[{_SIGNS}]+")
_RUN = re.compile(rf"[{_SIGNS}]{{{SHORTEST},}}")
# Where letters and digits meet; names with a year have few such places.
_CHANGES = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])")
_FEWEST_CHANGES = 3
# Each piece that is long enough holds a short one that begins at every so many characters.
_GRAM = 8
_STEP = SHORTEST - _GRAM + 1


def is_drawn(value: str) -> bool:
    """True for a value that a machine has drawn, such as a token, as against words."""
    return (
        len(value) >= _SHORTEST_VALUE
        and _VALUE.fullmatch(value) is not None
        and len(_CHANGES.findall(value)) >= _FEWEST_CHANGES
    )


class Pieces:
    """Finds the pieces of those of `values` that a machine has drawn."""

    def __init__(self, values: Iterable[str]) -> None:
        self._places: dict[str, list[tuple[str, int]]] = {}
        for value in filter(is_drawn, values):
            for at in range(len(value) - _GRAM + 1):
                self._places.setdefault(value[at : at + _GRAM], []).append((value, at))

    def replaced(self, text: str, mark: str) -> str:
        """`text` with `mark` in the place of each piece; itself where there is none."""
        kept, at = [], 0
        for start, end in self._found_in(text):
            kept += [text[at:start], mark]
            at = end
        return "".join([*kept, text[at:]]) if kept else text

    def _found_in(self, text: str) -> Iterator[tuple[int, int]]:
        if not self._places:
            return
        for run in _RUN.finditer(text):
            begin = at = run.start()
            while at + _GRAM <= run.end():
                spans = (
                    _extended(text, begin, at, run.end(), *place)
                    for place in self._places.get(text[at : at + _GRAM], ())
                )
                start, end = max(spans, key=lambda span: span[1] - span[0], default=(at, at))
                if end - start >= SHORTEST:
                    yield start, end
                    begin = at = end
                else:
                    at += _STEP


def _extended(text: str, begin: int, at: int, end: int, value: str, place: int) -> tuple[int, int]:
    """How far the piece of `value` goes that `text` has at `at`, between `begin` and `end`."""
    start, first = at, place
    while start > begin and first > 0 and text[start - 1] == value[first - 1]:
        start, first = start - 1, first - 1
    stop, last = at, place
    while stop < end and last < len(value) and text[stop] == value[last]:
        stop, last = stop + 1, last + 1
    return start, stop
