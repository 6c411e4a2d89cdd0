"""Working folders that were left behind when their server was killed.

A server holds a lock on its folder, which the system gives up with the process, however that ends
(flock(2)). The next server removes the folders that nobody holds.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

# Seconds in which a server that has made its folder comes to hold it.
_YOUNG = 60


def hold(folder: Path) -> int | None:
    """Hold `folder` until the returned descriptor is closed; None where that cannot be."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another holds it, or the file system knows no locks
        os.close(lock)
        return None
    return lock


def remove_left_over(place: Path, prefix: str) -> None:
    """Remove this user's folders in `place` whose names begin with `prefix` and that none holds.

    What cannot be removed stays.
    """
    if sys.platform == "win32":
        return
    with suppress(OSError):
        for folder in place.glob(f"{prefix}*"):
            with suppress(OSError):
                about = folder.lstat()
                if about.st_uid != os.getuid() or time.time() - about.st_mtime < _YOUNG:
                    continue
                lock = hold(folder)
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(lock)
