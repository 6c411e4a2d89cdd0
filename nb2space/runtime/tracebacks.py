"""Taking out of text what Python, IPython and their helpers print of running code.

Tracebacks, single frames, warnings with their source lines, a debugger's places, failed examples:
judged line by line, so that it also works on what is printed in pieces, and in linear time.
"""

from __future__ import annotations

import re

from .undoing import readings, without_colours

# Rich cuts the words in its frame's upper edge where the console is narrow.
_HEAD = re.compile(
    r"Traceback \(most recent call last\)|Traceback \([\w ]{0,24}(?:…|\.\.\.)"
    r"|^\s*[╭┌+][─━-].*Traceback|Group: .*\(\d+ sub-exception"
)
_FRAME = re.compile(
    r'\bFile "[^"]*", line (?:\d+|\?)|^\s*File (?:\S.*\.pyx?|<[^>]*>):\d+'
    r"|Cell In ?\[\d+\], line \d+|<ipython-input-\d+"
    # What precedes frames or source lines that come without a traceback's head.
    r"|^Stack \(most recent call last\):|^(?:Failed example|Trying):$"
)
_LINK = re.compile(
    r"During handling of the above exception, another|The above exception was the direct cause of"
)
_NUMBERED = re.compile(r"\s*(?:-+>|❱)?\s*\d+\s|\s*[~^]+\s*$")
_ARROW = re.compile(r"-{2,}> \d+\s")
_GROUP_ENDS = re.compile(r"\s+\+-{20,}$")
_ERROR = re.compile(r"[^\W\d]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_NAMED_ERROR = re.compile(
    r"[\w.]*(?:Error|Exception|Exit|Interrupt|Iteration|Group|Warning)(?::|$)"
)
_RULE = re.compile(r"\s*-{30,}\s*$")

# "path:12: UserWarning: text", below which Python's warnings print the source line.
_WARNING = re.compile(
    r"^\S.*:\d+: \w*Warning: |^\S.*(?:\.py|ipykernel_\d+\S{0,40}|<[\w ]{1,40}>):\d+: [\w.]+: "
)
# What pdb prints where it stops: "> file(line)function()" and "-> source" below it.
_DEBUGGER = re.compile(r"^> \S.*\(\d+\)")

# Without one of these nothing of the above is in a text.
_SIGNS = re.compile(
    r"Traceback|sub-exception|File |Cell In|<ipython|Stack \(most|Failed example:|Trying:"
    r"|above exception|:\d+: |^> |^--+> ",
    re.MULTILINE,
)
_CODE_SIGN = re.compile(
    r'Traceback \(most recent call last\)|\bFile "[^"]{0,400}", line \d+'
    r"|Cell In ?\[\d+\], line \d+"
)


class Tracebacks:
    """Judges the lines of one text in their order; what one of them means depends on those before.

    `cut` keeps what it knows from one part of the text to the next.
    """

    def __init__(self) -> None:
        self._state = "outside"
        self._indent = 0

    def cut(self, text: str) -> str:
        """The next part of the text, without the lines that tell of code."""
        if self._state == "outside" and not _SIGNS.search(without_colours(text)):
            return text
        kept: list[str] = []
        for line in _LINE.findall(text):
            before = self._state
            if self._keeps(without_colours(line).replace("\xa0", " ").rstrip("\r\n")):
                kept.append(line)
            elif (
                before == "outside"
                and self._state == "inside"
                and kept
                and _RULE.match(without_colours(kept[-1]))
            ):
                # IPython draws a line above the head.
                kept.pop()
        return "".join(kept)

    def _keeps(self, line: str) -> bool:
        if _HEAD.search(line):
            self._state = "inside"
            return False
        if self._state == "inside":
            # The error's own line ends it: the first that begins with a word.
            is_error = _ERROR.match(line) and not (_FRAME.search(line) or _LINK.search(line))
            if is_error or _GROUP_ENDS.match(line):
                self._state = "after"
            return False
        if _LINK.search(line):
            return False
        if self._state == "after":
            # An error's message may have many lines.
            if line.strip():
                return False
            self._state = "outside"
            return True
        return self._keeps_outside(line)

    def _keeps_outside(self, line: str) -> bool:
        indent = len(line) - len(line.lstrip())
        if _FRAME.search(line) or _ARROW.match(line):
            self._state, self._indent = "frame", indent
            return False
        if _WARNING.search(line):
            self._state, self._indent = "warned", 0
            return False
        if _DEBUGGER.search(line):
            self._state = "stopped"
            return False
        state, self._state = self._state, "outside"
        if not line.strip():
            return True
        if state == "frame" and (indent > self._indent or _NUMBERED.match(line)):
            self._state = "frame"
            return False
        if state == "frame" and _NAMED_ERROR.match(line):
            # The head was printed elsewhere, or by a way of its own.
            self._state = "after"
            return False
        if state == "warned":
            return indent == 0
        return not (state == "stopped" and line.startswith("-> "))


def without_tracebacks(text: str) -> str:
    """`text` without what was printed of running code."""
    return Tracebacks().cut(text)


def hides_traceback(text: str) -> bool:
    """True where a traceback is found only once tags, entities or escapes are undone."""
    if "Traceback" not in text and "File" not in text and "Cell" not in text:
        return False
    return any(_CODE_SIGN.search(reading.replace("\xa0", " ")) for reading in readings(text))
