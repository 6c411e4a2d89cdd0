"""Steps that more than one command takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from nb2space.cli.output import Sink
from nb2space.cli.scan import as_dict
from nb2space.cli.words import readable_size
from nb2space.convert import Conversion, Dialogue, convert
from nb2space.options import Options
from nb2space.parameters import Value, parse_value
from nb2space.secrets import Finding
from nb2space.space import manifest_as_dict

_MOST_LISTED = 6
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}


def read_parameters(given: tuple[str, ...]) -> dict[str, Value]:
    """The values of -p NAME=VALUE options. Raises click.UsageError for what is none."""
    values: dict[str, Value] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"-p {text} is not NAME=VALUE, such as -p year=2026.")
        values[name] = parse_value(value)
    return values


def read_form(form: str | None, static: bool) -> str:
    """The form chosen with --form or --static. Raises click.UsageError when they disagree."""
    if static and form not in (None, "static"):
        raise click.UsageError(f"--static and --form {form} cannot go together.")
    return "static" if static else form or "docker"


def read_duration(text: str) -> float | None:
    """The seconds of "30m", "6h" or "1d"; None for "". Raises click.UsageError for what is none."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if not found or not int(found[1]):
        raise click.UsageError(
            f"--refresh-every {text} is no time, such as 30m (minutes), 6h (hours) or 1d (a day)."
        )
    return int(found[1]) * _SECONDS[found[2]]


def convert_with_progress(sink: Sink, notebook: Path, folder: Path, options: Options) -> Conversion:
    """Convert, with a live display, and print what was made."""
    with sink.progress() as display:

        def agree(cells: tuple[int, ...]) -> None:
            if not options.agreed:
                display.ask(
                    f"To record what the controls of {_cells(cells)} show, their callbacks run "
                    "now, for every value, with all that they do beside showing something.",
                    "--yes",
                )

        def agree_to(question: str) -> None:
            if not options.agreed_to_size:
                display.ask(question, "--yes")

        dialogue = Dialogue(
            cells=display.part(f"Running {notebook.name}: cell"),
            states=display.part("Recording state"),
            agree=agree,
            agree_to=agree_to,
        )
        conversion = convert(notebook, folder, options, dialogue)
    for notice in (*conversion.notices, *secret_notices(conversion.secrets)):
        sink.notice(notice)
    size = sum(entry.size for entry in conversion.manifest.files)
    took = "" if conversion.reused else f" in {conversion.seconds:.1f} s"
    sink.say(
        f"{conversion.folder}: '{conversion.manifest.title}', {conversion.cells} cells{took}, "
        f"{len(conversion.manifest.files) + 1} files, "
        f"{readable_size(size)}"
    )
    sink.result(
        {
            "folder": str(conversion.folder),
            "cells": conversion.cells,
            "seconds": round(conversion.seconds, 2),
            "reused": conversion.reused,
            "notices": list(conversion.notices),
            "secrets": [as_dict(finding) for finding in conversion.secrets],
            "manifest": manifest_as_dict(conversion.manifest),
        }
    )
    return conversion


def _cells(numbers: Sequence[int]) -> str:
    *first, last = (str(number) for number in numbers)
    return f"cells {', '.join(first)} and {last}" if first else f"cell {last}"


def secret_notices(findings: Sequence[Finding]) -> Iterator[str]:
    """What was done with secrets, in short: where, and never what."""
    for becomes, text in (
        ("lifted", "Taken out of the code, and read from the environment instead"),
        ("masked", "Masked"),
    ):
        said = (f"{f.kind} ({f.where})" for f in findings if f.becomes == becomes)
        places = list(dict.fromkeys(said))
        if places:
            more = f" and {len(places) - _MOST_LISTED} more" if len(places) > _MOST_LISTED else ""
            yield f"{text}: {', '.join(places[:_MOST_LISTED])}{more}."
