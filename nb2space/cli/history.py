"""`nb2space history`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink


@click.command(name="history", short_help="List the published versions of a Space.")
@space_options
def command(folder: Path | None, to: str | None, as_json: bool, quiet: bool) -> None:
    """List the versions that were published to a Space, the newest first.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from dataclasses import asdict

    from nb2space import versions
    from nb2space.cli.operate import find_space

    sink = Sink(as_json, quiet)
    api, target, _ = find_space(sink, folder, to)
    known = []
    for version in versions.versions(api, target):
        known.append(version)
        runs = "  (runs)" if version.runs else ""
        sink.say(f"{version.commit[:7]}  {version.date}  {version.title}{runs}")
    if not known:
        sink.say(f"{target} has no version that nb2space published.")
    sink.result({"target": target, "versions": [asdict(version) for version in known]})
