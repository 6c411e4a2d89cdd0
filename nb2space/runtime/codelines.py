"""The lines of code that tell of it: what the audit looks for, and what the source wall hides."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

# Cell magics that show their text.
_SHOWS_ITS_TEXT = ("%%html", "%%markdown", "%%latex", "%%svg", "%%javascript", "%%js")

TOKEN = re.compile(r"\w+|[^\w\s]")
WORD = re.compile(r"[^\W\d]\w*")

MAGIC = re.compile(r"\s*(?:[%!?]|[\w.]+\s*=\s*[%!]|.*\?\s*$)")
"""A line that only IPython understands."""

_SETS_A_NAME = re.compile(r"[\w.]+\s*=(?!=)\s*(.*?),?")
_SHORTEST_LINE = 8
# Lines of this many tokens are also looked for by halves: what was cut short is a leak as well.
_LONG_LINE = 16

_RUNS_TEXT = {"exec", "eval", "compile", "run_cell", "ex", "ev"}
_STATEMENTS = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.For,
    ast.While, ast.With, ast.Try, ast.Assign, ast.AugAssign,
)  # fmt: skip
_EXAMPLE = re.compile(r"\s*(?:>>>|\.\.\.) (.*)")

# From Python 3.12 on, f-strings are tokens of their own; before, they are strings.
_FSTRING = re.compile(r"[rR]?[fF]")
_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)


@dataclass(frozen=True)
class Rows:
    """The rows of a source by what is in them.

    `lines` are stripped and without comments; `templates` the lines within f-strings that hold
    code; `comments` are without their "#".
    """

    lines: tuple[str, ...]
    templates: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


def canonical(text: str) -> str:
    """`text` as a row of words and signs with one blank around each."""
    return f" {' '.join(TOKEN.findall(text))} "


def without_magics(source: str) -> str:
    """`source` with `pass` in the place of what only IPython understands."""
    return "".join(
        f"{row[: len(row) - len(row.lstrip())]}pass\n" if MAGIC.match(row) else f"{row}\n"
        for row in source.splitlines()
    )


def rows_of(source: str) -> Rows:
    """The rows of `source`; of what is no Python, its lines."""
    rows = source.splitlines()
    magic = {number for number, row in enumerate(rows, 1) if MAGIC.match(row)}
    cut: dict[int, int] = {}
    named, within = set(magic), set[int]()
    comments, opened = [], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(without_magics(source)).readline):
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
        return Rows(tuple(r.strip() for r in rows if len(r.strip()) >= _SHORTEST_LINE))

    def stripped(numbers: set[int]) -> tuple[str, ...]:
        found = (rows[n - 1][: cut.get(n)].strip() for n in sorted(numbers) if n <= len(rows))
        return tuple(line for line in found if len(line) >= _SHORTEST_LINE)

    templates = {n for n in within if n <= len(rows) and _has_code(rows[n - 1])}
    return Rows(stripped(named - within), stripped(templates), tuple(comments))


def _has_code(row: str) -> bool:
    """True for a row of an f-string with at least two words of code in braces."""
    return len(WORD.findall("".join(re.findall(r"\{[^{}]*\}", row)))) > 1


def telling_rows(line: str) -> Iterator[list[str]]:
    """The tokens of a line that is code by its shape, then those of its halves if it is long.

    Nothing for a line that an app may well show.
    """
    tokens = TOKEN.findall(line)
    names = [t for t in tokens if WORD.fullmatch(t) and not keyword.iskeyword(t)]
    is_code = len(tokens) > 2 and (len(names) > 1 or bool({"(", "[", "."} & set(tokens)))
    if not is_code or _is_constant(line):
        return
    yield tokens
    # Half a line with text in quotes might be just what the app shows.
    if len(tokens) >= _LONG_LINE and not {"'", '"'} & set(tokens):
        half = len(tokens) // 2
        for part in (tokens[:half], tokens[half:]):
            if len(WORD.findall(" ".join(part))) > 2:
                yield part


def _is_constant(line: str) -> bool:
    """True for `name = 3` and the like, which an app may well show, or a widget's repr."""
    match = _SETS_A_NAME.fullmatch(line)
    try:
        return bool(match and [ast.literal_eval(match[1])])
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False


def signatures_of(tree: ast.AST) -> Iterator[str]:
    """The signatures of the functions in `tree` that take two words at least."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = ast.unparse(node.args)
            if len(WORD.findall(arguments)) > 1:
                yield f"{node.name}({arguments})"


def shows_its_text(source: str) -> bool:
    """True for a cell whose magic shows its text: that is the author's output, not code."""
    return source.lstrip().lower().startswith(_SHOWS_ITS_TEXT)


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of `source`; None for what is no Python."""
    try:
        with warnings.catch_warnings():
            # Of a doubtful "\\d" the author hears when the cell runs.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def lines_in_texts(tree: ast.AST, *, by_shape: bool) -> Iterator[str]:
    """The lines of code in string literals: run as such, examples, and with `by_shape` what reads
    like statements.
    """
    run = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in _RUNS_TEXT:
                run |= {id(argument) for argument in node.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in run or (by_shape and _is_code(node.value)):
                yield from rows_of(node.value).lines
            elif ">>> " in node.value:
                found = map(_EXAMPLE.match, node.value.splitlines())
                yield from rows_of("\n".join(match[1] for match in found if match)).lines


def _is_code(text: str) -> bool:
    if not ("=" in text or "import" in text or "(" in text):
        return False
    tree = parsed(text)
    return tree is not None and any(isinstance(node, _STATEMENTS) for node in tree.body)
