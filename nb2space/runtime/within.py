"""What of a secret value may show by itself: a URL's password, a decoded header, a key's line."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator

from .undoing import unquote

SHORTEST = 4
"""A shorter value is part of too many harmless words and numbers."""

# A line of a value of many lines (a private key) that is looked for on its own.
_LINE = 16

_NAMES = "pass|password|passwd|pwd|sandi|accountkey|accesskey|secret|token|key|sig"
_WITHIN = (
    # Some programs take a password with an "@" in it as it is.
    re.compile(r"://[^/\s:@]*:([^\s@]+)@"),
    re.compile(r"://[^/\s:@]*:([^\s/]+)@"),
    re.compile(r"(?i)^(?:bearer|basic|token)\s+(\S+)$"),
    re.compile(r"^[\w.@+-]{1,64}:(?!//)(\S{6,})$"),
    re.compile(
        rf"(?i)(?:{_NAMES})['\"]?\s*(?:=\s*([^;,&\s'\"]+)|[:=]\s*'([^'\n]+)'|[:=]\s*\"([^\"\n]+)\")"
    ),
)


def parts_of(value: str) -> Iterator[tuple[str, bool]]:
    """What of a secret `value` is looked for, and whether that is all of it or one of its lines."""
    whole = value.strip()
    inner = [part for part in _inner(whole) if len(part) >= SHORTEST]
    for part in dict.fromkeys((whole, *inner)):
        # Letters with accents may be one character or two.
        same = (unicodedata.normalize(form, part) for form in ("NFC", "NFD"))
        for form in dict.fromkeys((part, *same, *_decoded(part))):
            if len(form.strip()) >= SHORTEST:
                yield form.strip(), True
    # A key within JSON has its line ends as "\\n".
    for line in re.split(r"[\r\n]+|(?:\\r)?\\n", whole):
        if len(line.strip()) >= _LINE and line != whole:
            yield line.strip(), False


def _inner(value: str) -> Iterator[str]:
    for pattern in _WITHIN:
        for match in pattern.finditer(value):
            yield next(part for part in match.groups() if part)


def _decoded(value: str) -> Iterator[str]:
    """What programs make of a value: without a URL's escapes, from base64, from hexadecimal digits.

    What is no readable text then has not been one before.
    """
    yield unquote(value)
    for decode in (_from_base64, bytes.fromhex):
        try:
            plain = decode(value).decode()
        except ValueError:
            continue
        if plain.isprintable():
            yield plain
            # The login that basic authentication sends.
            yield plain.partition(":")[2]


def _from_base64(value: str) -> bytes:
    standard = value.replace("-", "+").replace("_", "/")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
