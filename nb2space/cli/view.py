"""`nb2space view`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.output import Sink, output_options, report_failure
from nb2space.cli.words import ANY_PATH


@click.command(
    name="view", no_args_is_help=True, short_help="See the app of a Space folder on this machine."
)
@click.argument("target", metavar="DIR|NOTEBOOK", type=ANY_PATH)
@click.option("--no-browser", is_flag=True, help="Do not open the browser; print the address only.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port to serve on. Without it: any free one."
)
@click.option(
    "--watch",
    is_flag=True,
    help="Convert again whenever the notebook, or a file it uses, is saved, and reload the page.",
)
@output_options
def command(
    target: Path, no_browser: bool, port: int | None, watch: bool, as_json: bool, quiet: bool
) -> None:
    """Serve the Space folder DIR on this machine, as the Space will, and open it.

    A NOTEBOOK is converted first, into the folder that `nb2space convert` would make.
    Ctrl-C ends it.
    """
    from nb2space.cli.steps import convert_with_progress
    from nb2space.errors import Nb2spaceError
    from nb2space.notebook import is_notebook
    from nb2space.options import default_folder, remembered_options
    from nb2space.serve import free_port, serving
    from nb2space.watch import Watch, notebook_of, say_if_saved_since

    sink = Sink(as_json, quiet)
    steps = Sink(quiet=as_json or quiet)
    folder = target
    free_port(port)  # a port that cannot be used is told before the notebook runs
    is_source = is_notebook(target)
    follows = Watch(target if is_source else notebook_of(target)) if watch else None
    if is_source:
        folder = default_folder(target)
        convert_with_progress(steps, target, folder, remembered_options(folder))
    else:
        say_if_saved_since(folder, steps.notice)
    with serving(folder, free_port(port), watch=watch, silent=quiet) as server:
        sink.say(f"The app is at {server.url}  (Ctrl-C ends it)")
        sink.result({"url": server.url, "folder": str(folder)})
        if not no_browser:
            click.launch(server.url)
        if follows is None:
            server.wait()
            return
        for _ in follows.saves(folder, server.check):
            try:
                notebook = follows.notebook
                convert_with_progress(steps, notebook, folder, remembered_options(folder))
                server.restart()
            except (Nb2spaceError, OSError) as error:
                report_failure(error)
                steps.step("The last good version is still served, and the next save is tried.")
