"""What ends a conversion before anything is written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nb2space.audit import audit_folder
from nb2space.errors import FindingError, InputError
from nb2space.keystore import Record, find_record
from nb2space.notebook import Notebook
from nb2space.shownsource import shown_source
from nb2space.space import Manifest, SpaceFile, check_replaceable, write_folder

_MOST_NAMED = 5


def check_place(path: Path, folder: Path) -> Manifest | None:
    """The manifest of the Space folder that the notebook at `path` may replace; None without one.

    Raises InputError when `folder` holds what would be lost: the notebook, another notebook's
    app, or anything else that is not ours.
    """
    if path.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{folder} holds the notebook itself; name another folder with convert -o."
        )
    replaced = check_replaceable(folder)
    record = find_record(replaced.space_id) if replaced else None
    theirs = Path(record.notebook) if record and record.notebook else path
    if os.path.exists(path) and os.path.exists(theirs) and not theirs.samefile(path):
        raise InputError(
            f"{folder} was made from {theirs}. Name another folder with convert -o, or remove that "
            "one."
        )
    return replaced


def refuse_shown_source(executed: Notebook) -> None:
    """Raise FindingError when outputs of the executed notebook show lines of its code."""
    found = shown_source(executed)
    if found:
        raise FindingError(
            " ".join(
                f"Cell {shown.cell} shows lines of the code in its output, such as "
                f"'{shown.text[:60]}'."
                for shown in found
            )
            + " Viewers would read them, so nothing was written. Tag the cell 'remove-output', "
            "change what it prints, or allow it with --allow-shown-source."
        )


def refuse_leaks_in(files: list[SpaceFile], record: Record) -> None:
    """Search the Space's files for the code, before they are anywhere but in memory and aside.

    Raises FindingError when any of it is found.
    """
    with tempfile.TemporaryDirectory(prefix="nb2space-") as place:
        aside = Path(place) / "space"
        write_folder(aside, files)
        report = audit_folder(aside, record)
    if report.leaks:
        raise FindingError(
            "The Space would give out pieces of the code, so nothing was written: "
            + "; ".join(
                f"{leak.where}: {leak.kind} '{leak.excerpt}'" for leak in report.leaks[:_MOST_NAMED]
            )
            + ". Change what these parts show, or hide them with the tag remove-cell."
        )
