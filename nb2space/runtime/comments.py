"""What a document's author wrote into it for nobody to read: taken out, in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MARK = re.compile(r"<(?=[!?/a-z])", re.IGNORECASE)
_MARK_OF_MARKDOWN = re.compile(r"<(?=[!?/a-z])|(?P<code>`+)", re.IGNORECASE)
_BEGINS = re.compile(r"<(?:[!?]|/[^a-z>])", re.IGNORECASE)
_SVG = re.compile(r"<(?:[\w-]{1,20}:)?svg\b", re.IGNORECASE)

_COMMENT_ENDS = re.compile(r"--!?>")
# What a drawing or a page says of itself to programs that read it.
_DECLARED = re.compile(
    r"<(?:\?xml\s[^<>?]{1,200}\?>|!DOCTYPE\b[^<>\[]*(?:\[[^\]]{0,2000}\]\s*)?>)", re.IGNORECASE
)
_CDATA = "<![CDATA["
_NAME = re.compile(r"</?(?:[\w-]{1,20}:)?([a-z][\w-]{0,30})", re.IGNORECASE)
_IN_TAG = re.compile(r"[<>]|=\s*[\"']")
_TOLD = {"metadata", "desc"}
# HTML Living Standard, 13.2.5.2 to 13.2.5.5: in these, "<" begins nothing but their own end. (In
# others of this kind, such as `iframe`, nothing is shown.)
_RAW = {"script", "style", "textarea", "xmp"}
_EMPTY_TITLE = re.compile(r"<title\b[^<>]*>\s*</title\s*>", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_LATEX_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")


def without_unseen(markup: str) -> str:
    """HTML or SVG without what no page shows of it.

    These are comments, an unclosed one to the end, what browsers take for comments, and in drawings
    the elements `metadata` and `desc`. What stands in attributes, scripts and style sheets stays:
    there these signs mean something else.
    """
    return _bare(markup, _MARK)


def without_unseen_of_markdown(text: str) -> str:
    """Markdown without what no page shows of it; what stands in its code is shown."""
    return _bare(text, _MARK_OF_MARKDOWN)


def _bare(markup: str, marks: re.Pattern[str]) -> str:
    has_drawing = _SVG.search(markup) is not None
    if not has_drawing and not _BEGINS.search(markup):
        return markup
    scan = _Scan(markup, markup.rfind(">"))
    while found := marks.search(markup, scan.at):
        scan.at = found.start()
        if found.lastgroup == "code":
            scan.pass_code(found[0])
        elif _NAME.match(markup, scan.at) is None:
            scan.take_comment()
        else:
            scan.pass_tag()
    bare = "".join([*scan.kept, markup[scan.place :]])
    return _EMPTY_TITLE.sub("", bare) if has_drawing else bare


@dataclass
class _Scan:
    """Where a text is read, from where on it is not kept yet, in how many drawings that is, and
    where its `last` sign is that may end a tag."""

    text: str
    last: int
    at: int = 0
    place: int = 0
    depth: int = 0
    kept: list[str] = field(default_factory=list)

    def take_comment(self) -> None:
        """Take out what begins here, unless it is no comment."""
        text, here = self.text, self.at
        if text.startswith("<!--", here):
            # A browser takes "<!-->" and "<!--->" for whole comments.
            ends = _COMMENT_ENDS.search(text, here + 2)
            self._take(ends.end() if ends else len(text))
        elif declared := _DECLARED.match(text, here):
            self.at = declared.end()
        elif self.depth and text.startswith(_CDATA, here):
            self.at = _behind(text, "]]>", here)
        else:
            # HTML Living Standard, 13.2.5.41: up to the next of these, whatever stands between.
            end = text.find(">", here) if here < self.last else -1
            if end < 0 or text.startswith("</>", here):
                self.at = here + 1
            else:
                self._take(end + 1)

    def pass_tag(self) -> None:
        """Go behind the tag that begins here, and what belongs to it and is no markup."""
        named = _NAME.match(self.text, self.at)
        name = named[1].lower() if named else ""
        begun, end = self.at, self._tag_end()
        if end < 0:
            return
        self.at = end
        closes, is_empty = self.text[begun + 1] == "/", self.text[end - 2] == "/"
        if name == "svg" and not is_empty:
            self.depth = max(self.depth + (-1 if closes else 1), 0)
        elif closes or (is_empty and self.depth):
            return
        elif self.depth and name in _TOLD:
            self.at = begun
            self._take(self._element_end(name, end))
        elif not self.depth and name in _RAW:
            ends = re.compile(rf"</{name}\b", re.IGNORECASE).search(self.text, end)
            self.at = ends.start() if ends else len(self.text)

    def pass_code(self, run: str) -> None:
        """Go behind the code of Markdown that begins here with these signs."""
        text, begun = self.text, self.at + len(run)
        is_fence = len(run) > 2 and not text[text.rfind("\n", 0, self.at) + 1 : self.at].strip()
        pattern = rf"\n[ \t]*{run}" if is_fence else rf"(?<!`){run}(?!`)"
        ends = re.compile(pattern).search(text, begun)
        if is_fence:
            self.at = ends.end() if ends else len(text)
        elif ends and not _BLANK_LINE.search(text, begun, ends.start()):
            self.at = ends.end()
        else:
            self.at = begun

    def _take(self, end: int) -> None:
        self.kept.append(self.text[self.place : self.at])
        self.place = self.at = end

    def _tag_end(self) -> int:
        """Behind the tag that begins here; -1 for what is none, with `at` where to go on."""
        place = self.at + 2
        while found := _IN_TAG.search(self.text, place):
            if found[0] == ">":
                return found.end()
            if found[0] == "<":
                self.at = found.start()
                return -1
            close = self.text.find(found[0][-1], found.end())
            place = close + 1 if close >= 0 else found.end()
        self.at = len(self.text)
        return -1

    def _element_end(self, name: str, start: int) -> int:
        """Behind the end of an element whose content begins at `start`, others of it within."""
        open_ones = 1
        for tag in re.compile(rf"<(/?)(?:[\w-]{{1,20}}:)?{name}\b[^<>]*>", re.I).finditer(
            self.text, start
        ):
            if not tag[0].endswith("/>"):
                open_ones += -1 if tag[1] else 1
            if not open_ones:
                return tag.end()
        return len(self.text)


def _behind(text: str, end: str, start: int) -> int:
    found = text.find(end, start)
    return found + len(end) if found >= 0 else len(text)


def without_latex_comments(latex: str) -> str:
    """LaTeX without what follows a percent sign on its line."""
    return _LATEX_COMMENT.sub(r"\1", latex)
