"""HTML and Markdown as a viewer may have them: what no page shows is taken out."""

from __future__ import annotations

import base64
import html
import re
from urllib.parse import quote, unquote

from .comments import without_unseen
from .media import bare_data_urls

# A page within the page, as an attribute.
SRCDOC = re.compile(r"\bsrcdoc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
# A page as an address: RFC 2397. Its text ends where the attribute does.
_DATA_PAGE = re.compile(
    r"data:(text/html|application/xhtml\+xml)((?:;[\w.=-]{1,60}){0,4}),([^\"'>]*)", re.I
)
_DEEPEST = 3


def bare_markup(text: str, depth: int = 0) -> str:
    """`text` without comments and descriptions, its pictures without their texts."""
    text = bare_data_urls(without_unseen(text))
    if depth < _DEEPEST and "srcdoc" in text.lower():
        text = SRCDOC.sub(lambda match: _bare_page(match, depth), text)
    if depth < _DEEPEST and "data:" in text.lower():
        text = _DATA_PAGE.sub(lambda match: _bare_address(match, depth), text)
    return text


def _bare_page(match: re.Match[str], depth: int) -> str:
    page = html.unescape(match[1] if match[1] is not None else match[2])
    bare = bare_markup(page, depth + 1)
    return match[0] if bare == page else f'srcdoc="{html.escape(bare)}"'


def _bare_address(match: re.Match[str], depth: int) -> str:
    mime, options, coded = match.groups()
    is_base64 = options.lower().endswith(";base64")
    try:
        page = base64.b64decode(unquote(coded)).decode() if is_base64 else unquote(coded)
    except ValueError:  # no base64, or no text: no page that a browser shows as one
        return match[0]
    bare = bare_markup(page, depth + 1)
    if bare == page:
        return match[0]
    new = base64.b64encode(bare.encode()).decode("ascii") if is_base64 else quote(bare)
    return f"data:{mime}{options},{new}"
