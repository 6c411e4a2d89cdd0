"""Noticing what was saved since a Space folder was made, also while the author is looking at it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from nb2space.errors import InputError
from nb2space.keystore import Record, find_record
from nb2space.space import MANIFEST, read_manifest

_LOOK_EVERY = 0.5
_MOST_NAMED = 3

Told = dict[Path, tuple[int, int]]
"""Size and time of the last change, in nanoseconds, of those files that are there."""


def notebook_of(folder: Path) -> Path:
    """The notebook that `folder` was converted from. Raises InputError when that is not known."""
    record = _record_of(folder)
    if record is None or not Path(record.notebook).is_file():
        raise InputError(
            f"The notebook that {folder} was made from is not on this machine; "
            "name it instead: nb2space view NOTEBOOK --watch"
        )
    return Path(record.notebook)


def saved_since(folder: Path) -> list[Path]:
    """What of the notebook and its files, of which `folder` was made, was saved after that."""
    record = _record_of(folder)
    if record is None:
        return []
    try:
        made = os.stat(folder / MANIFEST).st_mtime_ns
    except OSError:
        return []
    told = _told([Path(record.notebook), *_files_of(record)])
    return [path for path, (_, saved) in told.items() if saved > made]


def say_if_saved_since(folder: Path, notice: Callable[[str], None]) -> None:
    """Tell `notice` when anything that `folder` was made of was saved after that."""
    if saved := [path.name for path in saved_since(folder)]:
        more = f" and {len(saved) - _MOST_NAMED} more" if len(saved) > _MOST_NAMED else ""
        notice(
            f"{', '.join(saved[:_MOST_NAMED])}{more} {'were' if len(saved) > 1 else 'was'} saved "
            f"after {folder} was made; convert it again to have that."
        )


class Watch:
    """Follows what the author saves, from when it is made: before the first conversion."""

    def __init__(self, notebook: Path) -> None:
        self.notebook = notebook
        self._seen = _content(notebook)

    def saves(self, folder: Path, check: Callable[[], None]) -> Iterator[None]:
        """One item for each time that the notebook, or a file of which `folder` is made, became
        another; never ends by itself.

        `check` is called at each look, to raise when there is no reason to go on.
        """
        files: Told = {}
        while True:
            # After each conversion: what its run has written is no reason for another.
            with suppress(InputError):  # the folder is gone; the next save makes it anew
                files = _told(_files_of(_record_of(folder)))
            while not self._is_other(files):
                time.sleep(_LOOK_EVERY)
                check()
            yield

    def _is_other(self, files: Told) -> bool:
        now = _content(self.notebook)
        # An editor may write in two steps; an empty or missing file is not a saved notebook.
        if now and now != self._seen:
            self._seen = now
            return True
        return any(files[path] != state for path, state in _told(files).items())


def _record_of(folder: Path) -> Record | None:
    return find_record(read_manifest(folder).space_id)


def _files_of(record: Record | None) -> list[Path]:
    """The author's files that the Space was made with, the notebook aside."""
    return [Path(record.notebook).parent / name for name in record.files] if record else []


def _told(paths: Iterable[Path]) -> Told:
    told = {}
    for path in paths:
        with suppress(OSError, ValueError):
            found = os.stat(path)
            told[path] = (found.st_size, found.st_mtime_ns)
    return told


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
