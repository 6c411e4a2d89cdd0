"""Files that the code names by literal paths: sealed where they lie below the notebook's folder.

Libraries that read through C or C++ (pyarrow, OpenCV, HDF5) open files where Python sees nothing,
and a callback opens them only when a viewer comes; the code's own literals tell of both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2space.notebook import Notebook
from nb2space.secrets.code import place_of_node
from nb2space.syntax import parse_code
from nb2space.tags import numbered

_LONGEST = 1_000
# A name of fewer characters is found by chance.
_SHORTEST = 3


@dataclass(frozen=True)
class NamedFiles:
    """`below` are existing files below the notebook's folder, relative to it; `outside` are those
    elsewhere, with the number of the cell that names them first."""

    below: tuple[str, ...]
    outside: tuple[tuple[int, str], ...]


def named_files(notebook: Notebook, folder: Path) -> NamedFiles:
    """The existing files that the literals of `notebook`'s code name."""
    place = folder.resolve()
    below: dict[str, None] = {}
    outside: dict[str, int] = {}
    for number, cell in numbered(notebook):
        if cell.cell_type != "code":
            continue
        for text in _texts(cell.source):
            path = _existing(text, place)
            if path is None:
                continue
            if path.is_relative_to(place):
                if path.is_file():
                    below[path.relative_to(place).as_posix()] = None
            elif not _belongs_to_system(path):
                outside.setdefault(str(path), number)
    return NamedFiles(tuple(below), tuple((number, path) for path, number in outside.items()))


def relative_paths(source: str, folder: Path) -> str:
    """`source` with absolute paths that point below `folder` made relative to it.

    The Space's kernels work in the same tree, whose own place is another.
    """
    home = str(folder.resolve())
    names = {home, str(folder.absolute())}
    if len(home) < _SHORTEST or not any(name in source for name in names):
        return source
    tree = parse_code(source)
    spans = sorted({place_of_node(node, source) for node in _constants(tree)}, reverse=True)
    for start, end in spans:
        segment = source[start:end]
        for name in names:
            segment = segment.replace(f"{name}/", "").replace(name, ".")
        source = source[:start] + segment + source[end:]
    return source


def _constants(tree: ast.AST | None) -> Iterator[ast.expr]:
    """String literals and whole f-strings, not the parts of these."""
    waiting = [tree] if tree else []
    while waiting:
        node = waiting.pop()
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text or isinstance(node, ast.JoinedStr):
            yield node  # type: ignore[misc]
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _texts(source: str) -> Iterator[str]:
    tree = parse_code(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _existing(text: str, place: Path) -> Path | None:
    if not _SHORTEST <= len(text) <= _LONGEST or "\n" in text or "\0" in text:
        return None
    bare = text.removeprefix("sqlite:///").removeprefix("file:").partition("?")[0]
    try:
        path = (place / Path(bare).expanduser()).resolve()
        return path if path.exists() and path != place else None
    except (OSError, RuntimeError, ValueError):
        return None


def _belongs_to_system(path: Path) -> bool:
    return path.is_dir() or str(path).startswith(("/usr/", "/etc/", "/proc/", "/sys/", "/dev/"))
