"""What of Voila's bundle a page can come to ask for.

The bundle has all of JupyterLab in some two hundred chunks. Which chunks a library needs stands in
the bundle's first script: those with the library itself, those that stand for another library, and
those that a chunk asks for later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# How webpack's module federation writes these: webpack.js.org/plugins/module-federation-plugin.
_SHARED = re.compile(r'"([^"]+)","[\d.]+",\(\(\)=>(.*?)\.then\(')
_CHUNK = re.compile(r"\.e\((\d+)\)")
_STANDS_FOR = re.compile(r"(\d+):\[(\d+(?:,\d+)*)\]")
_CONSUMED = re.compile(r'(\d+):\(\)=>\w+\("default","([^"]+)"')


def needed_chunks(bundle: Path, libraries: Iterable[str]) -> set[Path]:
    """The files of the chunks with these libraries of the bundle, by their names on npm.

    Of a bundle of which nothing is known, all chunks.
    """
    script = bundle.read_text(encoding="utf-8", errors="replace")
    shared = {name: _CHUNK.findall(loads) for name, loads in _SHARED.findall(script)}
    if not shared:
        return set(bundle.parent.glob(f"*.{bundle.name}"))
    names = dict(_CONSUMED.findall(script))
    stands_for = {
        number: [names[module] for module in modules.split(",") if module in names]
        for number, modules in _STANDS_FOR.findall(script)
    }
    found: set[Path] = set()
    seen: set[str] = set()
    numbers = [number for name in libraries for number in shared.get(name, ())]
    while numbers:
        number = numbers.pop()
        if number in seen:
            continue
        seen.add(number)
        for name in stands_for.get(number, ()):
            numbers += shared.get(name, ())
        chunk = bundle.parent / f"{number}.{bundle.name}"
        if chunk.is_file():
            found.add(chunk)
            numbers += _CHUNK.findall(chunk.read_text(encoding="utf-8", errors="replace"))
    return found


def libraries_named(bundle: Path, scripts: Iterable[Path]) -> set[str]:
    """The libraries of the bundle that one of these scripts names."""
    script = bundle.read_text(encoding="utf-8", errors="replace")
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in scripts]
    return {name for name, _ in _SHARED.findall(script) if any(f'"{name}"' in t for t in texts)}
