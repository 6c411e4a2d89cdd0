"""Secrets in source code: in literals, comments, magics and shell lines, each with its place."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nb2space.runtime.codelines import parsed
from nb2space.secrets.flow import Aliases, aliases_in
from nb2space.secrets.literals import STAND_IN, Literal, literals_of
from nb2space.secrets.patterns import Hit, engine_hits, hits, name_of
from nb2space.secrets.words import is_secret, meaning_of, words_of

THE_SAME = "the same secret as elsewhere"
"""The kind of a secret that is known from another place."""

NOT_A_SECRET = "nb2space: not-a-secret"
"""The comment with which an author says that a line holds none."""

# Cell magics whose other lines are Python, those that are the shell's, and those that are text.
_PYTHON = {"time", "timeit", "capture", "prun", "python", "py"}
_SHELL = {"bash", "sh", "system", "sx", "!"}
_OF_SHELL = re.compile(r"\b(?:ba|da|k|z)?sh\b")
_MAGIC_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<target>[\w., ]+=\s*)?(?P<mark>[%!])")
_ENV_MAGIC = re.compile(
    r"[ \t]*%(?:set_)?env[ \t]+(?P<name>\w+)(?:[ \t]*=[ \t]*|[ \t]+)(?P<value>.+?)[ \t]*$"
)
_EXPORT = re.compile(
    r"(?:^|[\s;&|])(?:export\s+)?(?P<name>[A-Za-z_]\w*)=(?P<value>'[^'\n]+'|\"[^\"\n]+\"|[^\s'\";&|]+)"
)
_LONGEST = 30_000
_DISTINCT = 8


@dataclass(frozen=True)
class CodeSecret:
    """A secret in a source, at the characters `start` to `end`.

    `value` is the secret itself; `text` what stands between start and end when it is evaluated (a
    URL around a password, say). `form` is how it stands there: "str", "bytes", "f-string", "piece"
    (a literal of its own within an f-string), "env" (a %env line's value), "shell", "comment", or
    "text" where nothing can take its place. `names` are what it flows into.
    """

    kind: str
    value: str
    text: str
    form: str
    start: int
    end: int
    line: int
    names: tuple[str, ...] = ()
    confidence: str = "high"
    others: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """Every secret within `text`."""
        return (self.value, *self.others)


@dataclass(frozen=True)
class Context:
    """What the cells or modules around a source tell of it.

    `aliases` are further names of its variables, `known` the secrets that were found.
    """

    aliases: Aliases
    known: tuple[str, ...] = ()


def context_of(sources: Iterable[str]) -> Context:
    """The context of the cells or modules of one notebook."""
    sources = list(sources)
    trees = (tree_of(source)[0] for source in sources)
    first = Context(aliases_in(tree for tree in trees if tree is not None))
    found = (secret for source in sources for secret in secrets_in_code(source, first))
    known = {value: None for secret in found for value in secret.values}
    return replace(first, known=tuple(filter(is_distinct, known)))


def is_distinct(value: str) -> bool:
    """True for a secret that is one wherever it stands; a shorter one may do so by chance."""
    return len(value) >= _DISTINCT


def secrets_in_code(source: str, context: Context | None = None) -> list[CodeSecret]:
    """The secrets in a code cell or module, in the order of the source, none overlapping.

    `context` is that of the whole notebook; without it, the source's own.
    """
    declared = _declared_rows(source)
    kept: list[CodeSecret] = []
    for secret in sorted(_all_in_code(source, context), key=lambda s: (s.start, -s.end)):
        if declared.isdisjoint(_rows_of(secret, source)) and not any(
            secret.start < other.end and other.start < secret.end for other in kept
        ):
            kept.append(secret)
    return kept


def declared_harmless(source: str, context: Context | None = None) -> Iterator[str]:
    """The values that the author says are none, by a comment behind them."""
    declared = _declared_rows(source)
    for secret in _all_in_code(source, context) if declared else ():
        if not declared.isdisjoint(_rows_of(secret, source)):
            yield from secret.values


def _declared_rows(source: str) -> set[int]:
    return {number for number, row in enumerate(source.splitlines(), 1) if NOT_A_SECRET in row}


def _rows_of(secret: CodeSecret, source: str) -> range:
    return range(secret.line, source.count("\n", 0, secret.end) + 2)


def _all_in_code(source: str, context: Context | None) -> Iterable[CodeSecret]:
    context = context_of([source]) if context is None else context
    first, _, rest = source.partition("\n")
    magic = re.match(r"\s*%%([\w!]+)", first)
    name = magic[1].lower() if magic else ""
    if magic and (name in _SHELL or (name == "script" and _OF_SHELL.search(first))):
        return _in_shell(source, len(first) + 1, rest)
    if magic and name not in _PYTHON:
        return secrets_in_text(source)
    return _in_python(source, context)


def _in_python(source: str, context: Context) -> list[CodeSecret]:
    rows = source.splitlines(keepends=True)
    tree, magic = tree_of(source)
    starts = _starts(rows)
    found: list[CodeSecret] = []
    for number in sorted(magic):
        found += _in_magic(rows[number - 1], starts[number - 1], number)
    if tree is None:
        return found or list(secrets_in_text(source))
    by_engine = engine_hits(source)
    # A secret that is known from elsewhere is one wherever it is written.
    known = [
        Hit(THE_SAME, value, match.start(), match.end())
        for value in context.known
        for match in re.finditer(re.escape(value), source)
    ]
    for literal in literals_of(tree, context.aliases):
        found += _of_literal(literal, source, rows, starts, [*by_engine, *known])
    for start, text in _comments(source, starts, magic):
        found += [_at(hit, source, start, "comment", hit.value) for hit in _in_comment(text)]
    return found


def tree_of(source: str) -> tuple[ast.Module | None, set[int]]:
    """The syntax tree, and the numbers of the lines that are IPython's and were left out of it.

    Unlike `parse_code` it keeps every line and column where it is in `source`.
    """
    tree = parsed(source)
    if tree is not None:
        return tree, set()
    rows = source.splitlines(keepends=True)
    magic: set[int] = set()
    plain = []
    for number, row in enumerate(rows, 1):
        match = _MAGIC_LINE.match(row)
        if match or (
            number > 1 and number - 1 in magic and rows[number - 2].rstrip().endswith("\\")
        ):
            magic.add(number)
            indent = match["indent"] if match else row[: len(row) - len(row.lstrip())]
            plain.append(f"{indent}pass\n")
        else:
            plain.append(re.sub(r"\?{1,2}[ \t]*$", "", row))
    return parsed("".join(plain)), magic


def _starts(rows: list[str]) -> list[int]:
    """The offset at which each line begins."""
    starts, total = [], 0
    for row in rows:
        starts.append(total)
        total += len(row)
    return starts


def _of_literal(
    literal: Literal, source: str, rows: list[str], starts: list[int], by_engine: list[Hit]
) -> Iterator[CodeSecret]:
    start, end = _span(literal.node, rows, starts)
    inside = [hit for hit in by_engine if start <= hit.start and hit.end <= end]
    form = "text" if literal.fixed or len(literal.value) > _LONGEST else literal.form
    line = literal.node.lineno
    if literal.is_secret:
        name = next(n for n in literal.names if meaning_of(n))
        # The longest is the one that says most: OpenAI_api_key rather than api_key.
        names = tuple(sorted(literal.names, key=len, reverse=True))
        yield CodeSecret(
            f"value of '{name}'", _bare(literal.value), literal.value, form, start, end, line,
            names,
        )  # fmt: skip
        return
    within = [*hits(literal.value), *inside]
    within = [hit for hit in within if STAND_IN not in hit.value]
    if not within:
        return
    if literal.form == "f-string":
        yield from _in_fstring(literal, within, source, start, end, form)
        return
    hit = within[0]
    others = tuple(dict.fromkeys(h.value for h in within if h.value != hit.value))
    own = name_of(hit.kind)
    names = (*literal.names, own) if _is_named(literal.names) else (own, *literal.names)
    yield CodeSecret(
        hit.kind, hit.value, literal.value, form, start, end, line, names, hit.confidence, others
    )


def _in_fstring(
    literal: Literal, within: list[Hit], source: str, start: int, end: int, form: str
) -> Iterator[CodeSecret]:
    segment = source[start:end]
    for value, hit in {hit.value: hit for hit in reversed(within)}.items():
        place = segment.find(value)
        if place < 0 or segment.count(value) > 1:
            yield CodeSecret(hit.kind, value, value, "text", start, end, literal.node.lineno)
            return
        at = start + place
        # Of the whole text a name may tell, of a part of it only the part's kind.
        names = (name_of(hit.kind).replace("_url", "_password"), *literal.names)
        inner = re.fullmatch(r"\{\s*(['\"])", segment[max(place - 2, 0) : place])
        if inner and segment[place + len(value) : place + len(value) + 1] == inner[1]:
            # f"…{'secret'}…": the whole of the inner literal, which is read as one by itself.
            yield CodeSecret(
                hit.kind, value, value, "str" if form == "f-string" else form, at - 1,
                at + len(value) + 1, literal.node.lineno, (name_of(hit.kind),), hit.confidence,
            )  # fmt: skip
            continue
        piece = _plain_piece(segment, place, value)
        if piece and form == "f-string":
            # f"…" "secret": a literal of its own within the f-string.
            begin, end_, text = piece
            yield CodeSecret(
                hit.kind, value, text, "piece", start + begin, start + end_,
                source.count("\n", 0, at) + 1, names, hit.confidence,
            )  # fmt: skip
            continue
        line = source.count("\n", 0, at) + 1
        yield CodeSecret(
            hit.kind, value, value, form, at, at + len(value), line, names, hit.confidence
        )


def _plain_piece(segment: str, place: int, value: str) -> tuple[int, int, str] | None:
    """Begin, end and text of the literal without expressions around `place` in an f-string.

    None when `value` stands in a part with expressions.
    """
    # In parentheses, lines are no statements.
    rows = f"({segment})".splitlines(keepends=True)
    starts = _starts(rows)
    for token in tokenize.generate_tokens(io.StringIO("".join(rows)).readline):
        # The letters before the quote of a literal without expressions.
        if token.type != tokenize.STRING or not re.match(r"(?i)[ru]?['\"]", token.string):
            continue
        begin, end = (starts[row - 1] + column - 1 for row, column in (token.start, token.end))
        if begin <= place < end:
            text = ast.literal_eval(token.string)
            return (begin, end, text) if value in text else None
    return None


def _bare(value: str) -> str:
    """A header's value without its scheme: what is to be masked wherever it shows."""
    scheme, _, rest = value.partition(" ")
    return rest if scheme.lower() in {"bearer", "token", "basic"} and rest else value


def _is_named(names: tuple[str, ...]) -> bool:
    return bool(names) and any(len(word) > 2 for name in names for word in words_of(name))


def _span(node: ast.expr | ast.stmt, rows: list[str], starts: list[int]) -> tuple[int, int]:
    """The offsets of a node, whose columns are of bytes."""

    def offset(line: int, column: int) -> int:
        row = rows[line - 1].encode("utf-8")
        return starts[line - 1] + len(row[:column].decode("utf-8", errors="replace"))

    end_line = node.end_lineno or node.lineno
    return offset(node.lineno, node.col_offset), offset(end_line, node.end_col_offset or 0)


def place_of_node(node: ast.expr | ast.stmt, source: str) -> tuple[int, int]:
    """The offsets in `source` at which a node of its syntax tree begins and ends."""
    rows = source.splitlines(keepends=True)
    return _span(node, rows, _starts(rows))


def _comments(source: str, starts: list[int], magic: set[int]) -> Iterator[tuple[int, str]]:
    """Offset and text of each comment of Python's."""
    lines = [
        "\n" if n in magic else row for n, row in enumerate(source.splitlines(keepends=True), 1)
    ]
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            if token.type == tokenize.COMMENT:
                yield starts[token.start[0] - 1] + token.start[1], token.string
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return


def _in_comment(text: str) -> list[Hit]:
    """Secrets in a comment, which may be code that was taken out of use."""
    code = text.lstrip("# \t")
    within = secrets_in_code(code) if parsed(code) is not None and not code.startswith("%") else []
    if within:
        shift = len(text) - len(code)
        return [
            Hit(s.kind, s.value, p, p + len(s.value))
            for s in within
            if (p := text.find(s.value, shift)) >= 0
        ]
    return hits(text)


def _in_magic(row: str, start: int, number: int) -> Iterator[CodeSecret]:
    env = _ENV_MAGIC.match(row)
    if env:
        value = env["value"].strip()
        if is_secret(env["name"], value) or any(True for _ in hits(value)):
            at = start + env.start("value")
            yield CodeSecret(
                f"value of '{env['name']}'",
                value,
                value,
                "env",
                at,
                at + len(value),
                number,
                (env["name"],),
            )
        return
    match = _MAGIC_LINE.match(row)
    if match is None or match["mark"] == "!" or re.match(r"\s*%(?:sx|system)\b", row):
        yield from (replace(s, line=number) for s in _in_shell(row, 0, row, start))
    else:
        for hit in hits(row):
            yield CodeSecret(
                hit.kind, hit.value, hit.value, "text", start + hit.start, start + hit.end, number,
                (name_of(hit.kind),), hit.confidence,
            )  # fmt: skip


def _in_shell(source: str, shift: int, text: str, start: int = 0) -> Iterator[CodeSecret]:
    found: list[tuple[int, int, str, str, tuple[str, ...]]] = []
    for match in _EXPORT.finditer(text):
        value = match["value"].strip("'\"")
        if is_secret(match["name"], value):
            at = match.start("value") + (match["value"][0] in "'\"")
            found.append(
                (at, at + len(value), f"value of '{match['name']}'", value, (match["name"],))
            )
    found += [(h.start, h.end, h.kind, h.value, (name_of(h.kind),)) for h in hits(text)]
    for begin, end, kind, value, names in found:
        at = start + shift + begin
        line = source.count("\n", 0, shift + begin) + 1
        yield CodeSecret(kind, value, value, "shell", at, start + shift + end, line, names)


def secrets_in_text(source: str) -> Iterator[CodeSecret]:
    """The secrets in a source of any language, by their own form."""
    return (_at(hit, source, 0, "text", hit.value) for hit in hits(source))


def _at(hit: Hit, source: str, shift: int, form: str, text: str) -> CodeSecret:
    start = shift + hit.start
    line = source.count("\n", 0, start) + 1
    return CodeSecret(
        hit.kind,
        hit.value,
        text,
        form,
        start,
        shift + hit.end,
        line,
        (name_of(hit.kind),),
        hit.confidence,
    )


def masked_source(source: str, secrets: Iterable[CodeSecret], mask: str) -> str:
    """`source` with what stands at the places of `secrets` replaced by `mask`."""
    for secret in sorted(secrets, key=lambda s: -s.start):
        source = source[: secret.start] + mask + source[secret.end :]
    return source
