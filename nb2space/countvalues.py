"""About how many data values a text carries: a table, a drawing, a script, a page of these.

Pictures, style sheets and the scripts of libraries carry none. A count is an estimate: it is there
to tell a few values from thousands.
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from nb2space.runtime.markup import SRCDOC

BYTES_OF_A_VALUE = 8
# What Plotly calls the colours and lines of every figure.
_LOOKS = {"template"}
_DEEPEST = 3

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?(?![\w])")
_COLUMNS = re.compile(r"\s{2,}|\t|\s*[|&]\s*")
_NUMBER_IN_LIST = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*(?=[,\]])")

# Arrays in base64: Plotly's "bdata", Bokeh's "__ndarray__" and {"type": "bytes", "data": …}.
_PACKED_IN_TEXT = re.compile(
    r"\\?\"(?:bdata|__ndarray__|bytes|bytes\\?\",\s*\\?\"data)\\?\"\s*:\s*"
    r"\\?\"([A-Za-z0-9+/=]{64,})"
)
_UNPACKED_BY_SCRIPT = re.compile(r"\batob\(\s*[\"'`]([A-Za-z0-9+/=\s]{64,})")
_SIZES = {"1": 1, "2": 2, "4": 4, "8": 8, "16": 2, "32": 4, "64": 8}

# Where JSON may begin that is more than a few values, and how often that is tried in one script.
_JSON_BEGINS = re.compile(r"\[\s*(?=[\[{\"\d-])|\{\s*(?=\")")
_MOST_TRIES = 300
_LARGE = 100
# A library's script has a function in so few characters, a page's own in many more.
_OF_LIBRARY = 500
_LONG_SCRIPT = 20_000
_FUNCTION = re.compile(r"\bfunction\b|=>")

_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script\s*>", re.I | re.S)
_STYLE = re.compile(r"<style\b[^>]*>.*?</style\s*>", re.I | re.S)
_CELL = re.compile(r"<td\b[^>]*>(?!\s*</td)", re.I)
_DEFINITIONS = re.compile(r"<defs\b.*?</defs\s*>", re.I | re.S)
_MARK = re.compile(r"<(?:circle|ellipse|rect|line)\b|<use\b(?=[^>]*\sx=)(?=[^>]*\sy=)", re.I)
_PATH = re.compile(r"<path\b[^>]*?\sd\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_POINTS = re.compile(r"<poly\w+\b[^>]*?\spoints\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_COMMAND = re.compile(r"([MLHVCSQTA])([^A-Za-z]*(?:[eE][^A-Za-z]*)*)", re.I)
_COORDINATE = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# SVG 2, chapter 9.3: how many numbers one step of each command has.
_NUMBERS_OF_A_STEP = {"M": 2, "L": 2, "T": 2, "H": 1, "V": 1, "S": 4, "Q": 4, "C": 6, "A": 7}

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)((?:;[\w=.+-]+)*),([^\s\"'<>`]*)")
_SHOWN_TYPES = re.compile(r"(?:image|font|audio|video)/|text/css|.*(?:javascript|font)")


def in_text(text: str) -> int:
    """The fields of rows of three columns and more, and the numbers elsewhere."""
    count = 0
    for line in text.splitlines():
        fields = [field for field in _COLUMNS.split(line.strip()) if field.strip("-+=:")]
        count += len(fields) if len(fields) > 2 else len(_NUMBER.findall(line))
    return count


def in_csv(text: str) -> int:
    """The fields of a file with commas, semicolons or tabs between them."""
    return sum(len(re.split("[,;\t]", line)) for line in text.splitlines() if line.strip())


def in_json(value: Any) -> int:
    """The leaves of lists, the values of packed arrays, and the rows of tables that are texts."""
    count = 0
    for item, listed in _leaves(value, listed=False):
        if isinstance(item, _Packed):
            count += item
        elif isinstance(item, str) and _is_table(item):
            count += in_csv(item)
        else:
            count += listed
    return count


def _is_table(text: str) -> bool:
    """True for the text of a file with commas, as Vega takes it in."""
    lines = text.splitlines()[:5]
    return len(lines) > 2 and len({line.count(",") for line in lines}) == 1 and "," in lines[0]


class _Packed(int):
    """The number of values in a packed array."""


def _leaves(value: Any, *, listed: bool) -> Iterator[tuple[Any, bool]]:
    if isinstance(value, dict):
        packed = _packed(value)
        if packed is not None:
            yield _Packed(packed), True
            return
        for name, item in value.items():
            # A row of a table is a dictionary in a list: each of its values counts.
            if name not in _LOOKS:
                yield from _leaves(item, listed=listed)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, listed=True)
    else:
        yield value, listed


def _packed(value: dict[str, Any]) -> int | None:
    """The number of values of a packed array, which `value` may be."""
    shape = value.get("shape")
    if "dtype" in value and isinstance(shape, list) and all(isinstance(n, int) for n in shape):
        # Of the array itself, which may travel beside it.
        return math.prod(shape)
    found = next(
        (value[n] for n in ("bdata", "__ndarray__") if isinstance(value.get(n), str)), None
    )
    if found is None and value.get("type") == "bytes" and isinstance(value.get("data"), str):
        found = value["data"]
    if found is None:
        return None
    digits = re.sub(r"\D", "", str(value.get("dtype", "")))
    return len(found) * 3 // 4 // _SIZES.get(digits, BYTES_OF_A_VALUE)


def in_script(text: str) -> int:
    """The values of JSON in a script, and the numbers of its other lists; none of a library."""
    if len(text) > _LONG_SCRIPT and len(_FUNCTION.findall(text)) > len(text) / _OF_LIBRARY:
        return 0
    count, rest, at, tries = 0, [], 0, 0
    decoder = json.JSONDecoder()
    for begins in _JSON_BEGINS.finditer(text):
        if begins.start() < at or tries == _MOST_TRIES:
            continue
        try:
            value, end = decoder.raw_decode(text, begins.start())
        except (ValueError, RecursionError):
            tries += 1
            continue
        if end - begins.start() > _LARGE:
            count += in_json(value)
            rest.append(text[at : begins.start()])
            at = end
    for part in (*rest, text[at:]):
        packed = (
            len(found) * 3 // 4 // BYTES_OF_A_VALUE for found in _PACKED_IN_TEXT.findall(part)
        )
        unpacked = (_in_base64("", found) for found in _UNPACKED_BY_SCRIPT.findall(part))
        numbers = len(_NUMBER_IN_LIST.findall(part))
        count += sum(packed) + sum(unpacked) + numbers + in_data_urls(part)
    return count


def in_markup(text: str, depth: int = 0) -> int:
    """The cells of tables, the points of drawings, what scripts, links and inner pages hold."""
    count, rest = 0, text
    if depth < _DEEPEST and "srcdoc" in text.lower():
        for page in SRCDOC.finditer(text):
            count += in_markup(html.unescape(page[1] or page[2] or ""), depth + 1)
        rest = SRCDOC.sub("", text)
    rest = _STYLE.sub("", rest)
    count += sum(map(in_script, _SCRIPT.findall(rest)))
    rest = _SCRIPT.sub("", rest)
    return count + len(_CELL.findall(rest)) + in_drawing(rest) + in_data_urls(rest)


def in_drawing(text: str) -> int:
    """The points and marks of an SVG, without those of letters and of other definitions."""
    if "<path" not in text and "<poly" not in text and not _MARK.search(text):
        return 0
    drawn = _DEFINITIONS.sub("", text)
    count = len(_MARK.findall(drawn))
    for found in _POINTS.findall(drawn):
        count += len(_COORDINATE.findall("".join(found))) // 2
    for found in _PATH.findall(drawn):
        for command, numbers in _COMMAND.findall("".join(found)):
            step = _NUMBERS_OF_A_STEP[command.upper()]
            count += len(_COORDINATE.findall(numbers)) // step
    return count


def in_data_urls(text: str) -> int:
    """The values of files that are within links, such as tables to be saved."""
    if "data:" not in text:
        return 0
    return sum(
        _in_base64(kind, unquote(content))
        if ";base64" in options
        else _in_file(kind, unquote(content))
        for kind, options, content in _DATA_URL.findall(text)
        if not _SHOWN_TYPES.match(kind)
    )


def _in_base64(kind: str, content: str) -> int:
    try:
        raw = base64.b64decode("".join(content.split()))
        return _in_file(kind, raw.decode("utf-8"))
    except UnicodeDecodeError:
        return len(raw) // BYTES_OF_A_VALUE
    except ValueError:
        return 0


def _in_file(kind: str, text: str) -> int:
    if "html" in kind or "xml" in kind:
        return in_markup(text)
    try:
        return in_json(json.loads(text))
    except (ValueError, RecursionError):
        return in_csv(text)
