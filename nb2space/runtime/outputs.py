"""What of an output a viewer may see.

Used for the viewer's notebook at conversion, and in the Space for everything that a live kernel
sends: the same rule in both places.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from .media import bare_picture
from .messages import problem_html

Output = dict[str, Any]
Report = Callable[[str], str]
"""Takes the details of a problem and gives its reference number."""

GUARDED = "nb2space"
"""The error name under which the guard in a kernel sends a reference number."""

# What a renderer needs to know of an output, per MIME type or beside it; the rest is dropped.
_RENDERER_METADATA = {"width", "height", "needs_background", "unconfined", "isolated", "expanded"}

_REFERENCE = re.compile(r"[0-9A-F]{6}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# A traceback from its head line to the error's own line: Python's form, IPython's and rich's.
_TRACEBACK = re.compile(
    r"^.*Traceback \(most recent call last\).*\n(?:.*\n)*?"
    r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration)\b.*$",
    re.MULTILINE,
)
_TRACEBACK_HEAD = re.compile(r"Traceback \(most recent call last\)")

# "path:12: UserWarning: text" and the source line that Python's warnings print below it.
_WARNING = re.compile(r"^\S[^\n]*:\d+: \w*Warning: [^\n]*(?:\n[ \t]+[^\n]*)?$", re.MULTILINE)

# What pdb prints where it stops: "> file(line)function()" and "-> source" below it.
_DEBUGGER = re.compile(r"^> \S[^\n]*\(\d+\)[^\n]*(?:\n-> [^\n]*)?$", re.MULTILINE)

# Python's reprs of code, and of objects of the notebook's own classes.
_INNER = r"(?:[^<>&\n]|<[^<>\n]*>|&lt;[^&\n]*&gt;|&(?!lt;|gt;))*"
_REPR = re.compile(
    r"(?:<|&lt;)(?:(?:function|bound method|generator object|coroutine object|code object) "
    rf"|(?:class ')?__main__\.){_INNER}(?:>|&gt;)"
)

# Where a kernel keeps a cell's source for tracebacks (ipykernel.compiler.get_tmp_directory).
_CELL_FILE = re.compile(r"[^\s\"'<>(]*ipykernel_\d+[/\\]+\d+\.py")
_OWN_CLASS = re.compile(r"__main__\.[\w.<>]+")
_HTML_COMMENT = re.compile(r"<!--(?!\[if).*?-->", re.DOTALL)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,16}\b")
_TEXT_TYPES = re.compile(r"text/|application/(?:json|javascript)|image/svg")


def viewer_outputs(outputs: Iterable[Output], report: Report, language: str) -> list[Output]:
    """The outputs as a viewer may see them; a failed one becomes a friendly sentence."""
    shown = []
    for output in outputs:
        kept = viewer_output(output, report, language)
        if kept is not None:
            shown.append(kept)
    return shown


def viewer_output(output: Output, report: Report, language: str) -> Output | None:
    """One output as a viewer may see it; None for what is not for viewers."""
    kind = output.get("output_type")
    if kind == "stream":
        if output.get("name") != "stdout":
            return None
        return {"output_type": "stream", "name": "stdout", "text": clean_text(output["text"])}
    if kind == "error":
        data = {"text/html": problem_html(reference_of(output, report), language)}
        return {"output_type": "display_data", "data": data, "metadata": {}}
    if kind in ("display_data", "execute_result"):
        data = viewer_data(output.get("data", {}))
        metadata = renderer_metadata(output.get("metadata", {}))
        return {"output_type": "display_data", "data": data, "metadata": metadata} if data else None
    return None


def reference_of(error: dict[str, Any], report: Report) -> str:
    """The reference number of an error: the guard's, else a new one that `report` gives."""
    value = str(error.get("evalue", ""))
    if error.get("ename") == GUARDED and _REFERENCE.fullmatch(value):
        return value
    return report(f"{error.get('ename')}: {value}")


def viewer_data(data: dict[str, Any]) -> dict[str, Any]:
    """The MIME bundle without what is never shown, its texts cleaned."""
    # The plain text beside a richer form is a Python repr: never shown, and it tells of the code.
    rich = {mime: value for mime, value in data.items() if mime != "text/plain"}
    if rich:
        return {mime: _clean_value(mime, value) for mime, value in rich.items()}
    plain = clean_text(data.get("text/plain", ""))
    # Nothing is left of a repr that only told of the code.
    return {"text/plain": plain} if plain.strip() else {}


def viewer_state(value: Any) -> Any:
    """A widget's state, or a part of it, with its texts cleaned."""
    if isinstance(value, str):
        if _OWN_CLASS.fullmatch(value):
            # anywidget names a model after the author's class; the page needs a name only.
            return f"app.{hashlib.sha256(value.encode()).hexdigest()[:12]}"
        return clean_text(_HTML_COMMENT.sub("", value))
    if isinstance(value, dict):
        return {name: viewer_state(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [viewer_state(item) for item in value]
    return value


def renderer_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata that a renderer uses."""
    kept: dict[str, Any] = {}
    for name, value in metadata.items():
        if name in _RENDERER_METADATA:
            kept[name] = value
        elif "/" in name and isinstance(value, dict):
            kept[name] = {k: v for k, v in value.items() if k in _RENDERER_METADATA}
    return kept


def clean_text(text: str | list[str]) -> str:
    """`text` without tracebacks, warnings' source lines, memory addresses and cells' file names."""
    joined = text if isinstance(text, str) else "".join(text)
    plain = _COLOUR.sub("", joined)
    if _TRACEBACK_HEAD.search(plain):
        joined = _TRACEBACK.sub("", plain)
        # A traceback in a form of its own: nothing of what follows its head is sure to be clean.
        head = _TRACEBACK_HEAD.search(joined)
        if head:
            joined = joined[: head.start()]
    joined = _DEBUGGER.sub("", _WARNING.sub("", joined))
    joined = _REPR.sub("", joined)
    return _ADDRESS.sub("", _CELL_FILE.sub("notebook", joined))


def _clean_value(mime: str, value: Any) -> Any:
    if mime.startswith("image/") and isinstance(value, str | list):
        return bare_picture(mime, value if isinstance(value, str) else "".join(value))
    if mime == "text/html" and isinstance(value, str | list):
        value = _HTML_COMMENT.sub("", value if isinstance(value, str) else "".join(value))
    if _TEXT_TYPES.match(mime) and isinstance(value, str | list):
        if isinstance(value, list) and not all(isinstance(line, str) for line in value):
            return value
        return clean_text(value)
    return value
