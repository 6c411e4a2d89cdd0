"""Lines that are the code's by where they stand, whatever they say.

A row of data, a line of a docstring or a closing bracket is no code by its shape; an app may print
the same words. What no app prints by chance is the way in which the source is written: several of
its lines in a row, the line that opens a literal together with what follows, a row of data with
its indentation and its comma.
"""

from __future__ import annotations

import ast
import io
import json
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from .codelines import MAGIC, TOKEN, WORD, parsed, shows_its_text, without_magics
from .undoing import unescape

# So many lines in a row, or all of a cell that has two, are no accident.
_RUN = 3
_WHOLE = 2
_SHORTEST_WHOLE = 12
_SHORTEST = 4
# A line that stands in more places than this, such as "try:", tells of none of them.
_MOST_PLACES = 50
# A docstring's line of fewer words may well be a label.
_SENTENCE = 5
_SHORTEST_PAIR = 7
_LEAST_INDENTED = 2
_MOST_VALUES = 50
_MOST_REMEMBERED = 10_000
_LONGEST_REMEMBERED = 200

# What tracebacks and listings write before a line.
_NUMBERED = re.compile(r"^[\s>│|❱*-]*\d+[\s:│|>]*")
_LISTED = " \t\xa0>│|❱*-"
_WORDS = re.compile(r"\w+")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.S)
_OPENS = re.compile(r"[{\[]$", re.M)
# What IPython makes of its own syntax, and keeps as the cell's text.
_TRANSLATED = tuple(
    f"get_ipython().{name}(" for name in ("system", "getoutput", "run_line_magic", "run_cell_magic")
)
_INDENTATION = re.compile(r"[{\[]\n( +)")
_DATA = {tokenize.STRING, tokenize.NUMBER, tokenize.OP, tokenize.COMMENT}
_CONSTANTS = {"True", "False", "None"}
_LAYOUT = {
    tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip
_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)
# The text of a file that is no code, which the app may show.
_WRITES_TEXT = re.compile(r"\s*%%(?:writefile|file)\s+(?!.*\.py\s*$)", re.M)
_TRIPLE = re.compile(r"[a-zA-Z]{0,2}(?:\"\"\"|''')")


@dataclass(frozen=True)
class _Line:
    """A line with words, as it is written; `in_text` when all of it is within a string literal,
    so that the app may print it.
    """

    text: str
    in_text: bool


@dataclass(frozen=True)
class _Layout:
    """What stands in which lines of a source, by their numbers from 1.

    `in_text` are those within one literal, `data` those of nothing but values, and `opens` those
    that begin a literal over several lines behind a name or keyword.
    """

    in_text: frozenset[int] = frozenset()
    data: frozenset[int] = frozenset()
    opens: frozenset[int] = frozenset()


class Blocks:
    """The lines of `sources`, cells and modules, to be known where several stand together."""

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self._sources: list[list[_Line]] = []
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._every: set[str] = set()
        self._rows: set[str] = set()
        for source in sources:
            self._learn(source)
        self._places = {k: p for k, p in self._places.items() if len(p) <= _MOST_PLACES}
        lines = (*self._places, *self._rows)
        self._words = {max(_WORDS.findall(line), key=len) for line in lines}
        # An app sends the same lines again and again.
        self._remembered = lru_cache(maxsize=_MOST_REMEMBERED)(self._look_up)

    def __bool__(self) -> bool:
        return bool(self._every)

    def knows(self, line: str) -> bool:
        """True for any line of the code, blanks aside; numbered, too, as in a traceback."""
        return any(name in self._every for name in _names(line))

    def forget(self, texts: Iterable[str]) -> None:
        """Leave out the lines that are in `texts`, which everybody has."""
        for text in texts:
            for line in text.splitlines():
                self._rows.discard(_row(line))
                for name in _names(line):
                    self._places.pop(name, None)
                    self._every.discard(name)
        self._remembered.cache_clear()

    def holds(self, text: str) -> bool:
        """True when lines of the code stand together in `text`, or a row of data as written."""
        return bool(self.first(text))

    def first(self, text: str) -> str:
        """The first such line in `text`, or "" where there is none."""
        # The escape for a line's end would become a part of the word behind it.
        if self._words.isdisjoint(_WORDS.findall(text.replace("\\n", " "))):
            return ""
        for part in (text, *_quoted(text)):
            lines = part.splitlines()
            if found := self.found(lines):
                return lines[min(found)].strip()
        return ""

    def found(self, lines: Sequence[str]) -> set[int]:
        """The indices of such lines in `lines`."""
        found = self._runs(lines)
        if self._rows:
            found |= {index for index, line in enumerate(lines) if _row(line) in self._rows}
        # What JSON writes of a value is the value, in whatever form the code has it, too.
        return found - _written_as_json("\n".join(lines)) if found else found

    def _runs(self, lines: Sequence[str]) -> set[int]:
        found: set[int] = set()
        # Per place in a source that the line before has: the indices of the run's lines.
        running: dict[tuple[int, int], list[int]] = {}
        places_of = list(map(self._places_of, lines))
        if not any(places_of):
            return found
        for index, (line, places) in enumerate(zip(lines, places_of, strict=True)):
            # A table has the number of a line in a cell of its own.
            if places is None or (not places and line.strip().isdigit()):
                continue
            running = {
                (source, number): [*running.get((source, number - 1), ()), index]
                for source, number in places
            }
            for (source, number), run in running.items():
                if self._is_telling(source, number, len(run)):
                    found.update(run)
        return found

    def _places_of(self, line: str) -> list[tuple[int, int]] | None:
        return (self._remembered if len(line) < _LONGEST_REMEMBERED else self._look_up)(line)

    def _look_up(self, line: str) -> list[tuple[int, int]] | None:
        """The places of a line; None for one without words, which tells nothing."""
        if not _WORDS.search(line):
            return None
        return next((found for name in _names(line) if (found := self._places.get(name))), [])

    def _is_telling(self, source: int, last: int, length: int) -> bool:
        """True for `length` lines, up to the line `last` of `source`, that no value has."""
        lines = self._sources[source]
        if length == len(lines):
            return length >= _WHOLE and sum(len(line.text) for line in lines) >= _SHORTEST_WHOLE
        run = lines[last + 1 - length : last + 1]
        own = [line for line in run if not line.in_text and len(line.text.strip()) >= _SHORTEST]
        return len(own) >= _RUN

    def _learn(self, source: str) -> None:
        if shows_its_text(source):
            return
        layout = _layout_of(source)
        is_file = _WRITES_TEXT.match(source) is not None
        number = len(self._sources)
        lines: list[_Line] = []
        for row, text in enumerate(source.splitlines(), 1):
            name = _name(text)
            if not name:
                continue
            self._every.add(name)
            if _WORDS.search(text):
                self._places.setdefault(name, []).append((number, len(lines)))
                lines.append(_Line(text, is_file or row in layout.in_text))
            if row in layout.data and _is_as_written(text):
                self._rows.add(_row(text))
        self._sources.append(lines)


def block_texts(source: str) -> Iterator[str]:
    """The texts that only `source` has: where a literal of several lines begins and ends, lines
    with threefold quotes, and the sentences of docstrings.
    """
    if shows_its_text(source):
        return
    if any(map(MAGIC.match, source.splitlines())):
        yield from _TRANSLATED
    layout = _layout_of(source)
    rows = [(n, text.strip()) for n, text in enumerate(source.splitlines(), 1) if text.strip()]
    for (number, text), (_, following) in pairwise(rows):
        if number in layout.opens:
            pair = f"{text} {following}"
        elif number in layout.data and text.endswith(",") and following[0] in ")]}":
            pair = f"{text} {following[0]}"
        else:
            continue
        if len(TOKEN.findall(pair)) >= _SHORTEST_PAIR:
            yield pair
    for number, text in rows:
        if _TRIPLE.search(text) and number not in layout.in_text and len(WORD.findall(text)) > 1:
            yield text
    tree = parsed(without_magics(source))
    for line in docstring_lines(tree) if tree else ():
        if len(WORD.findall(line)) >= _SENTENCE:
            yield line


def docstring_lines(tree: ast.AST) -> Iterator[str]:
    """The lines of the docstrings in `tree`, stripped."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from (line.strip() for line in (ast.get_docstring(node) or "").splitlines())


def _quoted(text: str) -> Iterator[str]:
    """What `text` has in quotes, as JSON and `repr` write it: texts of several lines, each by
    itself, and all of them as lines.
    """
    if "'" not in text and '"' not in text:
        return
    every = [match[1] or match[2] or "" for match in _QUOTED.finditer(text)]
    yield from (unescape(part) for part in every if "\\n" in part)
    yield "\n".join(unescape(part).rstrip("\n") for part in every)


def _name(line: str) -> str:
    """A line without its indentation and with single blanks."""
    return " ".join(line.split())


def _row(line: str) -> str:
    """A line with its indentation; that of a page is made of other blanks."""
    return line.replace("\xa0", " ").rstrip()


def _names(line: str) -> Iterator[str]:
    """What a line may be called: as it is, and without what a listing writes around it."""
    yield _name(line)
    if line[:1] in _LISTED or line[:1].isdigit():
        yield _name(_NUMBERED.sub("", line).strip(_LISTED))
        yield _name(line.strip(_LISTED))


def _is_as_written(text: str) -> bool:
    """True for a row of data that no value is printed as, but for JSON: its indentation and comma,
    or a bracket without its other half.
    """
    if not re.search(r"\w\w|\d", text) or len(text.strip()) < _SHORTEST:
        return False
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "''", text.strip())
    is_open = any(bare.count(a) != bare.count(b) for a, b in ("()", "[]", "{}"))
    indented = len(text) - len(text.lstrip()) >= _LEAST_INDENTED
    return (indented and (is_open or bare.endswith(","))) or (is_open and '"' in text)


# Both the blocks and the texts of a source are made of it.
@lru_cache(maxsize=256)
def _layout_of(source: str) -> _Layout:
    in_text: set[int] = set()
    other: set[int] = set()
    named: set[int] = set()
    opens: set[int] = set()
    opened: list[int] = []
    is_name = False
    docstrings = _docstring_rows(source)
    rows = source.splitlines()
    try:
        for token in tokenize.generate_tokens(io.StringIO(without_magics(source)).readline):
            start, end = token.start[0], token.end[0]
            if token.type == _FSTRING_START:
                opened.append(start)
            elif token.type == _FSTRING_END:
                start = opened.pop()
            if token.type in (tokenize.STRING, _FSTRING_END) and end > start:
                if start not in docstrings:
                    in_text.update(range(start + 1, end))
                    # The last line too, unless it closes the literal only.
                    in_text.update({end} if rows[end - 1].strip("\"' )") else ())
                if start in named:
                    opens.add(start)
            if token.type == tokenize.NAME and token.string not in _CONSTANTS:
                named.update({start} if _binds(token, rows[start - 1]) else ())
                other.add(start)
            elif token.type not in _DATA and token.type not in _LAYOUT:
                other.add(start)
            elif token.type == tokenize.OP:
                # What stands in the brackets of a call may be in a repr, too.
                begins = token.string in "[{" or (token.string == "(" and not is_name)
                if begins and start in named and token.line.rstrip().endswith(token.string):
                    opens.add(start)
            is_name = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
    except (tokenize.TokenError, SyntaxError, IndexError):
        return _Layout()
    data = set(range(1, len(rows) + 1)) - other - in_text
    return _Layout(frozenset(in_text), frozenset(data), frozenset(opens))


def _binds(token: tokenize.TokenInfo, row: str) -> bool:
    """True for a name that a value is given to in this row, or a keyword such as "return"."""
    return keyword.iskeyword(token.string) or bool(
        re.match(r"\s*(?::[^=]*)?(?:[-+*/%&|^@]|//|\*\*|<<|>>|:)?=(?!=)", row[token.end[1] :])
    )


def _docstring_rows(source: str) -> set[int]:
    """Where docstrings begin: their lines are no text that the app shows."""
    tree = parsed(without_magics(source))
    rows = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                rows.add(first.lineno)
    return rows


def _written_as_json(text: str) -> set[int]:
    """The indices of the lines in which a whole value stands as `json.dumps` writes it."""
    rows: set[int] = set()
    decoder, end = json.JSONDecoder(), 0
    for tried, match in enumerate(_OPENS.finditer(text)):
        if tried >= _MOST_VALUES:
            break
        if match.start() < end:
            continue
        try:
            value, stop = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        written = text[match.start() : stop]
        first = _INDENTATION.match(written)
        width = len(first[1]) if first else 0
        if any(
            json.dumps(value, indent=width, ensure_ascii=escaped) == written
            for escaped in (False, True)
        ):
            end = stop
            begin = text.count("\n", 0, match.start())
            rows.update(range(begin, begin + written.count("\n") + 1))
    return rows
