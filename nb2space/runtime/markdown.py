"""Markdown in outputs, rendered before it reaches a page.

So a page need not load what renders it, which is most of JupyterLab. Lines of the code and values
of secrets are looked for twice: in the author's own text before, and in what was made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .cleantext import text_of

MIME = "text/markdown"
Finish = Callable[[str], str]


def with_markup(value: Any, finish: Finish) -> Any:
    """`value`, a message's part or a widget's state, with HTML in the place of Markdown outputs.

    An element of the class that JupyterLab gives to rendered Markdown is around the HTML, of which
    `finish` gives what may be shown: signs of Markdown may have stood within what must not.
    """
    if isinstance(value, Mapping):
        data = value.get("data")
        if isinstance(data, Mapping) and MIME in data:
            return {**value, "data": _rendered(data, finish)}
        return {name: with_markup(item, finish) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_markup(item, finish) for item in value]
    return value


def _rendered(data: Mapping[str, Any], finish: Finish) -> dict[str, Any]:
    rest = {mime: item for mime, item in data.items() if mime != MIME}
    text = text_of(data[MIME])
    if text is None or "text/html" in data:
        return rest
    return {**rest, "text/html": finish(f'<div class="jp-RenderedMarkdown">{_html(text)}</div>')}


def _html(text: str) -> str:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    html: str = MarkdownWithMath(renderer=renderer).render(text)
    return html
