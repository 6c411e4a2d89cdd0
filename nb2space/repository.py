"""The files of a Space's repository: read, compared with ours, and changed in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from nb2space.errors import RemoteError
from nb2space.hub import ConflictError, explained
from nb2space.space import git_name

if TYPE_CHECKING:
    from huggingface_hub import HfApi, RepoFile

HUB_FILES = {".gitattributes"}
"""Files that the Hub itself puts into a new repository; not ours, and left alone."""

EMPTY_SPACE = {".gitattributes", "README.md"}
"""A Space made in the Hub's web page holds these before anything is published into it."""


def remote_files(api: HfApi, target: str, revision: str = "main") -> dict[str, RepoFile]:
    """What the Space's repository holds at a revision, by path."""
    from huggingface_hub import RepoFile

    tree = api.list_repo_tree(target, repo_type="space", recursive=True, revision=revision)
    return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}


def change_of(content: bytes, remote: Any) -> str:
    """How `content` differs from the file `remote` that the Hub tells of: "new", "changed", "same".

    `remote` is a RepoFile, or None where there is no such file.
    """
    if remote is None:
        return "new"
    if remote.lfs is not None:
        same = remote.lfs.sha256 == hashlib.sha256(content).hexdigest()
    else:
        same = remote.blob_id == git_name(content)
    return "same" if same else "changed"


def changed_paths(content: Mapping[str, bytes], remote: Mapping[str, Any]) -> list[str]:
    """The paths of `content` that the repository lacks or holds otherwise."""
    return [path for path in content if change_of(content[path], remote.get(path)) != "same"]


def stale_paths(content: Collection[str], remote: Collection[str]) -> list[str]:
    """The paths that the repository holds beside those of `content` and the Hub's own."""
    return sorted({*remote} - {*content} - HUB_FILES)


def commit_files(
    api: HfApi,
    target: str,
    content: Mapping[str, bytes],
    parent: str,
    title: str,
    kept: Collection[str] = (),
) -> str:
    """Make the repository hold exactly `content`, in one commit onto `parent`; the head's sha.

    Files at the paths `kept` stay as they are in `parent`. Without any difference there is no
    commit. Raises ConflictError when `parent` is no longer the head, RemoteError when the
    repository does not hold `content` afterwards.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    with explained("reading what the Space holds"):
        remote = remote_files(api, target)
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content[path]) for path in changed_paths(content, remote)),
        *(CommitOperationDelete(path) for path in stale_paths([*content, *kept], remote)),
    ]
    if not operations:
        return _head(api, target)
    try:
        with explained("uploading"):
            done = api.create_commit(
                target,
                operations,
                commit_message=title,
                repo_type="space",
                # A change that came between is not overwritten.
                parent_commit=parent,
            )
    except ConflictError:
        # It may have been our own commit, whose answer was lost.
        with explained("reading back what was published"):
            if _differences(api, target, content, kept):
                raise
        return _head(api, target)
    check_holds(api, target, content, kept)
    return done.oid


def check_holds(
    api: HfApi, target: str, content: Mapping[str, bytes], kept: Collection[str] = ()
) -> None:
    """Read back what the repository holds.

    Raises RemoteError when it is not `content` and something at the paths `kept`.
    """
    with explained("reading back what was published"):
        wrong = _differences(api, target, content, kept)
    if wrong:
        raise RemoteError(
            f"{target} does not hold what was published: {', '.join(wrong[:5])}. Someone "
            "else may be changing it; run the command again."
        )


def _head(api: HfApi, target: str) -> str:
    with explained("reading back what was published"):
        return api.space_info(target).sha or ""


def _differences(
    api: HfApi, target: str, content: Mapping[str, bytes], kept: Collection[str]
) -> list[str]:
    """The paths at which the repository does not hold `content`, and something at `kept`."""
    remote = remote_files(api, target)
    missing = [path for path in kept if path not in remote]
    stale = stale_paths([*content, *kept], remote)
    return sorted([*changed_paths(content, remote), *missing, *stale])
