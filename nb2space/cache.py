"""What earlier conversions found out, kept privately for later ones.

An entry is sealed with a key that follows from all that it is the answer to: the code, the secrets,
the options. So who has the file alone has neither; who asks the same question opens it. Entries
that cannot be opened, and a disk that takes none, are as if there were no cache.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from nb2space.keystore import data_folder, write_private
from nb2space.runtime.bundle import BundleError, unpack, unseal_bytes
from nb2space.seal import seal

_NAME = "entry.json"
_MOST_ENTRIES = 100
_MOST_BYTES = 500_000_000
_LARGEST = 100_000_000
_OLDEST = 90 * 24 * 3600


def cache_folder() -> Path:
    """The folder of the entries."""
    return data_folder() / "executions"


def key_of(question: Any) -> str:
    """The key of the answer to `question`, which is plain data."""
    text = json.dumps(question, sort_keys=True, default=str)
    return base64.urlsafe_b64encode(hashlib.sha512(text.encode()).digest()).decode("ascii")


def find(key: str) -> dict[str, Any] | None:
    """What was kept under `key`, if it is there."""
    path = _path_of(key)
    try:
        answer = json.loads(unpack(unseal_bytes(path.read_bytes(), key))[_NAME])
        os.utime(path)
    except (OSError, BundleError, KeyError, ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def keep(key: str, answer: dict[str, Any]) -> None:
    """Keep `answer`, which is plain data, under `key`, as far as there is room."""
    sealed = seal({_NAME: json.dumps(answer).encode()}, key)
    if len(sealed) <= _LARGEST:
        with suppress(OSError):
            write_private(_path_of(key), sealed)
    _prune(cache_folder())


def _path_of(key: str) -> Path:
    return cache_folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.sealed"


def _prune(folder: Path) -> None:
    """Remove what was not used for long, and of too much what was not used for longest."""
    room = _MOST_BYTES
    with suppress(OSError):
        used = {path: path.stat() for path in folder.iterdir()}
        newest = sorted(used, key=lambda path: used[path].st_mtime_ns, reverse=True)
        for place, path in enumerate(newest):
            room -= used[path].st_size
            age = time.time() - used[path].st_mtime
            if place >= _MOST_ENTRIES or room < 0 or age > _OLDEST:
                path.unlink()
