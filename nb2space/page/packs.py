"""The tables as files: one that the page loads at once, and packs of values that it loads later.

Equal values are kept once, in the order in which the tables first name them, so that what belongs
together comes together.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from nb2space.page.tables import Frozen, Unit
from nb2space.runtime.markdown import with_markup
from nb2space.space import SpaceFile

TABLE = "page/table.json"

# A pack of this size comes in about a second on a slow line (4 Mbit/s), compressed.
_PACK_BYTES = 400_000
# All packs are loaded ahead when together they are about as large as a page with pictures.
_PREFETCH_BYTES = 20_000_000

# Widgets' scripts and styles, which a state may carry in full.
_LONG_TRAITS = ("_esm", "_css")
_LONG_TEXT = 20_000

WHY_TABLE = "the widgets, and what their controls do"
WHY_PACK = "recorded results of the controls"
WHY_TEXT = "a widget's own script"


def table_files(frozen: Frozen) -> list[SpaceFile]:
    """The files that the page's script reads."""
    # Of a folder, all files are searched for code and secrets before they are written.
    states, blobs = (with_markup(part, str) for part in (frozen.states, frozen.blobs))
    frozen = replace(frozen, states=states, blobs=tuple(blobs))
    blobs, units = _once(frozen)
    packs, pack_of = _packed(blobs)
    states, texts = _without_long_texts(frozen.states)
    files = [
        SpaceFile(f"page/pack-{number}.json", _object(pack), WHY_PACK)
        for number, pack in enumerate(packs)
    ]
    files += [
        SpaceFile(path, text.encode("utf-8", "replace"), WHY_TEXT)
        for path, (text, _) in texts.items()
    ]
    table = {
        "states": states,
        "buffers": frozen.buffers,
        "units": [asdict(unit) for unit in units],
        "pack_of": pack_of,
        "packs": len(packs),
        "prefetch": sum(map(len, blobs)) < _PREFETCH_BYTES,
        "texts": {path: places for path, (_, places) in texts.items()},
    }
    files.append(SpaceFile(TABLE, plain(table).encode("utf-8", "replace"), WHY_TABLE))
    return files


def plain(value: Any) -> str:
    """`value` as short JSON; what JSON cannot say becomes null, as in a browser."""
    return json.dumps(_finite(value), separators=(",", ":"), ensure_ascii=False)


def _once(frozen: Frozen) -> tuple[list[str], list[Unit]]:
    """The blobs that units name, each as JSON and once, and the units naming them so."""
    numbers: dict[str, int] = {}
    texts = {}

    def number_of(blob: int) -> int:
        if blob not in texts:
            texts[blob] = plain(frozen.blobs[blob])
        return numbers.setdefault(texts[blob], len(numbers))

    units = [
        Unit(
            **{
                **{name: getattr(unit, name) for name in Unit.__dataclass_fields__},
                "entries": tuple(tuple(map(number_of, entry)) for entry in unit.entries),
            }
        )
        for unit in frozen.units
    ]
    return list(numbers), units


def _packed(blobs: list[str]) -> tuple[list[list[tuple[int, str]]], list[int]]:
    """The blobs in packs, and for each blob its pack's number."""
    packs: list[list[tuple[int, str]]] = []
    size = _PACK_BYTES
    pack_of = []
    for number, blob in enumerate(blobs):
        if size + len(blob) > _PACK_BYTES:
            packs.append([])
            size = 0
        packs[-1].append((number, blob))
        size += len(blob)
        pack_of.append(len(packs) - 1)
    return packs, pack_of


def _object(pack: list[tuple[int, str]]) -> bytes:
    items = ",\n".join(f'"{number}":{blob}' for number, blob in pack)
    return f"{{{items}}}\n".encode("utf-8", "replace")


def _without_long_texts(
    states: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, tuple[str, list[tuple[str, str]]]]]:
    """The states without widgets' long scripts; those by the file's path, with their places."""
    texts: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    paths: dict[str, str] = {}
    shorter = {}
    for model_id, model in states.items():
        state = dict(model["state"])
        for trait in _LONG_TRAITS:
            text = state.get(trait)
            if isinstance(text, str) and len(text) > _LONG_TEXT:
                path = paths.setdefault(text, f"page/text-{len(paths)}.txt")
                texts.setdefault(path, (text, []))[1].append((model_id, trait))
                del state[trait]
        shorter[model_id] = {**model, "state": state}
    return shorter, texts


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
