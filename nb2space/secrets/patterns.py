"""Secrets that show by their own form, in any text: providers' tokens, URLs, headers, settings.

Providers' forms come from a maintained engine (kingfisher, in process, without a network); what
it leaves to the context is added here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from nb2space.secrets.words import (
    Meaning,
    entropy,
    is_placeholder,
    is_secret,
    is_shortened,
    kinds_of,
    looks_made_up,
    looks_random,
    meaning_of,
)


@dataclass(frozen=True)
class Hit:
    """A secret in a text: its kind, the value, and where it stands (offsets of characters)."""

    kind: str
    value: str
    start: int
    end: int
    confidence: str = "high"


# Parts of composite rules that the engine shows only together with their other half.
_PARTS_TO_KEEP = {"betterleaks.aws-secret-access-key"}
# What the forms below tell better.
_GENERIC = {
    "betterleaks.generic-credential-uri",
    "betterleaks.curl-auth-header",
    "betterleaks.curl-auth-user",
}
_LEAST_RANDOM = 12

_LONGEST = 1_000_000

_CREDENTIAL_URL = re.compile(
    r"(?i)\b([a-z][a-z0-9+.-]{1,30})://([^\s:/@'\"<>{}]*):([^\s@'\"<>]{3,}?)@(?=[\w\[{%.-])"
)
_TOKEN_URL = re.compile(r"(?i)\bhttps?://([A-Za-z0-9_-]{20,})@[\w.-]+")
_QUERY = re.compile(r"(?i)[?&;]([\w.-]{2,40})=([^\s&;'\"<>#]{6,})")
_SCHEME = re.compile(r"(?i)\b(bearer|token|apikey|api-key|key)[ :]+([A-Za-z0-9._~+/=:-]{12,})")
_BASIC = re.compile(r"(?i)\bbasic\s+([A-Za-z0-9+/]{8,}={0,2})(?![\w+/=])")
# "Server=db;Uid=ana;Pwd=…": ODBC, ADO.NET, Azure storage, libpq's "host=… password=…".
_PAIR = re.compile(
    r"(?i)(?:^|[;\s,?'\"{])((?:[\w.-]+[ _-])?(?:password|passwd|pwd|accountkey|sharedaccesskey|"
    r"secret|sharedaccesssignature|access_token|token|sig))[ \t]*=[ \t]*"
    r"(\{[^{}]+\}|[^;,\s'\"]{4,})(?=[;,\s'\"]|$)"
)
_SETTING = re.compile(
    r"""(?imx)
    (?P<quote>["']?) (?P<name>[a-z_][\w.-]{1,60}(?:[ ](?:key|token|password|sandi))?) (?P=quote)
    [ \t]* (?:[:=]{1,2}|=>|\bis\b|\badalah\b) [ \t]*
    (?: "(?P<double>[^"\n]{4,})" | '(?P<single>[^'\n]{4,})' | `(?P<tick>[^`\n]{4,})`
      | (?P<bare>[^\s"'`,;<>()\[\]{}]{4,}) )
    """
)
_FLAG = re.compile(
    r"(?i)(?:^|\s)--?((?:[\w-]*)(?:password|passwd|pass|secret|token|api-key|apikey|access-key))"
    r"(?:=|\s+)([^\s'\"]{4,}|'[^'\n]{4,}'|\"[^\"\n]{4,}\")"
)
_USER_FLAG = re.compile(r"(?:^|\s)(?:-u|--user)[ =]?['\"]?([^\s:'\"]+):([^\s'\"]{4,})")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END \1-----|\Z)", re.S
)
_GENERIC_TOKEN = re.compile(
    r"(?<![\w-])(sk|pk|rk|api|key|tok|pat|whsec)[-_][A-Za-z0-9_-]{20,}(?![\w-])"
)
_SQL = re.compile(
    r"(?i)\b(identified by|password|secret|passwd|key_id|pwd)\s+(?:as\s+)?'([^'\n]{4,})'"
)
_SHORT_FLAG = re.compile(
    r"\bsshpass\s+-p\s*['\"]?([^\s'\"]{4,})|\b(?:mysql|mariadb)\w*\s(?:.{0,200}?\s)?-p([^\s'\"]{4,})"
)
_ORACLE = re.compile(r"(?:^|[\s'\"])[A-Za-z]\w*/([^\s/@'\"]{4,})@[\w.-]+(?::\d+)?/\w+")
_BOT = re.compile(r"\b(?:bot)?(\d{8,10}:[A-Za-z0-9_-]{30,40})(?![\w-])")
_HOOK = re.compile(
    r"https://[\w.-]+/(?:[\w/-]*/)?(?:webhooks?|hooks|services)/[\w/-]*[A-Za-z0-9_-]{20,}"
)
_ELEMENT = re.compile(r"<([A-Za-z][\w.:-]*)(?:\s[^<>]*)?>([^<>\n]{4,})</\1>")
_INPUT = re.compile(
    r"(?i)<input\b(?=[^<>]*type=[\"']?password)[^<>]*\bvalue=[\"']([^\"']{4,})[\"']"
)
_MAPBOX = re.compile(r"\bsk\.eyJ[\w-]{10,}\.[\w-]{10,}")
# "xnd_production_…", "tskey-auth-…": a maker's prefix and what a machine drew.
_PREFIXED = re.compile(
    r"(?<![\w./-])[a-z]{2,8}(?:[-_.][a-z]{2,12})?[-_.]([A-Za-z0-9_-]{24,})(?![\w/-])"
)
_IS_ID = re.compile(r"\bid['\"]?\s*[:=]\s*['\"]?$")
_PATH_KEY = re.compile(r"(?i)https?://[^\s'\"<>]*/(?:api[-_]?)?(?:key|token)/([A-Za-z0-9_-]{16,})")
_COOKIE = re.compile(
    r"(?i)(?:^|[\s;'\"])\w{0,20}(?:sess|sid|auth|token)\w{0,20}=([A-Za-z0-9%._-]{12,})(?=[;'\"]|$)"
)
_LOGIN = re.compile(r"(?i)\b(?:login|akun)\b[^\n:/]{0,40}:\s*[\w.@-]+\s*/\s*([^\s/]{6,})")
# Commands that are given a secret without a name.
_COMMANDS = re.compile(
    r"\bwandb\s+login\s+(?P<a>[\w-]{20,})|\b(?:un)?zip\s[^\n|]{0,80}?-P\s*(?P<b>[^\s'\"]{4,})"
    r"|\becho\s+['\"]?(?P<c>[^\s|'\"]{4,})['\"]?\s*\|\s*sudo\s+(?:-\w+\s+)*-S"
    r"|\bmc\s+alias\s+set\s+\S+\s+\S+\s+\S+\s+(?P<d>[^\s'\"]{4,})"
    r"|\b7z\s[^\n|]{0,80}?-p(?P<e>[^\s'\"]{4,})"
)
_CONFIGURE = re.compile(r"\b(?:configure|config)\s+set\s+([\w.-]+)\s+([^\s'\"]{6,})")
_AWS_ID = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])")
_SAYS_PASSWORD = re.compile(
    r"(?i)\b(?:kata sandi|password|passwd|sandi|passphrase)\w*"
    r"(?:\s+(?:is|was|adalah|ialah|now|untuk \w+|for \w+)){0,3}\s*[:=]?\s+"
    r"[`'\"]?([^\s`'\",;<>()]{6,})"
)


def hits(text: str) -> list[Hit]:
    """The secrets in `text`, the largest where several overlap; in the order of the text."""
    if not text.strip():
        return []
    # Nobody writes a password into megabytes of text; providers' tokens are found all the same.
    found = [*engine_hits(text), *(_by_form(text) if len(text) <= _LONGEST else ())]
    found.sort(key=lambda hit: (hit.start - hit.end, hit.start))
    kept: list[Hit] = []
    for hit in found:
        if not any(hit.start < other.end and other.start < hit.end for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


_loading = Lock()


def load_engine() -> None:
    """Load the engine, which takes a while; in a thread of its own it takes nobody's time."""
    _engine()


def _engine() -> Any:
    with _loading:
        return _loaded_engine()


@lru_cache(maxsize=1)
def _loaded_engine() -> Any:
    from kingfisher_sdk import Rules, Scanner

    return Scanner(Rules(cache=True))


def engine_hits(text: str) -> list[Hit]:
    """What the engine finds in `text`: providers' tokens, in the context that they stand in."""
    return list(_by_engine(text))


def _by_engine(text: str) -> Iterator[Hit]:
    raw = text.encode("utf-8", errors="replace")
    for finding in _engine().scan(raw):
        if not finding.visible and finding.rule_id not in _PARTS_TO_KEEP:
            continue
        if finding.rule_id in _GENERIC:
            continue
        start, end = finding.location["start_offset"], finding.location["end_offset"]
        value = finding.secret
        if raw[start:end] != value.encode("utf-8", errors="replace"):
            # Found within what was encoded: all of that is the secret.
            value = raw[start:end].decode("utf-8", errors="replace")
        if is_placeholder(value) and "\n" not in value and "://" not in value:
            continue
        first = len(raw[:start].decode("utf-8", errors="replace"))
        kind = finding.rule_id.partition(".")[2].replace("-", " ") or finding.rule_name
        confidence = "high" if finding.confidence == "high" else "medium"
        yield Hit(kind, value, first, first + len(value), confidence)


def _by_form(text: str) -> Iterator[Hit]:
    for match in _PRIVATE_KEY.finditer(text):
        if len(match[0]) > 80:
            yield _hit("private key", match, 0)
    for match in _CREDENTIAL_URL.finditer(text):
        if not is_placeholder(match[3]) and match[3] != match[2]:
            yield _hit(f"password in a {match[1].lower()} URL", match, 3)
    for match in _TOKEN_URL.finditer(text):
        if looks_random(match[1]):
            yield _hit("token in a URL", match, 1)
    for match in _QUERY.finditer(text):
        if _is_setting(match[1], match[2], quoted=True):
            yield _hit(f"'{match[1]}' in a URL", match, 2, "medium")
    for match in _SCHEME.finditer(text):
        if not (is_placeholder(match[2]) or is_shortened(match[2])) and (
            looks_random(match[2]) if len(match[2]) >= 16 else looks_made_up(match[2])
        ):
            yield _hit(f"{match[1].lower()} header", match, 2)
    for match in _BASIC.finditer(text):
        if _is_login(match[1]):
            yield _hit("basic header", match, 1)
    for match in _PAIR.finditer(text):
        if is_secret(match[1], match[2].strip("{}")) or (
            meaning_of(match[1]) is not Meaning.SURE and looks_random(match[2])
        ):
            yield _hit(f"'{match[1].strip()}' in a connection string", match, 2)
    yield from _settings(text)
    for match in _FLAG.finditer(text):
        if _is_setting(match[1], match[2].strip("'\"")):
            yield _hit(f"--{match[1]}", match, 2)
    for match in _USER_FLAG.finditer(text):
        if not is_placeholder(match[2]):
            yield _hit("login given to a command", match, 2)
    for match in _GENERIC_TOKEN.finditer(text):
        if looks_random(match[0]) and not is_placeholder(match[0]):
            yield _hit("token", match, 0, "medium")
    for match in _SAYS_PASSWORD.finditer(text):
        said = match[1].strip("[](){}!?:.…*_")
        if looks_made_up(said) and not is_placeholder(said):
            yield _hit("password in a text", match, 1, "medium")
    yield from _by_maker(text)
    yield from _in_markup(text)


def _settings(text: str) -> Iterator[Hit]:
    """Names with values: in settings files, JSON, reprs, prose; also one within the other."""
    at = 0
    while match := _SETTING.search(text, at):
        group = next(g for g in ("double", "single", "tick", "bare") if match[g] is not None)
        found = _is_setting(match["name"], match[group], quoted=group in ("double", "single"))
        if found:
            yield _hit(f"value of '{match['name']}'", match, group, "medium")
        # In a value that is no secret there may be further names.
        at = match.end() if found or group == "bare" else match.start(group)


def _by_maker(text: str) -> Iterator[Hit]:
    """What certain programs and services write."""
    for match in _SQL.finditer(text):
        if not is_placeholder(match[2]):
            yield _hit(f"{match[1].lower()} in SQL", match, 2)
    for match in _SHORT_FLAG.finditer(text):
        group = 1 if match[1] else 2
        if not is_placeholder(match[group]) and match[group] != "assword":
            yield _hit("password given to a command", match, group)
    for match in _ORACLE.finditer(text):
        if looks_made_up(match[1]) and not is_placeholder(match[1]):
            yield _hit("password in an oracle URL", match, 1)
    for match in _BOT.finditer(text):
        if looks_random(match[1]):
            yield _hit("telegram bot token", match, 1)
    for match in _HOOK.finditer(text):
        tail = match[0].rpartition("/")[2]
        if looks_random(tail) and not is_placeholder(tail):
            yield _hit("webhook URL", match, 0)
    for match in _PATH_KEY.finditer(text):
        if looks_random(match[1]):
            yield _hit("key in a URL", match, 1)
    for match in _COOKIE.finditer(text):
        if looks_random(match[1]):
            yield _hit("session cookie", match, 1)
    for match in _LOGIN.finditer(text):
        if looks_made_up(match[1]) and not is_placeholder(match[1]):
            yield _hit("password in a text", match, 1, "medium")
    for match in _COMMANDS.finditer(text):
        named = match.lastgroup or "a"
        if not is_placeholder(match[named]):
            yield _hit("password given to a command", match, named)
    for match in _CONFIGURE.finditer(text):
        if is_secret(match[1], match[2]):
            yield _hit(f"value of '{match[1]}'", match, 2)
    for match in _AWS_ID.finditer(text):
        if is_placeholder(match[0]):
            continue
        yield _hit("aws access key id", match, 0)
    for match in _MAPBOX.finditer(text):
        yield _hit("mapbox token", match, 0)
    for match in _PREFIXED.finditer(text):
        # An answer's id is drawn by a machine, too.
        if _IS_ID.search(text[max(match.start() - 12, 0) : match.start()]):
            continue
        if kinds_of(match[1]) >= 3 and entropy(match[1]) > 4 and not is_placeholder(match[0]):
            yield _hit("token", match, 0, "medium")


def _in_markup(text: str) -> Iterator[Hit]:
    for match in _ELEMENT.finditer(text):
        if _is_setting(match[1], match[2].strip(), quoted=True):
            yield _hit(f"value of '{match[1]}'", match, 2)
    for match in _INPUT.finditer(text):
        if not is_placeholder(match[1]):
            yield _hit("value of a password field", match, 1)


def _hit(kind: str, match: re.Match[str], group: int | str, confidence: str = "high") -> Hit:
    start = match.start(group)
    value = match[group]
    # A quote or full stop around the value is the sentence's, braces are ODBC's.
    stripped = value.strip("\"'`")
    start += value.index(stripped) if stripped else 0
    if stripped.endswith((".", ",")) and len(stripped) > 1:
        stripped = stripped[:-1]
    return Hit(kind, stripped, start, start + len(stripped), confidence)


def _is_setting(name: str, value: str, *, quoted: bool = False) -> bool:
    """True for a name and value in a text, where words are likelier than secrets."""
    value = value.rstrip(".,")
    if not is_secret(name, value):
        return False
    return looks_made_up(value) or (quoted and meaning_of(name) is Meaning.SURE)


def _is_login(encoded: str) -> bool:
    import base64
    import binascii

    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in plain and plain.isascii() and plain.decode("ascii").isprintable()


_NAMES_OF_KINDS = (
    (re.compile(r"password in a (\S+?)(?:\+\S+)? URL"), r"\1_url"),
    (re.compile(r"(bearer|token|basic|key) header"), r"\1_token"),
    (re.compile(r"login given to a command"), "login_password"),
    (re.compile(r"(?:value of )?'(.+?)'(?: in .+)?|--(.+)"), r"\1\2"),
    (re.compile(r"password in a text"), "password"),
)


def name_of(kind: str) -> str:
    """What a secret of this kind may be called where nothing else names it."""
    for pattern, name in _NAMES_OF_KINDS:
        if match := pattern.fullmatch(kind):
            return match.expand(name)
    return kind
