"""`nb2space status`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink


@click.command(name="status", short_help="Tell how a published Space is.")
@space_options
def command(folder: Path | None, to: str | None, as_json: bool, quiet: bool) -> None:
    """Tell whether a published Space runs, which version, and who may see it.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from dataclasses import asdict

    from nb2space import operate
    from nb2space.cli.operate import find_space

    sink = Sink(as_json, quiet)
    api, target, _ = find_space(sink, folder, to)
    state = operate.state_of(api, target)
    sink.say(f"{target}: {state.stage.lower().replace('_', ' ')}, {state.visibility}")
    if state.problem:
        sink.say(f"The Hub says: {state.problem}")
    if state.runs and state.runs != state.newest:
        sink.say(f"It runs {state.runs[:7]}; the newest version is {state.newest[:7]}.")
    else:
        sink.say(f"The newest version is {state.newest[:7]}.")
    if state.secrets:
        sink.say(f"Secrets: {', '.join(state.secrets)}")
    sink.say(f"The app: {state.url}")
    sink.say(f"Its page on the Hub: {state.page_url}")
    sink.result(asdict(state))
