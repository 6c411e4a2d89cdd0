"""Publishing a Space folder: do what was planned, in an order that loses nothing when it stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nb2space.errors import Nb2spaceError, RemoteError
from nb2space.history import plain_past, refs_of, refuse_plain_past
from nb2space.hub import ConflictError, Trouble, address_of, explained, visibility_of
from nb2space.keystore import Record, known_record, save_record
from nb2space.openfiles import Judge
from nb2space.plan import Plan
from nb2space.preflight import CARD, check_card_on_hub
from nb2space.repository import EMPTY_SPACE, check_holds, commit_files, remote_files
from nb2space.space import STATIC, read_files, read_manifest
from nb2space.spacesecrets import delete_secrets, set_secrets

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# From few who may see the Space to many.
_OPENNESS = ["private", "protected", "public"]


@dataclass(frozen=True)
class Publication:
    """What was published: `commit` is the sha that the Space is to run.

    `url` is where its app answers once it runs, "" where the Hub does not say; `page_url` its page
    on the Hub.
    """

    target: str
    commit: str
    url: str
    page_url: str


def publish(
    api: HfApi,
    folder: Path,
    plan: Plan,
    secrets: Mapping[str, str],
    step: Callable[[str], None],
) -> Publication:
    """Do what `plan` says: the Space, its key and secrets, then one commit with all that changed.

    A new Space is private until it is complete; an existing one is closed before and opened after
    the commit. `secrets` are the values of the notebook's secrets; `step` is told each step before
    it is taken. Raises RemoteError or InputError; publishing again then goes on where it stopped.
    Raises FindingError when files in the open can still be read after squashing.
    """
    manifest = read_manifest(folder)
    record = known_record(folder, manifest.space_id)
    content = {file.path: file.content for file in read_files(folder, manifest)}
    closes = _OPENNESS.index(plan.visibility) < _OPENNESS.index(plan.visible_now)
    if any(file.path == CARD and file.change != "same" for file in plan.files):
        check_card_on_hub(content[CARD].decode("utf-8", "replace"))
    if plan.exists:
        _remember(record, target=plan.target)
    else:
        _make_space(api, plan, record, manifest.form, step)
    with explained("reading the Space's settings back"):
        info = api.space_info(plan.target)
    if not (plan.exists or info.private):
        raise RemoteError(f"{plan.target} should be private until it is complete, and is not.")
    if plan.exists and plan.hardware and plan.hardware != _hardware_of(info):
        step(f"Asking for the hardware {plan.hardware}")
        with explained("asking for other hardware"):
            api.request_space_hardware(plan.target, cast(Any, plan.hardware))
    if closes:
        _set_visibility(api, plan, "Nothing was uploaded", step)
    _give_secrets(api, known_record(folder, manifest.space_id), plan, secrets, step)
    if manifest.form == STATIC:
        clean_up(api, folder, plan, step)
    if plan.commits:
        step("Uploading what changed, in one commit")
    title = f"Publish {manifest.title}"
    commit = commit_files(api, plan.target, content, plan.parent or info.sha or "", title)
    if plan.squashes:
        step("Making its history one commit")
        with explained("squashing the history"):
            api.super_squash_history(plan.target, repo_type="space")
            commit = api.space_info(plan.target).sha or ""
        check_holds(api, plan.target, content)
        # Someone may have given an old commit a name meanwhile.
        refs, judge = refs_of(api, plan.target), Judge(api, plan.target, folder)
        refuse_plain_past(plan.target, plain_past(api, plan.target, refs, judge))
    if plan.visibility != plan.visible_now and not closes:
        _set_visibility(api, plan, "All is uploaded", step)
    _remember(known_record(folder, manifest.space_id), finished=plan.target)
    page_url = f"{api.endpoint}/spaces/{plan.target}"
    return Publication(plan.target, commit, address_of(info), page_url)


def clean_up(api: HfApi, folder: Path, plan: Plan, step: Callable[[str], None]) -> None:
    """Take from the Space the secrets that the new version needs no longer.

    Not before it runs: until then the one before serves, and needs them.
    """
    record = known_record(folder, read_manifest(folder).space_id)
    delete_secrets(api, record, plan.target, plan.deletes_secrets, step)


def _make_space(
    api: HfApi, plan: Plan, record: Record, form: str, step: Callable[[str], None]
) -> None:
    # Remembered first: when this is interrupted, the Space does not stay private for ever.
    _remember(record, unfinished={plan.target: plan.visibility})
    step(f"Making the Space {plan.target}, private until it is complete")
    try:
        with explained(f"making the Space {plan.target}"):
            api.create_repo(
                plan.target,
                repo_type="space",
                space_sdk=form,
                visibility="private",
                space_hardware=cast(Any, plan.hardware or None),
                # It may be there: the answer to the first try may have been lost.
                exist_ok=True,
            )
    except Trouble:
        raise
    except Nb2spaceError:
        _remember(record)  # as it was: there is no such Space
        raise
    with explained(f"looking at {plan.target}"):
        found = set(remote_files(api, plan.target))
    if not found <= EMPTY_SPACE:
        raise ConflictError(
            f"Someone else made {plan.target} at the same time. Run the command again to see it."
        )
    _remember(record, target=plan.target, unfinished={plan.target: plan.visibility})


def _set_visibility(api: HfApi, plan: Plan, so_far: str, step: Callable[[str], None]) -> None:
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
            f"{so_far}; your plan may not allow it."
        )


def _give_secrets(
    api: HfApi,
    record: Record,
    plan: Plan,
    secrets: Mapping[str, str],
    step: Callable[[str], None],
) -> None:
    if plan.sets_key:
        step("Giving it the key to the sealed code")
        with explained("setting the key"):
            api.add_space_secret(plan.target, plan.sets_key, record.key)
    given = set_secrets(api, record, plan.target, plan.sets_secrets, secrets, step)
    _remember(record, secrets=given)


def _hardware_of(info: Any) -> str:
    runtime = info.runtime
    return str((runtime and (runtime.requested_hardware or runtime.hardware)) or "")


def _is_visible_as(info: Any, wanted: str) -> bool:
    # Older answers of the Hub tell only whether the repository is private.
    if getattr(info, "visibility", None):
        return visibility_of(info) == wanted
    return bool(info.private) == (wanted != "public")


def _remember(record: Record, *, finished: str = "", **changes: Any) -> None:
    """Keep what publishing knows of its Spaces; nothing is left to do for `finished`."""
    published = {**record.published, **changes}
    unfinished = {**record.published.get("unfinished", {}), **changes.get("unfinished", {})}
    unfinished.pop(finished, None)
    published["unfinished"] = unfinished
    save_record(replace(record, published={k: v for k, v in published.items() if v}))
