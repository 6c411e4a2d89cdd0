"""Viewing while the author works: noticing each save of the notebook."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nb2space.errors import InputError
from nb2space.keystore import find_record
from nb2space.space import read_manifest

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
