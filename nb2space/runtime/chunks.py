"""The front end's scripts together with the pieces that they load at once.

Voila's front end and each widget library's are built with webpack: a first script loads dozens of
chunks, and none works before all are there. Asked for one by one they cost the viewer more than a
second. A chunk adds itself to a list that the first script goes through when it begins, so chunks
may as well stand before it: webpack.js.org/concepts/under-the-hood, "Chunks".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_VOILA = "voila.js"
_REMOTE_ENTRY = "remoteEntry."

# The library of Jupyter's own widgets, all of which a page needs sooner or later.
_MANAGER = "@jupyter-widgets/jupyterlab-manager"

# How a webpack runtime asks for a chunk by its number, and what an extension loads at its start.
_CHUNK = re.compile(rb"\.e\((\d+)\)")
_START = re.compile(rb'"\./extension"\s*:\s*\(\)\s*=>(.*?)\.then\(', re.DOTALL)


def with_chunks(path: Path) -> bytes:
    """The content of a front end's file, after the chunks that it would ask for first.

    Of a file of which nothing is known, the content alone: its chunks are then loaded one by one.
    """
    content = path.read_bytes()
    if path.name == _VOILA:
        names = [f"{number}.voila.js" for number in _numbers(content)]
        chunks = [path.parent / name for name in names]
    elif path.name.startswith(_REMOTE_ENTRY):
        chunks = list(_chunks_of_extension(path, content))
    else:
        chunks = []
    # Each in a function of its own, as its directives are for it alone.
    wrapped = [b"(function(){\n%b\n})();\n" % c.read_bytes() for c in chunks if c.is_file()]
    return b"".join([*wrapped, content])


def _chunks_of_extension(path: Path, content: bytes) -> Iterable[Path]:
    scripts = sorted(path.parent.glob("*.js"))
    if path.parent.parent.as_posix().endswith(_MANAGER):
        return [script for script in scripts if script.name[0].isdigit()]
    start = _START.search(content)
    numbers = set(_numbers(start[1])) if start else set()
    return [script for script in scripts if script.name.partition(".")[0] in numbers]


def _numbers(content: bytes) -> list[str]:
    return sorted({found.decode() for found in _CHUNK.findall(content)})
