"""Comparing what a cell showed at the conversion with what it shows now, in outputs and widgets.

Pictures are compared by their being there, since other fonts and processors draw other pixels of
the same plot; texts without what is drawn anew each time: addresses and ids.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
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


def digest_of_widgets(states: Mapping[str, Mapping[str, Any]]) -> str:
    """The SHA-256 of widgets' states, by id in the order of creation; "" where there are none.

    Numbers count with six digits: another processor computes the others differently.
    """
    if not states:
        return ""
    settled = [_settled(state) for state in states.values()]
    return hashlib.sha256(json.dumps(settled, sort_keys=True).encode()).hexdigest()


def _settled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: digest_of(item) if name == "outputs" and _are_outputs(item) else _settled(item)
            for name, item in value.items()
            if name != "msg_id"  # which request an Output widget listened to
        }
    if isinstance(value, list | tuple):
        return [_settled(item) for item in value]
    if isinstance(value, float):
        return f"{value:.6g}"
    return _plain(value) if isinstance(value, str) else value


def _are_outputs(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(item, Mapping) and "output_type" in item for item in value
    )


def _bundle(data: Any) -> dict[str, str]:
    return {
        mime: "" if mime.startswith("image/") else _plain(value) for mime, value in data.items()
    }


def _plain(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return _DRAWN.sub("", text)
