"""Scripts of the front end together with the pieces that every page needs of them.

Voila's bundle and the front end of ipywidgets are built with webpack: a script that knows
where everything is, and dozens of chunks, which it loads when they are asked for. Asked for one by
one they cost the viewer more than a second. A chunk adds itself to a list that the script goes
through when it begins, so chunks may as well stand before it: webpack.js.org/concepts/
under-the-hood, "Chunks".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

BUNDLE = "voila.js"
"""Voila's bundle, which has JupyterLab's libraries."""

# How the first script of ipywidgets' front end is called, and the folder that it is in.
_ENTRY, _MANAGER = "remoteEntry.", "jupyterlab-manager"

# What the page's own script asks for at once, and what that is made of (templates/page).
_OF_BUNDLE = (
    "@lumino/algorithm", "@lumino/commands", "@lumino/coreutils", "@lumino/disposable",
    "@lumino/domutils", "@lumino/dragdrop", "@lumino/messaging", "@lumino/properties",
    "@lumino/signaling", "@lumino/virtualdom", "@lumino/widgets",
)  # fmt: skip
_OF_MANAGER = (
    "@jupyter-widgets/base", "@jupyter-widgets/base-manager", "@jupyter-widgets/controls", "jquery",
)  # fmt: skip

# How a webpack runtime asks for a chunk by its number.
_CHUNK = re.compile(rb"\.e\((\d+)\)")


def with_chunks(path: Path) -> bytes:
    """The content of a front end's file, after the chunks that it would be asked for first.

    Of a file of which nothing is known, the content alone: its chunks are then loaded one by one.
    """
    # Each in a function of its own, as its directives are for it alone.
    wrapped = [b"(function(){\n%b\n})();\n" % chunk.read_bytes() for chunk in chunks_of(path)]
    return b"".join([*wrapped, path.read_bytes()])


def chunks_of(path: Path) -> list[Path]:
    """The chunks that come along with a front end's file, and need not be sent for themselves."""
    if path.name == BUNDLE:
        names = [f"{number}.{BUNDLE}" for number in _of_libraries(path, _OF_BUNDLE)]
        return [chunk for name in names if (chunk := path.parent / name).is_file()]
    if path.name.startswith(_ENTRY) and path.parent.parent.name == _MANAGER:
        numbers = _of_libraries(path, _OF_MANAGER)
        return [chunk for number in numbers for chunk in sorted(path.parent.glob(f"{number}.*.js"))]
    return []


def _of_libraries(path: Path, names: Iterable[str]) -> list[str]:
    """The numbers of the chunks with the libraries `names`, as a webpack runtime has them."""
    content = path.read_bytes()
    found: set[str] = set()
    for name in names:
        loads = rb'"%b"[^()]*\(?\(\)\s*=>(.*?)\.then\(' % re.escape(name.encode())
        match = re.search(loads, content, re.DOTALL)
        found.update(_numbers(match[1]) if match else ())
    return sorted(found)


def _numbers(content: bytes) -> list[str]:
    return sorted({found.decode() for found in _CHUNK.findall(content)})
