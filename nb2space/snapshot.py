"""What files and folders were like at a moment, to tell later whether they still are."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2space.space import MANIFEST
from nb2space.typed import typed

State = list[Any] | None
"""Size, time of the last change in nanoseconds, and digest of a file; of a folder only the digest
of what it lists; None for what does not exist."""

# Larger files are told by size and time alone.
_LARGEST = 100_000_000
_MOST_FILES = 5_000
_NOT_THE_AUTHORS = {"__pycache__", "node_modules"}
# Of the hidden files these belong to the notebook.
_HIDDEN = {".nb2spaceignore"}


@dataclass(frozen=True)
class Snapshot:
    """States by absolute path, and of the folder `home` the files that were in it (relative)."""

    states: dict[str, State]
    home: str
    inside: tuple[str, ...]


def take(home: Path, paths: Iterable[str], besides: Collection[Path]) -> Snapshot | None:
    """How the files below `home` and all `paths` are now; None where `home` holds too many.

    Of the `paths` the contents are read, so that one that is only touched later counts as the
    same. Not looked at below `home` are notebooks, hidden files, Space folders, virtual
    environments and the folders `besides`.
    """
    inside = _inside(home, besides)
    if inside is None:
        return None
    states = {path: _state(path) for path in (str(home / name) for name in inside)}
    states.update((path, _state_with_content(path)) for path in paths)
    return Snapshot(states, str(home), inside)


def holds(snapshot: Snapshot, besides: Collection[Path]) -> bool:
    """True when everything is as it was."""
    return _inside(Path(snapshot.home), besides) == snapshot.inside and all(
        _is_still(path, state) for path, state in snapshot.states.items()
    )


def from_kept(kept: Mapping[str, Any]) -> Snapshot:
    """The snapshot that was kept as JSON of its fields. Raises TypeError, KeyError."""
    return typed(Snapshot, {**kept, "inside": tuple(kept["inside"])})


def digest_of_folders(folders: Iterable[Path]) -> str:
    """What the files in and below `folders` are by names, sizes and times, without reading them."""
    found = [
        (entry.path, _told(entry))
        for folder in folders
        for entry in _below(str(folder))
        if not entry.path.endswith(".pyc")
    ]
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


def _inside(home: Path, besides: Collection[Path]) -> tuple[str, ...] | None:
    """The files below `home` that may matter to its notebooks, sorted; None of too many."""
    found: list[str] = []
    skipped = {os.path.abspath(folder) for folder in besides}
    waiting = [str(home)]
    while waiting:
        for entry in _entries(waiting.pop()):
            if entry.name in _NOT_THE_AUTHORS or entry.path in skipped:
                continue
            if entry.is_dir(follow_symlinks=False):
                own = {MANIFEST, "pyvenv.cfg"}
                if not entry.name.startswith(".") and not any(
                    os.path.exists(os.path.join(entry.path, name)) for name in own
                ):
                    waiting.append(entry.path)
            elif not entry.name.endswith(".ipynb") and (
                entry.name in _HIDDEN or not entry.name.startswith(".")
            ):
                found.append(os.path.relpath(entry.path, home))
        if len(found) + len(waiting) > _MOST_FILES:
            return None
    return tuple(sorted(found))


def _is_still(path: str, state: State) -> bool:
    try:
        now = os.stat(path)
    except OSError:
        return state is None
    if state is None:
        return False
    if len(state) == 1:
        return _state(path) == state
    size, changed, digest = state
    if now.st_size != size:
        return False
    return now.st_mtime_ns == changed or bool(digest and _digest(path) == digest)


def _state(path: str) -> State:
    try:
        now = os.stat(path)
    except OSError:
        return None
    if stat.S_ISDIR(now.st_mode):
        listed = sorted((entry.name, _told(entry)) for entry in _entries(path))
        return [hashlib.sha256(repr(listed).encode()).hexdigest()]
    return [now.st_size, now.st_mtime_ns, ""]


def _state_with_content(path: str) -> State:
    state = _state(path)
    # What is no regular file may never end.
    if state and len(state) > 1 and os.path.isfile(path) and state[0] <= _LARGEST:
        state[2] = _digest(path)
    return state


def _told(entry: os.DirEntry[str]) -> tuple[int, int] | None:
    """Size and time of a file; nothing of folders, whose time changes with what they hold."""
    try:
        if entry.is_dir():
            return None
        found = entry.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def _below(folder: str) -> Iterator[os.DirEntry[str]]:
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _below(entry.path)
        else:
            yield entry


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
