"""Undoing the forms in which text travels: escapes, entities, tags, colours, a URL's escapes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator

# ECMA-48 and xterm: colours, titles and links, character sets, and what is kept of the cursor.
_CONTROL = (
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()*+][0-9A-Za-z]|\x1b[78=>]"
)
_COLOURS = re.compile(_CONTROL)
# Unicode's characters that have no width: joiners, marks of direction, selectors of variants.
_NO_WIDTH = (
    r"[\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]"
)
_NOTHING = re.compile(_NO_WIDTH)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[\"'\\/bfnrt])")
_PLAIN_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HALVES = re.compile(r"[\ud800-\udfff]")
# What breaks a line or a cell in a page, as against what only colours a word.
_BLOCK_TAG = re.compile(r"</?(?:br|p|div|pre|li|tr|td|th|h[1-6]|option|table)\b[^<>]*>", re.I)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|-->")
# What neither a page nor a terminal shows between two letters, and what a page writes letters by.
# The line ends are those of base64, as MIME and Python's encodebytes break it.
_UNSEEN = re.compile(
    rf"{_CONTROL}|{_NO_WIDTH}"
    r"|<!--(?:[^<]|<(?!!--))*?-->|</?[a-zA-Z][^<>]*>"
    r"|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});"
    r"|\r\n(?<=[A-Za-z0-9+/]{60}\r\n)(?=[A-Za-z0-9+/=])"
    r"|\n(?<=[A-Za-z0-9+/]{60}\n)(?=[A-Za-z0-9+/=])"
    r"|\\n(?<=[A-Za-z0-9+/]{60}\\n)(?=[A-Za-z0-9+/=])",
    re.S,
)
# Between two literals of Python or JavaScript that are one.
_BREAK = re.compile(r"(?<!\\)['\"]\s+(?:\+\s*)?[bBrRuU]{0,2}['\"]")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")


def without_colours(text: str) -> str:
    """`text` without a terminal's control sequences."""
    return _COLOURS.sub("", text) if "\x1b" in text else text


def unescape(text: str) -> str:
    """`text` with the backslash escapes of JSON, JavaScript and Python undone, once."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_unescaped, text)
    if _HALVES.search(plain):
        plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", errors="replace")
    return plain


def _unescaped(match: re.Match[str]) -> str:
    what = match[1]
    if what[0] in "uUx" and len(what) > 1:
        code = int(what[1:], 16)
        return chr(code) if code < 0x110000 else match[0]
    return _PLAIN_ESCAPES.get(what, what)


def without_tags(text: str) -> str:
    """`text` without HTML tags; the words of comments stay."""
    if "<" not in text and "-->" not in text:
        return text
    return _TAG.sub("", _BLOCK_TAG.sub("\n", text))


def as_seen(text: str) -> str:
    """`text` as people see it on a page or in a terminal; `text` itself where nothing is unseen."""
    seen, count = _UNSEEN.subn(_seen, text)
    return seen if count else text


def seen_places(text: str) -> list[tuple[int, int]]:
    """Where in `text` each character of `as_seen(text)` stands."""
    places: list[tuple[int, int]] = []
    at = 0
    for match in _UNSEEN.finditer(text):
        places += [(place, place + 1) for place in range(at, match.start())]
        places += [match.span()] * len(_seen(match))
        at = match.end()
    return places + [(place, place + 1) for place in range(at, len(text))]


def replaced_as_seen(
    text: str,
    found_in: Callable[[str], Iterable[re.Match[str]]],
    instead: Callable[[re.Match[str]], str],
) -> str:
    """`text` with `instead` in the place of what is found in it as people see it.

    Left as it is where people see what is written.
    """
    seen = as_seen(text)
    found = [] if seen is text else list(found_in(seen))
    if not found:
        return text
    places, changed = seen_places(text), dict[tuple[int, int], str]()
    for match in found:
        changed |= dict.fromkeys(places[match.start() : match.end()], "")
        changed[places[match.start()]] = instead(match)
    # What is unseen stays: tags that begin within what is replaced end behind it.
    kept, at = [], 0
    for (start, end), new in changed.items():
        kept += [text[at:start], new]
        at = end
    return "".join([*kept, text[at:]])


def _seen(match: re.Match[str]) -> str:
    what = match[0]
    if what[0] == "&":
        return _NOTHING.sub("", html.unescape(what))
    return "\n" if _BLOCK_TAG.fullmatch(what) else ""


def has_tags(text: str) -> bool:
    """True for a text that a page may take for HTML."""
    return "<" in text and _TAG.search(text) is not None


def unquote(text: str) -> str:
    """`text` with URL encoding undone, once."""
    return _PERCENT.sub(_unquoted, text) if "%" in text else text


def _unquoted(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", errors="replace")


def without_breaks(text: str) -> str:
    """`text` with literals that follow one another as one, as `pprint` breaks a long one."""
    return _BREAK.sub("", text) if "'" in text or '"' in text else text


def readings(text: str) -> Iterator[str]:
    """`text` as it is, and as it reads once it was unescaped and rendered; each reading once.

    A page undoes tags before entities, and does both once more for a page within the page.
    """
    plain = without_colours(text)
    seen = {text}
    yield text
    once = unescape(plain)
    # A tag's attribute may hold a page, too: its entities are undone before the tags.
    for view in dict.fromkeys((plain, once, unescape(once), unquote(plain), html.unescape(plain))):
        for _ in range(3):
            for reading in (view, without_breaks(view)):
                if reading not in seen:
                    seen.add(reading)
                    yield reading
            view = html.unescape(without_tags(view))
