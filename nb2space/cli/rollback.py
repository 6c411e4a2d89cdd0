"""`nb2space rollback`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink, stopping, waiting_is_over


@click.command(name="rollback", short_help="Go back to an earlier version of a Space.")
@space_options
@click.option(
    "--version",
    "revision",
    metavar="COMMIT",
    help="The version, as nb2space history lists it. Without it: the one before.",
)
@click.option("--no-wait", is_flag=True, help="Do not wait until the app answers.")
def command(
    folder: Path | None,
    to: str | None,
    revision: str | None,
    no_wait: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Publish an earlier version of a Space again, with its key, in a new commit.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from dataclasses import asdict

    from nb2space import follow, versions
    from nb2space.cli.operate import find_space, mask_of

    sink = Sink(as_json, quiet)
    api, target, record = find_space(sink, folder, to)
    with stopping("Stopped. Run the same command again; it goes on where it stopped."):
        done = versions.roll_back(api, target, revision, sink.step)
    if done.lacks:
        sink.notice(
            f"That version's code uses {', '.join(done.lacks)}, which the Space has no longer. Set "
            f"it again: {done.publication.page_url}/settings"
        )
    result = {**asdict(done.publication), "version": done.version.commit}
    if not no_wait:
        with stopping(waiting_is_over(target)), sink.waiting(f"Following {target}"):
            url = follow.follow(
                api, done.manifest, done.publication, sink.step, sink.log, mask_of(record)
            )
        sink.say(f"The app answers at {url}")
    sink.result(result)
