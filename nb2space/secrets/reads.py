"""Names that the code reads from its environment: an app in a Space must be given them, too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from nb2space.secrets.words import Meaning, meaning_of
from nb2space.syntax import parse_code

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def names_read(sources: Iterable[str]) -> tuple[str, ...]:
    """The names of secrets that `sources` read by `os.environ[…]`, `.get(…)` or `getenv(…)`.

    Other variables, such as LANG, are the machine's; a Space has its own.
    """
    found = {
        name
        for source in sources
        for name in _names_in(parse_code(source))
        if _NAME.fullmatch(name)
        and not name.startswith("NB2SPACE_")
        and meaning_of(name) is not Meaning.NONE
    }
    return tuple(sorted(found))


def _names_in(tree: ast.Module | None) -> Iterator[str]:
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Subscript) and _is_environ(node.value):
            yield from _text(node.slice)
        elif isinstance(node, ast.Call) and node.args and _reads(node.func):
            yield from _text(node.args[0])


def _reads(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id == "getenv"
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr == "getenv" or (function.attr == "get" and _is_environ(function.value))


def _is_environ(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name == "environ"


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
