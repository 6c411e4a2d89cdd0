"""Git object ids, computed as git computes them.

The client compares them with its own: ``CommitOperationAdd._local_oid`` uses
``huggingface_hub.utils.sha.git_hash`` (the blob id) for regular files and SHA-256 for LFS files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


def _object_id(kind: str, data: bytes) -> str:
    # SHA-1 is git's content address here, not a protection.
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


def blob_id(content: bytes) -> str:
    """The id git gives a file of this content."""
    return _object_id("blob", content)


@dataclass(frozen=True)
class Blob:
    """A file of a commit: its real content, and whether git holds only an LFS pointer to it."""

    content: bytes
    lfs: bool = False

    @property
    def sha256(self) -> str:
        """The LFS object id."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        """The LFS pointer file that git stores in place of the content."""
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {len(self.content)}\n"
        ).encode()

    @property
    def oid(self) -> str:
        """The git blob id: of the pointer for an LFS file, else of the content."""
        return blob_id(self.pointer if self.lfs else self.content)

    @property
    def upload_oid(self) -> str:
        """What preupload answers as ``oid``: SHA-256 for LFS, else the git blob id."""
        return self.sha256 if self.lfs else self.oid


def tree_ids(files: Mapping[str, Blob]) -> dict[str, str]:
    """The git tree id of every folder, with ``""`` for the root."""
    folders: dict[str, dict[str, tuple[str, str]]] = {"": {}}
    for path, blob in files.items():
        parent, _, name = path.rpartition("/")
        folders.setdefault(parent, {})[name] = ("100644", blob.oid)
        while parent:
            parent = parent.rpartition("/")[0]
            folders.setdefault(parent, {})
    ids: dict[str, str] = {}
    # Deepest first, so that a folder's id is known before its parent needs it; the root is last.
    for folder in sorted(folders, key=lambda p: (p != "", p.count("/"), p), reverse=True):
        entries = sorted(
            folders[folder].items(),
            key=lambda item: item[0] + ("/" if item[1][0] == "40000" else ""),
        )
        data = b"".join(
            f"{mode} {name}\0".encode() + bytes.fromhex(oid) for name, (mode, oid) in entries
        )
        ids[folder] = _object_id("tree", data)
        if folder:
            parent, _, name = folder.rpartition("/")
            folders[parent][name] = ("40000", ids[folder])
    return ids


def commit_id(tree: str, parent: str | None, author: str, seconds: int, message: str) -> str:
    """The id git gives a commit of these parts."""
    who = f"{author} <{author}@users.noreply.huggingface.co> {seconds} +0000"
    lines = [f"tree {tree}"]
    if parent is not None:
        lines.append(f"parent {parent}")
    lines += [f"author {who}", f"committer {who}", "", message]
    return _object_id("commit", ("\n".join(lines) + "\n").encode())
