"""Publishing a Space folder: plan what would change, then do it in one commit."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nb2space.errors import FindingError, InputError, RemoteError
from nb2space.history import plain_past, refuse_plain_past
from nb2space.hub import Account, check_name, explained, visibility_of
from nb2space.keystore import Record, known_record, save_record
from nb2space.space import (
    DOCKER,
    MANIFEST,
    Manifest,
    SpaceFile,
    manifest_digest,
    read_files,
    read_manifest,
)
from nb2space.spacesecrets import delete_secrets, secrets_to_delete, secrets_to_set, set_secrets

if TYPE_CHECKING:
    from huggingface_hub import HfApi, RepoFile

KEY_SECRET = "NB2SPACE_KEY"

# Files that the Hub itself puts into a new repository; not ours, and left alone.
_HUB_FILES = {".gitattributes"}

# A Space made in the Hub's web page holds these before anything is published into it.
_EMPTY_SPACE = {".gitattributes", "README.md"}


@dataclass(frozen=True)
class PlannedFile:
    """A file and what becomes of it on the Hub: "new", "changed", "same" or "deleted"."""

    path: str
    size: int
    why: str
    change: str


@dataclass(frozen=True)
class Plan:
    """What a publication would do; nothing has been sent yet.

    Secrets are told by name; their values are in no plan.
    """

    target: str
    exists: bool
    parent: str | None
    visibility: str
    changes_visibility: bool
    sets_key: bool
    sets_secrets: tuple[str, ...]
    deletes_secrets: tuple[str, ...]
    squashes: bool
    files: tuple[PlannedFile, ...]

    @property
    def commits(self) -> bool:
        """True when there is anything to commit."""
        return any(file.change != "same" for file in self.files)


@dataclass(frozen=True)
class Publication:
    """What was published: `commit` is the sha that the Space is to run."""

    target: str
    commit: str
    page_url: str


def default_name(manifest: Manifest) -> str:
    """A Space name from the notebook's."""
    stem = manifest.notebook.removesuffix(".ipynb")
    return re.sub(r"(--+|\.\.+)", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", stem)).strip("-._")[:96]


def full_target(wanted: str | None, manifest: Manifest, record: Record, account: Account) -> str:
    """ "owner/name": what is wanted, else where it was published last, else a sensible default.

    Raises InputError for a name the Hub does not allow or an owner the author cannot be.
    """
    if wanted is None:
        wanted = record.published.get("target") or default_name(manifest)
    target = wanted if "/" in wanted else f"{account.name}/{wanted}"
    check_name(target)
    owner, _, name = target.partition("/")
    # The Hub takes any case of an owner's name, and so do authors.
    owners = {known.lower(): known for known in (account.name, *account.organisations)}
    if owner.lower() not in owners:
        raise InputError(
            f"You ({account.name}) cannot publish to '{owner}': it is neither you nor one of your "
            f"organisations ({', '.join(account.organisations) or 'none'})."
        )
    return f"{owners[owner.lower()]}/{name}"


def check_folder(folder: Path) -> list[SpaceFile]:
    """The files of `folder`, as its conversion wrote them and the last audit found them clean.

    Raises InputError for a file that is missing or changed, FindingError without such an audit.
    """
    manifest = read_manifest(folder)
    files = read_files(folder, manifest)
    if known_record(folder, manifest.space_id).audited != manifest_digest(files):
        raise FindingError(
            f"{folder} was not found clean by an audit as it is now; convert the notebook again."
        )
    return files


def plan_of_all(folder: Path, target: str | None, visibility: str | None) -> Plan:
    """The plan for a Space that is not there yet; asks the Hub nothing."""
    manifest = read_manifest(folder)
    return Plan(
        target=target or default_name(manifest),
        exists=False,
        parent=None,
        visibility=visibility or "public",
        changes_visibility=False,
        sets_key=manifest.form == DOCKER,
        sets_secrets=tuple(secrets_of(folder, manifest)),
        deletes_secrets=(),
        squashes=False,
        files=tuple(_planned(file, "new") for file in read_files(folder, manifest)),
    )


def secrets_of(folder: Path, manifest: Manifest) -> dict[str, str]:
    """The secrets that the Space is to have: none where no code runs in it."""
    if manifest.form != DOCKER:
        return {}
    return known_record(folder, manifest.space_id).secrets


def make_plan(
    api: HfApi,
    folder: Path,
    target: str,
    secrets: Mapping[str, str],
    *,
    visibility: str | None,
    overwrite: bool,
    squash_history: bool,
) -> Plan:
    """What publishing `folder` to `target` would change. Only reads from the Hub.

    `secrets` are the values of the notebook's secrets, as far as they are known. `visibility` None
    leaves an existing Space as it is and makes a new one public. Raises InputError when the Space
    holds something else, unless `overwrite` is given, and FindingError when its history holds
    scripts or data in the open, unless `squash_history` is given.
    """
    from huggingface_hub.errors import RepositoryNotFoundError

    manifest = read_manifest(folder)
    record = known_record(folder, manifest.space_id)
    files = check_folder(folder)
    used = replace(record, secrets=secrets_of(folder, manifest))
    with explained(f"looking up {target}"):
        try:
            info = api.space_info(target)
        except RepositoryNotFoundError:
            return plan_of_all(folder, target, visibility)
        remote = _remote_files(api, target)
        if not overwrite:
            _check_ours(api, target, manifest, set(remote))
        on_hub = api.get_space_secrets(target)
    if not squash_history:
        hides = not manifest.show_source
        refuse_plain_past(target, plain_past(api, target, hides_source=hides))
    now = visibility_of(info)
    key_is_set = KEY_SECRET in on_hub and record.published.get("keys", {}).get(
        target
    ) == _fingerprint(record.key)
    local = {file.path for file in files}
    stale = [path for path in sorted(remote) if path not in local and path not in _HUB_FILES]
    return Plan(
        target=target,
        exists=True,
        parent=info.sha,
        visibility=visibility or now,
        changes_visibility=visibility is not None and visibility != now,
        sets_key=manifest.form == DOCKER and not key_is_set,
        sets_secrets=secrets_to_set(used, secrets, target, on_hub),
        deletes_secrets=(
            *secrets_to_delete(used, target, on_hub),
            # What lies in the open only needs no key; the Space had another form before.
            *([KEY_SECRET] if manifest.form != DOCKER and KEY_SECRET in on_hub else []),
        ),
        squashes=squash_history,
        files=(
            *(_planned(file, _change(file.content, remote.get(file.path))) for file in files),
            *(PlannedFile(path, remote[path].size, "not of this app", "deleted") for path in stale),
        ),
    )


def publish(
    api: HfApi,
    folder: Path,
    plan: Plan,
    secrets: Mapping[str, str],
    step: Callable[[str], None],
) -> Publication:
    """Do what `plan` says: the Space, its key and secrets, then one commit with all that changed.

    `secrets` are the values of the notebook's secrets; `step` is told each step before it is taken.
    Raises RemoteError or InputError; publishing again then goes on where it stopped.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    manifest = read_manifest(folder)
    record = known_record(folder, manifest.space_id)
    content = {file.path: file.content for file in read_files(folder, manifest)}
    if not plan.exists:
        step(f"Making the Space {plan.target} ({plan.visibility})")
        with explained(f"making the Space {plan.target}"):
            api.create_repo(
                plan.target,
                repo_type="space",
                space_sdk=manifest.form,
                visibility=cast(Any, plan.visibility),
            )
    if plan.changes_visibility:
        step(f"Making it {plan.visibility}")
        with explained("changing who may see the Space"):
            api.update_repo_settings(
                plan.target, repo_type="space", visibility=cast(Any, plan.visibility)
            )
    with explained("reading the Space's settings back"):
        info = api.space_info(plan.target)
    if not _is_visible_as(info, plan.visibility):
        raise RemoteError(
            f"{plan.target} should be {plan.visibility}, but the Hub says {visibility_of(info)}. "
            "Nothing was uploaded; your plan may not allow it."
        )
    if plan.sets_key:
        step("Giving it the key to the sealed code")
        with explained("setting the key"):
            api.add_space_secret(plan.target, KEY_SECRET, record.key)
    given = set_secrets(api, record, plan.target, plan.sets_secrets, secrets, step)
    # Kept before the upload: when that fails, the same command goes on with this Space.
    keys = dict(record.published.get("keys", {}))
    if manifest.form == DOCKER:
        keys[plan.target] = _fingerprint(record.key)
    else:
        keys.pop(plan.target, None)
    record = replace(record, published={"target": plan.target, "keys": keys, "secrets": given})
    save_record(record)
    commit = info.sha or ""
    if plan.commits:
        step("Uploading what changed, in one commit")
        operations = [
            CommitOperationDelete(path_in_repo=file.path)
            if file.change == "deleted"
            else CommitOperationAdd(path_in_repo=file.path, path_or_fileobj=content[file.path])
            for file in plan.files
            if file.change != "same"
        ]
        with explained("uploading"):
            done = api.create_commit(
                plan.target,
                operations,
                commit_message=f"Publish {manifest.title}",
                repo_type="space",
                # What the plan was made of: a change that came between is not overwritten.
                parent_commit=plan.parent or info.sha,
            )
        commit = done.oid
    if plan.squashes:
        step("Making its history one commit")
        with explained("squashing the history"):
            api.super_squash_history(plan.target, repo_type="space")
            commit = api.space_info(plan.target).sha or ""
    _check_published(api, plan.target, content)
    # The version before may have needed them until now.
    delete_secrets(api, record, plan.target, plan.deletes_secrets, step)
    return Publication(plan.target, commit, f"{api.endpoint}/spaces/{plan.target}")


def _check_published(api: HfApi, target: str, content: dict[str, bytes]) -> None:
    """Read back what the repository holds. Raises RemoteError when it is not `content`."""
    with explained("reading back what was published"):
        remote = _remote_files(api, target)
    wrong = [path for path in content if _change(content[path], remote.get(path)) != "same"]
    wrong += [path for path in remote if path not in content and path not in _HUB_FILES]
    if wrong:
        raise RemoteError(
            f"{target} does not hold what was published: {', '.join(sorted(wrong)[:5])}. Someone "
            "else may be changing it; run the command again."
        )


def _remote_files(api: HfApi, target: str) -> dict[str, RepoFile]:
    from huggingface_hub import RepoFile

    tree = api.list_repo_tree(target, repo_type="space", recursive=True)
    return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}


def _check_ours(api: HfApi, target: str, manifest: Manifest, remote: set[str]) -> None:
    """Raise InputError when the Space at `target` was made of something else."""
    if remote <= _EMPTY_SPACE:
        return
    if MANIFEST not in remote:
        raise InputError(
            f"{target} exists and was not made by nb2space; its files would be deleted. "
            "Choose another name with --to, or replace it with --overwrite."
        )
    path = api.hf_hub_download(target, MANIFEST, repo_type="space")
    try:
        theirs = dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        theirs = {}
    if theirs.get("space_id") != manifest.space_id:
        raise InputError(
            f"{target} was published from another Space folder ('{theirs.get('title', '?')}'). "
            "Choose another name with --to, or replace it with --overwrite."
        )


def _planned(file: SpaceFile, change: str) -> PlannedFile:
    return PlannedFile(file.path, len(file.content), file.why, change)


def _change(content: bytes, remote: Any) -> str:
    if remote is None:
        return "new"
    if remote.lfs is not None:
        same = remote.lfs.sha256 == hashlib.sha256(content).hexdigest()
    else:
        same = remote.blob_id == _git_blob_id(content)
    return "same" if same else "changed"


def _git_blob_id(content: bytes) -> str:
    # Git's object name of a file: git-scm.com/book/en/v2/Git-Internals-Git-Objects
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _is_visible_as(info: Any, wanted: str) -> bool:
    # Older answers of the Hub tell only whether the repository is private.
    if getattr(info, "visibility", None):
        return visibility_of(info) == wanted
    return bool(info.private) == (wanted != "public")


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
