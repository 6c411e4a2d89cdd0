"""Which files below a folder are opened, by whatever means, as the system tells (inotify, Linux).

Libraries that read through C++ (pyarrow, DuckDB, GDAL) and other programs open files where Python
sees nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nb2space import cache
from nb2space.space import MANIFEST

# The notebook's own editor reads and writes these; modules are seen when they are imported.
_NOT_DATA = (".ipynb", ".pyc", ".so", ".pyd")
_NOT_THE_AUTHORS = {"__pycache__", "node_modules"}
_MOST_FOLDERS = 2_000


class Opened:
    """What was opened below a folder. `complete` is false where the system does not tell all."""

    def __init__(self) -> None:
        self.complete = False
        self._read: dict[str, None] = {}
        self._opened: dict[str, None] = {}
        self._changed: set[str] = set()

    def files(self) -> tuple[str, ...]:
        """The absolute paths of the files that were opened, but for those written first."""
        found = {**self._read, **self._opened}
        return tuple(path for path in found if path not in self._changed and os.path.isfile(path))

    def note(self, path: str, flags: Any, mask: int) -> None:
        """Take an event in: what is changed before it is read, the run has made itself."""
        if mask & (flags.CREATE | flags.MOVED_TO | flags.MODIFY):
            if path not in self._read:
                self._changed.add(path)
        elif mask & (flags.ACCESS | flags.CLOSE_NOWRITE):
            if path not in self._changed:
                self._read[path] = None
        elif mask & flags.OPEN:
            self._opened[path] = None


@contextmanager
def opened_below(folder: Path) -> Iterator[Opened]:
    """Watch `folder` during the block, which a running event loop is in."""
    opened = Opened()
    if sys.platform != "linux":
        yield opened
        return
    from inotify_simple import INotify, flags

    masks = (
        flags.OPEN | flags.ACCESS | flags.MODIFY | flags.CLOSE_NOWRITE
        | flags.CREATE | flags.MOVED_TO | flags.ONLYDIR
    )  # fmt: skip
    watched: dict[int, str] = {}
    with INotify() as events:

        def watch(place: str) -> None:
            for inside in _folders(place):
                if len(watched) >= _MOST_FOLDERS:
                    opened.complete = False
                    return
                try:
                    watched[events.add_watch(inside, masks)] = inside
                except OSError:  # gone already, or the system's limit
                    opened.complete = False

        def take() -> None:
            with suppress(BlockingIOError):
                for event in events.read(timeout=0):
                    if event.mask & flags.Q_OVERFLOW:
                        opened.complete = False
                        continue
                    path = os.path.join(watched.get(event.wd, ""), event.name)
                    if event.mask & flags.ISDIR:
                        if event.mask & (flags.CREATE | flags.MOVED_TO):
                            watch(path)
                    elif _is_data(event.name):
                        opened.note(path, flags, event.mask)

        opened.complete = True
        watch(str(folder))
        loop = asyncio.get_running_loop()
        loop.add_reader(events.fileno(), take)
        try:
            yield opened
        finally:
            loop.remove_reader(events.fileno())
            take()


def _is_data(name: str) -> bool:
    return bool(name) and not name.startswith(".") and not name.endswith(_NOT_DATA)


def _folders(place: str) -> Iterator[str]:
    """The folder and those in it, but for hidden ones, environments and Space folders."""
    yield place
    for folder, folders, _ in os.walk(place):
        folders[:] = [name for name in sorted(folders) if _is_the_authors(folder, name)]
        yield from (os.path.join(folder, name) for name in folders)


def _is_the_authors(folder: str, name: str) -> bool:
    inside = os.path.join(folder, name)
    return not (
        name.startswith(".")
        or name in _NOT_THE_AUTHORS
        # Where nb2space itself reads and writes meanwhile.
        or inside == os.path.abspath(cache.cache_folder().parent)
        or any(os.path.exists(os.path.join(inside, own)) for own in (MANIFEST, "pyvenv.cfg"))
    )
