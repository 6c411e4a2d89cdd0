"""Proposing a new version to a Space that one cannot write to: a pull request on the Hub."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nb2space.errors import InputError
from nb2space.hub import explained
from nb2space.keystore import known_record, store_folder
from nb2space.plan import HUB_FILES, change_of, check_folder, check_ours, remote_files
from nb2space.seal import KEY_SECRET, key_secret
from nb2space.space import DOCKER, SpaceFile, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi


@dataclass(frozen=True)
class Proposal:
    """A pull request; `needs_key` names the secret without which the Space cannot run it, or ""."""

    target: str
    url: str
    needs_key: str
    is_new: bool


def propose(
    api: HfApi, folder: Path, target: str, step: Callable[[str], None], *, overwrite: bool
) -> Proposal:
    """Open a pull request to `target` with the files of `folder`, unless one with them is open.

    Raises InputError when the Space is not there, holds something else, or these files already.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import RepositoryNotFoundError

    manifest = read_manifest(folder)
    record = known_record(folder, manifest.space_id)
    files = check_folder(folder)
    with explained(f"looking up {target}"):
        try:
            remote = remote_files(api, target)
        except RepositoryNotFoundError:
            raise InputError(f"There is no Space {target} to propose anything to.") from None
        if not overwrite:
            check_ours(api, target, manifest, set(remote))
    key_name = key_secret(record.key)
    needs_key = "" if manifest.form != DOCKER or _names_key(api, target, key_name) else key_name
    changed = [file for file in files if change_of(file.content, remote.get(file.path)) != "same"]
    gone = sorted({*remote} - {file.path for file in files} - HUB_FILES)
    if not changed and not gone:
        raise InputError(
            f"{target} holds exactly these files already; there is nothing to propose."
        )
    if known := _open_proposal(api, target, files):
        return Proposal(
            target, f"{api.endpoint}/spaces/{target}/discussions/{known}", needs_key, False
        )
    step("Proposing what changed, in one pull request")
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(file.path, file.content) for file in changed),
        *(CommitOperationDelete(path) for path in gone),
    ]
    with explained("proposing"):
        done = api.create_commit(
            target,
            operations,
            commit_message=f"Publish {manifest.title}",
            repo_type="space",
            create_pr=True,
        )
    return Proposal(target, done.pr_url or "", needs_key, is_new=True)


def _open_proposal(api: HfApi, target: str, files: list[SpaceFile]) -> str:
    """The number of a pull request that holds exactly these files; "" without one."""
    with explained("looking for an earlier proposal"):
        refs = api.list_repo_refs(target, repo_type="space", include_pull_requests=True)
        for ref in reversed(refs.pull_requests or []):
            there = remote_files(api, target, revision=ref.ref)
            if {*there} - HUB_FILES == {file.path for file in files} and all(
                change_of(file.content, there[file.path]) == "same" for file in files
            ):
                return ref.ref.rpartition("/")[2]
    return ""


def _names_key(api: HfApi, target: str, name: str) -> bool:
    """True when the version that `target` holds has the key of this name."""
    from huggingface_hub.errors import EntryNotFoundError

    with explained("looking for the key's name"):
        try:
            path = api.hf_hub_download(target, "Dockerfile", repo_type="space")
        except EntryNotFoundError:
            return False
    return name in re.findall(rf"{KEY_SECRET}_\w+", Path(path).read_text(encoding="utf-8"))


def key_place(folder: Path) -> Path:
    """The file of the key store that has the key of `folder`."""
    return store_folder() / f"{read_manifest(folder).space_id}.json"
