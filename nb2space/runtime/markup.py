"""HTML and Markdown as a viewer may have them: what no page shows is taken out."""

from __future__ import annotations

import base64
import html
import re
from urllib.parse import quote, unquote

from .comments import without_unseen, without_unseen_of_markdown
from .media import bare_data_urls

# A page within the page, as an attribute.
SRCDOC = re.compile(r"\bsrcdoc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
# A page as an address (RFC 2397), in an attribute up to its end, or bare.
_DATA_PAGE = re.compile(
    r"(?P<quote>[\"'])?data:(?P<mime>text/html|application/xhtml\+xml)"
    r"(?P<options>(?:;[\w.=-]{1,60}){0,4}),"
    r"(?P<page>(?(quote)(?:(?!(?P=quote)).)*|[^\"'\s>]*))",
    re.IGNORECASE | re.DOTALL,
)
_DEEPEST = 3


def bare_markup(text: str, depth: int = 0) -> str:
    """HTML without comments and descriptions, its pictures without their texts."""
    return _with_bare_pages(bare_data_urls(without_unseen(text)), depth)


def bare_markdown(text: str) -> str:
    """Markdown without comments, its pictures without their texts."""
    return _with_bare_pages(bare_data_urls(without_unseen_of_markdown(text)), 0)


def _with_bare_pages(text: str, depth: int) -> str:
    """`text` in which the pages within the page are bare, too."""
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
    options, coded = match["options"], html.unescape(match["page"])
    is_base64 = options.lower().endswith(";base64")
    try:
        page = _decoded(coded) if is_base64 else unquote(coded)
    except ValueError:  # no base64, or no text: no page that a browser shows as one
        return match[0]
    bare = bare_markup(page, depth + 1)
    if bare == page:
        return match[0]
    new = base64.b64encode(bare.encode()).decode("ascii") if is_base64 else quote(bare)
    return f"{match['quote'] or ''}data:{match['mime']}{options},{new}"


def _decoded(coded: str) -> str:
    # Browsers do not ask for the signs that fill up its end.
    plain = unquote(coded).rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode(errors="replace")
