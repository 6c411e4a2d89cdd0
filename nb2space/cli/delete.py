"""`nb2space delete`."""

from __future__ import annotations

from pathlib import Path

import click

from nb2space.cli.operate import space_options
from nb2space.cli.output import Sink


@click.command(name="delete", short_help="Delete a published Space.")
@space_options
@click.option(
    "--confirm",
    metavar="OWNER/NAME",
    help="The Space's full name, where nobody can be asked for it.",
)
def command(
    folder: Path | None, to: str | None, confirm: str | None, as_json: bool, quiet: bool
) -> None:
    """Delete a published Space, with its history and secrets. Asks for its name first.

    Without DIR and --to: the Space that was published from here, when there is only one.
    """
    from nb2space import operate
    from nb2space.cli.ask import ask_name, may_ask
    from nb2space.cli.operate import find_space
    from nb2space.errors import InputError

    sink = Sink(as_json, quiet)
    api, target, record = find_space(sink, folder, to)
    there = operate.is_there(api, target)
    if not there and record is None:
        raise InputError(
            f"There is no Space {target} that you can see. Check the name: OWNER/NAME."
        )
    if confirm is None and may_ask(as_json or quiet):
        confirm = ask_name(target)
    if confirm != target:
        raise InputError(
            f"{target} was not deleted: its name was not given. Type it when asked, or say "
            f"--confirm {target}"
        )
    operate.delete(api, target, record)
    if there:
        sink.say(f"{target} is deleted. The Space folder is still here.")
    else:
        sink.say(f"There was no Space {target} any more; it is forgotten here.")
    sink.result({"target": target, "deleted": there})
