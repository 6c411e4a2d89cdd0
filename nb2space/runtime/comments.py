"""What a document's author wrote into it for nobody to read: taken out, in linear time."""

from __future__ import annotations

import re

_COMMENT_ENDS = re.compile(r"--!?>")
_TAG_ENDS = re.compile(">")
_COMMENT_BEGINS = re.compile(r"<(?:[!?]|/\s)")
_UNSEEN = re.compile(
    r"<(?:!--|(?P<raw>script|style)\b|(?P<told>(?:[\w-]{1,20}:)?(?:metadata|desc))\b[^<>]*>"
    # What a drawing says of itself to programs that read it.
    r"|(?P<declared>\?xml\s[^<>?]{1,200}\?>|!DOCTYPE\b[^<>\[]*(?:\[[^\]]{0,2000}\]\s*)?>)"
    # A browser takes these for comments, too (HTML Living Standard, 13.2.5.41 to 13.2.5.44).
    r"|(?P<bogus>[!?][a-z][\w-]*(?=[\s?>])|/\s))",
    re.IGNORECASE,
)
_SVG = re.compile(r"<(?:[\w-]{1,20}:)?svg\b", re.IGNORECASE)
_EMPTY_TITLE = re.compile(r"<title\b[^<>]*>\s*</title\s*>", re.IGNORECASE)
_LATEX_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")


def without_unseen(markup: str) -> str:
    """HTML, SVG or Markdown without what no page shows of it.

    These are comments, an unclosed one to the end, what browsers take for comments, and in drawings
    the elements `metadata` and `desc`. What stands in scripts and style sheets stays: there these
    signs mean something else.
    """
    if "<" not in markup:
        return markup
    has_drawing = _SVG.search(markup) is not None
    if not has_drawing and not _COMMENT_BEGINS.search(markup):
        return markup
    kept, place, start = [], 0, 0
    while found := _UNSEEN.search(markup, start):
        if raw := found["raw"]:
            ends = re.compile(rf"</{raw}\b", re.IGNORECASE).search(markup, found.end())
            start = ends.end() if ends else len(markup)
            continue
        if found["declared"] or (found["told"] and not has_drawing):
            start = found.end()
            continue
        kept.append(markup[place : found.start()])
        place = start = _end_of(markup, found)
    bare = "".join([*kept, markup[place:]])
    return _EMPTY_TITLE.sub("", bare) if has_drawing else bare


def _end_of(markup: str, found: re.Match[str]) -> int:
    """Where a comment or an element ends; the end of the text for one that is not closed."""
    told = found["told"]
    if found[0].endswith("/>"):
        return found.end()
    if found["bogus"]:
        ends = _TAG_ENDS.search(markup, found.end())
    elif told:
        ends = re.compile(rf"</{told}\s*>", re.IGNORECASE).search(markup, found.end())
    else:
        # A browser takes "<!-->" and "<!--->" for whole comments.
        ends = _COMMENT_ENDS.search(markup, found.start() + 2)
    return ends.end() if ends else len(markup)


def without_latex_comments(latex: str) -> str:
    """LaTeX without what follows a percent sign on its line."""
    return _LATEX_COMMENT.sub(r"\1", latex)
