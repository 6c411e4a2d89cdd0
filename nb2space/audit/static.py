"""What a page shows before there is a kernel: itself, and the recorded states of its widgets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nb2space.audit.shown import Share, share_of_output, share_of_page, share_of_state

INDEX = "index.html"
_TABLES = "page/"


def is_shown(where: str) -> bool:
    """True for the page and its tables, by their paths in the folder."""
    return where == INDEX or (where.startswith(_TABLES) and where.endswith(".json"))


def share_of_static(folder: Path) -> Share:
    """What the page in `folder` shows and what of it is not for viewers to see."""
    share, _ = share_of_page((folder / INDEX).read_text(encoding="utf-8", errors="replace"))
    for path in sorted((folder / "page").glob("*.json")):
        share += _share_of_table(json.loads(path.read_bytes()))
    return share


def _share_of_table(table: Any) -> Share:
    share = Share()
    for model in table.get("states", {}).values():
        share += share_of_state(model["state"])
    for blob in table.values():
        if isinstance(blob, dict) and "v" in blob:
            share += _share_of_blob(blob)
    return share


def _share_of_blob(blob: Any) -> Share:
    value = blob["v"]
    share = Share()
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict) and "output_type" in item:
            share += share_of_output(item)
    share += share_of_state({"value": value})
    for new in blob.get("m") or ():
        share += share_of_state(new["s"])
    return share
