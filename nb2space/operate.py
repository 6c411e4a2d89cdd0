"""Operating a published Space: its state, its past, going back, pausing, taking it away."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2space.errors import InputError
from nb2space.hub import Account, explained, visibility_of
from nb2space.keystore import Record, find_record, known_record, save_record, store_folder
from nb2space.plan import HUB_FILES, full_name, remote_files
from nb2space.publish import Publication
from nb2space.seal import KEY_SECRET, key_secret
from nb2space.space import DOCKER, MANIFEST, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_SHORT = 7


@dataclass(frozen=True)
class State:
    """A Space as it is: `stage` in the Hub's words; the shas of what `runs` and of the `newest`."""

    target: str
    stage: str
    visibility: str
    hardware: str
    runs: str
    newest: str
    secrets: tuple[str, ...]
    url: str
    page_url: str
    problem: str


@dataclass(frozen=True)
class Version:
    """A commit that nb2space published; `runs` when it is what the Space runs now."""

    commit: str
    date: str
    title: str
    digest: str
    runs: bool


@dataclass(frozen=True)
class Return:
    """An earlier version that was published again; `manifest` is its nb2space.json."""

    publication: Publication
    manifest: bytes
    version: Version


def remembered_target(folder: Path | None) -> tuple[str, Record | None]:
    """The Space that `folder` was published to, else the folder here, else the only one there is.

    Raises InputError when there is none, or more than one to choose from.
    """
    if folder is None and (Path() / MANIFEST).is_file():
        folder = Path()
    if folder is not None:
        record = known_record(folder, read_manifest(folder).space_id)
        if not record.published.get("target"):
            raise InputError(f"{folder} was not published from here yet. Name the Space with --to.")
        return record.published["target"], record
    known = _published_records()
    if not known:
        raise InputError("Nothing was published from here yet. Name the Space with --to.")
    if len(known) > 1:
        raise InputError(
            f"Which Space? Published from here: {', '.join(sorted(known))}. Name its folder, or "
            "the Space with --to."
        )
    return next(iter(known.items()))


def named_target(to: str, account: Account) -> tuple[str, Record | None]:
    """The Space that `to` names, and what this machine knows of it."""
    target = full_name(to, account)
    return target, _published_records().get(target)


def state_of(api: HfApi, target: str) -> State:
    """How the Space is now."""
    with explained(f"asking for {target}"):
        info: Any = api.space_info(target)
        runtime = api.get_space_runtime(target)
        secrets = api.get_space_secrets(target)
    host = (info.host or "").rstrip("/")
    return State(
        target=target,
        stage=str(getattr(runtime.stage, "value", runtime.stage)),
        visibility=visibility_of(info),
        hardware=str(runtime.hardware or runtime.requested_hardware or ""),
        runs=str(runtime.raw.get("sha") or ""),
        newest=info.sha or "",
        secrets=tuple(sorted(secrets)),
        url=f"{host}/" if host else "",
        page_url=f"{api.endpoint}/spaces/{target}",
        problem=str(runtime.raw.get("errorMessage") or ""),
    )


def versions(api: HfApi, target: str) -> list[Version]:
    """What nb2space published to the Space, the newest first."""
    from huggingface_hub.errors import EntryNotFoundError

    found = []
    with explained(f"reading the history of {target}"):
        runs = str(api.get_space_runtime(target).raw.get("sha") or "")
        for commit in api.list_repo_commits(target, repo_type="space"):
            try:
                manifest = _file(api, target, MANIFEST, commit.commit_id)
            except EntryNotFoundError:
                continue
            found.append(
                Version(
                    commit=commit.commit_id,
                    date=f"{commit.created_at:%Y-%m-%d %H:%M}",
                    title=commit.title,
                    digest=hashlib.sha256(manifest).hexdigest(),
                    runs=commit.commit_id == runs,
                )
            )
    return found


def roll_back(
    api: HfApi,
    target: str,
    record: Record | None,
    revision: str | None,
    step: Callable[[str], None],
) -> Return:
    """Publish an earlier version again: that of `revision`, else the last that differs.

    Its key is given to the Space before the commit. Raises InputError when there is no such
    version, when it is not as it was published, or when its key is nowhere.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    known = versions(api, target)
    version = _chosen(known, revision, target)
    with explained("reading the earlier version"):
        info = api.space_info(target)
        manifest = _file(api, target, MANIFEST, version.commit)
        files = _files_of(api, target, version, manifest)
        now = json.loads(_file(api, target, MANIFEST, "main"))
        secrets = set(api.get_space_secrets(target))
        there = remote_files(api, target)
    if json.loads(manifest)["form"] != now.get("form"):
        raise InputError(
            f"{version.commit[:_SHORT]} is of the other form (with or without a kernel). Convert "
            "the notebook to that form, and publish it."
        )
    if now.get("form") == DOCKER:
        _give_key(api, target, files["Dockerfile"], secrets, record, step)
    step(f"Going back to {version.commit[:_SHORT]} of {version.date}, in one commit")
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(path, content) for path, content in files.items()),
        *(CommitOperationDelete(path) for path in sorted({*there} - {*files} - HUB_FILES)),
    ]
    with explained("going back"):
        done = api.create_commit(
            target,
            operations,
            commit_message=f"Go back to {version.commit[:_SHORT]}: {version.title}",
            repo_type="space",
            parent_commit=info.sha,
        )
    page_url = f"{api.endpoint}/spaces/{target}"
    return Return(Publication(target, done.oid, page_url), manifest, version)


def pause(api: HfApi, target: str) -> None:
    """Stop the app; nobody sees it, and nothing is paid, until it is started again."""
    with explained(f"pausing {target}"):
        api.pause_space(target)


def restart(api: HfApi, target: str) -> None:
    """Start the app again, from a pause too."""
    with explained(f"restarting {target}"):
        api.restart_space(target)


def delete(api: HfApi, target: str, record: Record | None) -> None:
    """Delete the Space with its history and secrets, and forget it here. The folder stays."""
    with explained(f"deleting {target}"):
        api.delete_repo(target, repo_type="space", missing_ok=True)
    if record:
        published = dict(record.published)
        if published.get("target") == target:
            del published["target"]
        secrets = {k: v for k, v in published.get("secrets", {}).items() if k != target}
        save_record(replace(record, published={**published, "secrets": secrets}))


def _published_records() -> dict[str, Record]:
    """The records of this machine by the Space that each was published to."""
    found = {}
    for path in sorted(store_folder().glob("*.json")):
        record = find_record(path.stem) if path.stem.isalnum() else None
        if record and record.published.get("target"):
            found[record.published["target"]] = record
    return found


def _chosen(known: list[Version], revision: str | None, target: str) -> Version:
    if revision:
        fitting = [version for version in known if version.commit.startswith(revision.lower())]
    else:
        fitting = [version for version in known if version.digest != known[0].digest]
    if not fitting:
        raise InputError(
            f"{target} has no published version {revision}; nb2space history lists them."
            if revision
            else f"{target} has no earlier version to go back to."
        )
    return fitting[0]


def _file(api: HfApi, target: str, path: str, revision: str) -> bytes:
    place = api.hf_hub_download(target, path, repo_type="space", revision=revision)
    return Path(os.path.realpath(place)).read_bytes()


def _files_of(api: HfApi, target: str, version: Version, manifest: bytes) -> dict[str, bytes]:
    """The files of an earlier version, each as its manifest has it."""
    files = {MANIFEST: manifest}
    for entry in json.loads(manifest)["files"]:
        content = _file(api, target, entry["path"], version.commit)
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise InputError(
                f"{entry['path']} of {version.commit[:_SHORT]} is not as nb2space published it, so "
                "it is not published again."
            )
        files[entry["path"]] = content
    return files


def _give_key(
    api: HfApi,
    target: str,
    dockerfile: bytes,
    secrets: set[str],
    record: Record | None,
    step: Callable[[str], None],
) -> None:
    names = re.findall(rf"{KEY_SECRET}_[0-9A-F]{{8}}", dockerfile.decode("utf-8", "replace"))
    if secrets.intersection(names):
        return
    if record is None or key_secret(record.key) not in names:
        raise InputError(
            f"The key of that version is neither a secret of {target} nor on this machine, so its "
            "code cannot be opened. Go back on the machine that converted it."
        )
    step("Giving it the key to that version's code")
    with explained("setting the key"):
        api.add_space_secret(target, names[0], record.key)
