"""What a conversion made, and recognising that it would make the same again.

The same notebook, options and versions on the same ground make the same Space folder; while that
folder is as it was written, it need not be made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nb2space import cache, snapshot
from nb2space.executions import besides, settings
from nb2space.keystore import bundle_path, find_record
from nb2space.options import Options, to_remember, without_agreements
from nb2space.secrets import Finding
from nb2space.snapshot import Snapshot
from nb2space.space import MANIFEST, STATIC, Manifest


@dataclass(frozen=True)
class Conversion:
    """What a conversion made: the folder, its manifest, and sentences for the author.

    `seconds` is what all cells took; `reused` says that they did so in an earlier conversion.
    """

    folder: Path
    manifest: Manifest
    cells: int
    seconds: float
    notices: tuple[str, ...]
    secrets: tuple[Finding, ...] = ()
    reused: bool = False


def find_same(path: Path, manifest: Manifest, folder: Path, options: Options) -> Conversion | None:
    """The conversion that made `folder`, if another one now would make the same.

    `manifest` is the folder's, whose files are known to be as they were written.
    """
    if options.force or options.rotate_key:
        return None
    kept = cache.find(_key(path, folder, options))
    try:
        if kept is None or not _is_whole(kept["manifest"], manifest, folder, options):
            return None
        if not snapshot.holds(snapshot.from_kept(kept["basis"]), besides()):
            return None
        return Conversion(
            folder,
            manifest,
            cells=int(kept["cells"]),
            seconds=float(kept["seconds"]),
            notices=tuple(kept["notices"]),
            secrets=tuple(Finding(**finding) for finding in kept["secrets"]),
            reused=True,
        )
    except (KeyError, TypeError, ValueError, AttributeError):  # kept by another version
        return None


def keep_conversion(
    path: Path, conversion: Conversion, basis: Snapshot | None, options: Options
) -> None:
    """Keep what was made of the notebook at `path`, to find it again with `find_same`."""
    if basis is None:
        return
    folder = conversion.folder
    cache.keep(
        _key(path, folder, options),
        {
            "manifest": _digest(folder / MANIFEST),
            "basis": asdict(basis),
            "cells": conversion.cells,
            "seconds": conversion.seconds,
            "notices": conversion.notices,
            "secrets": [asdict(finding) for finding in conversion.secrets],
        },
    )


def _key(path: Path, folder: Path, options: Options) -> str:
    return cache.key_of(
        {
            "notebook": _digest(path),
            "path": str(path.absolute()),
            "folder": str(folder.absolute()),
            "options": _lasting(options),
            "settings": settings(),
            "packages": os.stat(sysconfig.get_path("purelib")).st_mtime_ns,
        }
    )


def _lasting(options: Options) -> dict[str, Any]:
    """What the key store remembers of `options`, but for the consent, as JSON gives it back."""
    lasting: dict[str, Any] = json.loads(json.dumps(without_agreements(to_remember(options))))
    return lasting


def _is_whole(digest: str, manifest: Manifest, folder: Path, options: Options) -> bool:
    """True when the folder and what the key store knows of it are as the conversion left them."""
    record = find_record(manifest.space_id)
    return (
        record is not None
        and record.audited == digest == _digest(folder / MANIFEST)
        and without_agreements(record.options) == _lasting(options)
        and all((folder / entry.path).is_file() for entry in manifest.files)
        and (manifest.form != STATIC or bundle_path(record).is_file())
    )


def _digest(path: Path) -> str:
    try:
        # Reading anything else, such as a pipe, may never end.
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return ""
