"""Telling whether a cell shows the same in two runs, without comparing the outputs themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .cleantext import text_of

_PARTS = ("output_type", "name", "text", "data", "metadata")


def digest_of(outputs: Iterable[Mapping[str, Any]]) -> str:
    """A short text that is the same for outputs that look the same; "" for none."""
    shown = [
        {name: _plain(output[name]) for name in _PARTS if output.get(name)} for output in outputs
    ]
    if not shown:
        return ""
    text = json.dumps(shown, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """A value with its texts as one string each, which notebooks may keep as lists of lines."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list) and (text := text_of(value)) is not None:
        return text
    return value
