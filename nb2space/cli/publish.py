"""`nb2space publish`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb2space.cli.output import Sink, output_options, stopping, waiting_is_over
from nb2space.cli.words import ANY_PATH
from nb2space.errors import InputError, RemoteError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from nb2space.hub import Account
    from nb2space.keystore import Record
    from nb2space.plan import Plan
    from nb2space.publish import Publication
    from nb2space.space import Manifest


@dataclass(frozen=True)
class Wishes:
    """The options of `nb2space publish`, as they were given."""

    target: str | None
    visibility: str | None
    secrets: tuple[str, ...]
    secrets_file: Path | None
    dry_run: bool
    overwrite: bool
    squash_history: bool
    verify: bool
    hardware: str
    no_wait: bool
    no_check: bool
    yes: bool


@dataclass(frozen=True)
class Work:
    """What is to be published: planned and checked, and nothing of it sent yet.

    `needs` is `record` with the secrets only that this form of Space needs; `given` are the values
    of secrets that the author gives now, `values` all that are known.
    """

    api: HfApi
    folder: Path
    manifest: Manifest
    record: Record
    needs: Record
    plan: Plan
    given: dict[str, str]
    values: dict[str, str]


@click.command(
    name="publish", no_args_is_help=True, short_help="Put a Space folder on the Hugging Face Hub."
)
@click.argument("folder", metavar="DIR", type=ANY_PATH)
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
    type=ANY_PATH,
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
def command(folder: Path, pr: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Put the Space folder DIR on the Hugging Face Hub, and print its address when it answers."""
    from nb2space.cli.ask import ask_secret, may_ask
    from nb2space.cli.planned import propose_version, show_plan
    from nb2space.follow import embed_snippet
    from nb2space.spacesecrets import complete_values, explain_missing

    sink, wishes = Sink(as_json, quiet), Wishes(**options)
    _refuse_notebook(folder)
    if pr:
        _refuse_settings(wishes)
        propose_version(
            sink, folder, wishes.target, overwrite=wishes.overwrite, dry_run=wishes.dry_run
        )
        return
    asking = may_ask(wishes.yes or as_json or quiet)
    work = _prepared(sink, folder, wishes, asking)
    plan = work.plan
    if wishes.dry_run:
        show_plan(sink, plan)
        if missing := explain_missing(plan.sets_secrets, work.values):
            if not asking:
                raise InputError(missing)
            sink.notice(missing)
        return
    values = complete_values(
        work.needs, work.given, plan.sets_secrets, ask_secret if asking else None
    )
    publication = _published(sink, work, values)
    if not wishes.no_wait:
        publication = replace(publication, url=_follow(sink, work, publication, values))
    embed = embed_snippet(publication.url, work.manifest.title)
    result = {
        **asdict(publication),
        "embed": embed,
        "committed": plan.commits,
        "answers": not wishes.no_wait,
    }
    if wishes.no_wait and plan.deletes_secrets:
        sink.notice("The secrets that it needs no longer are taken back the next time.")
    sink.say(f"The app {'will answer' if wishes.no_wait else 'answers'} at {publication.url}")
    sink.say(f"Its page on the Hub: {publication.page_url}")
    if plan.visibility != "private":
        sink.say(f"To show it in a page of yours: {embed}")
    if wishes.verify:
        _verify(sink, work, publication, result)
    else:
        sink.result(result)


def _refuse_notebook(folder: Path) -> None:
    if folder.suffix != ".ipynb" or not folder.is_file():
        return
    from nb2space.options import default_folder
    from nb2space.shell import shell_word

    made = default_folder(folder)
    raise InputError(
        f"{folder} is a notebook, and what is published is the Space folder made of it: "
        f"nb2space {'publish' if made.is_dir() else 'convert'} "
        f"{shell_word(made if made.is_dir() else folder)}"
    )


def _refuse_settings(wishes: Wishes) -> None:
    given = {
        "--visibility": wishes.visibility,
        "--secret": wishes.secrets,
        "--secrets-file": wishes.secrets_file,
        "--hardware": wishes.hardware,
        "--squash-history": wishes.squash_history,
        "--verify": wishes.verify,
    }
    if settings := [option for option, value in given.items() if value]:
        raise click.UsageError(
            f"--pr proposes files, and {', '.join(settings)} is for the owner of the Space."
        )


def _prepared(sink: Sink, folder: Path, wishes: Wishes, asking: bool) -> Work:
    """What is to be published, after all that can be checked without sending anything."""
    from nb2space import hub, preflight, resolve, spacesecrets
    from nb2space import plan as planning
    from nb2space.cli.ask import ask_visibility
    from nb2space.cli.words import read_hardware
    from nb2space.keystore import known_record
    from nb2space.space import DOCKER, read_manifest
    from nb2space.watch import say_if_saved_since

    if wishes.verify and wishes.no_wait:
        raise click.UsageError("--verify visits the app when it runs, so it cannot be --no-wait.")
    read_hardware(wishes.hardware)
    manifest = read_manifest(folder)
    record = known_record(folder, manifest.space_id)
    planning.check_folder(folder)
    say_if_saved_since(folder, sink.notice)
    needs = replace(record, secrets=planning.secrets_of(folder, manifest))
    given = spacesecrets.given_values(needs, wishes.secrets, wishes.secrets_file)
    values = spacesecrets.known_values(needs, given)
    api = hub.connect(sink.step)
    try:
        account = hub.who_am_i(api)
    except (InputError, RemoteError) as error:
        if not wishes.dry_run:
            raise
        sink.notice(f"{error} Without that, what is on the Hub already cannot be compared.")
        plan = planning.plan_of_all(folder, wishes.target, wishes.visibility)
        return Work(api, folder, manifest, record, needs, plan, given, values)
    preflight.check_token(api, account)
    plan = planning.make_plan(
        api,
        folder,
        _target(manifest, record, account, wishes, asking),
        values,
        visibility=wishes.visibility,
        overwrite=wishes.overwrite,
        squash_history=wishes.squash_history,
        hardware=wishes.hardware,
    )
    if asking and not plan.exists and not wishes.visibility:
        plan = replace(plan, visibility=ask_visibility())
    if wishes.verify and plan.visibility == "private":
        raise InputError(
            "--verify visits the app as a viewer does, and a private Space lets no viewer in. "
            "Publish without it, or with --visibility protected."
        )
    preflight.check_hardware(api, wishes.hardware)
    preflight.check_rights(account, plan, manifest.form)
    if manifest.form == DOCKER and not wishes.no_check:
        record = resolve.check_packages(folder, record, manifest.python, sink.step)
        needs = replace(record, secrets=needs.secrets)
    return Work(api, folder, manifest, record, needs, plan, given, values)


def _target(
    manifest: Manifest, record: Record, account: Account, wishes: Wishes, asking: bool
) -> str:
    from nb2space.cli.ask import ask_target
    from nb2space.plan import full_target

    target = full_target(wishes.target, manifest, record, account)
    if asking and not wishes.target and not record.published.get("target"):
        return full_target(ask_target(target), manifest, record, account)
    return target


def _published(sink: Sink, work: Work, values: Mapping[str, str]) -> Publication:
    from nb2space.publish import publish

    stopped = "Stopped. Run the same command again; it goes on where it stopped."
    with stopping(stopped), sink.waiting(f"Publishing {work.plan.target}"):
        publication = publish(work.api, work.folder, work.plan, values, sink.step)
    if not work.plan.commits:
        sink.step(
            f"{work.plan.target} holds exactly these files already; there is nothing to commit."
        )
    return publication


def _follow(sink: Sink, work: Work, publication: Publication, values: Mapping[str, str]) -> str:
    from nb2space.cli.operate import mask_of
    from nb2space.follow import follow
    from nb2space.publish import clean_up
    from nb2space.space import DOCKER, MANIFEST

    target, manifest = publication.target, (work.folder / MANIFEST).read_bytes()
    mask = mask_of(work.record, values.values())
    sink.step("Waiting until the app answers; Ctrl-C ends only the waiting")
    with stopping(waiting_is_over(target)), sink.waiting(f"Following {target}"):
        url = follow(work.api, manifest, publication, sink.step, sink.log, mask)
        if work.plan.deletes_secrets and work.manifest.form == DOCKER:
            clean_up(work.api, work.folder, work.plan, sink.step)
            url = follow(work.api, manifest, publication, sink.step, sink.log, mask)
    return url


def _verify(sink: Sink, work: Work, publication: Publication, result: dict[str, Any]) -> None:
    from nb2space.audit import audit_published, refuse_leaks
    from nb2space.cli.audit import found_clean, show_report

    report = audit_published(
        work.folder, work.record, publication.url, use_browser=True, step=sink.step
    )
    for note in report.notes:
        sink.notice(note)
    show_report(sink, report)
    sink.result({**result, "verified": report.ok, "channels": asdict(report)["channels"]})
    refuse_leaks(report, f"take it back, or pause it: {publication.page_url}/settings")
    sink.say(found_clean(report))
