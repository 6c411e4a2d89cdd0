"""Lifting secrets out of code: in the literal's place stands `os.environ["NAME"]`.

Each lift is proved: the new source, read with the values in the place of their names, must have
the same syntax tree as the old one. What cannot be proved is not lifted, and is named.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nb2space.runtime.masking import MASK
from nb2space.runtime.sealedsecrets import Place
from nb2space.runtime.undoing import unescape
from nb2space.secrets.code import CodeSecret, tree_of
from nb2space.secrets.osname import ENVIRON, ENVIRON_ANYWHERE, has_other_os, imports_os_before
from nb2space.secrets.shell import in_shell
from nb2space.secrets.words import words_of

# The Hub's rule for names of secrets, and what systems and Jupyter use themselves.
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_LONGEST_NAME = 40
_TAKEN = {
    "PATH", "HOME", "USER", "SHELL", "LANG", "PWD", "TZ", "HOST", "PORT", "TMPDIR", "PYTHONPATH",
    "PASS", "KEY", "PW", "VALUE", "TEXT", "AUTH",
}  # fmt: skip
_FSTRING_QUOTE = re.compile(r"(?i)[rfbu]*(\"\"\"|'''|\"|')")


@dataclass(frozen=True)
class Lifted:
    """A source without its secrets: those that were lifted, masked and left in it.

    `lifted` pairs each secret with its name; `masked` stood in comments; `left` could not be
    lifted and are still in `source`.
    """

    source: str
    lifted: tuple[tuple[CodeSecret, str], ...] = ()
    masked: tuple[CodeSecret, ...] = ()
    left: tuple[CodeSecret, ...] = ()


@dataclass
class Names:
    """The names of a notebook's secrets: one for one value, the same in every conversion.

    `within` says where in a value the secrets themselves stand, if they are not all of it.
    `avoided` are names that the code asks the environment for already, `environ` is how lifted
    code asks it.
    """

    values: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    within: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    avoided: frozenset[str] = frozenset()
    environ: str = ENVIRON

    def of(self, text: str, wanted: Iterable[str], *, exactly: bool = False) -> str:
        """The name of `text`: the one it has, else the first of `wanted` that can be one."""
        for name, value in self.values.items():
            if value == text and (not exactly or name in wanted):
                return name
        base = next((name for name in map(_name_of, wanted) if name), "SECRET")
        if exactly:
            base = next(iter(wanted))
        name, number = base, 2
        while name in self.values or (name in self.avoided and not exactly):
            name, number = f"{base}_{number}", number + 1
        self.values[name] = text
        return name

    def note_within(self, name: str, secret: CodeSecret) -> None:
        """Note where in the value of `name` the secrets stand that were found in it."""
        places = {*self.within.get(name, ()), *_places(secret)}
        if places:
            self.within[name] = tuple(sorted(places))

    def keep_only(self, tried: set[str], used: set[str]) -> None:
        """Forget those of the `tried` names that are not `used` in the end."""
        self.used |= used
        for name in tried - self.used:
            del self.values[name]


def lift_secrets(
    source: str, found: Sequence[CodeSecret], names: Names, *, has_os: bool = False
) -> Lifted:
    """`source` without the secrets `found` in it; their names and values are added to `names`.

    With `has_os`, an earlier cell has imported `os`.
    """
    named = {
        secret: names.of(secret.text, secret.names, exactly=secret.form == "env")
        for secret in found
        if secret.form not in ("comment", "text")
    }
    environ = ENVIRON_ANYWHERE if has_other_os(source) else names.environ
    current = source
    lifted: list[tuple[CodeSecret, str]] = []
    left: list[CodeSecret] = []
    # From the end, so that the places of those before stay what they are.
    for secret in reversed(found):
        if secret.form == "comment":
            current = _replaced(current, secret, MASK)
            continue
        new = _candidates(current, secret, environ, named) if secret in named else []
        changed = _first_same(current, secret, new, named.get(secret, ""))
        if changed is None:
            left.insert(0, secret)
        else:
            current = changed
            lifted.insert(0, (secret, named[secret]))
    names.keep_only({name for name in named.values()}, {name for _, name in lifted})
    for secret, name in lifted:
        names.note_within(name, secret)
    needs_os = environ == ENVIRON and any(secret.form != "shell" for secret, _ in lifted)
    if needs_os and not has_os:
        current = _with_import(current)
    masked = tuple(secret for secret in found if secret.form == "comment")
    return Lifted(current, tuple(lifted), masked, tuple(left))


def _places(secret: CodeSecret) -> Iterator[Place]:
    """Where in the text of `secret` its values stand, but for one that is all of it."""
    for value in secret.values:
        # The engine reads the source, where a key's line ends are escapes.
        for written in dict.fromkeys((value, unescape(value))):
            if written and written != secret.text:
                for match in re.finditer(re.escape(written), secret.text):
                    yield match.start(), len(secret.text) - match.end()


def _first_same(
    source: str, secret: CodeSecret, candidates: Iterable[str], name: str
) -> str | None:
    """`source` with the first of the candidates that is sure to mean the same; None without one."""
    for new in candidates:
        changed = _replaced(source, secret, new)
        if secret.form in ("env", "shell") or _same(source, changed, name, secret.text):
            return changed
    return None


def _candidates(
    source: str, secret: CodeSecret, environ: str, named: Mapping[CodeSecret, str]
) -> list[str]:
    """What may stand in the secret's place, the likeliest first."""
    if secret.form == "shell":
        return in_shell(source, secret, named[secret], set(named.values()))
    # Within an f-string the other quotes may be the ones that do not end it.
    double = f'{environ}["{named[secret]}"]'.replace("'", '"')
    single = double.replace('"', "'")
    return {
        "str": [double, single],
        "bytes": [f"{double}.encode()", f"{single}.encode()"],
        "f-string": [f"{{{single}}}", f"{{{double}}}"],
        "piece": [f'f"{{{single}}}"', f"f'{{{double}}}'"],
        "env": [f"{{{double}}}"],
    }[secret.form]


def _replaced(source: str, secret: CodeSecret, new: str) -> str:
    return source[: secret.start] + new + source[secret.end :]


def _with_import(source: str) -> str:
    """`source` with `import os` before its first use."""
    if imports_os_before(source, source.index(ENVIRON)):
        return source
    rows = source.splitlines(keepends=True)
    at = 1 if rows and rows[0].lstrip().startswith("%%") else 0
    tree, _ = tree_of(source)
    body = tree.body if tree else []
    for statement in body:
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not future and not (docstring and statement is body[0]):
            break
        at = statement.end_lineno or at
    return "".join([*rows[:at], "import os\n", *rows[at:]])


def _same(old: str, new: str, name: str, value: str) -> bool:
    """True when `new`, with `value` in the place of the variable `name`, reads as `old` does."""
    before, after = tree_of(old)[0], tree_of(new)[0]
    if before is None or after is None:
        return False
    # The same secret may have been lifted elsewhere in the source already.
    once, put = _Put(name, value), _Put(name, value)
    before, after = once.visit(before), put.visit(after)
    equal = ast.dump(_Merged().visit(before)) == ast.dump(_Merged().visit(after))
    return equal and put.count == once.count + 1


class _Put(ast.NodeTransformer):
    """Puts the value back in the place of `os.environ[name]`."""

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value
        self.count = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        encodes = isinstance(node.func, ast.Attribute) and node.func.attr == "encode"
        if encodes and not node.args and self._is_lifted(node.func.value):  # type: ignore[attr-defined]
            self.count += 1
            return ast.Constant(self.value.encode())
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if self._is_lifted(node):
            self.count += 1
            return ast.Constant(self.value)
        return self.generic_visit(node)

    def _is_lifted(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and isinstance(node.slice, ast.Constant)
            and node.slice.value == self.name
            and ast.unparse(node.value) in (ENVIRON, ENVIRON_ANYWHERE.replace('"', "'"))
        )


class _Merged(ast.NodeTransformer):
    """Makes f-strings comparable: neighbouring constants are one, also those that were put in."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        values: list[ast.expr] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue) and part.conversion == -1:
                inner = part.value
                if (
                    part.format_spec is None
                    and isinstance(inner, ast.Constant)
                    and isinstance(inner.value, str)
                ):
                    part = ast.Constant(inner.value)
            last = values[-1] if values else None
            if isinstance(part, ast.Constant) and isinstance(last, ast.Constant):
                values[-1] = ast.Constant(f"{last.value!s}{part.value!s}")
            else:
                values.append(part)
        if len(values) == 1 and isinstance(values[0], ast.Constant):
            return values[0]
        return ast.JoinedStr(values)


def _name_of(text: str) -> str:
    """An environment variable's name from a name or kind; "" when nothing can be made of it."""
    words = [word for word in words_of(text.replace("OpenAI", "Openai")) if word.isascii()]
    name = "_".join(words).upper()[:_LONGEST_NAME].strip("_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(name.lower()):
        return ""
    if name in _TAKEN or name.startswith(("NB2SPACE", "LC_", "JUPYTER", "VOILA")):
        return f"APP_{name}"
    return name
