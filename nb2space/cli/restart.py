"""`nb2space restart`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink


@click.command(name="restart", short_help="Start the app of a published Space again.")
@space_options
def command(folder: Path | None, to: str | None, as_json: bool, quiet: bool) -> None:
    """Start the app of a published Space again, from a pause too.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from nb2space import operate
    from nb2space.cli.operate import find_space

    sink = Sink(as_json, quiet)
    api, target, _ = find_space(sink, folder, to)
    operate.restart(api, target)
    sink.say(f"{target} starts again. See how it is with: nb2space status --to {target}")
    sink.result({"target": target})
