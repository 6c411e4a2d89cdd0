"""Looking for secrets in a notebook, or in all files of a folder, without running anything."""

from __future__ import annotations

import os
from pathlib import Path

from nb2space.errors import InputError
from nb2space.notebook import read_notebook
from nb2space.projectfile import read_project
from nb2space.secrets import Finding, find_in_files, find_secrets

# A larger file is no text that anyone wrote.
_MOST_BYTES = 20_000_000


def scan(target: Path) -> list[Finding]:
    """The secrets in a notebook or in the files below a folder. Raises InputError."""
    if target.is_dir():
        return [f.becoming("found") for f in _in_folder(target)]
    if target.suffix == ".ipynb":
        ignored = read_project(target.absolute().parent).ignored
        return find_secrets(read_notebook(target), ignored=ignored)
    try:
        content = target.read_bytes()
    except OSError as error:
        raise InputError(f"{target} cannot be read: {error.strerror}.") from None
    return [f.becoming("found") for f in find_in_files({target.name: content})]


def _in_folder(folder: Path) -> list[Finding]:
    ignored = read_project(folder).ignored
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        for name in sorted(names):
            path = Path(place, name)
            where = path.relative_to(folder).as_posix()
            if not path.is_file() or path.stat().st_size > _MOST_BYTES:
                continue
            if path.suffix == ".ipynb":
                found += [f.at(f"{where}, {f.where}") for f in find_secrets(read_notebook(path))]
            else:
                found += find_in_files({where: path.read_bytes()})
    return [finding for finding in found if finding.fingerprint not in ignored]
