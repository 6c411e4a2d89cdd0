"""Searching pieces of what was sent for the needles, in every disguise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from nb2space.audit.disguise import layers, texts_of
from nb2space.audit.known import Known
from nb2space.audit.needles import Needle, Needles, sought
from nb2space.audit.report import PATH, Channel, Leak, masked
from nb2space.audit.shown import Share
from nb2space.runtime.codelines import canonical
from nb2space.runtime.places import OTHER, Place, Places

_WORDS = re.compile(r"\w+")

# What Python writes of the author's code even where none of its lines is quoted.
_SIGNS = {
    "traceback": re.compile(
        r"Traceback \(most recent call last\)|Cell In ?\[\d+\], line \d+|<ipython-input-\d+"
        r"|/ipykernel_\d+/\d+\.py"
    ),
    "repr": re.compile(
        r"<(?:function|bound method|generator object|coroutine object|code object"
        r"|async_generator object) [\w.<]+"
        r"|<Task (?:pending|finished|cancelled) name=|<\w*Thread\(\w"
        r"|__main__\.(?!py\b)[\w<]+"
    ),
}


# Which of the needles a text is searched for.
_STRONG, _WEAK, _ALL = "strong", "weak", "all"

Found = tuple[str, str, int]
"""Kind, text and count of a leak."""


@dataclass(frozen=True)
class Piece:
    """Something that was sent, or that lies in the open.

    `share` tells its shown texts from the others; without it, nothing of `content` counts as
    shown. A `loose` piece is searched for code only, not for single words and texts.
    """

    channel: str
    where: str
    content: bytes
    share: Share | None = None
    loose: bool = False


@dataclass
class _Channel:
    """What is gathered of one channel."""

    size: int = 0
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[tuple[str, str], str] = field(default_factory=dict)


def search(pieces: Iterable[Piece], needles: Needles, known: Known) -> tuple[Channel, ...]:
    """The channels of `pieces` with their leaks.

    What any of the pieces shows excuses a text or word in all of them.
    """
    pieces = list(pieces)
    shown = [text for piece in pieces if piece.share for text in piece.share.shown]
    excused = canonical("\n".join(text for raw in dict.fromkeys(shown) for text in _plain(raw)))
    searcher = Searcher(needles, excused, known)
    channels: dict[str, _Channel] = {}
    for piece in pieces:
        channel = channels.setdefault(piece.channel, _Channel())
        channel.size += len(piece.content)
        for kind, text, count in searcher.leaks(piece):
            channel.found[kind, text] += count
            channel.places.setdefault((kind, text), piece.where)
    return tuple(
        Channel(
            name,
            channel.size,
            tuple(
                Leak(name, channel.places[key], key[0], masked(*key), count)
                for key, count in channel.found.items()
            ),
        )
        for name, channel in channels.items()
    )


def _plain(text: str) -> Iterator[str]:
    """A shown text as it is written, and as it is read."""
    import html

    from nb2space.runtime.undoing import without_tags

    yield text
    if "<" in text or "&" in text:
        yield html.unescape(without_tags(text))


class Searcher:
    """Searches texts for the needles; what was searched once is not searched again."""

    def __init__(self, needles: Needles, excused: str, known: Known) -> None:
        self.prose = needles.prose
        self.blocks = needles.blocks
        self.known = known
        self.strong = [n for n in needles.items if n.strong and n.tokens not in known.templates]
        self.weak = [n for n in needles.items if not n.strong and sought(n) not in excused]
        self.places = {
            n.text: Places([Place(n.text, OTHER)]) for n in self.strong if n.kind == PATH
        }
        self.words = {id(n): _words_of(n) for n in needles.items}
        self.needles = {_STRONG: self.strong, _WEAK: self.weak, _ALL: self.strong + self.weak}
        self.done: dict[tuple[int, str], tuple[list[Found], list[bytes]]] = {}

    def leaks(self, piece: Piece) -> list[Found]:
        """Each leak in `piece`."""
        if self.known.holds(piece.content):
            return []
        scope = _ALL if piece.share is None and not piece.loose else _STRONG
        found = self._in_content(piece.content, scope)
        if piece.share and not piece.loose:
            hidden = "\n".join(piece.share.hidden).encode("utf-8", "replace")
            found = found + self._in_content(hidden, _WEAK)
        counts: dict[tuple[str, str], int] = {}
        for kind, text, count in found:
            counts[kind, text] = max(count, counts.get((kind, text), 0))
        return [(kind, text, count) for (kind, text), count in counts.items()]

    def _in_content(self, content: bytes, scope: str) -> list[Found]:
        read = partial(self._in_layer, scope)
        return [leak for found in layers(self.known.without(content), read) for leak in found]

    def _in_layer(self, scope: str, content: bytes) -> tuple[list[Found], list[bytes]]:
        # The same picture is in the page, in the notebook and in what the kernel sends.
        mark = (hash(content), scope)
        if mark not in self.done:
            texts, inner = texts_of(content)
            found = [leak for text in texts for leak in self._in_text(text, scope)]
            self.done[mark] = found, inner
        return self.done[mark]

    def _in_text(self, text: str, scope: str) -> Iterator[Found]:
        words = set(_WORDS.findall(text))
        hay = ""
        for needle in self.needles[scope]:
            if self.words[id(needle)] <= words:
                hay = hay or canonical(text)
                count = hay.count(sought(needle))
                if count and self._is_meant(needle, text):
                    yield needle.kind, needle.text, count
        if scope != _WEAK:
            yield from self._signs(text)

    def _is_meant(self, needle: Needle, text: str) -> bool:
        """False for the words of a path that is another one, such as an address's."""
        place = self.places.get(needle.text)
        return needle.kind != PATH or (place is not None and place.tells_of(text))

    def _signs(self, text: str) -> Iterator[Found]:
        for kind, pattern in _SIGNS.items():
            for match in pattern.finditer(text):
                if match[0] not in self.prose:
                    yield kind, match[0], 1
        if line := self.blocks.first(text):
            yield "line", line, 1


def _words_of(needle: Needle) -> frozenset[str]:
    """The words that a text with the needle is sure to have."""
    tokens = needle.tokens.split()
    # The outer ones may be parts of longer words.
    whole = tokens[1:-1] if needle.inside else tokens
    return frozenset(token for token in whole if _WORDS.fullmatch(token))
