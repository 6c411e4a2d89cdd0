"""`nb2space pause`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink


@click.command(name="pause", short_help="Stop the app of a published Space.")
@space_options
def command(folder: Path | None, to: str | None, as_json: bool, quiet: bool) -> None:
    """Stop the app of a published Space: nobody sees it until it is restarted.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from nb2space import operate
    from nb2space.cli.operate import find_space

    sink = Sink(as_json, quiet)
    api, target, _ = find_space(sink, folder, to)
    operate.pause(api, target)
    sink.say(f"{target} is paused. Start it again with: nb2space restart --to {target}")
    sink.result({"target": target})
