"""What publishing a Space folder would change: planned and checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nb2space.errors import FindingError, InputError
from nb2space.history import MAIN, plain_past, refs_of, refuse_plain_past
from nb2space.hub import Account, check_name, explained, visibility_of
from nb2space.keystore import Record, known_record
from nb2space.openfiles import Judge
from nb2space.preflight import check_files
from nb2space.repository import EMPTY_SPACE, change_of, remote_files, stale_paths
from nb2space.seal import KEY_SECRET, key_secret
from nb2space.space import (
    DOCKER,
    MANIFEST,
    Manifest,
    SpaceFile,
    manifest_digest,
    read_files,
    read_manifest,
)
from nb2space.spacesecrets import secrets_to_delete, secrets_to_set

if TYPE_CHECKING:
    from huggingface_hub import HfApi, RepoFile

_LONGEST_NAME = 96


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

    `visibility` is the wanted one, `visible_now` that of the Space as it is ("private" before it is
    made). Secrets are told by name, the key to the sealed code too; their values are in no plan.
    """

    target: str
    exists: bool
    parent: str | None
    visibility: str
    visible_now: str
    sets_key: str
    sets_secrets: tuple[str, ...]
    deletes_secrets: tuple[str, ...]
    squashes: bool
    files: tuple[PlannedFile, ...]
    hardware: str = ""

    @property
    def changes_visibility(self) -> bool:
        """True when an existing Space would be seen by others than now."""
        return self.exists and self.visibility != self.visible_now

    @property
    def commits(self) -> bool:
        """True when there is anything to commit."""
        return any(file.change != "same" for file in self.files)


def default_name(manifest: Manifest) -> str:
    """A Space name from the notebook's; "notebook" where its letters are not of the Latin ones."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", manifest.notebook.removesuffix(".ipynb"))
    name = re.sub(r"[.-]{2,}", "-", stem).strip("-._")[:_LONGEST_NAME].rstrip("-._")
    return name.removesuffix(".git") or "notebook"


def full_target(wanted: str | None, manifest: Manifest, record: Record, account: Account) -> str:
    """ "owner/name": what is wanted, else where it was published last, else a sensible default.

    Raises InputError for a name the Hub does not allow or an owner the author cannot be.
    """
    if wanted is None:
        wanted = record.published.get("target") or default_name(manifest)
    target = full_name(wanted, account)
    owner, _, name = target.partition("/")
    # The Hub takes any case of an owner's name, and so do authors.
    owners = {known.lower(): known for known in (account.name, *account.organisations)}
    if owner.lower() not in owners:
        raise InputError(
            f"You ({account.name}) cannot publish to '{owner}': it is neither you nor one of your "
            f"organisations ({', '.join(account.organisations) or 'none'})."
        )
    return f"{owners[owner.lower()]}/{name}"


def full_name(wanted: str, account: Account) -> str:
    """ "owner/name" of any Space, `wanted` being "name" for the author's own.

    Raises InputError for a name the Hub does not allow.
    """
    target = wanted if "/" in wanted else f"{account.name}/{wanted}"
    check_name(target)
    return target


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
    check_files(files)
    return files


def plan_of_all(folder: Path, target: str | None, visibility: str | None) -> Plan:
    """The plan for a Space that is not there yet; asks the Hub nothing.

    Raises InputError for a name the Hub does not allow.
    """
    if target is not None:
        check_name(target if "/" in target else f"you/{target}")
    manifest = read_manifest(folder)
    return Plan(
        target=target or default_name(manifest),
        exists=False,
        parent=None,
        visibility=visibility or "public",
        visible_now="private",
        sets_key=key_secret(known_record(folder, manifest.space_id).key)
        if manifest.form == DOCKER
        else "",
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
    hardware: str = "",
) -> Plan:
    """What publishing `folder` to `target` would change. Only reads from the Hub.

    `secrets` are the values of the notebook's secrets, as far as they are known. `visibility` None
    leaves an existing Space as it is and makes a new one public. Raises InputError when the Space
    holds something else, unless `overwrite` is given, and FindingError when its history holds
    scripts or data in the open; with `squash_history`, where squashing would leave them.
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
            plan = plan_of_all(folder, target, visibility or _unfinished(record, target))
            return replace(plan, hardware=hardware)
        remote = remote_files(api, target)
        if not overwrite:
            check_ours(api, target, manifest, set(remote))
        on_hub = api.get_space_secrets(target)
    # Squashing takes away the past of main, and of nothing else.
    refs = [ref for ref in refs_of(api, target) if not squash_history or ref.name != MAIN]
    refuse_plain_past(target, plain_past(api, target, refs, Judge(api, target, folder)))
    now = visibility_of(info)
    key_name = key_secret(record.key)
    old_keys = [name for name in on_hub if name.startswith(KEY_SECRET) and name != key_name]
    is_static = manifest.form != DOCKER
    return Plan(
        target=target,
        exists=True,
        parent=info.sha,
        visibility=visibility or _unfinished(record, target) or now,
        visible_now=now,
        sets_key=key_name if manifest.form == DOCKER and key_name not in on_hub else "",
        sets_secrets=secrets_to_set(used, secrets, target, on_hub),
        deletes_secrets=(
            *secrets_to_delete(used, target, on_hub),
            # A key lives as long as there are versions that it opens. What lies in the open needs
            # none, and a static Space gives its secrets to the page.
            *(sorted([*old_keys, *{key_name}.intersection(on_hub)]) if is_static else []),
            *(sorted(old_keys) if squash_history and not is_static else []),
        ),
        squashes=squash_history,
        files=planned_files(files, remote),
        hardware=hardware,
    )


def planned_files(
    files: Iterable[SpaceFile], remote: Mapping[str, RepoFile]
) -> tuple[PlannedFile, ...]:
    """What becomes of each of `files`, and of what the repository holds beside them."""
    files = list(files)
    stale = stale_paths({file.path for file in files}, remote)
    return (
        *(_planned(file, change_of(file.content, remote.get(file.path))) for file in files),
        *(PlannedFile(path, remote[path].size, "not of this app", "deleted") for path in stale),
    )


def check_ours(api: HfApi, target: str, manifest: Manifest, remote: set[str]) -> None:
    """Raise InputError when the Space at `target` was made of something else."""
    if remote <= EMPTY_SPACE:
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


def _unfinished(record: Record, target: str) -> str | None:
    """The visibility that an interrupted publication was still to give `target`."""
    wanted: str | None = record.published.get("unfinished", {}).get(target)
    return wanted
