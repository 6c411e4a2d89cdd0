"""The lines of a code cell that are IPython's: `%` magics and `!` lines of the shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Cell magics that run the cell's other lines in the notebook's own kernel.
RUNS_THE_REST = ("capture", "prun", "time", "timeit")
# Cell magics that give the other lines to a shell.
_SHELLS = ("bash", "sh", "system", "sx", "!")

_CELL_MAGIC = re.compile(r"\s*%%(?P<name>[\w!]+)(?P<words>[^\n]*)")
# A magic that is given to the shell, as "!" is.
_SHELL_MAGIC = re.compile(r"%(?:sx|system)\b")


@dataclass(frozen=True)
class MagicLine:
    """A line that Python does not run, with the rows that continue it.

    `first` and `last` are its rows, counted from 0; `head` is what stands before the magic, an
    indent or "x = "; `text` is the magic, its rows joined into one.
    """

    first: int
    last: int
    head: str
    text: str

    @property
    def indent(self) -> str:
        """The blanks before it."""
        return self.head[: len(self.head) - len(self.head.lstrip())]

    @property
    def shell(self) -> str:
        """What the shell is given; "" for another magic."""
        if match := _SHELL_MAGIC.match(self.text):
            return self.text[match.end() :].strip()
        return self.text.lstrip("!").strip() if self.text.startswith("!") else ""


@dataclass(frozen=True)
class CellMagic:
    """The first row of a cell that is a magic for all of it."""

    name: str
    words: str

    @property
    def runs_the_rest(self) -> bool:
        """True when the other rows are a cell by themselves."""
        return self.name in RUNS_THE_REST

    @property
    def is_shell(self) -> bool:
        """True when the other rows are the shell's."""
        return self.name in _SHELLS or (
            self.name == "script" and self.words.split()[:1] in (["bash"], ["sh"])
        )


def cell_magic(source: str) -> CellMagic | None:
    """The magic that the whole cell is for; of `%%time` and the like around it, the inner one."""
    rows = source.split("\n")
    outer = None
    for row in rows[_first_row(rows) :]:
        match = _CELL_MAGIC.match(row)
        if not match:
            return outer
        outer = CellMagic(match["name"], match["words"].strip())
        if not outer.runs_the_rest:
            return outer
    return outer


def magic_lines(source: str) -> list[MagicLine]:
    """The lines of a cell of Python that IPython runs in Python's stead; none in other cells."""
    return [line for line in _found(_python_rows(source)) if line.text.startswith(("%", "!"))]


def python_of(source: str) -> str:
    """`source` with `pass` for what only IPython understands, each row at its place.

    Nothing is left of a cell that is no Python.
    """
    rows = _python_rows(source)
    for line in _found(list(rows)):
        rows[line.first : line.last + 1] = [f"{line.indent}pass"] + [""] * (line.last - line.first)
    return "\n".join(re.sub(r"\?{1,2}[ \t]*$", "", row) for row in rows)


def changed_lines(source: str, lines: dict[MagicLine, str]) -> str:
    """`source` with other text, of one row each, in the place of some of its `lines`."""
    rows = source.split("\n")
    for line, text in lines.items():
        rows[line.first : line.last + 1] = [text] + [""] * (line.last - line.first)
    return "\n".join(rows)


def shell_texts(source: str) -> Iterator[str]:
    """What a cell gives to the shell."""
    magic = cell_magic(source)
    if magic and magic.is_shell:
        yield body_of(source)
    for line in magic_lines(source):
        if line.shell:
            yield line.shell


def body_of(source: str) -> str:
    """The rows of a cell below its magics."""
    rows = source.split("\n")
    at = _first_row(rows)
    while at < len(rows) and _CELL_MAGIC.match(rows[at]):
        at += 1
    return "\n".join(rows[at:])


def _first_row(rows: list[str]) -> int:
    return next((number for number, row in enumerate(rows) if row.strip()), 0)


def _python_rows(source: str) -> list[str]:
    """The rows of a cell, empty where they are a cell magic or another language."""
    magic = cell_magic(source)
    rows = source.split("\n")
    if magic is None:
        return rows
    if not magic.runs_the_rest:
        return [""] * len(rows)
    body = body_of(source).split("\n")
    return [""] * (len(rows) - len(body)) + body


def _found(rows: list[str]) -> Iterator[MagicLine]:
    """The lines that IPython itself takes for its own, the first one first.

    Each is replaced in `rows`, since quotes in it would hide the next one from the tokenizer.
    """
    from IPython.core import inputtransformer2 as ipython

    kinds: Any = (ipython.EscapedCommand, ipython.MagicAssign, ipython.SystemAssign)
    lines = [f"{row}\n" for row in rows]
    while True:
        tokens = ipython.make_tokens_by_line(lines)
        found = [place for kind in kinds if (place := kind.find(tokens))]
        if not found:
            return
        place = min(found, key=lambda each: (each.start_line, each.start_col))
        first, column = place.start_line, place.start_col
        last = ipython.find_end_of_continued_line(lines, first)
        head = lines[first][:column]
        joined = ipython.assemble_continued_line(lines, (first, column), last)
        line = MagicLine(first, last, head, joined.strip())
        yield line
        lines[first : last + 1] = [f"{line.indent}pass\n"] + ["\n"] * (last - first)
