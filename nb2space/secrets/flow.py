"""Where names lead: `dd = "…"` is a secret when a later line says `api_key = dd`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from nb2space.secrets.calls import dotted, names_by_position, names_of, text_of
from nb2space.secrets.words import Meaning, meaning_of

Aliases = dict[str, tuple[str, ...]]
"""For a name in the code, further names that its value flows into or comes from."""

_PASSED_ON = {"encode", "strip", "decode", "get", "get_secret_value", "format"}


def aliases_in(trees: Iterable[ast.AST]) -> Aliases:
    """The aliases in all of `trees`, the cells of one notebook."""
    found: dict[str, dict[str, None]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            for name, meant in _pairs(node):
                # A bare "key" or "token" is too little to make a secret of another name.
                if meaning_of(meant) in (Meaning.SURE, Meaning.LIKELY) and name != meant:
                    found.setdefault(name, {})[meant] = None
    return {name: tuple(meant) for name, meant in found.items()}


def _pairs(node: ast.AST) -> Iterator[tuple[str, str]]:
    """A variable's name, and a name that its value also has."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield from _both(node.value, names_of(node.targets[0]))
        if isinstance(node.targets[0], ast.Name):
            # entered = password_box.value: what is entered is compared with a password.
            yield from ((node.targets[0].id, meant) for meant in _meant_by(node.value))
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for side in sides:
            for other in sides:
                if other is not side:
                    yield from _both(side, names_of(other))
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg:
                yield from _both(keyword.value, (keyword.arg,))
        for argument, names in zip(node.args, names_by_position(node, ()), strict=True):
            yield from _both(argument, tuple(n for n in names if n == "password"))
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from _both(value, text_of(key))


def _both(value: ast.expr, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    name = _variable(value)
    if name:
        yield from ((name, meant) for meant in names)


def _variable(node: ast.expr) -> str:
    """The variable whose value, or an item of whose value, an expression is; "" for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _variable(node.func.value) if node.func.attr in _PASSED_ON else ""
    if isinstance(node, ast.Subscript):
        return _variable(node.value)
    return ""


def _meant_by(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute) and node.attr in ("value", "text"):
        return names_of(node)
    if isinstance(node, ast.Call) and dotted(node.func)[-1:] in (["getpass"], ["askpass"]):
        return ("password",)
    return ()
