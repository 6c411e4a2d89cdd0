"""Reading Python's syntax tree for the string literals that flow into something secret."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nb2space.secrets.calls import dotted, names_by_position, names_of, text_of
from nb2space.secrets.flow import Aliases
from nb2space.secrets.patterns import hits
from nb2space.secrets.words import Meaning, is_common, is_secret, looks_made_up, meaning_of


@dataclass(frozen=True)
class Literal:
    """A string or bytes literal of the code and the names that its value flows into.

    `form` is "str", "bytes" or "f-string" (one with expressions, whose places in `value` a letter
    takes); `node` is its place in the syntax tree; `names` are in
    the order from the nearest; `fixed` says that no expression can stand in its place.
    """

    value: str
    names: tuple[str, ...]
    form: str
    node: ast.expr
    fixed: bool = False
    is_secret: bool = False


STAND_IN = "\u00f8"
"""A letter that stands for the expressions in an f-string's text."""

_NO_ALIASES: Aliases = {}

# The end of a text that names what is put behind it, and the gaps of %- and format-texts.
_SAYS = re.compile(r"([A-Za-z][\w .-]{0,40}?)\s*[=:]\s*['\"]?$")
_LOGIN_BEGUN = re.compile(r"://[^/@\s]*:$")
_GAPS = re.compile(r"%[sr]|%\(\w+\)s|\{\w*\}")


def literals_of(tree: ast.AST, aliases: Aliases = _NO_ALIASES) -> Iterator[Literal]:
    """Every string and bytes literal below `tree`, once each, secret or not.

    `aliases` are further names of the code's variables.
    """
    yield from _Reader(aliases).read(tree, (), fixed=False)


class _Reader:
    """Walks a syntax tree, carrying the names that a value flows into."""

    def __init__(self, aliases: Aliases) -> None:
        self.aliases = aliases
        self.functions: tuple[str, ...] = ()

    def _all(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names with their aliases."""
        return (*names, *(other for name in names for other in self.aliases.get(name, ())))

    def read(
        self, node: ast.AST | None, names: tuple[str, ...], *, fixed: bool
    ) -> Iterator[Literal]:
        if node is None:
            return
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            yield from method(node, names, fixed)
        else:
            # What an expression computes of a literal flows no further under the same name.
            keeps = isinstance(
                node,
                ast.IfExp | ast.BoolOp | ast.List | ast.Tuple | ast.Set | ast.Starred | ast.Await,
            )
            for child in ast.iter_child_nodes(node):
                yield from self.read(child, names if keeps else (), fixed=fixed)

    # -- the literals themselves ------------------------------------------------------------

    def _constant(
        self, node: ast.Constant, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        if isinstance(node.value, str):
            yield _literal(node.value, names, "str", node, fixed)
        elif isinstance(node.value, bytes):
            try:
                text = node.value.decode("utf-8")
            except UnicodeDecodeError:
                text, fixed = node.value.decode("latin-1"), True
            yield _literal(text, names, "bytes", node, fixed)

    def _joinedstr(
        self, node: ast.JoinedStr, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        parts = [_fixed_text(part) for part in node.values]
        if all(isinstance(part, ast.Constant) for part in node.values):
            yield _literal("".join(parts), names, "str", node, fixed)
            return
        yield Literal("".join(parts), names, "f-string", node, fixed)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from self.read(part.value, (), fixed=fixed)

    # -- what gives names -------------------------------------------------------------------

    def _assign(self, node: ast.Assign, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        for target in node.targets:
            yield from self._keys_in(target, fixed)
        # a = password = "…"
        others = tuple(n for target in node.targets[1:] for n in self._all(names_of(target)))
        yield from self._into(node.targets[0], node.value, others, fixed)

    def _into(
        self, target: ast.expr, value: ast.expr, others: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        row = ast.Tuple | ast.List
        if (
            isinstance(target, row)
            and isinstance(value, row)
            and len(target.elts) == len(value.elts)
        ):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from self._into(one, other, others, fixed)
            return
        names = (*self._all(names_of(target)), *others)
        if isinstance(value, ast.Tuple) and len(value.elts) == 2 and "auth" in names:
            # auth = ("ana", "…"), as requests takes it.
            yield from self.read(value.elts[0], (), fixed=fixed)
            yield from self.read(value.elts[1], ("auth_password",), fixed=fixed)
            return
        yield from self.read(value, names, fixed=fixed)

    def _for(
        self, node: ast.For | ast.AsyncFor, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self._each(node.target, node.iter, fixed)
        for statement in (*node.body, *node.orelse):
            yield from self.read(statement, (), fixed=fixed)

    _asyncfor = _for

    def _comprehension(
        self, node: ast.comprehension, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self._each(node.target, node.iter, fixed)
        for condition in node.ifs:
            yield from self.read(condition, (), fixed=fixed)

    def _each(self, target: ast.expr, items: ast.expr, fixed: bool) -> Iterator[Literal]:
        """for password in ["…"]: what `target` is, each item is."""
        row = items.elts if isinstance(items, ast.List | ast.Tuple | ast.Set) else []
        if not row or any(is_common(text) for item in row for text in text_of(item)):
            yield from self.read(items, (), fixed=fixed)
            return
        for item in row:
            yield from self._into(target, item, (), fixed)

    def _keys_in(self, target: ast.expr, fixed: bool) -> Iterator[Literal]:
        """The literals within a target: the keys of subscripts."""
        for child in ast.iter_child_nodes(target):
            if isinstance(child, ast.expr):
                yield from self.read(child, (), fixed=fixed)

    def _annassign(
        self, node: ast.AnnAssign, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self.read(node.annotation, (), fixed=True)
        yield from self.read(node.value, self._all(names_of(node.target)), fixed=fixed)

    def _augassign(
        self, node: ast.AugAssign, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self.read(node.value, self._all(names_of(node.target)), fixed=fixed)

    def _namedexpr(
        self, node: ast.NamedExpr, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self.read(node.value, (*self._all(names_of(node.target)), *names), fixed=fixed)

    def _dict(self, node: ast.Dict, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        # passwords = {"ana": "…"}: the values of what is called so.
        whole = names if any(meaning_of(name) > Meaning.MAYBE for name in names) else ()
        for key, value in zip(node.keys, node.values, strict=True):
            yield from self.read(key, (), fixed=fixed)
            own = text_of(key)
            told = any(meaning_of(name) for name in own) or not _is_person(own)
            yield from self.read(value, own if told else (*own, *whole), fixed=fixed)

    def _compare(self, node: ast.Compare, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        sides = [node.left, *node.comparators]
        of_others = [
            tuple(n for other in sides if other is not side for n in self._all(names_of(other)))
            for side in sides
        ]
        for side, others in zip(sides, of_others, strict=True):
            yield from self.read(side, others, fixed=fixed)

    def _binop(self, node: ast.BinOp, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            yield from self.read(node.left, names, fixed=fixed)
            yield from self._filled(node.left, given, fixed)
            return
        if not isinstance(node.op, ast.Add):
            yield from self.read(node.left, (), fixed=fixed)
            yield from self.read(node.right, (), fixed=fixed)
            return
        terms = _terms(node)
        texts = ["".join(text_of(term)) for term in terms]
        for term, before, after in zip(terms, ["", *texts], [*texts[1:], ""], strict=False):
            # "… password=" + "…": the text before says what comes.
            said = _SAYS.search(before)
            login = _LOGIN_BEGUN.search(before) and after.startswith("@")
            own = ("password",) if login else (said[1],) if said else ()
            yield from self.read(term, (*own, *names), fixed=fixed)

    def _filled(self, text: ast.expr, given: Sequence[ast.expr], fixed: bool) -> Iterator[Literal]:
        """The literals that are put into the gaps of a text: "//ana:%s@db" % "…"."""
        parts = _GAPS.split("".join(text_of(text)))
        for number, value in enumerate(given):
            before = "".join(str(part) for part in parts[: number + 1])[-200:]
            after = str(parts[number + 1]) if number + 1 < len(parts) else ""
            login = _LOGIN_BEGUN.search(_GAPS.sub("x", before)) or (
                number and before.endswith(":") and "://" in before
            )
            said = _SAYS.search(before)
            names = ("password",) if login and after.startswith("@") else (said[1],) if said else ()
            yield from self.read(value, names, fixed=fixed)

    def _call(self, node: ast.Call, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        called = dotted(node.func)
        last = called[-1] if called else ""
        if isinstance(node.func, ast.Attribute) and last == "format" and text_of(node.func.value):
            yield from self.read(node.func.value, names, fixed=fixed)
            yield from self._filled(node.func.value, node.args, fixed)
            for keyword in node.keywords:
                yield from self.read(keyword.value, _named(keyword.arg), fixed=fixed)
            return
        yield from self.read(node.func, names, fixed=fixed)
        given = names_by_position(node, names)
        for argument, own in zip(node.args, given, strict=True):
            yield from self.read(argument, own, fixed=fixed)
        for keyword in node.keywords:
            pair = keyword.value
            if keyword.arg == "auth" and isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                alone = text_of(pair.elts[1]) == ("",)
                yield from self.read(pair.elts[0], ("password",) if alone else (), fixed=fixed)
                yield from self.read(pair.elts[1], ("password",), fixed=fixed)
                continue
            own = _named(keyword.arg)
            if keyword.arg and last[:1].isupper() and meaning_of(keyword.arg):
                # OpenAI(api_key="…") makes a better name than the keyword alone.
                own = (keyword.arg, f"{last}_{keyword.arg}")
            if keyword.arg in ("value", "default", "fallback"):
                # Password(value="…") is named by what it makes, add_argument("--db-pass") by that.
                texts = (text for argument in node.args for text in text_of(argument))
                own = (*own, last, *texts, *names)
            yield from self.read(keyword.value, own, fixed=fixed)

    def _attribute(
        self, node: ast.Attribute, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        # "…".encode() and "…".strip() are the value still.
        yield from self.read(node.value, names, fixed=fixed)

    def _list(self, node: ast.List, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        # ["mysqldump", "-p…"]: a command line in pieces, which is read as a whole.
        words = [text for item in node.elts for text in text_of(item)]
        said = {hit.value for hit in hits(" ".join(words))} if len(words) > 1 else set()
        for item in node.elts:
            text = "".join(text_of(item))
            if any(value in text for value in said) and not any(
                h.value in said for h in hits(text)
            ):
                yield Literal(text, ("command_password",), "str", item, fixed, is_secret=True)
            else:
                yield from self.read(item, names, fixed=fixed)

    def _tuple(self, node: ast.Tuple, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        # ("Authorization", "…"): a header as a pair.
        pair = text_of(node.elts[0]) if len(node.elts) == 2 else ()
        for number, item in enumerate(node.elts):
            yield from self.read(item, (*pair, *names) if number == 1 else names, fixed=fixed)

    def _subscript(
        self, node: ast.Subscript, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self.read(node.value, (), fixed=fixed)
        yield from self.read(node.slice, (), fixed=fixed)

    def _arguments(
        self, node: ast.arguments, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        positional = [*node.posonlyargs, *node.args]
        pairs = [
            *zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True),
            *zip(node.kwonlyargs, node.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            yield from self.read(default, (argument.arg,), fixed=fixed)
        for argument in [*positional, *node.kwonlyargs]:
            yield from self.read(argument.annotation, (), fixed=True)

    def _expr(self, node: ast.Expr, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        # A docstring is read by name, so nothing may stand in its place.
        yield from self.read(node.value, (), fixed=fixed or isinstance(node.value, ast.Constant))

    def _functiondef(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        around, self.functions = self.functions, (*self.functions, node.name)
        for child in ast.iter_child_nodes(node):
            yield from self.read(child, (), fixed=fixed)
        self.functions = around

    _asyncfunctiondef = _functiondef

    def _return(self, node: ast.Return, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        # def get_password(): return "…". What is no secret there is an answer in words.
        made_up = any(map(looks_made_up, text_of(node.value)))
        yield from self.read(node.value, self.functions[-1:] if made_up else (), fixed=fixed)

    def _match(self, node: ast.Match, names: tuple[str, ...], fixed: bool) -> Iterator[Literal]:
        yield from self.read(node.subject, (), fixed=fixed)
        for case in node.cases:
            yield from self.read(case, self._all(names_of(node.subject)), fixed=fixed)

    def _matchvalue(
        self, node: ast.MatchValue, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self.read(node.value, names, fixed=True)

    def _match_case(
        self, node: ast.match_case, names: tuple[str, ...], fixed: bool
    ) -> Iterator[Literal]:
        yield from self.read(node.pattern, names, fixed=True)
        yield from self.read(node.guard, (), fixed=fixed)
        for statement in node.body:
            yield from self.read(statement, (), fixed=fixed)


def _literal(value: str, names: tuple[str, ...], form: str, node: ast.expr, fixed: bool) -> Literal:
    secret = any(_flows(name, value) for name in names)
    return Literal(value, names, form, node, fixed, secret)


def _flows(name: str, value: str) -> bool:
    # A header's value names its scheme first.
    bare = (
        value.partition(" ")[2]
        if value.lower().startswith(("bearer ", "token ", "basic "))
        else value
    )
    return is_secret(name, bare)


def _named(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()


def _is_person(names: tuple[str, ...]) -> bool:
    """True for a key such as "ana": one word, which may well be a user's."""
    return all(re.fullmatch(r"[\w.@+-]{1,40}", name) for name in names)


def _fixed_text(part: ast.expr) -> str:
    """What a part of an f-string adds to its text, as far as it is known."""
    if isinstance(part, ast.FormattedValue) and part.format_spec is None:
        part = part.value
    is_text = isinstance(part, ast.Constant) and isinstance(part.value, str)
    return str(part.value) if is_text and isinstance(part, ast.Constant) else STAND_IN


def _terms(node: ast.expr) -> list[ast.expr]:
    """The terms of a row of additions, in their order."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_terms(node.left), *_terms(node.right)]
    return [node]
