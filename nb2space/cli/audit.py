"""`nb2space audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb2space.cli.output import Sink, output_options

if TYPE_CHECKING:
    from nb2space.audit import Report

# The most leaks of one channel that are listed for people; --json has all of them.
_MOST_LISTED = 20


@click.command(
    name="audit", no_args_is_help=True, short_help="Prove that viewers get none of the code."
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
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

    from nb2space.audit import audit_folder, audit_url, needles_of_record
    from nb2space.errors import FindingError, InputError
    from nb2space.keystore import find_record
    from nb2space.serve import free_port, serving
    from nb2space.space import read_manifest

    sink = Sink(as_json, quiet)
    record = find_record(read_manifest(folder).space_id)
    if record is None:
        raise InputError(
            f"The key of {folder} is not on this machine, so its code cannot be compared. "
            "Convert the notebook here: nb2space convert NOTEBOOK"
        )
    sink.step(f"Searching the files of {folder}")
    report = audit_folder(folder, record)
    needles = needles_of_record(folder, record)
    if url:
        sink.step(f"Visiting {url}")
        report = report.joined(audit_url(url, needles, not no_browser, record.prefix))
    else:
        with serving(folder, free_port(None)) as server:
            sink.step("Visiting the app, moving its controls and asking it for its code")
            visited = audit_url(server.url, needles, not no_browser, record.prefix)
            report = report.joined(visited)
    for note in report.notes:
        sink.notice(note)
    _show(sink, report)
    sink.result({"ok": report.ok, "needles": len(needles.items), **asdict(report)})
    if not report.ok:
        raise FindingError(
            f"{len(report.leaks)} things of the code can be got by viewers; "
            "do not publish this before they are gone."
        )
    sink.say(f"Nothing leaks: {len(needles.items)} pieces of the code were looked for.")


def _show(sink: Sink, report: Report) -> None:
    from nb2space.cli.steps import readable_size

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
