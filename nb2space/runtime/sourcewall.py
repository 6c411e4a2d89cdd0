"""The wall that knows the source: what repeats a line of the code does not leave the Space.

Whatever way a line takes - a traceback in pieces, a log, a widget's value, JSON - it is the same
row of words and signs once tags, escapes and colours are undone. The rows of all code are in a tree
by their tokens, so that a text is searched for all of them in one pass. Lines that tell of the code
only where several of them stand together are looked for as such (see `codeblocks`).
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from .codeblocks import Blocks, block_texts
from .codelines import (
    TOKEN,
    WORD,
    lines_in_texts,
    parsed,
    rows_of,
    shows_its_text,
    signatures_of,
    telling_rows,
    without_magics,
)
from .undoing import has_tags, readings, without_colours
from .verdicts import Verdicts

Row = tuple[str, ...]

_WORDS = re.compile(r"\w+")
# What frames and numbers source lines in a console (rich); it would stand between their tokens.
_FRAMES = re.compile(r"[\u2500-\u257f❱]")
_SHORTEST_COMMENT = 8
# Published texts of more characters, scripts of widgets mostly, are known as wholes only: reading
# one takes seconds.
_LARGEST = 1_000_000
# A longer row is known by its beginning.
_LONGEST_ROW = 48
# A line that a table has cut short, and how many tokens of one are no accident.
_CUT = re.compile(r"(\S.*?)\s*(?:\.{3}|…)[^\w\n]*$", re.M)
_FEWEST_CUT = 4
# Signs that are in prose as well; a row of words and these may be just what an app says.
_PROSE = frozenset(".,:;'\"-?!…")
# Where a page expects plain text: there a sign such as "<" begins no tag.
_PLAIN = ("text", "text/plain")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")


class SourceWall:
    """Keeps lines of code out of texts; `rows` are theirs (see `code_rows`).

    `report` is told once of each kind of text in which something was hidden; `blocks` are the lines
    that are hidden where they stand together.
    """

    def __init__(
        self,
        rows: Iterable[Row] = (),
        report: Callable[[str], object] = str,
        blocks: Blocks | None = None,
    ) -> None:
        self._report = report
        self._blocks = blocks or Blocks()
        self._told: set[str] = set()
        self._verdicts = Verdicts(self._hides)
        self._tree: dict[str, Any] = {}
        self._keys: set[str] = set()
        for row in rows:
            node = self._tree
            for token in row:
                node = node.setdefault(token, {})
            # No token is empty, so this name is free.
            node[""] = row
            self._keys.add(max(row, key=lambda token: (not keyword.iskeyword(token), len(token))))

    def __bool__(self) -> bool:
        return bool(self._tree or self._blocks)

    def hides(self, text: str) -> bool:
        """True when `text` holds a line of the code in any of the ways in which it may be read."""
        return bool(self) and self._verdicts(text)

    def know(self, texts: Iterable[str]) -> None:
        """Take it that nothing is to be hidden in `texts`, which everybody has anyway."""
        self._verdicts.know(texts, False)

    def without_source(self, text: str, *, plain: bool = False) -> str:
        """`text` without the lines that hold code.

        Nothing of it where such a line cannot be cut out: in markup, unless the text is `plain`,
        and where a line of the code is spread over many of the text.
        """
        if not self.hides(text):
            return text
        if not plain and has_tags(without_colours(text)):
            return ""
        lines = text.splitlines(keepends=True)
        hidden = self.hidden_lines(lines)
        rest = "".join(line for index, line in enumerate(lines) if index not in hidden)
        return "" if self.hides(rest) else rest

    def hidden_lines(self, lines: Sequence[str]) -> set[int]:
        """The indices of the `lines` that are code, each by itself or with those next to it.

        What stands beside them and is a line of the code as well goes with them, whatever it says.
        """
        plain = [without_colours(line) for line in lines]
        filled = [index for index, line in enumerate(plain) if line.strip()]
        hidden = {index for index in filled if self.hides(lines[index])}
        hidden |= self._blocks.found(plain)
        for one, other in pairwise(filled):
            if not {one, other} & hidden and self.hides(f"{plain[one]}\n{plain[other]}"):
                hidden |= {one, other}
        for order in (filled, filled[::-1]):
            for one, other in pairwise(order):
                if one in hidden and self._blocks.knows(plain[other]):
                    hidden.add(other)
        for one, other in pairwise(filled):
            if {one, other} <= hidden:
                hidden.update(range(one, other))
        return hidden

    def value(self, value: Any, kind: str, *, plain: bool = False) -> Any:
        """`value`, of any type that messages hold, with all texts in it without the code.

        `kind` says for the log what it is.
        """
        if not self:
            return value
        if isinstance(value, str):
            text = self.without_source(value, plain=plain)
            self._tell(kind, text is not value)
            return text
        if isinstance(value, dict):
            return {
                name: self.value(item, kind, plain=name in _PLAIN)
                for name, item in value.items()
                if not (isinstance(name, str) and self.hides(name))
            }
        if isinstance(value, list | tuple):
            return [self.value(item, kind, plain=plain) for item in value]
        if isinstance(value, bytes | bytearray | memoryview):
            return self._buffer(value, kind)
        return value

    def found(self, text: str, most: int = 1) -> list[Row]:
        """The rows of the code that are in `text` as it is written, at most `most` (0: all)."""
        if self._keys.isdisjoint(_WORDS.findall(text)):
            return []
        tokens = TOKEN.findall(_FRAMES.sub(" ", text))
        rows: list[Row] = []
        for start, token in enumerate(tokens):
            node = self._tree.get(token)
            place = start + 1
            while node is not None:
                if "" in node:
                    rows.append(node[""])
                    if len(rows) == most:
                        return rows
                if place == len(tokens):
                    break
                node = node.get(tokens[place])
                place += 1
        return rows

    def _holds_cut_row(self, text: str) -> bool:
        """True when the beginning of a row stands before "..." at a line's end."""
        for match in _CUT.finditer(text) if "..." in text or "…" in text else ():
            # The last word may be half a word.
            tokens = TOKEN.findall(match[1])[:-1]
            for start in range(len(tokens) - _FEWEST_CUT + 1):
                row = tokens[start:]
                node: Any = self._tree
                for token in row:
                    node = node.get(token)
                    if node is None:
                        break
                if node is not None and _is_certain(row):
                    return True
        return False

    def _hides(self, text: str) -> bool:
        return any(
            self.found(reading) or self._blocks.holds(reading) or self._holds_cut_row(reading)
            for reading in readings(text)
        )

    def _buffer(self, buffer: Any, kind: str) -> Any:
        try:
            text = bytes(buffer).decode("utf-8")
        except UnicodeDecodeError:
            return buffer
        hidden = self.hides(text)
        self._tell(kind, hidden)
        return b"" if hidden else buffer

    def _tell(self, kind: str, hidden: bool) -> None:
        if hidden and kind not in self._told:
            self._told.add(kind)
            self._report(f"lines of the notebook's code were kept out of {kind}")


def wall_of(
    live: Any, modules: Iterable[str], published: Any, report: Callable[[str], object]
) -> SourceWall:
    """The wall around the code cells of the `live` notebook and the sources of `modules`.

    What is in the `published` notebook, the viewers' own, is no secret any more: text, outputs,
    and the source of cells that show it.
    """
    sources: list[str] = []
    public: list[Any] = [published]
    for cell in live.get("cells", []):
        if cell.get("cell_type") != "code":
            continue
        if cell.get("metadata", {}).get("nb2space", {}).get("shows_source"):
            public.append(cell["source"])
        else:
            sources.append(cell["source"])
    sources += modules
    rows = {row: None for source in sources for row in code_rows(source)}
    blocks = Blocks(sources)
    every = SourceWall(rows)
    texts = list(_texts(public))
    for text in texts:
        for reading in readings(text) if len(text) <= _LARGEST else ():
            for row in every.found(reading, most=0):
                rows.pop(row, None)
            blocks.forget([reading])
    wall = SourceWall(rows, report, blocks)
    wall.know(texts)
    return wall


def _texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value, but for pictures."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += [inner for name, inner in item.items() if name not in _PICTURES]
        elif isinstance(item, list | tuple):
            waiting += item


def code_rows(source: str) -> Iterator[Row]:
    """The rows of tokens by which a cell's or a module's code is known."""
    if shows_its_text(source):
        return
    for row in _rows(source):
        if _is_certain(row):
            yield tuple(row[:_LONGEST_ROW])
    for text in block_texts(source):
        yield tuple(TOKEN.findall(text)[:_LONGEST_ROW])


def _rows(source: str) -> Iterator[list[str]]:
    rows = rows_of(source)
    for line in (*rows.lines, *rows.templates):
        yield from telling_rows(line)
    for comment in rows.comments:
        tokens = TOKEN.findall(f"# {comment}")
        if len(comment) >= _SHORTEST_COMMENT and len(tokens) > 2 and WORD.search(comment):
            yield tokens
    tree = parsed(without_magics(source))
    if tree is None:
        return
    for signature in signatures_of(tree):
        yield TOKEN.findall(signature)
    for line in lines_in_texts(tree, by_shape=True):
        yield from telling_rows(line)


def _is_certain(row: list[str]) -> bool:
    """False for what may stand in any text: words with commas, a dotted name."""
    return any(
        keyword.iskeyword(token) or (not _WORDS.fullmatch(token) and token not in _PROSE)
        for token in row
    )
