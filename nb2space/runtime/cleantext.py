"""Text as a viewer may read it: without what Python says of the code that runs."""

from __future__ import annotations

import re
from typing import Any

from .reprs import without_reprs
from .tracebacks import hides_traceback, without_tracebacks
from .undoing import without_colours

# Where a kernel keeps a cell's source for tracebacks (ipykernel.compiler.get_tmp_directory), with
# the line and function that profilers name behind it; these leave the folder out.
_PLACE = r"(?::\d+)?(?:\((?:<|&lt;)?\w*(?:>|&gt;)?\))?"
_CELL_FILE = re.compile(rf"ipykernel_\d+[/\\]+\d+\.py{_PLACE}")
_CELL_NAME = re.compile(rf"\b\d{{5,10}}\.py\b{_PLACE}")
_PATH_ENDS = frozenset(" \t\r\n\f\v\"'<>(")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,16}\b")
_INSTEAD = "notebook"


def text_of(value: Any) -> str | None:
    """A text as notebooks and messages have it, in one piece or in lines; None for what is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return None


def clean_text(text: str) -> str:
    """`text` without tracebacks, source lines of warnings, reprs of code, addresses, cells' files.

    Nothing at all of a text whose tags or escapes hide a traceback.
    """
    plain = without_colours(text)
    cleaned = _ADDRESS.sub("", _without_cell_files(without_reprs(without_tracebacks(plain))))
    if cleaned == plain:
        # Only what has to be changed loses its colours.
        cleaned = text
    return "" if hides_traceback(cleaned) else cleaned


def _without_cell_files(text: str) -> str:
    if ".py" not in text:
        return text
    kept, place = [], 0
    for match in _CELL_FILE.finditer(text):
        start = match.start()
        while start > place and text[start - 1] not in _PATH_ENDS:
            start -= 1
        kept += [text[place:start], _INSTEAD]
        place = match.end()
    return _CELL_NAME.sub(_INSTEAD, "".join([*kept, text[place:]]))
