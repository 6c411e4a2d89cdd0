"""Which files of a Space's commit nb2space would not have laid open itself, by their content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from nb2space.keystore import Record, known_record
from nb2space.repository import remote_files
from nb2space.space import MANIFEST, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi, RepoFile

    from nb2space.audit.known import Known
    from nb2space.audit.needles import Needles

# What a repository may hold of anybody's, as long as none of this notebook's code is in it.
_HARMLESS_NAMES = {
    ".gitattributes", ".gitignore", ".dockerignore", "README.md", "LICENSE", "Dockerfile",
    "requirements.txt", "packages.txt", "apt.txt", MANIFEST,
}  # fmt: skip
_HARMLESS_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".md", ".css"}

# Each file that must be read is two questions to the Hub; what is not read is not excused.
_MOST_READ = 600
_MOST_BYTES = 10_000_000


class Judge:
    """Judges the files of a Space's commits; what was read once is not read again.

    A file is excused when the manifest of its commit lists just this content, or when its name is
    harmless and its content holds no code of the notebook. Anything else, and whatever cannot be
    found out, is in the open.
    """

    def __init__(self, api: HfApi, target: str, folder: Path) -> None:
        """`folder` is the Space folder that is to be published to `target`."""
        self._api = api
        self._target = target
        self._folder = folder
        self._manifest = read_manifest(folder)
        record = known_record(folder, self._manifest.space_id)
        self._record = json.dumps(asdict(replace(record, published={}, options={})), sort_keys=True)
        # By the names that git gives to contents.
        self._read: set[str] = set()
        self._digests: dict[str, str | None] = {}
        self._listings: dict[str, Mapping[str, Mapping[str, object]]] = {}
        self._holds_code: dict[str, bool] = {}

    def in_the_open(self, commit: str) -> list[str]:
        """The paths of the files that nb2space would not have published openly in `commit`.

        Where the folder hides its source, a version with a public one does not excuse its files.
        """
        files = remote_files(self._api, self._target, commit)
        listed = self._listed(files[MANIFEST], commit) if MANIFEST in files else {}
        return [
            path
            for path, file in files.items()
            if not self._is_listed(file, listed.get(path, {}), commit)
            and not self._is_harmless(file, commit)
        ]

    def with_code(self, commit: str) -> list[str]:
        """The paths of the files of `commit` that hold code of the notebook, or cannot be read."""
        files = remote_files(self._api, self._target, commit)
        return [path for path, file in files.items() if self._may_hold_code(file, commit)]

    def _listed(self, file: RepoFile, commit: str) -> Mapping[str, Mapping[str, object]]:
        """The entries of a manifest by path; none where it excuses nothing."""
        if file.blob_id not in self._listings:
            content = self._content(file, commit)
            self._listings[file.blob_id] = {} if content is None else self._entries(content)
        return self._listings[file.blob_id]

    def _entries(self, content: bytes) -> Mapping[str, Mapping[str, object]]:
        try:
            manifest = json.loads(content)
            if manifest["show_source"] and not self._manifest.show_source:
                return {}
            return {str(entry["path"]): dict(entry) for entry in manifest["files"]}
        except (ValueError, TypeError, KeyError, RecursionError):
            return {}

    def _is_listed(self, file: RepoFile, entry: Mapping[str, object], commit: str) -> bool:
        if entry.get("git") and file.lfs is None:
            return entry["git"] == file.blob_id
        # Manifests once had no names of git's.
        return "sha256" in entry and self._digest(file, commit) == entry["sha256"]

    def _digest(self, file: RepoFile, commit: str) -> str | None:
        """The SHA-256 of a file's content; None when it cannot be read."""
        if file.lfs is not None:
            return file.lfs.sha256
        if file.blob_id not in self._digests:
            content = self._content(file, commit)
            digest = None if content is None else hashlib.sha256(content).hexdigest()
            self._digests[file.blob_id] = digest
        return self._digests[file.blob_id]

    def _is_harmless(self, file: RepoFile, commit: str) -> bool:
        pure = PurePosixPath(file.path)
        if pure.name not in _HARMLESS_NAMES and pure.suffix.lower() not in _HARMLESS_SUFFIXES:
            return False
        return not self._may_hold_code(file, commit)

    def _may_hold_code(self, file: RepoFile, commit: str) -> bool:
        if file.blob_id not in self._holds_code:
            content = self._content(file, commit)
            self._holds_code[file.blob_id] = content is None or self._is_code(file.path, content)
        return self._holds_code[file.blob_id]

    def _is_code(self, path: str, content: bytes) -> bool:
        from nb2space.audit.search import Piece, search

        # Single words of the code may stand in anybody's text.
        pieces = [Piece("the Space's past", path, content, loose=True)]
        channels = search(pieces, *_sought(self._folder, self._record))
        return any(channel.leaks for channel in channels)

    def _content(self, file: RepoFile, commit: str) -> bytes | None:
        """A file's content; None of one that is too large, or too many."""
        self._read.add(file.blob_id)
        if file.size > _MOST_BYTES or len(self._read) > _MOST_READ:
            return None
        place = self._api.hf_hub_download(
            self._target, file.path, repo_type="space", revision=commit
        )
        return Path(os.path.realpath(place)).read_bytes()


@lru_cache(maxsize=1)
def _sought(folder: Path, record: str) -> tuple[Needles, Known]:
    """What is searched for; `record` is the folder's as JSON, with the digest of all in it."""
    from nb2space.audit import needles_of_record
    from nb2space.audit.known import known_files

    known = Record(**json.loads(record))
    return needles_of_record(folder, known), known_files(known.prefix)
