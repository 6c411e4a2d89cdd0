"""`nb2space audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2space.cli.output import Sink, output_options
from nb2space.cli.words import ANY_PATH

if TYPE_CHECKING:
    from nb2space.audit import Report

# The most leaks of one channel that are listed for people; --json has all of them.
_MOST_LISTED = 20


@click.command(
    name="audit", no_args_is_help=True, short_help="Prove that viewers get none of the code."
)
@click.argument("folder", metavar="DIR", type=ANY_PATH)
@click.option("--url", help="The running app to visit. Without it: one served on this machine.")
@click.option(
    "--no-browser", is_flag=True, help="Visit the app without a browser, by its protocol only."
)
@output_options
def command(folder: Path, url: str | None, no_browser: bool, as_json: bool, quiet: bool) -> None:
    """Search all that a viewer of the Space folder DIR can get for its code.

    That is every byte of the folder, and everything that the app sends while each of its
    controls is moved and while it is asked for what is not for viewers. Lines of code, comments,
    texts and names are looked for in every disguise. Ends with exit code 1 when something leaks.
    """
    from dataclasses import asdict

    from nb2space.audit import audit_app, audit_published, refuse_leaks
    from nb2space.keystore import known_record
    from nb2space.space import read_manifest

    sink = Sink(as_json, quiet)
    record = known_record(folder, read_manifest(folder).space_id)
    if url:
        report = audit_published(folder, record, url, use_browser=not no_browser, step=sink.step)
    else:
        report = audit_app(folder, record, use_browser=not no_browser, step=sink.step)
    for note in report.notes:
        sink.notice(note)
    show_report(sink, report)
    sink.result({"ok": report.ok, **asdict(report)})
    refuse_leaks(report, "do not publish this before they are gone")
    sink.say(found_clean(report))


def found_clean(report: Report) -> str:
    """What is said when nothing leaks."""
    moved = f" {report.moved} controls were moved." if report.moved else ""
    return f"Nothing leaks: {report.needles} pieces of the code were looked for.{moved}"


def show_report(sink: Sink, report: Report) -> None:
    """Print what was looked at and found, one line a channel, then the leaks."""
    from nb2space.cli.words import readable_size

    width = max(len(channel.name) for channel in report.channels)
    sink.say(f"{'channel':{width}} {'looked at':>10} {'leaks':>6}")
    for channel in report.channels:
        size = readable_size(channel.bytes_looked_at)
        sink.say(f"{channel.name:{width}} {size:>10} {len(channel.leaks):>6}")
    for channel in report.channels:
        for leak in channel.leaks[:_MOST_LISTED]:
            times = f", {leak.count} times" if leak.count > 1 else ""
            sink.say(f"  {channel.name}: {leak.where}: {leak.kind}: {leak.excerpt}{times}")
        if len(channel.leaks) > _MOST_LISTED:
            sink.say(f"  {channel.name}: and {len(channel.leaks) - _MOST_LISTED} more")
