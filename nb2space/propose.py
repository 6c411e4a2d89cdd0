"""Proposing a new version to a Space that one cannot write to: a pull request on the Hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nb2space.errors import InputError
from nb2space.hub import explained
from nb2space.keystore import known_record, store_folder
from nb2space.plan import PlannedFile, check_folder, check_ours, planned_files
from nb2space.repository import change_of, remote_files
from nb2space.seal import key_names, key_secret
from nb2space.space import DOCKER, MANIFEST, read_files, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi


@dataclass(frozen=True)
class Proposal:
    """A pull request, planned or open.

    `needs_key` names the secret without which the Space cannot run it, or "". `url` is that of an
    open pull request with these files, "" where there is none yet.
    """

    target: str
    needs_key: str
    files: tuple[PlannedFile, ...]
    url: str = ""


def plan_proposal(api: HfApi, folder: Path, target: str, *, overwrite: bool) -> Proposal:
    """What a pull request to `target` with the files of `folder` would be. Only reads.

    Raises InputError when the Space is not there, holds something else, or these files already.
    """
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
    planned = planned_files(files, remote)
    if all(file.change == "same" for file in planned):
        raise InputError(
            f"{target} holds exactly these files already; there is nothing to propose."
        )
    key_name = key_secret(record.key)
    has_key = manifest.form != DOCKER or _names_key(api, target, key_name)
    ours = next(file.content for file in files if file.path == MANIFEST)
    return Proposal(target, "" if has_key else key_name, planned, _open_proposal(api, target, ours))


def propose(api: HfApi, folder: Path, proposal: Proposal, step: Callable[[str], None]) -> Proposal:
    """Open the pull request, unless there is one; the proposal with its address."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    if proposal.url:
        return proposal
    manifest = read_manifest(folder)
    content = {file.path: file.content for file in read_files(folder, manifest)}
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationDelete(file.path)
        if file.change == "deleted"
        else CommitOperationAdd(file.path, content[file.path])
        for file in proposal.files
        if file.change != "same"
    ]
    step("Proposing what changed, in one pull request")
    with explained("proposing"):
        done = api.create_commit(
            proposal.target,
            operations,
            commit_message=f"Publish {manifest.title}",
            repo_type="space",
            create_pr=True,
        )
    return replace(proposal, url=done.pr_url or "")


def _open_proposal(api: HfApi, target: str, manifest: bytes) -> str:
    """The address of an open pull request that holds this manifest; "" without one."""
    with explained("looking for an earlier proposal"):
        for proposal in api.get_repo_discussions(
            target, repo_type="space", discussion_type="pull_request", discussion_status="open"
        ):
            there = remote_files(api, target, revision=f"refs/pr/{proposal.num}")
            if change_of(manifest, there.get(MANIFEST)) == "same":
                return proposal.url
    return ""


def _names_key(api: HfApi, target: str, name: str) -> bool:
    """True when the version that `target` holds has the key of this name."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    with explained("looking for the key's name"):
        try:
            path = api.hf_hub_download(target, "Dockerfile", repo_type="space")
        except RemoteEntryNotFoundError:
            return False
    return name in key_names(Path(path).read_bytes())


def key_place(folder: Path) -> Path:
    """The file of the key store that has the key of `folder`."""
    return store_folder() / f"{read_manifest(folder).space_id}.json"
