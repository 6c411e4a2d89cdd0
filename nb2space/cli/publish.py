"""`nb2space publish`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2space.cli.output import Sink, output_options

if TYPE_CHECKING:
    from nb2space.plan import Plan


@click.command(
    name="publish", no_args_is_help=True, short_help="Put a Space folder on the Hugging Face Hub."
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", "target", metavar="OWNER/NAME", help="The Space to publish to.")
@click.option(
    "--visibility",
    type=click.Choice(["public", "protected", "private"]),
    help="Who may see it: everyone; everyone the app, only you the files; only you. "
    "Without it: as it is, and public when new.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A secret that the notebook's code uses. NAME alone takes the environment variable of "
    "that name; with =VALUE it stays in the shell's history. May be given several times.",
)
@click.option(
    "--secrets-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Secrets as lines NAME=VALUE, as in .env files. What was given once is kept in your key "
    "store.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent and set, and send nothing.")
@click.option("--overwrite", is_flag=True, help="Replace a Space that was made of something else.")
@click.option(
    "--squash-history",
    is_flag=True,
    help="Make the Space's git history one commit, so that nothing of its past can be read.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Visit the published app when it runs, as nb2space audit does.",
)
@click.option(
    "--hardware",
    metavar="NAME",
    default="",
    help="The Space's hardware, such as cpu-upgrade, which is paid. Without it: as it is, and the "
    "Hub's basic one when new.",
)
@click.option(
    "--pr",
    is_flag=True,
    help="Propose the version in a pull request, to a Space of someone else; needs --to.",
)
@click.option("--no-wait", is_flag=True, help="Do not wait until the app answers.")
@click.option("--no-check", is_flag=True, help="Do not ask pip whether the packages go together.")
@click.option("--yes", "-y", is_flag=True, help="Never ask; take the defaults.")
@output_options
def command(
    folder: Path,
    target: str | None,
    visibility: str | None,
    secrets: tuple[str, ...],
    secrets_file: Path | None,
    dry_run: bool,
    overwrite: bool,
    squash_history: bool,
    verify: bool,
    hardware: str,
    pr: bool,
    no_wait: bool,
    no_check: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Put the Space folder DIR on the Hugging Face Hub, and print its address when it answers."""
    import shlex
    from dataclasses import asdict, replace

    from nb2space import follow, hub, preflight, publish, resolve, spacesecrets
    from nb2space import plan as planning
    from nb2space.audit import audit_published, refuse_leaks
    from nb2space.cli.ask import ask_secret, ask_target, ask_visibility, may_ask
    from nb2space.cli.audit import show_report
    from nb2space.cli.logs import log_of
    from nb2space.cli.steps import read_hardware
    from nb2space.errors import InputError, RemoteError
    from nb2space.keystore import known_record
    from nb2space.space import MANIFEST, read_manifest

    if folder.suffix == ".ipynb" and folder.is_file():
        from nb2space.options import default_folder

        made = default_folder(folder)
        raise InputError(
            f"{folder} is a notebook, and what is published is the Space folder made of it: "
            f"nb2space {'publish' if made.is_dir() else 'convert'} "
            f"{shlex.quote(str(made if made.is_dir() else folder))}"
        )
    sink = Sink(as_json, quiet)
    if pr:
        _propose(sink, folder, target, overwrite)
        return
    if verify and no_wait:
        raise click.UsageError("--verify visits the app when it runs, so it cannot be --no-wait.")
    read_hardware(hardware)
    asking = may_ask(yes or as_json or quiet)
    manifest = read_manifest(folder)
    record = known_record(folder, manifest.space_id)
    planning.check_folder(folder)
    needs = replace(record, secrets=planning.secrets_of(folder, manifest))
    given = spacesecrets.given_values(needs, secrets, secrets_file)
    values = spacesecrets.known_values(needs, given)
    if manifest.form == "docker" and not no_check:
        record = resolve.check_packages(folder, record, manifest.python, sink.step)
    api = hub.connect(sink.step)
    try:
        account = hub.who_am_i(api)
    except (InputError, RemoteError) as error:
        if not dry_run:
            raise
        sink.notice(f"{error} Without that, what is on the Hub already cannot be compared.")
        plan = planning.plan_of_all(folder, target, visibility)
        _show(sink, plan, values)
        sink.result({"plan": asdict(plan), "dry_run": True})
        return
    default = planning.full_target(target, manifest, record, account)
    if asking and not target and not record.published.get("target"):
        default = planning.full_target(ask_target(default), manifest, record, account)
    plan = planning.make_plan(
        api,
        folder,
        default,
        values,
        visibility=visibility,
        overwrite=overwrite,
        squash_history=squash_history,
        hardware=hardware,
    )
    if asking and not plan.exists and not visibility:
        plan = replace(plan, visibility=ask_visibility())
    if verify and plan.visibility == "private":
        raise InputError(
            "--verify visits the app as a viewer does, and a private Space lets no viewer in. "
            "Publish without it, or with --visibility protected."
        )
    preflight.check_rights(account, plan, manifest.form)
    if dry_run:
        _show(sink, plan, values)
        sink.result({"plan": asdict(plan), "dry_run": True})
        return
    values = spacesecrets.complete_values(
        needs, given, plan.sets_secrets, ask_secret if asking else None
    )
    publication = publish.publish(api, folder, plan, values, sink.step)
    if not plan.commits:
        sink.step(f"{plan.target} holds exactly these files already; there is nothing to commit.")
    result = {**asdict(publication), "committed": plan.commits}
    if no_wait:
        sink.say(f"Its page on the Hub: {publication.page_url}")
        if plan.deletes_secrets:
            sink.notice("The secrets that it needs no longer are taken back the next time.")
        sink.result(result)
        return
    log = None if as_json or quiet else log_of(sink, [*values.values(), record.key])
    sink.step("Waiting until the app answers; Ctrl-C ends only the waiting")
    listing = (folder / MANIFEST).read_bytes()
    with sink.waiting(f"Following {plan.target}"):
        url = follow.follow(api, listing, publication, sink.step, log)
        if plan.deletes_secrets and manifest.form == "docker":
            publish.clean_up(api, folder, plan, sink.step)
            url = follow.follow(api, listing, publication, sink.step, log)
    sink.say(f"The app answers at {url}")
    sink.say(f"Its page on the Hub: {publication.page_url}")
    embed = follow.embed_snippet(url, manifest.title)
    if plan.visibility != "private":
        sink.say(f"To show it in a page of yours: {embed}")
    result |= {"url": url, "embed": embed}
    if not verify:
        sink.result(result)
        return
    report = audit_published(folder, record, url, use_browser=True, step=sink.step)
    for note in report.notes:
        sink.notice(note)
    show_report(sink, report)
    sink.result({**result, "verified": report.ok, "channels": asdict(report)["channels"]})
    refuse_leaks(report, f"take it back, or pause it: {publication.page_url}/settings")
    sink.say(f"Nothing leaks: {report.needles} pieces of the code were looked for.")


def _propose(sink: Sink, folder: Path, target: str | None, overwrite: bool) -> None:
    from dataclasses import asdict

    from nb2space import hub, propose
    from nb2space import plan as planning

    if not target:
        raise click.UsageError("--pr needs --to OWNER/NAME, the Space to propose to.")
    api = hub.connect(sink.step)
    account = hub.who_am_i(api)
    name = planning.full_name(target, account)
    proposal = propose.propose(api, folder, name, sink.step, overwrite=overwrite)
    sink.say(f"{'Proposed' if proposal.is_new else 'Proposed already'}: {proposal.url}")
    if proposal.needs_key:
        sink.notice(
            f"Before it is merged, {name} needs the secret {proposal.needs_key}; its value is the "
            f"key in {propose.key_place(folder)}. Give it to the owner in a safe way."
        )
    sink.result(asdict(proposal))


def _show(sink: Sink, plan: Plan, values: Mapping[str, str]) -> None:
    from nb2space.cli.steps import readable_size
    from nb2space.spacesecrets import explain_missing

    if missing := explain_missing(plan.sets_secrets, values):
        sink.notice(missing)

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
    width = max(len(file.path) for file in plan.files)
    for file in plan.files:
        size = readable_size(file.size)
        sink.say(f"  {file.change:8} {file.path:{width}} {size:>7}  {file.why}")
    sink.say("Nothing was sent.")
