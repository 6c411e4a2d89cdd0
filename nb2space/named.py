"""Files that the code names by literal paths: sealed where they lie below the notebook's folder.

Libraries that read through C or C++ (pyarrow, OpenCV, HDF5) open files where Python sees nothing,
and a callback opens them only when a viewer comes; the code's own literals tell of both.
"""

from __future__ import annotations

import ast
import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2space.magics import magic_lines, shell_texts
from nb2space.shellwords import commands_in
from nb2space.syntax import parse_code

_LONGEST = 1_000
# A name of fewer characters is found by chance.
_SHORTEST = 3
# A pattern that many files fit is none of names.
_MOST_FITTING = 500


@dataclass(frozen=True)
class NamedFiles:
    """`below` are existing files below the notebook's folder, relative to it; `outside` are those
    elsewhere, with who names them first, such as "Cell 3"."""

    below: tuple[str, ...]
    outside: tuple[tuple[str, str], ...]


def named_files(sources: Iterable[tuple[str, str]], folder: Path) -> NamedFiles:
    """The existing files that the code names; `sources` are pairs of a name, "Cell 3", and code."""
    place = folder.resolve()
    below: dict[str, None] = {}
    outside: dict[str, str] = {}
    for name, source in sources:
        for text in _texts(source):
            path = _existing(text, place)
            if path is None:
                continue
            if path.is_relative_to(place):
                if path.is_file():
                    below[path.relative_to(place).as_posix()] = None
            elif not belongs_to_system(path):
                outside.setdefault(str(path), name)
        for pattern in _patterns(source):
            below.update(dict.fromkeys(_fitting(pattern, place)))
    return NamedFiles(tuple(below), tuple((name, path) for path, name in outside.items()))


def belongs_to_system(path: Path) -> bool:
    """True for a folder, and for a file that every machine has."""
    return path.is_dir() or str(path).startswith(("/usr/", "/etc/", "/proc/", "/sys/", "/dev/"))


def _texts(source: str) -> Iterator[str]:
    tree = parse_code(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    for text in (*shell_texts(source), *(line.text for line in magic_lines(source))):
        for command in commands_in(text):
            yield from command.words


def _existing(text: str, place: Path) -> Path | None:
    if not _SHORTEST <= len(text) <= _LONGEST or "\n" in text or "\0" in text:
        return None
    bare = text.removeprefix("sqlite:///").removeprefix("file:").partition("?")[0]
    try:
        path = (place / Path(bare).expanduser()).resolve()
        return path if path.exists() and path != place else None
    except (OSError, RuntimeError, ValueError):
        return None


def _patterns(source: str) -> Iterator[str]:
    """Patterns of the names that the code makes of texts and values, as `f"data/{name}.csv"`."""
    tree = parse_code(source)
    inside: set[int] = set()
    for node in ast.walk(tree) if tree else ():
        parts = None if id(node) in inside else _parts(node)
        if parts is None or None not in parts:
            continue
        inside |= {id(part) for part in ast.walk(node)}
        pattern = "".join("*" if part is None else glob.escape(part) for part in parts)
        pattern = re.sub(r"\*+", "*", pattern.removeprefix("./"))
        # What is known of it must tell a file from others.
        if len(re.findall(r"\w", "".join(filter(None, parts)))) > 1 and len(pattern) < _LONGEST:
            yield pattern


def _parts(node: ast.AST) -> list[str | None] | None:
    """What a text is made of, None for a part that is not known; None for what is no such text."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=values):
            return [str(part.value) if isinstance(part, ast.Constant) else None for part in values]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([left, right], "")
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _joined([left, right], "/")
        case ast.BinOp(left=ast.Constant(value=str() as text), op=ast.Mod()):
            return _around(re.compile(r"%[-+ #0\d.]*[a-z]"), text)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as text), attr="format")):
            return _around(re.compile(r"\{[^{}]*\}"), text)
        case ast.Call(func=ast.Attribute(attr="join"), args=[_, _, *_] as arguments):
            return _joined(arguments, "/")
        case ast.Call(func=ast.Name(id="Path") | ast.Attribute(attr="Path"), args=[argument]):
            return _parts(argument)
    return None


def _joined(nodes: list[ast.expr], between: str) -> list[str | None] | None:
    found = [_parts(node) for node in nodes]
    if not any(found):
        return None
    parts: list[str | None] = []
    for number, each in enumerate(found):
        parts += [between] if number and between else []
        parts += [None] if each is None else each
    return parts


def _around(placeholder: re.Pattern[str], text: str) -> list[str | None]:
    known = placeholder.split(text)
    return [part for each in known for part in (each, None)][:-1]


def _fitting(pattern: str, place: Path) -> list[str]:
    """The files below `place` whose relative paths fit; hidden ones do not."""
    if pattern.startswith(f"{place}/"):
        pattern = pattern.removeprefix(f"{place}/")
    if pattern.startswith(("/", "../", "~")) or "\0" in pattern:
        return []
    try:
        found = [
            Path(path).as_posix()
            for path in glob.glob(pattern, root_dir=place)
            if (place / path).is_file() and (place / path).resolve().is_relative_to(place)
        ]
    except (OSError, ValueError):
        return []
    return sorted(found) if len(found) <= _MOST_FITTING else []
