"""Tables in texts: each row as the names of its columns and their values."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

Row = dict[str, str]

_RULE = re.compile(r"\s*\|?[\s:|-]*-{2,}[\s:|-]*")
_HTML_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.S | re.I)
_HTML_CELL = re.compile(r"<t([hd])\b[^>]*>(.*?)</t[hd]>", re.S | re.I)
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\S+")


def rows_of_markdown(text: str) -> Iterator[Row]:
    """The rows of the pipe tables in a Markdown text."""
    head: list[str] = []
    before = ""
    for line in text.splitlines():
        if "|" not in line:
            head, before = [], ""
        elif _RULE.fullmatch(line):
            head = _cells(before)
        elif head:
            yield dict(zip(head, _cells(line), strict=False))
        before = line


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`*") for cell in line.strip().strip("|").split("|")]


def rows_of_html(text: str) -> Iterator[Row]:
    """The rows of the tables in an HTML text, whose first row with headings names the columns."""
    head: list[str] = []
    for row in _HTML_ROW.findall(text):
        found = _HTML_CELL.findall(row)
        cells = [html.unescape(_TAG.sub("", cell)).strip() for _, cell in found]
        if found and all(kind.lower() == "h" for kind, _ in found):
            head = cells
        elif head:
            yield dict(zip(head, cells, strict=False))


def rows_of_frame(text: str) -> Iterator[Row]:
    """The rows of a data frame as pandas prints it: each value ends where its heading ends."""
    head: dict[int, str] = {}
    for line in text.splitlines():
        words = {match.end(): match[0] for match in _WORD.finditer(line)}
        if not words:
            head = {}
        elif line[:1] == " " and not head:
            head = words
        elif head:
            if len(words) == len(head) + 1:
                # The index is the one without a heading.
                yield dict(zip(head.values(), list(words.values())[1:], strict=True))
            else:
                yield {name: words[end] for end, name in head.items() if end in words}
