"""The stage of a conversion that gathers what the app needs beside the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2space.docker import Needs
from nb2space.environment import imported_names
from nb2space.execute import Executed
from nb2space.needs import needs_of
from nb2space.options import Options
from nb2space.ownfiles import own_files
from nb2space.paths import NamedFiles, named_files, relative_paths
from nb2space.secrets import LiftedCode, lift_files
from nb2space.source import Source

_MOST_NAMED = 5


@dataclass(frozen=True)
class Material:
    """What goes into the Space beside the notebook.

    `own` are the author's modules and data as they lie in the folder, by relative path; `sealed`
    the same without secrets; `code` is the source's with the secrets of the modules; `notices`
    are for a Space that carries all this.
    """

    own: Mapping[str, bytes]
    sealed: dict[str, bytes]
    code: LiftedCode
    needs: Needs
    notices: tuple[str, ...]


def gather(
    source: Source, executed: Executed, output: Path, options: Options, *, redact: bool
) -> Material:
    """The author's files and the packages that the notebook needs; `output` is the Space folder.

    With `redact` secrets in data files are masked. Raises InputError for files that no Space can
    carry or no file that is asked for, FindingError for secrets that stay.
    """
    named = named_files(source.notebook, source.home)
    own = own_files(
        source.home,
        executed.environment,
        imported_names(source.notebook),
        output,
        named=named.below,
        include=options.include,
        exclude=options.exclude,
    )
    code, sealed = lift_files(
        source.code,
        _with_relative_paths(own.content, source.home),
        source.ignored,
        redact=redact,
    )
    needs, needs_said = needs_of(
        source.home, list(source.code_cells), executed.environment, options.hardware
    )
    notices = (*own.notices, *needs_said, *_outside(named))
    return Material(own.content, sealed, code, needs, notices)


def _with_relative_paths(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The author's files, their modules with relative paths."""
    return {
        path: relative_paths(body.decode("utf-8"), folder).encode("utf-8")
        if path.endswith(".py") and str(folder).encode() in body
        else body
        for path, body in files.items()
    }


def _outside(named: NamedFiles) -> list[str]:
    return [
        f"Cell {number} names {path}, which lies outside the notebook's folder; the app will not "
        "find it. Copy it beside the notebook and use a relative path."
        for number, path in named.outside[:_MOST_NAMED]
    ]
