"""How `nb2space publish --pr` and `--dry-run` tell of what would be sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2space.cli.output import Sink, stopping

if TYPE_CHECKING:
    from nb2space.plan import Plan, PlannedFile


def propose_version(
    sink: Sink, folder: Path, target: str | None, *, overwrite: bool, dry_run: bool
) -> None:
    """Propose the version in `folder` to the Space `target`, or tell what would be proposed."""
    from nb2space import hub, preflight, propose
    from nb2space.plan import full_name

    if not target:
        raise click.UsageError("--pr needs --to OWNER/NAME, the Space to propose to.")
    api = hub.connect(sink.step)
    account = hub.who_am_i(api)
    preflight.check_token(api, account)
    name = full_name(target, account)
    proposal = propose.plan_proposal(api, folder, name, overwrite=overwrite)
    is_known = bool(proposal.url)
    if dry_run:
        state = f"proposed already: {proposal.url}" if is_known else "would be proposed"
        sink.say(f"{name}: {state}")
        show_files(sink, proposal.files)
    else:
        with stopping("Stopped. Run the same command again; nothing is proposed twice."):
            proposal = propose.propose(api, folder, proposal, sink.step)
        sink.say(f"{'Proposed already' if is_known else 'Proposed'}: {proposal.url}")
    if proposal.needs_key:
        sink.notice(
            f"Before it is merged, {name} needs the secret {proposal.needs_key}; its value is the "
            f"key in {propose.key_place(folder)}. Give it to the owner in a safe way."
        )
    sink.result({**asdict(proposal), "dry_run": dry_run})


def show_plan(sink: Sink, plan: Plan) -> None:
    """Print what a publication would do."""
    become = ", would become " if plan.changes_visibility else ", "
    state = "exists" if plan.exists else "would be made"
    sink.say(f"{plan.target}: {state}{become}{plan.visibility}")
    if plan.hardware:
        sink.say(f"The hardware would be {plan.hardware}.")
    if plan.sets_key:
        sink.say(f"The secret {plan.sets_key} would be set.")
    for name in plan.sets_secrets:
        sink.say(f"The secret {name} would be set.")
    for name in plan.deletes_secrets:
        sink.say(f"The secret {name} would be deleted.")
    if plan.squashes:
        sink.say("Its history would become one commit.")
    show_files(sink, plan.files)
    sink.result({"plan": asdict(plan), "dry_run": True})


def show_files(sink: Sink, files: Iterable[PlannedFile]) -> None:
    """Print what becomes of each file, at the end of a dry run."""
    from nb2space.cli.words import readable_size

    files = list(files)
    width = max(len(file.path) for file in files)
    for file in files:
        size = readable_size(file.size)
        sink.say(f"  {file.change:8} {file.path:{width}} {size:>7}  {file.why}")
    sink.say("Nothing was sent.")
