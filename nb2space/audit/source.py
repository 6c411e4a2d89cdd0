"""Taking a cell's source apart into what can be looked for elsewhere."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from nb2space.syntax import parse_code

# Cell magics that show their text: it is the author's output, not code.
_SHOWS_ITS_TEXT = ("%%html", "%%markdown", "%%latex", "%%svg", "%%javascript", "%%js")

_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.]+\s*=\s*[%!]|.*\?\s*$)")
_COMMENT = re.compile(r"<!--(.*?)-->", re.S)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PRINTS = {"print", "display"}
_SHORTEST_LINE = 8

# From Python 3.12 on, f-strings are tokens of their own; before, they are strings.
_FSTRING = re.compile(r"[rR]?[fF]")
_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)


@dataclass(frozen=True)
class Parts:
    """The parts of some source.

    `lines` are stripped and without comments; `templates` the lines within f-strings that hold
    code; `comments` are without their "#"; `literals` the lines of string literals and of the
    fixed pieces of f-strings; `names` what the code defines; `signatures` of its functions;
    `modules` the roots of what it imports; `printed` literals that it prints or displays as it
    runs, outside of functions.
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
    first, _, rest = source.lstrip().partition("\n")
    if first.lower().startswith(_SHOWS_ITS_TEXT):
        return Parts((first.strip(),), (), (), tuple(_pieces(rest)), (), (), (), ())
    rows = _rows_of(source)
    tree = parse_code(source)
    if tree is None:
        return Parts(rows.lines, rows.templates, rows.comments, (), (), (), (), ())
    return Parts(
        lines=rows.lines,
        templates=rows.templates,
        comments=rows.comments,
        literals=_unique(_literals(tree)),
        names=_unique(_names(tree)),
        signatures=_unique(_signatures(tree)),
        modules=_unique(_modules(tree)),
        printed=_unique(_printed(tree)),
    )


def _unique(found: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Rows:
    """The rows of a source by what is in them."""

    lines: tuple[str, ...]
    templates: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


def _rows_of(source: str) -> _Rows:
    rows = source.splitlines()
    magic = {number for number, row in enumerate(rows, 1) if _MAGIC.match(row)}
    plain = "".join(
        f"{row[: len(row) - len(row.lstrip())]}pass\n" if number in magic else f"{row}\n"
        for number, row in enumerate(rows, 1)
    )
    cut: dict[int, int] = {}
    named, within = set(magic), set[int]()
    comments, opened = [], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(plain).readline):
            row = token.start[0]
            if token.type == _FSTRING_START:
                opened.append(row)
            elif token.type == _FSTRING_END:
                within |= set(range(opened.pop() + 1, row + 1))
            elif token.type == tokenize.COMMENT:
                cut[row] = token.start[1]
                comments.append(token.string.lstrip("#| \t").strip())
            elif token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                named.add(row)
            elif token.type == tokenize.STRING and _FSTRING.match(token.string):
                within |= set(range(row + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        # What is no Python is looked for line by line.
        return _Rows(tuple(r.strip() for r in rows if len(r.strip()) >= _SHORTEST_LINE))

    def stripped(numbers: set[int]) -> tuple[str, ...]:
        found = (rows[n - 1][: cut.get(n)].strip() for n in sorted(numbers) if n <= len(rows))
        return tuple(line for line in found if len(line) >= _SHORTEST_LINE)

    templates = {n for n in within if n <= len(rows) and _has_code(rows[n - 1])}
    return _Rows(stripped(named - within), stripped(templates), tuple(comments))


def _has_code(row: str) -> bool:
    """True for a row of an f-string with at least two words of code in braces."""
    return len(_IDENTIFIER.findall("".join(re.findall(r"\{[^{}]*\}", row)))) > 1


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
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def _signatures(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = ast.unparse(node.args)
            if len(_IDENTIFIER.findall(arguments)) > 1:
                yield f"{node.name}({arguments})"


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
