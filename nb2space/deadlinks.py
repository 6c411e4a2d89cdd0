"""Links to files beside the notebook, which no app has: named to the author."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

from nb2space.notebook import Notebook
from nb2space.runtime.bundles import shown_data
from nb2space.runtime.cleantext import text_of
from nb2space.tags import numbered, view_of
from nb2space.widgets import captured_outputs, displayed_models, saved_models

_MARKUP = ("text/html", "text/markdown")
# <a href="path">, and of Markdown [text](path) and [text](<path with blanks>), but no picture.
_HTML = re.compile(r"""<a\b[^<>]*?\shref\s*=\s*(?:"([^"<>]+)"|'([^'<>]+)')""", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"(?<!!)\[[^\[\]\n]{0,500}\]\(\s{0,9}(?:<([^<>\n]{1,500})>|([^()\s<>]{1,500}))"
    r"(?:\s[^()\n]{0,200})?\)"
)
# In a formula, [f](x) is no link.
_FILE = re.compile(r"\.[A-Za-z]|/")
# What leads elsewhere than to a file of the author's: an address, a place in the page.
_ELSEWHERE = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:|//|#|\?", re.IGNORECASE)
_MOST_NAMED = 3


def link_notices(executed: Notebook) -> tuple[str, ...]:
    """A sentence for each shown cell with links to files, which lead nowhere in an app."""
    models = saved_models(executed.metadata)
    notices = []
    for number, cell in numbered(executed):
        view = view_of(cell)
        if cell.cell_type == "code" and view.shows_outputs:
            links = _in_outputs(cell.get("outputs", []), models)
        elif cell.cell_type == "markdown" and view.shows_source:
            links = _in_text(cell.source)
        else:
            continue
        named = list(dict.fromkeys(links))
        if named:
            more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
            notices.append(
                f"Cell {number} links to {', '.join(named[:_MOST_NAMED])}{more}, which viewers "
                "cannot open: an app gives out no file. Put what they may have into the link "
                "itself (href='data:text/csv;base64,...'), or on a site of your own."
            )
    return tuple(notices)


def _in_outputs(outputs: list[Any], models: dict[str, Any]) -> Iterator[str]:
    for output in outputs:
        data = shown_data(output.get("data") or {})
        for mime in _MARKUP:
            yield from _in_text(text_of(data.get(mime)) or "")
    for model in displayed_models(outputs, models).values():
        yield from _in_outputs(captured_outputs(model), {})
        value = model["state"].get("value")
        if isinstance(value, str):
            yield from _of(_HTML.finditer(value))


def _in_text(text: str) -> Iterator[str]:
    yield from _of(_HTML.finditer(text))
    yield from filter(_FILE.search, _of(_MARKDOWN.finditer(text)))


def _of(matches: Iterable[re.Match[str]]) -> Iterator[str]:
    for match in matches:
        target = html.unescape(match[1] or match[2]).strip()
        if target and not _ELSEWHERE.match(target):
            yield target
