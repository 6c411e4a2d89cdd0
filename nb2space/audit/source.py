"""Taking a cell's source apart into what can be looked for elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nb2space.runtime.codelines import lines_in_texts, rows_of, shows_its_text, signatures_of
from nb2space.syntax import parse_code

_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
_PRINTS = {"print", "display"}
# Of functions and classes with types of their own (from Python 3.12 on).
_TYPE_PARAMETERS = {"TypeVar", "ParamSpec", "TypeVarTuple"}


@dataclass(frozen=True)
class Parts:
    """The parts of some source.

    `lines` are stripped and without comments, those of texts that are run as code included;
    `templates` the lines within f-strings that hold code; `comments` are without their "#";
    `literals` the lines of string literals and of the fixed pieces of f-strings; `names` what the
    code defines, renames, gives by name and looks up; `signatures` of its functions; `modules` the
    roots of what it imports; `printed` literals that it prints or displays as it runs, outside of
    functions.
    """

    lines: tuple[str, ...]
    templates: tuple[str, ...]
    comments: tuple[str, ...]
    literals: tuple[str, ...]
    names: tuple[str, ...]
    signatures: tuple[str, ...]
    modules: tuple[str, ...]
    printed: tuple[str, ...]


def parts_of(source: str) -> Parts:
    """The parts of a cell or module; of what is no Python, its lines."""
    if shows_its_text(source):
        first, _, rest = source.lstrip().partition("\n")
        return Parts((first.strip(),), (), (), tuple(_pieces(rest)), (), (), (), ())
    rows = rows_of(source)
    tree = parse_code(source)
    if tree is None:
        return Parts(rows.lines, rows.templates, rows.comments, (), (), (), (), ())
    return Parts(
        lines=tuple(dict.fromkeys([*rows.lines, *lines_in_texts(tree, by_shape=False)])),
        templates=rows.templates,
        comments=rows.comments,
        literals=_unique(_literals(tree)),
        names=_unique(_names(tree)),
        signatures=_unique(signatures_of(tree)),
        modules=_unique(_modules(tree)),
        printed=_unique(_printed(tree)),
    )


def _unique(found: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


def _pieces(text: str) -> Iterator[str]:
    """The lines of a text, and those of the HTML comments in it by themselves."""
    for part in (text, *_COMMENT.findall(text)):
        for line in part.splitlines():
            if line.strip():
                yield line.strip()


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            yield from _pieces(_as_text(node.value))


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if isinstance(value, str) else ""


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        elif isinstance(node, ast.MatchClass):
            yield from node.kwd_attrs
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif type(node).__name__ in _TYPE_PARAMETERS:
            yield getattr(node, "name", "")
        yield from _other_names(node)


def _other_names(node: ast.AST) -> Iterator[str]:
    """The decorators of a function or class; the keys of dictionaries that could be names."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            yield str(getattr(called, "id", getattr(called, "attr", "")))
    keys: list[ast.expr | None] = []
    if isinstance(node, ast.Dict):
        keys = list(node.keys)
    elif isinstance(node, ast.Subscript):
        keys = [node.slice]
    for key in keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield from [key.value] if key.value.isidentifier() else []


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _printed(tree: ast.Module) -> Iterator[str]:
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _PRINTS:
            for argument in node.args:
                if isinstance(argument, ast.Constant):
                    yield from _pieces(_as_text(argument.value))
        waiting.extend(ast.iter_child_nodes(node))
