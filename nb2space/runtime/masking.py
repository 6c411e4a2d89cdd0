"""Secret values taken out of what leaves for viewers and logs, however they are written there.

An app may print a secret without meaning to: an address with a password in it, an error of a
client, a request's headers. The values are known, so each of them is looked for as it is and in
the forms that programs give to text: URL, JSON, HTML and Python escapes (also one within another),
base64 and hexadecimal digits.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from functools import cached_property
from html.entities import codepoint2name
from typing import Any
from urllib.parse import quote

from .pieces import Pieces
from .undoing import as_seen, replaced_as_seen, seen_places
from .verdicts import Remembering
from .within import SHORTEST, parts_of

MASK = "•••••"
"""What stands in the place of a secret value."""

DISTINCT = 8
"""From this length on a value is recognised anywhere, below it only where it stands alone."""

# Characters of base64 that depend on the value only; fewer are found in harmless data.
_CORE = 8

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# Escapes of escapes: "%2525", "&amp;amp;", and backslashes, which double with each further one.
# Bounded, so that no text makes the search slow.
_PERCENTS = "(?:25){0,3}"
_AMPERSANDS = "(?:amp;){0,3}"
_BACKSLASHES = r"\\{0,6}"

# What stands in the place of what was cut out; `%whos` writes it in brackets.
_ELLIPSIS = re.compile(r"(?:<|&lt;)?(?:\.{3}|\u2026)(?:>|&gt;)?")

# What quote, encodeURIComponent, JSON and HTML leave as it is.
_UNRESERVED = "-_.~"

# What CSV, SQL, shells and templates write in the place of a sign: a pattern for what follows it.
_DOUBLED = {
    "'": "(?:'|\"'\"'|\\\\'')?", '"': '"?', "%": "%?", "{": r"\{?", "}": r"\}?", "$": r"\$?",
}  # fmt: skip

_NAMED = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}

_Form = tuple[str, str]
"""One way to write a piece of text: its first character, and a pattern for what follows.

The regex engine skips quickly over text when each alternative of a pattern begins with a character.
"""


class Mask:
    """Replaces `values` in what it is given; empty and very short ones are left alone.

    Values of fewer than 8 characters are replaced only where no letter or digit is beside them; of
    values that a machine has drawn, pieces are replaced, too.
    """

    def __init__(self, values: Iterable[str]) -> None:
        wanted = {part for value in values for part in parts_of(value)}
        # Where one value is the beginning of another, the longer one is tried first.
        self._parts = sorted(wanted, key=lambda part: (-len(part[0]), part))
        self._pattern = re.compile(_grouped(_all_forms(self._parts))) if wanted else None
        self._pieces = Pieces(part for part, _ in self._parts)
        self._mask = Remembering(self._masked)
        self._whole = Remembering(self._without_wholes)

    def __bool__(self) -> bool:
        return self._pattern is not None

    def text(self, text: str) -> str:
        """`text` with the mark in the place of each value."""
        return text if self._pattern is None else self._mask(text)

    def whole(self, text: str) -> str:
        """`text` with the mark in the place of each value that stands there as a whole."""
        return text if self._pattern is None else self._whole(text)

    def _masked(self, text: str) -> str:
        return self._pieces.replaced(self._cut_short(self._without_wholes(text)), MASK)

    def _without_wholes(self, text: str) -> str:
        assert self._pattern
        masked, count = self._pattern.subn(MASK, text)
        return self._unbroken(masked if count else text)

    def _cut_short(self, text: str) -> str:
        """`text` without the ends of values that stand beside an ellipsis, as tables cut them."""
        kept, at = [], 0
        for match in _ELLIPSIS.finditer(text):
            start, end = match.span()
            left, right = (
                text[max(at, start - self._longest) : start],
                text[end : end + self._longest],
            )
            last, first = left[-SHORTEST:], right[:SHORTEST]
            before = max((_begun(left, v) for v in self._spellings if last in v), default=0)
            after = max((_ended(right, v) for v in self._spellings if first in v), default=0)
            if before >= SHORTEST:
                kept += [text[at : start - before], MASK]
                at = start
            if after >= SHORTEST:
                kept += [text[at:end], MASK]
                at = end + after
        return "".join([*kept, text[at:]]) if kept else text

    def _unbroken(self, text: str) -> str:
        """`text` without the values that only what nobody sees breaks: a colour, a tag."""
        if self._seen_pattern is not self._pattern:
            text = self._seen_pattern.sub(MASK, text)
        return replaced_as_seen(text, self._seen_pattern.finditer, lambda match: MASK)

    @cached_property
    def _seen_pattern(self) -> re.Pattern[str]:
        """The pattern for what is seen: a value may have in it what looks like a tag."""
        assert self._pattern
        seen = {(form, whole) for v, whole in self._parts if len(form := as_seen(v)) >= SHORTEST}
        if seen.issubset(self._parts):
            return self._pattern
        parts = sorted({*seen, *self._parts}, key=lambda part: (-len(part[0]), part))
        # What is recognised anywhere stays so when fewer of its characters are seen.
        short = {(as_seen(v), whole) for v, whole in self._parts if len(v) >= DISTINCT}
        short = {part for part in short & seen if len(part[0]) < DISTINCT}
        return re.compile(_grouped([*_all_forms(parts), *_all_forms(sorted(short), alone_below=0)]))

    def begun(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a value."""
        if not self._spellings:
            return 0
        # Colours may be in it, too.
        end = text[-4 * self._longest :]
        seen = as_seen(end)
        most = max(_begun(seen, spelling) for spelling in self._spellings)
        if not most or seen is end:
            return most
        return len(end) - seen_places(end)[-most][0]

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """The values as they are printed most: plain, and as the commonest encoders write them."""
        spellings = dict[str, None]()
        for value, is_whole in self._parts:
            spellings |= dict.fromkeys(
                (value, quote(_utf8(value), safe=""), json.dumps(value)[1:-1],
                 repr(value)[1:-1])
            )  # fmt: skip
            if is_whole:
                spellings[base64.b64encode(_utf8(value)).decode().rstrip("=")] = None
        return tuple(spellings)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._spellings))

    def data(self, data: bytes) -> bytes:
        """`data` with as many asterisks in the place of each value as it had bytes."""
        if self._bytes_pattern is None:
            return data
        masked, count = self._bytes_pattern.subn(lambda found: b"*" * len(found[0]), data)
        return masked if count else data

    def value(self, value: Any) -> Any:
        """`value` with all texts and bytes in it masked; itself where there was nothing to mask."""
        if not self:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes | bytearray | memoryview):
            raw = bytes(value)
            masked = self.data(raw)
            return value if masked == raw else masked
        if isinstance(value, dict):
            pairs = [(self.value(name), self.value(item)) for name, item in value.items()]
            same = all(
                new is old and to is was
                for (new, to), (old, was) in zip(pairs, value.items(), strict=True)
            )
            return value if same else dict(pairs)
        if isinstance(value, list | tuple):
            items = [self.value(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return tuple(items) if isinstance(value, tuple) else items
        return value

    @cached_property
    def _bytes_pattern(self) -> re.Pattern[bytes] | None:
        """The same for UTF-8, and for the plain values in UTF-16. Made when first needed."""
        if self._pattern is None:
            return None
        forms: list[tuple[bytes, bytes]] = []
        for first, rest in _all_forms(self._parts):
            raw = _utf8(first)
            forms.append((raw[:1], re.escape(raw[1:]) + _utf8(rest)))
        for value, _ in self._parts:
            forms += [_wide_form(value, encoding) for encoding in ("utf-16-le", "utf-16-be")]
        return re.compile(_grouped_bytes(list(dict.fromkeys(forms))))


def _begun(text: str, value: str) -> int:
    """How many characters at the end of `text` are the beginning of `value`, but not all of it."""
    at = text.find(value[0], max(len(text) - len(value) + 1, 0))
    while at >= 0 and not value.startswith(text[at:]):
        at = text.find(value[0], at + 1)
    return len(text) - at if at >= 0 else 0


def _ended(text: str, value: str) -> int:
    """How many characters at the beginning of `text` are the end of `value`, but not all of it."""
    most = min(len(text), len(value) - 1)
    return next((n for n in range(most, 0, -1) if value.endswith(text[:n])), 0)


def _all_forms(parts: list[tuple[str, bool]], alone_below: int = DISTINCT) -> list[_Form]:
    """Every form of every part, in the order in which they are tried; shorter ones than
    `alone_below` where they stand alone only."""
    forms: list[_Form] = []
    for value, is_whole in parts:
        alone = len(value) < alone_below
        after = r"(?!\w)" if alone else ""
        forms += _spelled([_written(run) for run in _runs(value)], after, alone)
        if is_whole:
            digits = _utf8(value).hex()
            for spelling in (digits, digits.upper()):
                forms += _spelled([[(digit, "")] for digit in spelling], after, alone)
            for units, last in _base64_cores(value):
                forms += _spelled(units, last, False)
    return list(dict.fromkeys(forms))


def _spelled(units: list[list[_Form]], after: str, alone: bool) -> list[_Form]:
    """A form for each way to begin the first of `units`, `after` being a pattern for the end."""
    following = "".join(_either(unit) for unit in units[1:]) + after
    forms = []
    for first, rest in units[0]:
        guard = _nothing_before(re.escape(first)) if alone else ""
        forms.append((first, guard + rest + following))
    return forms


def _nothing_before(first: str) -> str:
    """A pattern behind the character `first`: before it is no word, escapes being none."""
    return rf"(?:(?<!\w{first})|(?<=\\[nrt]{first})|(?<=%[0-9A-Fa-f]{{2}}{first}))"


def _either(unit: list[_Form]) -> str:
    patterns = [re.escape(first) + rest for first, rest in unit]
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"


def spelled(text: str) -> str:
    """A pattern for `text` in each way in which programs write it, but for base64 and digits."""
    return "".join(_either(_written(run)) for run in _runs(text))


def _runs(value: str) -> list[str]:
    """The characters of `value`, with backslashes that follow one another together."""
    return re.findall(r"\\+|[^\\]", value)


def _written(run: str) -> list[_Form]:
    """How programs write a character, or a run of backslashes; the longest forms first."""
    if run.isascii() and run.isalnum():
        return [(run, "")]
    plain = re.escape(run)
    if run in _UNRESERVED:
        return [("\\", _BACKSLASHES + plain), (run, "")]
    if run[0] == "\\":
        count = len(run)
        again = f"{{{count - 1},{8 * count - 1}}}"
        return [
            ("%", f"{_PERCENTS}5[cC](?:%{_PERCENTS}5[cC]){again}"),
            ("&", f"{_AMPERSANDS}#92;(?:&{_AMPERSANDS}#92;){again}"),
            ("\\", rf"(?:\\{{0,6}}(?:u005[cC]|x5[cC])){{{count}}}"),
            ("\\", r"\\" + again),
        ]
    forms = _escapes(run, plain)
    if run == "\n":
        forms.append(("\r", "\n"))
    if run == " ":
        forms += [("+", ""), ("\xa0", "")]
    return [*forms, (run, _DOUBLED.get(run, ""))]


def _escapes(character: str, plain: str) -> list[_Form]:
    """The escapes of URLs, of JSON and Python, and of HTML, also of one within another."""
    code = ord(character)
    utf8 = _utf8(character)
    utf16 = character.encode("utf-16-be", "surrogatepass").hex()
    percents = "%".join(f"{_PERCENTS}{byte:02x}" for byte in utf8)
    units = [f"u{utf16[start : start + 4]}" for start in range(0, len(utf16), 4)]
    letters = [units, [f"U{code:08x}"], [f"x{byte:02x}" for byte in utf8]]
    if 128 <= code < 256:
        letters.append([f"x{code:02x}"])
    if character in _NAMED:
        letters.append([_NAMED[character]])
    entities = [f"#0{{0,4}}{code}", f"#x0{{0,4}}{code:x}"]
    name = "apos" if character == "'" else codepoint2name.get(code)
    entities += [name] if name else []
    entity = f"{_AMPERSANDS}(?i:{'|'.join(entities)});"
    backslashed = [r"\\{1,7}".join(way) for way in letters]
    quoted_backslash = f"(?:%{_PERCENTS}5c)"
    in_url = [f"{quoted_backslash}{{1,7}}".join(way) for way in letters]
    return [
        (
            "%",
            f"(?i:{percents}|{_PERCENTS}5c{quoted_backslash}{{0,6}}"
            f"(?:%{percents}|{'|'.join(in_url)}))",
        ),
        ("\\", f"{_BACKSLASHES}(?:(?i:{'|'.join(backslashed)})|&{entity}|{plain})"),
        ("&", entity),
    ]


def _base64_cores(value: str) -> list[tuple[list[list[_Form]], str]]:
    """The value in base64 behind 0, 1 and 2 other bytes, with a pattern for the last character.

    Of the characters at both ends some bits belong to the neighbours. The last one is known but for
    these; the first one stays, since it tells four bits at most.
    """
    raw = _utf8(value)
    cores = []
    for shift in range(3):
        end = 8 * (shift + len(raw))
        padded = bytes(shift) + raw + bytes(-(shift + len(raw)) % 3)
        encoded = base64.b64encode(padded).decode()
        core = encoded[-(-8 * shift // 6) : end // 6]
        if len(core) < _CORE:
            continue
        padding = f"(?:=|%{_PERCENTS}3[Dd]){{0,2}}"
        after = padding
        if end % 6:
            lowest = _BASE64.index(encoded[end // 6])
            possible = _BASE64[lowest : lowest + 2 ** (6 - end % 6)]
            after = "|".join(_either(_base64_written(character)) for character in possible)
            after = f"(?:(?:{after}){padding})?"
        cores.append(([_base64_written(character) for character in core], after))
    return cores


def _base64_written(character: str) -> list[_Form]:
    """A character of base64, of its form for URLs, and escaped in a URL or in JSON."""
    if character == "+":
        return [("%", f"{_PERCENTS}2[Bb]"), ("\\", f"{_BACKSLASHES}u002[Bb]"), ("+", ""), ("-", "")]
    if character == "/":
        return [("%", f"{_PERCENTS}2[Ff]"), ("\\", f"{_BACKSLASHES}/"), ("/", ""), ("_", "")]
    return [(character, "")]


def _wide_form(value: str, encoding: str) -> tuple[bytes, bytes]:
    """The value in UTF-16 as its first byte and a pattern for what follows."""
    # Without the zeros at its ends, text of ASCII is the same in both byte orders; and a search for
    # what begins with a zero would be slow in binary data.
    raw = value.encode(encoding, "surrogatepass").strip(b"\0")
    first, rest = raw[:1], re.escape(raw[1:])
    if len(value) >= DISTINCT:
        return first, rest
    return first, rb"(?<!\w\x00" + re.escape(first) + b")" + rest + rb"(?!\x00\w)"


def _grouped(forms: list[_Form]) -> str:
    """One pattern of all forms, those with the same first character together."""
    groups = _by_first(forms)
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in groups.items())


def _grouped_bytes(forms: list[tuple[bytes, bytes]]) -> bytes:
    groups = _by_first(forms)
    return b"|".join(
        re.escape(first) + b"(?:" + b"|".join(rests) + b")" for first, rests in groups.items()
    )


def _by_first(forms: list[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for first, rest in forms:
        groups.setdefault(first, []).append(rest)
    return groups


def _utf8(text: str) -> bytes:
    # An environment variable that is not UTF-8 comes with surrogates in the place of its bytes.
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
