"""Front ends of installed widget packages: large scripts that notebooks carry along word for word.

Plotly's FigureWidget puts five megabytes of JavaScript into each widget's state. What is a
package's own file cannot hold anything of the author's, so it need not be read.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

LARGE = 50_000
"""Texts of more characters are compared with installed files."""


def is_installed(text: str, prefix: str = "") -> bool:
    """True when `text` is a script or style of a package here, or in the environment `prefix`."""
    # Both languages have it, and what is encoded has not.
    if len(text) <= LARGE or "{" not in text:
        return False
    raw = text.encode("utf-8", errors="replace")
    paths = large_scripts("" if prefix == sys.prefix else prefix).get(len(raw), ())
    digest = hashlib.sha256(raw).digest()
    return any(_digest(path) == digest for path in paths)


@lru_cache(maxsize=4)
def large_scripts(prefix: str = "") -> dict[int, list[str]]:
    """The large scripts of packages here and in the environment `prefix`, by size in bytes."""
    found: dict[int, list[str]] = {}
    for package in _packages(prefix):
        for folder, _, names in os.walk(package):
            for name in names:
                if not name.endswith((".js", ".mjs", ".css")):
                    continue
                path = os.path.join(folder, name)
                with suppress(OSError):
                    size = os.stat(path).st_size
                    if size > LARGE:
                        found.setdefault(size, []).append(path)
    return found


def _packages(prefix: str) -> Iterator[Path]:
    import sysconfig

    yield Path(sysconfig.get_path("purelib"))
    if prefix:
        yield from Path(prefix).glob("lib/python3*/site-packages")
        yield from Path(prefix).glob("Lib/site-packages")


@lru_cache(maxsize=256)
def _digest(path: str) -> bytes:
    try:
        return hashlib.sha256(Path(path).read_bytes()).digest()
    except OSError:
        return b""
