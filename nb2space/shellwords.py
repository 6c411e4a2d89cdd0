"""Commands of a shell, read without running them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

# What ends a command, and what looks so within quotes, redirections and comments.
_PART = re.compile(
    r"""(?P<kept>'[^']*'|"(?:\\.|[^"\\])*"|\\.|[<>]&|&>|(?:(?<=\s)|^)\#[^\n]*)"""
    r"|(?P<end>&&|\|\|?|[;&\n])",
    re.S | re.M,
)
_REDIRECTION = re.compile(r"\d?(?:[<>]{1,3}&?|&>>?)(?P<target>.*)", re.S)
_VARIABLE = re.compile(r"[A-Za-z_]\w*=.*", re.S)
# Programs that run the one that follows them.
_BEFORE = {"sudo", "env", "time", "nohup", "exec", "command", "then", "do", "else", "if", "while"}


@dataclass(frozen=True)
class Command:
    """One command in a text: its `words` without variables, redirections and what runs it.

    `start` and `end` are its place in the text.
    """

    words: tuple[str, ...]
    start: int
    end: int

    @property
    def program(self) -> str:
        """The program's name, "" without one."""
        return self.words[0].rpartition("/")[2] if self.words else ""


def commands_in(text: str) -> Iterator[Command]:
    """The commands of a line or script, its rows joined where a backslash ends them."""
    joined = re.sub(r"\\\n", "  ", text)
    start = 0
    for match in _PART.finditer(joined):
        if match["end"] is not None:
            yield from _command(joined, start, match.start())
            start = match.end()
    yield from _command(joined, start, len(joined))


def _command(text: str, start: int, end: int) -> Iterator[Command]:
    part = text[start:end]
    words = _words(part)
    if words:
        start += len(part) - len(part.lstrip())
        yield Command(words, start, start + len(part.strip()))


def _words(part: str) -> tuple[str, ...]:
    try:
        words = shlex.split(_without_comment(part))
    except ValueError:  # a quote that nothing ends
        words = part.split()
    kept: list[str] = []
    waiting = iter(words)
    runs_another = False
    for word in waiting:
        if match := _REDIRECTION.fullmatch(word):
            if not match["target"]:
                next(waiting, None)
        elif kept:
            kept.append(word)
        elif word in _BEFORE or (runs_another and word.startswith("-")):
            runs_another = True
        elif not _VARIABLE.fullmatch(word) and word.lstrip("({"):
            kept.append(word if word.endswith("}") else word.lstrip("({"))
    return tuple(kept)


def _without_comment(part: str) -> str:
    found = next((m for m in _PART.finditer(part) if m[0].startswith("#")), None)
    return part[: found.start()] if found else part
