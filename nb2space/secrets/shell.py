"""Lifting secrets out of shell lines: a variable stands only where the shell puts its value."""

from __future__ import annotations

import re
from collections.abc import Collection

from nb2space.runtime.codelines import parsed
from nb2space.secrets.code import CodeSecret

# "<<EOF", "<<-'EOF'"; not "<<<", which takes a word.
_DOCUMENT = re.compile(r"<<-?[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\(\w+)|(\w+))")
# What the shell takes for more than itself, by the quotes around it.
_SPECIAL = {"": re.compile(r"[\\$`'\"{~]"), '"': re.compile(r"[\\$`\"]"), "'": re.compile("'")}
_MARK = re.compile(r"[ \t]*(?:[\w., ]+=[ \t]*)?(?:!{1,2}|%(?:sx|system)\b)")
# Cell magics whose text IPython expands as it does that of a "!" line.
_EXPANDED = ("sx", "system", "!")
_STAND_IN = "Zq0"
# Names in capitals that nobody gives to variables of Python's.
_ENVIRONMENTS_OWN = {"HOME", "HOSTNAME", "LANG", "PATH", "PWD", "SHELL", "TMPDIR", "USER"}


def in_shell(source: str, secret: CodeSecret, name: str, ours: Collection[str]) -> list[str]:
    """What may stand in the place of `secret`, for the value of the environment's `name`.

    `ours` are the names that stand for secrets in `source`. Nothing where it cannot be known.
    """
    magic = re.match(r"%%(\w+|!)", source.lstrip())
    begun = source.find("\n") + 1 if magic else _begin_of_line(source, secret.start)
    end = len(source) if magic else _end_of_line(source, secret.end)
    before, after = source[begun : secret.start], source[secret.end : end]
    if magic and magic[1] not in _EXPANDED:
        return _variable(f"${{{name}}}", before, secret.text)
    # In these lines braces are Python's; all stays as it is when one of them names nothing.
    plain = _expanded(f"{before}{_STAND_IN}{after}", ours)
    if plain == f"{before}{_STAND_IN}{after}":
        return _variable(f"${name}" + '""' * bool(re.match(r"[\w.]", after)), before, secret.text)
    of_python = f'{{__import__("os").environ["{name}"]}}'
    new = _expanded(before + of_python + after, ours)
    proved = plain is not None and new == plain.replace(_STAND_IN, "x")
    return [of_python] if proved and not re.search(r"[${}]", secret.text) else []


def _variable(variable: str, before: str, value: str) -> list[str]:
    """The shell's variable for `value`, quoted as need be behind the shell's text `before`."""
    around = quoting_of(before)
    if around is None or _SPECIAL[around].search(value):
        return []
    return [f"'\"{variable}\"'"] if around == "'" else [variable]


def _expanded(command: str, ours: Collection[str]) -> str | None:
    """`command` as IPython gives it to the shell, "x" being the value of every expression.

    The command itself when something in it is none; None when that cannot be known.
    """
    from IPython.utils.text import DollarFormatter

    try:
        parts = list(DollarFormatter().parse(command))
    except ValueError:
        return command
    for _, field, spec, _ in parts:
        if field is None:
            continue
        whole = ":".join(filter(None, (field, spec)))
        if whole in _ENVIRONMENTS_OWN or whole in ours or f"{whole}=" in command:
            return command
        if whole.isupper() and f"{{{whole}}}" not in command:
            # "$URL" may be the shell's or Python's.
            return None
        if parsed(f"({whole})") is None:
            return command
    return "".join(text + "x" * (field is not None) for text, field, _, _ in parts)


def _begin_of_line(source: str, at: int) -> int:
    """Where the shell's own text begins in the line around `at`, which may go on over several."""
    start = source.rfind("\n", 0, at) + 1
    while source[:start].endswith("\\\n"):
        start = source.rfind("\n", 0, start - 1) + 1
    mark = _MARK.match(source, start)
    return mark.end() if mark else start


def _end_of_line(source: str, at: int) -> int:
    end = re.compile(r"(?<!\\)\n").search(source, at)
    return end.start() if end else len(source)


def quoting_of(text: str) -> str | None:
    """The quote that is open at the end of the shell's `text`: "", "'" or '"'.

    None where no variable is replaced by its value, as in a here-document with a quoted end.
    """
    open_: list[str] = []
    documents: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        sign, around = text[at], open_[-1] if open_ else ""
        if sign == "\\" and around != "'":
            at += 1
        elif sign == "'" and around in ("'", "$'"):
            open_.pop()
        elif around in ("'", "$'"):
            pass
        elif sign in '"`':
            open_.pop() if around == sign else open_.append(sign)
        elif text.startswith("$(", at):
            open_.append("(")
            at += 1
        elif around == '"':
            pass
        elif sign == "'":
            open_.append("$'" if text[at - 1 : at] == "$" else "'")
        elif sign == "(":
            open_.append("(")
        elif sign == ")" and around == "(":
            open_.pop()
        elif sign == "#" and (at == 0 or text[at - 1] in " \t\n;&|("):
            at = (text + "\n").index("\n", at) - 1
        elif text.startswith("<<<", at):
            at += 2
        elif document := _DOCUMENT.match(text, at):
            word = next(filter(None, document.groups()))
            documents.append((word, document[4] is None))
            at = document.end() - 1
        elif sign == "\n" and documents:
            word, is_literal = documents.pop(0)
            end = re.compile(rf"^\t*{re.escape(word)}$", re.M).search(text, at + 1)
            if end is None:
                # In it quotes are no quotes, and special is what is special between them.
                return None if is_literal else '"'
            at = end.end() - 1
        at += 1
    last = open_[-1] if open_ else ""
    return {"$'": None, "(": "", "`": ""}.get(last, last)
