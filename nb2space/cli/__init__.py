"""The command line: parse, call, print. Each command has a module of its own; none holds logic."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

import click

from nb2space.cli.output import FAILED, TERMINATED, report_failure
from nb2space.runtime.startup import skip_unused_grammar
from nb2space.version import __version__

# Each command's module, imported only when the command is used: `--help` must answer at once.
COMMANDS = {
    "convert": "nb2space.cli.convert",
    "view": "nb2space.cli.view",
    "scan": "nb2space.cli.scan",
    "audit": "nb2space.cli.audit",
    "publish": "nb2space.cli.publish",
    "status": "nb2space.cli.status",
    "logs": "nb2space.cli.logs",
    "open": "nb2space.cli.open",
    "history": "nb2space.cli.history",
    "rollback": "nb2space.cli.rollback",
    "pause": "nb2space.cli.pause",
    "restart": "nb2space.cli.restart",
    "delete": "nb2space.cli.delete",
    "export": "nb2space.cli.export",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The commands, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name, if there is one."""
        if name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(COMMANDS[name]).command
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; say what was perhaps meant when there is none."""
        import difflib

        from nb2space.shell import shell_word

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            if args[0].endswith(".ipynb"):
                hint = f" To convert it: nb2space convert {shell_word(args[0])}"
            raise click.UsageError(f"There is no command '{args[0]}'.{hint}", context)
        return super().resolve_command(context, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nb2space", message="%(prog)s %(version)s")
def cli() -> None:
    """Turn a Jupyter notebook into a Hugging Face Space: viewers see the result, never the script.

    \b
    nb2space convert report.ipynb     make the Space folder report-space
    nb2space view report-space        see the app on this machine
    nb2space publish report-space     put it on the Hugging Face Hub
    """


def main() -> NoReturn:
    """Run the command line and end the process with the exit code of its outcome."""
    _reopen_closed_streams()
    skip_unused_grammar()
    # As an exception, so that servers, kernels and temporary folders are cleaned up on the way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        code = cli(prog_name="nb2space", standalone_mode=False)
    except BaseException as error:
        code = FAILED
        with suppress(OSError):  # where nothing can be printed, the code has to tell it
            code = report_failure(error)
    _leave(code if isinstance(code, int) else 0)


def _reopen_closed_streams() -> None:
    """Let what is printed go nowhere where whoever started this has closed the way (`>&-`)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _leave(code: int) -> NoReturn:
    if any(thread.daemon for thread in threading.enumerate()):
        # Python would end a thread that is still loading a library wherever it is, and a library
        # written in C++ then aborts the process.
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
