"""HTML and Markdown as a viewer may have them: what no page shows is taken out."""

from __future__ import annotations

import html
import re

from .comments import without_unseen
from .media import bare_data_urls

# A page within the page, as an attribute.
SRCDOC = re.compile(r"\bsrcdoc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DEEPEST = 3


def bare_markup(text: str, depth: int = 0) -> str:
    """`text` without comments and descriptions, its pictures without their texts."""
    text = bare_data_urls(without_unseen(text))
    if depth < _DEEPEST and "srcdoc" in text.lower():
        text = SRCDOC.sub(lambda match: _bare_page(match, depth), text)
    return text


def _bare_page(match: re.Match[str], depth: int) -> str:
    page = html.unescape(match[1] if match[1] is not None else match[2])
    bare = bare_markup(page, depth + 1)
    return match[0] if bare == page else f'srcdoc="{html.escape(bare)}"'
