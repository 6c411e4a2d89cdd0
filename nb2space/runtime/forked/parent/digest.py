"""Comparing what a cell showed at the conversion with what it shows now.

Pictures are compared by their being there, since other fonts and processors draw other pixels of
the same plot; texts without what is drawn anew each time: addresses and ids.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

# Memory addresses; pandas' ids of styled tables; any long word of hexadecimal digits, such as
# those of plots and of libraries' elements.
_DRAWN = re.compile(
    r"0x[0-9a-f]+|T_[0-9a-f]{5}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?<![0-9a-zA-Z])[a-z]?(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{10,}(?![0-9a-zA-Z])"
)


def digest_of(outputs: Iterable[Any]) -> str:
    """The SHA-256 of a cell's outputs (nbformat 4), without what may differ from run to run."""
    shown: list[list[Any]] = []
    for output in outputs:
        if output["output_type"] != "stream":
            shown.append([_bundle(output.get("data", {}))])
        elif output["name"] == "stdout":
            text = _plain(output["text"])
            if shown and isinstance(shown[-1][0], str):
                shown[-1][0] += text
            else:
                shown.append([text])
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def _bundle(data: Any) -> dict[str, str]:
    return {
        mime: "" if mime.startswith("image/") else _plain(value) for mime, value in data.items()
    }


def _plain(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return _DRAWN.sub("", text)
