"""`nb2space logs`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink, stopping


@click.command(name="logs", short_help="Show the log of a published Space.")
@space_options
@click.option("--build", is_flag=True, help="The log of the last build; without it, the app's.")
@click.option("--follow", "-f", is_flag=True, help="Go on showing what is added, until Ctrl-C.")
def command(
    folder: Path | None, to: str | None, build: bool, follow: bool, as_json: bool, quiet: bool
) -> None:
    """Show the log of the app of a published Space, or with --build that of its build.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from nb2space.cli.operate import find_space, mask_of
    from nb2space.spacelogs import fetched_lines, followed_lines

    if follow and as_json:
        raise click.UsageError("--follow has no end at which there is a result for --json.")
    sink = Sink(as_json, quiet)
    api, target, record = find_space(sink, folder, to)
    mask = mask_of(record)
    read = followed_lines if follow else fetched_lines
    lines = []
    with stopping("Stopped; the app goes on."):
        for line in read(api, target, build=build):
            lines.append(mask(line))
            sink.say(lines[-1])
    sink.result({"target": target, "lines": lines})
