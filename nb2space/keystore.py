"""The author's key store: what belongs to a Space folder and must never lie in it.

One JSON file per Space folder, readable by the author only (mode 0600), in the author's data
directory (platformdirs), or below the folder that the environment variable NB2SPACE_HOME names.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nb2space.errors import InputError
from nb2space.seal import new_key
from nb2space.typed import typed


@dataclass(frozen=True)
class Record:
    """What the author's machine knows of one Space folder.

    `space_id` is the folder's identity in its manifest, `key` opens its bundle, `folder` and
    `notebook` are absolute paths, `kernel` and `prefix` are the kernel that executed it and that
    kernel's sys.prefix, `options` are the last conversion's, `audited` is the digest of the
    manifest that an audit found clean, `resolved` that of the requirements that could be met,
    `published` is what publishing remembers (the target, and which key and secrets each Space was
    given). `secrets` are the values that the code takes from
    environment variables, by the variable's name; "" where this machine does not know the value.
    `files` are the author's modules and data in it, by their paths from the notebook's folder.
    """

    space_id: str
    key: str
    folder: str
    notebook: str = ""
    kernel: str = "python3"
    prefix: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    audited: str = ""
    resolved: str = ""
    published: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def store_folder() -> Path:
    """The folder that holds the records."""
    return data_folder() / "spaces"


def data_folder() -> Path:
    """The author's data directory for nb2space, which nobody else may read."""
    home = os.environ.get("NB2SPACE_HOME")
    if home:
        return Path(home)
    import platformdirs

    return platformdirs.user_data_path("nb2space", appauthor=False)


def find_record(space_id: str) -> Record | None:
    """The record of the Space folder with this identity, if this machine has one."""
    path = _path_of(space_id)
    try:
        record = typed(Record, json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"The key store's file {path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, RecursionError):
        raise InputError(
            f"The key store's file {path} is damaged. Restore it from a backup, or move it away: "
            "the next conversion then makes a new key."
        ) from None
    return record


def every_record() -> Iterator[Record]:
    """The records of all Space folders that this machine knows of."""
    for path in sorted(store_folder().glob("*.json")):
        # Not what systems and people put beside the records: "._1f.json", "1f (copy).json".
        known = find_record(path.stem) if path.stem.isalnum() else None
        if known:
            yield known


def known_record(folder: Path, space_id: str) -> Record:
    """The record of `folder`, which has this identity. Raises InputError without one."""
    record = find_record(space_id)
    if record is None:
        raise InputError(
            f"The key of {folder} is not on this machine, so its code cannot be opened. "
            "Convert the notebook here: nb2space convert NOTEBOOK"
        )
    return record


def record_for(folder: Path, space_id: str | None) -> Record:
    """The record of `folder`: by the identity in its manifest, else by its path, else a new one.

    A folder that was deleted and is made again keeps its key and what is known of its Space.
    """
    absolute = os.path.abspath(folder)
    if space_id:
        known = find_record(space_id)
        if known:
            return replace(known, folder=absolute)
        return Record(space_id=space_id, key=new_key(), folder=absolute)
    for known in every_record():
        if known.folder == absolute:
            return known
    return Record(space_id=secrets.token_hex(8), key=new_key(), folder=absolute)


def machine_key() -> bytes:
    """A secret of this machine's, drawn when it is first asked for."""
    path = data_folder() / "machine.key"
    try:
        known = path.read_bytes()
        if known:
            return known
    except OSError:  # there is none yet; why it cannot be read, writing tells
        pass
    drawn = secrets.token_hex().encode()
    try:
        write_private(path, drawn)
    except OSError as error:
        raise _no_room(path.parent, error) from None
    return drawn


def save_record(record: Record) -> None:
    """Write the record, whole or not at all, readable by its owner only."""
    path = _path_of(record.space_id)
    try:
        write_private(path, json.dumps(asdict(record), indent=1).encode())
    except OSError as error:
        raise _no_room(path.parent, error) from None


def _no_room(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"The key cannot be kept in {folder}: {error.strerror}. Make room or rights there, or name "
        "another folder in NB2SPACE_HOME."
    )


@contextmanager
def saved(record: Record) -> Iterator[None]:
    """Save the record while the block writes its folder; when that fails, it is as it was before.

    Before, so that no folder is ever there whose key is lost.
    """
    before = find_record(record.space_id)
    save_record(record)
    try:
        yield
    except InputError:
        if before:
            save_record(before)
        else:
            for path in (_path_of(record.space_id), bundle_path(record)):
                path.unlink(missing_ok=True)
        raise


def keep_bundle(record: Record, sealed: bytes) -> None:
    """Keep the sealed code of a Space that does not carry it, for audits."""
    path = bundle_path(record)
    try:
        write_private(path, sealed)
    except OSError as error:
        raise InputError(
            f"The sealed code cannot be kept in {path.parent}: {error.strerror}. Make room or "
            "rights there, or name another folder in NB2SPACE_HOME."
        ) from None


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises OSError."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    finally:
        with suppress(OSError):
            aside.unlink()


def bundle_path(record: Record) -> Path:
    """Where the sealed code of a Space is kept that does not carry it."""
    return _path_of(record.space_id).with_suffix(".sealed")


def _path_of(space_id: str) -> Path:
    if not space_id.isalnum():
        raise InputError("The manifest nb2space.json has no valid identity; convert again.")
    return store_folder() / f"{space_id}.json"
