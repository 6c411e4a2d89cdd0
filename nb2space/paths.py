"""Absolute paths in the code: those below the notebook's folder become relative to it.

The Space's kernels work in the same tree, whose own place is another.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from nb2space.magics import cell_magic, magic_lines, python_of
from nb2space.runtime.codelines import parsed
from nb2space.secrets.code import place_of_node

# A folder of so short a name is found by chance.
_SHORTEST = 3


def relative_paths(source: str, folder: Path) -> str:
    """`source` with absolute paths that point below `folder` made relative to it.

    They are looked for in literals, and in the lines that are the shell's or a magic's.
    """
    names = _names_of(folder)
    if not any(name in source for name in names):
        return source
    absolute = _pattern(names)
    magic = cell_magic(source)
    if magic and not magic.runs_the_rest:
        return absolute.sub(_relative, source)
    rows = source.split("\n")
    for line in magic_lines(source):
        for number in range(line.first, line.last + 1):
            rows[number] = absolute.sub(_relative, rows[number])
    source = "\n".join(rows)
    tree = parsed(python_of(source))
    spans = sorted({place_of_node(node, source) for node in _constants(tree)}, reverse=True)
    for start, end in spans:
        source = source[:start] + absolute.sub(_relative, source[start:end]) + source[end:]
    return source


def _names_of(folder: Path) -> list[str]:
    """How code may name `folder`, the longest first."""
    found = {str(folder.resolve()), str(folder.absolute())}
    for name in list(found):
        if name.startswith(f"{Path.home()}/"):
            found.add(f"~{name.removeprefix(str(Path.home()))}")
    return sorted((name for name in found if len(name) >= _SHORTEST), key=len, reverse=True)


def _pattern(names: list[str]) -> re.Pattern[str]:
    """What finds one of `names` where it is a path of its own or the beginning of one.

    A blank may be part of the name of another folder, where a path goes on behind it.
    """
    return re.compile(
        r"(?<![\w.}~$-])(?<![^:/]/)(?P<scheme>file:(?://(?:localhost)?)?)?"
        rf"(?:{'|'.join(map(re.escape, names))})"
        r"(?:(?P<slash>/+)(?P<end>(?=[\s'\"`;,)]|$))?|(?![\w/~+%@-])(?!\.\w)(?! [^/'\"\n]*/))",
        re.M,
    )


def _relative(match: re.Match[str]) -> str:
    scheme = "file:" if match["scheme"] else ""
    if match["slash"]:
        return f"{scheme}./" if match["end"] is not None else scheme
    return f"{scheme}."


def _constants(tree: ast.AST | None) -> Iterator[ast.expr]:
    """Literals of text and whole f-strings, not the parts of these."""
    waiting = [tree] if tree else []
    while waiting:
        node = waiting.pop()
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if is_text or isinstance(node, ast.JoinedStr):
            yield node  # type: ignore[misc]
        else:
            waiting.extend(ast.iter_child_nodes(node))
