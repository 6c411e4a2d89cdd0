"""`nb2space convert`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.output import Sink, output_options
from nb2space.cli.words import ANY_PATH


@click.command(
    name="convert", no_args_is_help=True, short_help="Make a Space folder of a notebook."
)
@click.argument("notebook", type=ANY_PATH)
@click.option(
    "-o",
    "--output",
    type=ANY_PATH,
    metavar="DIR",
    help="The Space folder to make. Without it: NOTEBOOK's name with -space, here.",
)
@click.option(
    "--title",
    metavar="TEXT",
    help="The title in the browser tab and on the Hub. Without it: the first heading.",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark"]),
    default="light",
    show_default=True,
    help="The colours of the page.",
)
@click.option(
    "--lang",
    "language",
    type=click.Choice(["en", "id"]),
    default="en",
    show_default=True,
    help="The language in which the page itself speaks to viewers.",
)
@click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the cell tagged 'parameters'. May be given several times.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Execute NOTEBOOK although neither its code nor what it reads has changed since the last "
    "time.",
)
@click.option("--no-execute", is_flag=True, help="Keep the outputs that NOTEBOOK was saved with.")
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="The most seconds that one cell may take. Without it: no limit.",
)
@click.option("--kernel", metavar="NAME", help="The kernel to use in place of the notebook's own.")
@click.option(
    "--show-source",
    is_flag=True,
    help="Make the script public: viewers see the code of every cell not tagged hide-input.",
)
@click.option(
    "--allow-shown-source",
    is_flag=True,
    help="Convert although an output prints lines of the code.",
)
@click.option(
    "--include",
    multiple=True,
    metavar="PATTERN",
    help="Seal further files, such as 'data/*.csv'. May be given several times.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Leave out data files, such as 'data/*.csv'. May be given several times.",
)
@click.option(
    "--hardware",
    metavar="NAME",
    default="",
    help="The Space hardware to suggest, such as cpu-upgrade. Without it: the Hub's basic one.",
)
@click.option(
    "--redact", is_flag=True, help="Mask the secrets in data files; without it they stop this."
)
@click.option(
    "--static",
    is_flag=True,
    help="Make a page without a kernel, which any account may publish: what the controls show is "
    "recorded now, by running their callbacks. The same as --form static.",
)
@click.option(
    "--form",
    type=click.Choice(["docker", "static", "auto"]),
    help="With a kernel, without one, or without one where that loses nothing.  [default: docker]",
)
@click.option(
    "--allow-frozen",
    is_flag=True,
    help="Make the static page although some controls cannot work on it; viewers see them grey.",
)
@click.option(
    "--max-states",
    type=click.IntRange(min=1),
    metavar="N",
    help="Record so many states of the controls at most, and take the time for them. Without it: "
    "2000, in two minutes.",
)
@click.option(
    "--coarsen",
    type=click.IntRange(min=2),
    metavar="K",
    help="Where there are more states, record every K-th step of the sliders.",
)
@click.option(
    "--yes",
    "-y",
    is_flag=True,
    help="Run the callbacks of the controls, and take more than 100 MB of files along, without "
    "being asked.",
)
@click.option(
    "--share/--no-share",
    default=True,
    help="Run the cells at the beginning that are the same for all viewers once for all of them, "
    "or each cell for each viewer. Without it: --share.",
)
@click.option(
    "--refresh-every",
    metavar="TIME",
    default="",
    help="Run the shared cells anew after this time, such as 6h, 30m or 1d. Without it: never.",
)
@click.option(
    "--rotate-key",
    is_flag=True,
    help="Seal with a new key; the next publish gives it to the Space.",
)
@output_options
def command(
    notebook: Path,
    output: Path | None,
    title: str | None,
    theme: str,
    language: str,
    parameters: tuple[str, ...],
    force: bool,
    no_execute: bool,
    timeout: int | None,
    kernel: str | None,
    show_source: bool,
    allow_shown_source: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    hardware: str,
    redact: bool,
    static: bool,
    form: str | None,
    allow_frozen: bool,
    max_states: int | None,
    coarsen: int | None,
    yes: bool,
    share: bool,
    refresh_every: str,
    rotate_key: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make a Space folder of NOTEBOOK: executed, without its code, ready to view and publish."""
    from nb2space.cli.steps import (
        convert_with_progress,
        read_duration,
        read_form,
        read_parameters,
    )
    from nb2space.cli.words import read_hardware
    from nb2space.options import Options, default_folder, remembered_options
    from nb2space.shell import shell_word

    sink = Sink(as_json, quiet)
    chosen = read_form(form, static)
    if chosen == "static" and (include or exclude or hardware or refresh_every or not share):
        raise click.UsageError(
            "--include, --exclude, --hardware, --no-share and --refresh-every are for an app with "
            "a kernel; --static has none."
        )
    if chosen == "docker" and (allow_frozen or max_states or coarsen):
        raise click.UsageError(
            "--allow-frozen, --max-states and --coarsen are for a page without a kernel; add "
            "--static."
        )
    if chosen == "auto" and (allow_frozen or coarsen):
        raise click.UsageError(
            "--allow-frozen and --coarsen make a page that loses something; --form auto makes "
            "none. Take --static."
        )
    if force and no_execute:
        raise click.UsageError("--force executes the notebook; --no-execute does not.")
    folder = output or default_folder(notebook)
    if refresh_every and not share:
        raise click.UsageError("--refresh-every runs shared cells anew; --no-share has none.")
    remembered = remembered_options(folder)
    options = Options(
        title=title,
        theme=theme,
        language=language,
        rotate_key=rotate_key,
        allow_shown_source=allow_shown_source,
        include=include,
        exclude=exclude,
        hardware=read_hardware(hardware),
        redact=redact,
        form=chosen,
        allow_frozen=allow_frozen,
        max_states=max_states,
        coarsen=coarsen or 1,
        agreed=yes or remembered.agreed,
        agreed_to_size=yes or remembered.agreed_to_size,
        share=share,
        refresh_every=read_duration(refresh_every),
        execute=not no_execute,
        force=force,
        timeout=timeout,
        show_source=show_source,
        parameters=read_parameters(parameters),
        kernel=kernel,
    )
    conversion = convert_with_progress(sink, notebook, folder, options)
    made = shell_word(conversion.folder)
    sink.say(f"See it:     nb2space view {made}")
    sink.say(f"Publish it: nb2space publish {made}")
