"""What of a MIME bundle reaches a viewer: the form that the page shows, cleaned, and no other."""

from __future__ import annotations

import re
from typing import Any

from .cleantext import clean_text, text_of
from .comments import without_latex_comments
from .markup import bare_markdown, bare_markup
from .media import bare_picture

VIEW_MIME = "application/vnd.jupyter.widget-view+json"

# JupyterLab's rendermime, which draws Voila's page, shows of these the first that is there
# (@jupyterlab/rendermime, factories.ts: defaultRank). Forms of other makers may come before.
_RANKED = (
    "text/html", "text/markdown", "text/latex", "image/svg+xml",
    "image/bmp", "image/png", "image/jpeg", "image/gif", "image/webp",
)  # fmt: skip

# What is for the author: nbconvert's and Voila's names for it.
_NOT_SHOWN = {"application/vnd.jupyter.stderr", "application/vnd.jupyter.error"}
_ENCODED = re.compile(r"[A-Za-z0-9+/=\s]*")

# JSON that is nested more deeply is no output that a page shows, and ends Python's own readers.
_DEEPEST = 100


def viewer_data(data: Any) -> dict[str, Any]:
    """The MIME bundle `data` without what is never shown, its texts cleaned.

    Values of another type than their MIME type has are left out.
    """
    shown = shown_data(data)
    rich = {mime: _clean_value(mime, shown[mime]) for mime in shown if mime != "text/plain"}
    if rich:
        return rich
    plain = clean_text(text_of(shown.get("text/plain", "")) or "")
    # Nothing is left of a repr that only told of the code.
    return {"text/plain": plain} if plain.strip() else {}


def shown_data(data: Any) -> dict[str, Any]:
    """The forms in the MIME bundle `data` that a page shows, as they are."""
    if not isinstance(data, dict):
        return {}
    known = {mime: value for mime, value in data.items() if is_well_formed(mime, value)}
    rich = _shown_forms(known)
    return {mime: known[mime] for mime in rich or {"text/plain"} & set(known)}


def is_json(mime: str) -> bool:
    """True for the MIME types whose values are JSON rather than text."""
    return mime == "application/json" or mime.endswith("+json")


def is_well_formed(mime: Any, value: Any) -> bool:
    """True for a value that a page can show as this MIME type."""
    if not isinstance(mime, str):
        return False
    if is_json(mime):
        return not _is_too_deep(value)
    return text_of(value) is not None


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list | tuple)
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list | tuple)
        ]
        if not level:
            return False
    return True


def _shown_forms(data: dict[str, Any]) -> list[str]:
    """The richer forms of the bundle but for those that the page passes over."""
    best = next((mime for mime in _RANKED if mime in data), "")
    passed = {"text/plain", *_RANKED, *_NOT_SHOWN} - {best}
    # The plain text beside a richer form is a Python repr: never shown, and it tells of the code.
    # JSON beside one is an object's inside.
    if best or VIEW_MIME in data:
        passed.add("application/json")
    return [mime for mime in data if mime not in passed]


def _clean_value(mime: str, value: Any) -> Any:
    if is_json(mime):
        return clean_json(value)
    text = text_of(value) or ""
    if mime.startswith("image/"):
        text = bare_picture(mime, text)
        return clean_text(text) if mime == "image/svg+xml" else text
    if mime == "text/latex":
        text = without_latex_comments(text)
    elif mime == "text/markdown":
        text = bare_markdown(text)
    elif mime == "text/html" or mime.endswith("xml"):
        text = bare_markup(text)
    return text if _ENCODED.fullmatch(text) else clean_text(text)


def clean_json(value: Any) -> Any:
    """A JSON value with the texts in it cleaned, which may be markup and pictures."""
    if isinstance(value, str):
        return clean_text(bare_markup(value))
    if isinstance(value, dict):
        return {name: clean_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value
