"""Where everything that commands print goes: for people, as JSON, or not at all.

Results go to standard output; progress, notices and errors to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from nb2space.errors import STOPPED, STOPPED_TEXT, CellError, InputError, Nb2spaceError

Function = TypeVar("Function", bound=Callable[..., Any])

FAILED = InputError.exit_code
"""The exit code of a command that was not usable as given, or met something unknown."""

TERMINATED = 143
"""The exit code after SIGTERM, as shells have it."""


@dataclass(frozen=True)
class Sink:
    """Prints in the form that the author asked for."""

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """A line of the result, for people."""
        if not (self.as_json or self.quiet):
            _print(text)

    def step(self, text: str) -> None:
        """What is being done now, for people, beside the result."""
        if not (self.as_json or self.quiet):
            _tell(text)

    @property
    def log(self) -> Callable[[str], None] | None:
        """Prints a line of a log, for people, beside the result; None where none is printed."""
        if self.as_json or self.quiet:
            return None
        return lambda line: _tell(f"  {line}".rstrip())

    def notice(self, text: str) -> None:
        """Something the author should know, for people, beside the result."""
        if not (self.as_json or self.quiet):
            _tell(f"Note: {text}")

    def result(self, data: dict[str, Any]) -> None:
        """The whole result, for programs."""
        if self.as_json:
            _print(json.dumps(data, indent=1, ensure_ascii=False))

    @contextmanager
    def progress(self) -> Iterator[Display]:
        """A live display during the block, where there is a terminal."""
        if self.as_json or self.quiet or not sys.stderr.isatty():
            yield Display()
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as live:
            yield LiveDisplay(live)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """A live line "what · time" below what is printed, where there is a terminal."""
        if self.as_json or self.quiet or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as display:
            display.add_task(what, total=None)
            yield


def _print(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:  # the reader has seen enough, and click ends the command
        raise
    except OSError as error:
        raise InputError(f"What this prints cannot be written: {error.strerror}.") from None


def _tell(text: str) -> None:
    # Not err=True: it would write past the live line, which takes the place of sys.stderr.
    click.echo(text, file=sys.stderr)


class Stopped(KeyboardInterrupt):
    """Ctrl-C where it means more than an end: the text tells what."""


@contextmanager
def stopping(text: str) -> Iterator[None]:
    """What a Ctrl-C within the block is answered with."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise (error if isinstance(error, Stopped) else Stopped(text)) from None


def waiting_is_over(target: str) -> str:
    """What a Ctrl-C while an app is waited for is answered with."""
    return (
        "Stopped waiting; the new version is published. See how it is with: "
        f"nb2space status --to {target}"
    )


class Display:
    """Where nobody watches: progress is not shown, and questions cannot be asked."""

    def part(self, what: str) -> Callable[[int, int], None]:
        """What to call with how much of this part of the work is done, and how much there is."""
        return lambda number, count: None

    def ask(self, text: str, option: str) -> None:
        """Tell the author of something that needs their word. Raises InputError without one."""
        raise InputError(f"{text} Nothing was written. Add {option} to agree.")


class LiveDisplay(Display):
    """A bar on a terminal, "what n of m · seconds", for the part that is being worked on."""

    def __init__(self, live: Any) -> None:
        self.live = live

    def part(self, what: str) -> Callable[[int, int], None]:
        task = self.live.add_task(what, total=None, visible=False, start=False)

        def show(number: int, count: int) -> None:
            if not self.live.tasks[task].started:
                for other in self.live.task_ids:
                    self.live.update(other, visible=other == task)
                self.live.start_task(task)
            # The number is that of what is being worked on; the clock stops at a full bar.
            now = f"{what} {number} of {count}"
            self.live.update(task, completed=number - 1, total=count, description=now)

        return show

    def ask(self, text: str, option: str) -> None:
        if not sys.stdin.isatty():
            super().ask(text, option)
        self.live.stop()
        if not click.confirm(f"{text} Go on?", default=True, err=True):
            raise click.Abort
        self.live.start()


def output_options(function: Function) -> Function:
    """The options --json, --quiet and --debug that every command has."""
    for option in (
        click.option(
            "--debug", is_flag=True, help="Show the full traceback of an error.",
            is_eager=True, expose_value=False, callback=_remember_debug,
        ),
        click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
    ):  # fmt: skip
        function = option(function)
    return function


def report_failure(error: BaseException) -> int:
    """Print what ended the command, as a sentence, and give the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        # Click has ended the line that shows ^C and made an Abort of it; not that of a question.
        if error.__cause__ is None:
            click.echo(err=True)
        click.echo(str(error.__cause__ or "") or STOPPED_TEXT, err=True)
        return STOPPED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, click.ClickException):
        error.show()
        return FAILED
    if _debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, CellError) and error.report:
        click.echo(error.report, err=True)
    if isinstance(error, Nb2spaceError):
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    if isinstance(error, OSError):
        click.echo(f"Error: {_refusal(error)}", err=True)
        return FAILED
    if not _debug:
        click.echo(
            f"Error: nb2space met something it does not know: {type(error).__name__}: {error}. "
            "That is a defect; the same command with --debug shows more for a report.",
            err=True,
        )
    return FAILED


def _refusal(error: OSError) -> str:
    """What the system has refused, as a sentence."""
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    try:
        os.getcwd()
    except OSError:
        return "The current folder is not there any more. Change into one that is."
    return f"{error.strerror or str(error) or type(error).__name__}."


_debug = False


def _remember_debug(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    global _debug
    _debug = value
