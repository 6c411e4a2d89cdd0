"""The versions that were published to a Space, and going back to one of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2space.errors import InputError
from nb2space.hub import address_of, explained
from nb2space.keystore import every_record
from nb2space.publish import Publication
from nb2space.repository import commit_files, remote_files
from nb2space.runtime.bundle import BundleError, unpack, unseal_bytes
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.seal import key_names, key_secret
from nb2space.space import DOCKER, MANIFEST

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_SHORT = 7
# Fewer digits of a commit are more likely a mistake than a version.
_SHORTEST = 5
_GONE_BACK = "Go back to "


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
    """An earlier version that was published again; `manifest` is its nb2space.json.

    `lacks` names the secrets that its code uses and the Space has no longer, as far as this machine
    can open the code.
    """

    publication: Publication
    manifest: bytes
    version: Version
    lacks: tuple[str, ...]


def versions(api: HfApi, target: str) -> Iterator[Version]:
    """What nb2space published to the Space, the newest first; each is asked for when it is due."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    with explained(f"reading the history of {target}"):
        runs = str(api.get_space_runtime(target).raw.get("sha") or "")
        for commit in api.list_repo_commits(target, repo_type="space"):
            try:
                manifest = _file(api, target, MANIFEST, commit.commit_id)
            except RemoteEntryNotFoundError:
                continue
            yield Version(
                commit=commit.commit_id,
                date=f"{commit.created_at:%Y-%m-%d %H:%M}",
                title=commit.title,
                digest=hashlib.sha256(manifest).hexdigest(),
                runs=commit.commit_id == runs,
            )


def roll_back(
    api: HfApi,
    target: str,
    revision: str | None,
    step: Callable[[str], None],
) -> Return:
    """Publish an earlier version again: that of `revision`, else the last before the newest.

    Its key is given to the Space before the commit. Where the newest is itself a return, it stays
    unless `revision` says otherwise, so that a return can be gone on with. Raises InputError when
    there is no such version, when it is not as it was published, or when its key is nowhere.
    """
    with explained(f"asking for {target}"):
        info = api.space_info(target)
        secrets = set(api.get_space_secrets(target))
    head = info.sha or "main"
    known = versions(api, target)
    version = _before(known, target) if revision is None else _named(known, revision, target)
    with explained("reading the earlier version"):
        manifest = _file(api, target, MANIFEST, version.commit)
        now = _read(_file(api, target, MANIFEST, head), head)
        then = _read(manifest, version.commit)
        if then["form"] != now["form"]:
            raise InputError(
                f"{version.commit[:_SHORT]} is of the other form (with or without a kernel). "
                "Convert the notebook to that form, and publish it."
            )
        kept = _same_files(api, target, then, now, version.commit, head)
        paths = [path for path in then["files"] if path not in kept]
        files = {MANIFEST: manifest, **_checked_files(api, target, then, paths, version.commit)}
    lacks: tuple[str, ...] = ()
    if then["form"] == DOCKER:
        needed = _checked_files(api, target, then, ["Dockerfile", "sealed.bin"], version.commit)
        key = _key_of(needed["Dockerfile"])
        _give_key(api, target, needed["Dockerfile"], secrets, key, step)
        lacks = tuple(sorted(_names_of_secrets(needed["sealed.bin"], key) - secrets))
    if version.commit == head:
        step(f"{target} holds that version already; name another one with --version")
    else:
        step(f"Going back to {version.commit[:_SHORT]} of {version.date}, in one commit")
    title = f"{_GONE_BACK}{version.commit[:_SHORT]}: {version.title}"
    commit = commit_files(api, target, files, head, title, kept)
    page_url = f"{api.endpoint}/spaces/{target}"
    publication = Publication(target, commit, address_of(info), page_url)
    return Return(publication, manifest, version, lacks)


def _named(known: Iterator[Version], revision: str, target: str) -> Version:
    if len(revision) >= _SHORTEST:
        for version in known:
            if version.commit.startswith(revision.lower()):
                return version
    raise InputError(
        f"{target} has no published version '{revision}'; nb2space history lists them."
    )


def _before(known: Iterator[Version], target: str) -> Version:
    """The version before the newest; the newest itself when it is a return."""
    newest = next(known, None)
    if newest and newest.title.startswith(_GONE_BACK):
        return newest
    for version in known:
        if newest and version.digest != newest.digest:
            return version
    raise InputError(f"{target} has no earlier version to go back to.")


def _file(api: HfApi, target: str, path: str, revision: str) -> bytes:
    place = api.hf_hub_download(target, path, repo_type="space", revision=revision)
    return Path(os.path.realpath(place)).read_bytes()


def _read(manifest: bytes, commit: str) -> dict[str, Any]:
    """The form and the files of a version, by its manifest."""
    try:
        data = json.loads(manifest)
        files = {entry["path"]: entry["sha256"] for entry in data["files"]}
        return {"form": data["form"], "files": files}
    except (ValueError, TypeError, KeyError):
        raise InputError(
            f"The {MANIFEST} of {commit[:_SHORT]} is not of nb2space's making. Name another "
            "version with --version; nb2space history lists them."
        ) from None


def _same_files(
    api: HfApi, target: str, then: Mapping[str, Any], now: Mapping[str, Any], old: str, new: str
) -> set[str]:
    """The paths at which two versions hold the same, by their manifests and by their files."""
    before, after = remote_files(api, target, old), remote_files(api, target, new)
    return {
        path
        for path, digest in then["files"].items()
        if now["files"].get(path) == digest
        and path in before
        and path in after
        and before[path].blob_id == after[path].blob_id
    }


def _checked_files(
    api: HfApi, target: str, version: Mapping[str, Any], paths: Iterable[str], commit: str
) -> dict[str, bytes]:
    """The files of a version at these paths, each as its manifest has it."""
    files = {}
    for path in paths:
        with explained(f"reading {path} of the earlier version"):
            files[path] = _file(api, target, path, commit)
        if hashlib.sha256(files[path]).hexdigest() != version["files"].get(path):
            raise InputError(
                f"{path} of {commit[:_SHORT]} is not as nb2space published it, so it is not "
                "published again."
            )
    return files


def _key_of(dockerfile: bytes) -> str:
    """The key of a version, "" where it is not on this machine."""
    names = key_names(dockerfile)
    return next((one.key for one in every_record() if key_secret(one.key) in names), "")


def _give_key(
    api: HfApi,
    target: str,
    dockerfile: bytes,
    secrets: set[str],
    key: str,
    step: Callable[[str], None],
) -> None:
    if secrets.intersection(key_names(dockerfile)):
        return
    if not key:
        raise InputError(
            f"The key of that version is neither a secret of {target} nor on this machine, so its "
            "code cannot be opened. Go back on the machine that converted it."
        )
    step("Giving it the key to that version's code")
    with explained("setting the key"):
        api.add_space_secret(target, key_secret(key), key)


def _names_of_secrets(sealed: bytes, key: str) -> set[str]:
    """The names of the secrets that the code uses; none where this machine cannot open it."""
    try:
        live = json.loads(unpack(unseal_bytes(sealed, key))[NOTEBOOK])
    except BundleError:
        return set()
    return set(live["metadata"].get("nb2space", {}).get("secrets", []))
