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
    return _of_secrets(name for source in sources for name in _names_in(parse_code(source)))


def names_needed(sources: Iterable[str]) -> tuple[str, ...]:
    """Those of `names_read` without which the code fails: by `os.environ[…]`."""
    return _of_secrets(variables_needed(sources))


def variables_needed(sources: Iterable[str]) -> Iterator[str]:
    """The environment variables that `sources` read by `os.environ[…]`, of whatever meaning."""
    for tree in filter(None, map(parse_code, sources)):
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                yield from _text(node.slice) if _is_environ(node.value) else ()


def _of_secrets(names: Iterable[str]) -> tuple[str, ...]:
    found = {
        name
        for name in names
        if _NAME.fullmatch(name)
        and not name.startswith("NB2SPACE_")
        and meaning_of(name) is not Meaning.NONE
    }
    return tuple(sorted(found))


def names_asked_for(sources: Iterable[str]) -> frozenset[str]:
    """The environment variables that `sources` ask for and do not set, of whatever meaning.

    To ask with a text as the default is not counted: the text may stand in the variable's place.
    """
    asked, given = set[str](), set[str]()
    for source in sources:
        tree = parse_code(source)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Subscript) and _is_environ(node.value):
                (asked if isinstance(node.ctx, ast.Load) else given).update(_text(node.slice))
            elif isinstance(node, ast.Compare) and any(map(_is_environ, node.comparators)):
                asked.update(_text(node.left))
            elif isinstance(node, ast.Call) and node.args and _reads(node.func):
                has_default = any(isinstance(argument, ast.Constant) for argument in node.args[1:])
                asked.update(() if has_default else _text(node.args[0]))
    return frozenset(asked - given)


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
