"""Viewing while the author works: noticing each save of the notebook."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nb2space.errors import InputError
from nb2space.keystore import find_record
from nb2space.space import MANIFEST, read_manifest

_LOOK_EVERY = 0.5


def notebook_of(folder: Path) -> Path:
    """The notebook that `folder` was converted from. Raises InputError when that is not known."""
    record = find_record(read_manifest(folder).space_id)
    if record is None or not Path(record.notebook).is_file():
        raise InputError(
            f"The notebook that {folder} was made from is not on this machine; "
            "name it instead: nb2space view NOTEBOOK --watch"
        )
    return Path(record.notebook)


def saved_since(folder: Path) -> Path | None:
    """The notebook that `folder` was made from, when it was saved after that; None otherwise."""
    record = find_record(read_manifest(folder).space_id)
    try:
        if record and os.stat(record.notebook).st_mtime > os.stat(folder / MANIFEST).st_mtime:
            return Path(record.notebook)
    except OSError:
        return None
    return None


def say_if_saved_since(folder: Path, notice: Callable[[str], None]) -> None:
    """Tell `notice` when the notebook of `folder` was saved after the folder was made."""
    if notebook := saved_since(folder):
        notice(f"{notebook.name} was saved after {folder} was made; convert it again to have that.")


def saves(path: Path, check: Callable[[], None]) -> Iterator[None]:
    """One item for each time that the file's content became another; never ends by itself.

    `check` is called at each look, to raise when there is no reason to go on.
    """
    seen = _content(path)
    while True:
        time.sleep(_LOOK_EVERY)
        check()
        now = _content(path)
        # An editor may write in two steps; an empty or missing file is not a saved notebook.
        if now and now != seen:
            seen = now
            yield


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
