"""`nb2space open`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink


@click.command(name="open", short_help="Open a published Space in the browser.")
@space_options
@click.option("--page", is_flag=True, help="Open its page on the Hub; without it, the app alone.")
def command(folder: Path | None, to: str | None, page: bool, as_json: bool, quiet: bool) -> None:
    """Open the app of a published Space in the browser.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from nb2space import operate
    from nb2space.cli.operate import find_space

    sink = Sink(as_json, quiet)
    api, target, _ = find_space(sink, folder, to)
    state = operate.state_of(api, target)
    # A private app shows itself on its page only, to who is logged in there.
    only_page = state.visibility == "private" or not state.url
    url = state.page_url if page or only_page else state.url
    sink.say(url)
    sink.result({"target": target, "url": url})
    click.launch(url)
