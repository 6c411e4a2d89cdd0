"""Looking for secrets in a notebook, or in all files of a folder, without running anything."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nb2space.errors import InputError
from nb2space.notebook import read_notebook
from nb2space.projectfile import read_project
from nb2space.secrets import Finding, find_in_files, find_secrets, tells_of_packages

# A larger file is no text that anyone wrote.
_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Scanned:
    """The secrets that were found, and sentences about what could not be read as it should."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...] = ()


def scan(target: Path) -> Scanned:
    """The secrets in a notebook or in the files below a folder. Raises InputError."""
    if os.path.isdir(target):
        return _in_folder(target)
    if target.suffix.lower() == ".ipynb":
        notebook, home = read_notebook(target), target.absolute().parent
        ignored = read_project(home).ignored
        beside = find_in_files(_declarations(home), ignored)
        found = find_secrets(notebook, ignored=ignored)
        return Scanned((*found, *(finding.becoming("found") for finding in beside)))
    try:
        content = target.read_bytes()
    except OSError as error:
        raise InputError(f"{target} cannot be read: {error.strerror}.") from None
    ignored = read_project(target.absolute().parent).ignored
    found = find_in_files({target.name: content}, ignored)
    return Scanned(tuple(f.becoming("found") for f in found))


def _declarations(home: Path) -> dict[str, bytes]:
    """The files beside a notebook that declare packages: what a Space installs is public."""
    names = sorted(path.name for path in home.iterdir() if tells_of_packages(path.name))
    return {name: (home / name).read_bytes() for name in names if (home / name).is_file()}


def _in_folder(folder: Path) -> Scanned:
    ignored = read_project(folder).ignored
    found: list[Finding] = []
    notices = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in (".git", "__pycache__"))
        for name in sorted(names):
            path = Path(place, name)
            where = path.relative_to(folder).as_posix()
            if not path.is_file() or path.stat().st_size > _MOST_BYTES:
                continue
            if path.suffix.lower() == ".ipynb":
                try:
                    in_notebook = find_secrets(read_notebook(path), ignored=ignored)
                    found += [f.at(f"{where}, {f.where}") for f in in_notebook]
                    continue
                except InputError as error:
                    notices.append(f"{error} Its text was searched instead.")
            found += find_in_files({where: path.read_bytes()}, ignored)
    return Scanned(tuple(f.becoming("found") for f in found), tuple(notices))
