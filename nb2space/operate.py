"""Operating a published Space: which one is meant, its state, pausing it, taking it away."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2space.errors import InputError
from nb2space.hub import Account, address_of, explained, visibility_of
from nb2space.keystore import Record, every_record, known_record, save_record
from nb2space.plan import full_name
from nb2space.space import MANIFEST, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import HfApi


@dataclass(frozen=True)
class State:
    """A Space as it is: `stage` in the Hub's words; the shas of what `runs` and of the `newest`.

    `secrets` are their names, as far as this account may know them.
    """

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


def remembered_target(folder: Path | None) -> tuple[str, Record | None]:
    """The Space that `folder` was published to, else the folder here, else the only one there is.

    Raises InputError when there is none, or more than one to choose from.
    """
    if folder is None and (Path() / MANIFEST).is_file():
        folder = Path()
    if folder is not None:
        if not folder.exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", str(folder)):
            raise InputError(f"There is no folder {folder}. A Space is named with: --to {folder}")
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
        secrets = _names_of_secrets(api, target)
    return State(
        target=target,
        stage=str(getattr(runtime.stage, "value", runtime.stage)),
        visibility=visibility_of(info),
        hardware=str(runtime.hardware or runtime.requested_hardware or ""),
        runs=str(runtime.raw.get("sha") or ""),
        newest=info.sha or "",
        secrets=tuple(secrets),
        url=address_of(info),
        page_url=f"{api.endpoint}/spaces/{target}",
        problem=str(runtime.raw.get("errorMessage") or ""),
    )


def _names_of_secrets(api: HfApi, target: str) -> list[str]:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return sorted(api.get_space_secrets(target))
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            return []
        raise


def is_there(api: HfApi, target: str) -> bool:
    """True when there is such a Space, as far as this account can see."""
    with explained(f"asking for {target}"):
        return bool(api.repo_exists(target, repo_type="space"))


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
        save_record(replace(record, published=_without(record.published, target)))


def _without(published: dict[str, Any], target: str) -> dict[str, Any]:
    """What publishing remembers, without the Space `target`."""
    kept: dict[str, Any] = {
        name: {space: value for space, value in published[name].items() if space != target}
        for name in ("secrets", "unfinished")
        if name in published
    }
    if published.get("target") not in (None, target):
        kept["target"] = published["target"]
    return kept


def _published_records() -> dict[str, Record]:
    """The records of this machine by the Space that each was published to."""
    targets = ((record.published.get("target"), record) for record in every_record())
    return {target: record for target, record in targets if target}
