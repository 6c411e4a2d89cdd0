"""The Space folder: what is in it, its manifest, and how it is written and read.

Everything in the folder may be read by the whole world. It is written aside and then renamed, so
that a folder is there whole or not at all.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nb2space.errors import InputError
from nb2space.runtime.workplace import leaves_folder
from nb2space.typed import typed
from nb2space.version import __version__

MANIFEST = "nb2space.json"

DOCKER = "docker"
STATIC = "static"
"""The forms of a Space: a container with a live kernel, and a page without one."""

MOST_BYTES = 1_000_000_000
"""The storage of a Space's repository: huggingface.co/docs/hub/spaces-overview."""

_FORMAT = 1

# Files that tools and systems put into any folder; not the author's work, never published.
_CLUTTER = {".DS_Store", "Thumbs.db", "__pycache__", ".ipynb_checkpoints"}


@dataclass(frozen=True)
class SpaceFile:
    """One file of a Space: `path` is relative with forward slashes, `why` says what it is for."""

    path: str
    content: bytes
    why: str


@dataclass(frozen=True)
class Entry:
    """A file as the manifest lists it; `size` in bytes.

    `git` is the name that git gives to its content, by which a Space's past is compared without
    being downloaded; "" in folders of earlier versions.
    """

    path: str
    size: int
    sha256: str
    why: str
    git: str = ""


@dataclass(frozen=True)
class Manifest:
    """What a Space folder says of itself.

    `sharing` says, by the numbers of cells only, which of them run once for all viewers, and why no
    more do.
    """

    space_id: str
    form: str
    title: str
    notebook: str
    theme: str
    language: str
    show_source: bool
    python: str
    made_by: str
    files: tuple[Entry, ...]
    sharing: str = ""


def entries_of(files: Iterable[SpaceFile]) -> tuple[Entry, ...]:
    """The manifest's entries for `files`, sorted by path."""
    return tuple(_entry(file) for file in sorted(files, key=lambda file: file.path))


def _entry(file: SpaceFile) -> Entry:
    digest = hashlib.sha256(file.content).hexdigest()
    return Entry(file.path, len(file.content), digest, file.why, git_name(file.content))


def git_name(content: bytes) -> str:
    """The name that git gives to a file's content."""
    # git-scm.com/book/en/v2/Git-Internals-Git-Objects
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def manifest_bytes(manifest: Manifest) -> bytes:
    """The content of nb2space.json."""
    return (json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1) + "\n").encode()


def manifest_digest(files: Iterable[SpaceFile]) -> str:
    """The SHA-256 of the manifest among `files`, which stands for all of them."""
    return next(hashlib.sha256(file.content).hexdigest() for file in files if file.path == MANIFEST)


def version_of(manifest: bytes) -> str:
    """The version of an app that has this manifest, as its server and its page tell it."""
    return hashlib.sha256(manifest).hexdigest()[:16]


def made_by() -> str:
    """The name and version of this nb2space, for the manifest."""
    return f"nb2space {__version__}"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the Space folder `folder`. Raises InputError when it is none of ours."""
    if os.path.isfile(folder):
        raise InputError(
            f"{folder} is a file, not a Space folder. Make one of a notebook: nb2space convert "
            "NOTEBOOK"
        )
    if not os.path.isdir(folder):
        raise InputError(f"There is no folder {folder}. Make one: nb2space convert NOTEBOOK")
    try:
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if data.pop("format") != _FORMAT:
            raise InputError(
                f"{folder} was made by another version of nb2space; convert the notebook again."
            )
        entries = tuple(typed(Entry, entry) for entry in data.pop("files"))
        manifest = typed(Manifest, {**data, "files": entries})
        paths = [entry.path for entry in entries]
        if not paths or any(map(leaves_folder, [manifest.notebook, *paths])):
            raise ValueError("no files, or one outside the folder")
        return manifest
    except FileNotFoundError:
        raise InputError(
            f"{folder} is not a Space folder: it has no {MANIFEST}. "
            "Make one: nb2space convert NOTEBOOK"
        ) from None
    except OSError as error:
        raise InputError(f"{folder / MANIFEST} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(f"{folder / MANIFEST} is damaged; convert the notebook again.") from None


def read_files(folder: Path, manifest: Manifest) -> list[SpaceFile]:
    """The files that the manifest lists, each compared with its digest, and the manifest itself.

    Raises InputError for a file that is missing or was changed after the conversion: only what
    the conversion wrote may be published.
    """
    files = []
    for entry in manifest.files:
        try:
            content = (folder / entry.path).read_bytes()
        except (OSError, ValueError):  # ValueError: no path can hold the character NUL
            raise InputError(
                f"{folder / entry.path} is missing; convert the notebook again."
            ) from None
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise InputError(
                f"{folder / entry.path} was changed after the conversion. Undo the change, or move "
                "the file away and convert the notebook again."
            )
        files.append(SpaceFile(entry.path, content, entry.why))
    files.append(SpaceFile(MANIFEST, (folder / MANIFEST).read_bytes(), "the list of these files"))
    return files


def check_replaceable(folder: Path) -> Manifest | None:
    """The manifest of the folder that a conversion would replace; None when nothing is there.

    Raises InputError when `folder` holds anything that nb2space did not write, since that would
    be lost.
    """
    if not os.path.lexists(folder):
        return None
    if not os.path.exists(folder):
        raise InputError(
            f"{folder} is a link that leads nowhere. Remove it, or name another folder with "
            "convert -o."
        )
    if not os.path.isdir(folder):
        raise InputError(f"{folder} is a file; name another folder with convert -o.")
    try:
        if not any(folder.iterdir()):
            return None
    except OSError as error:
        raise InputError(
            f"{folder} cannot be read: {error.strerror}. Name another folder with convert -o."
        ) from None
    if not (folder / MANIFEST).is_file():
        raise InputError(
            f"{folder} exists and was not made by nb2space, so it is left alone. "
            "Name another folder with convert -o, or move it away."
        )
    manifest = read_manifest(folder)
    strange = _strange_files(folder, manifest)
    if strange:
        raise InputError(
            f"{folder} holds files that nb2space did not write or that were changed since: "
            f"{', '.join(strange[:5])}{' …' if len(strange) > 5 else ''}. They would be lost; "
            "move them away, or name another folder with convert -o."
        )
    return manifest


def check_writable(folder: Path) -> None:
    """Raise InputError when `folder` could not be written now."""
    place = folder.resolve().parent
    while not os.path.exists(place):
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}. Name another folder with convert -o."
        ) from None


def write_folder(folder: Path, files: Iterable[SpaceFile]) -> None:
    """Put `files` in `folder`, replacing what is there; whole, or not at all."""
    # Of a link, what it leads to is replaced.
    place = folder.resolve()
    aside = place.with_name(f".{place.name}.nb2space-{secrets.token_hex(4)}")
    try:
        _clear_left_overs(place)
        for file in files:
            path = aside / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        _swap(aside, place)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror}. Nothing was changed."
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _clear_left_overs(folder: Path) -> None:
    """Remove what a killed conversion left beside `folder`, the folder itself not among it."""
    for left_over in folder.parent.glob(f".{glob.escape(folder.name)}.nb2space-*"):
        if left_over.name.endswith("-old") and not folder.exists():
            os.rename(left_over, folder)
        else:
            shutil.rmtree(left_over, ignore_errors=True)


def _swap(new: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(new, folder)
        return
    old = new.with_name(new.name + "-old")
    os.rename(folder, old)
    try:
        os.rename(new, folder)
    except BaseException:  # Ctrl-C among them
        os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _strange_files(folder: Path, manifest: Manifest) -> list[str]:
    known: Mapping[str, str] = {entry.path: entry.sha256 for entry in manifest.files}
    strange = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if relative == MANIFEST or _CLUTTER & set(path.relative_to(folder).parts):
            continue
        is_folder = path.is_dir() and not path.is_symlink()
        if not is_folder and _digest_of(path) != known.get(relative, "unknown"):
            strange.append(relative)
    return strange


def _digest_of(path: Path) -> str | None:
    """The digest of a regular file; None for links, sockets and what cannot be read."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def manifest_as_dict(manifest: Manifest) -> dict[str, Any]:
    """The manifest as plain data, for JSON output."""
    return asdict(manifest)
