"""What the author may choose of a conversion, and what they chose last."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nb2space.keystore import find_record
from nb2space.parameters import Value
from nb2space.space import DOCKER, MANIFEST, read_manifest

AUTO = "auto"
"""Static where that loses nothing, with a kernel where it would."""


@dataclass(frozen=True)
class Options:
    """What the author may choose; `timeout` is in seconds a cell, None for no limit.

    `form` is DOCKER, STATIC or AUTO: static where that loses nothing. `agreed` remembers that the
    author lets the conversion run callbacks, `agreed_to_size` that it takes many files along. With
    `force` the notebook is executed although nothing has changed since the last time.
    `refresh_every` is the seconds after which shared cells run anew, None for never.
    """

    title: str | None = None
    theme: str = "light"
    language: str = "en"
    execute: bool = True
    timeout: float | None = None
    show_source: bool = False
    parameters: Mapping[str, Value] = field(default_factory=dict)
    kernel: str | None = None
    rotate_key: bool = False
    allow_shown_source: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hardware: str = ""
    redact: bool = False
    form: str = DOCKER
    max_states: int | None = None
    coarsen: int = 1
    allow_frozen: bool = False
    agreed: bool = False
    agreed_to_size: bool = False
    share: bool = True
    refresh_every: float | None = None
    force: bool = False


_AGREEMENTS = {"agreed": False, "agreed_to_size": False}


def to_remember(
    options: Options, *, agreed: bool = False, agreed_to_size: bool = False
) -> dict[str, Any]:
    """`options` as the next conversion of the folder may take them over.

    `agreed` tells whether callbacks were run, `agreed_to_size` whether many files were taken along:
    of these the author need not be asked again.
    """
    return {
        **asdict(options),
        "rotate_key": False,
        "force": False,
        "agreed": options.agreed or agreed,
        "agreed_to_size": options.agreed_to_size or agreed_to_size,
    }


def without_agreements(remembered: Mapping[str, Any]) -> dict[str, Any]:
    """What is remembered of options but for what the author has agreed to."""
    return {**remembered, **_AGREEMENTS}


def remembered_options(folder: Path) -> Options:
    """The options with which `folder` was made last; the defaults when it was not."""
    if not os.path.isfile(folder / MANIFEST):
        return Options()
    record = find_record(read_manifest(folder).space_id)
    try:
        return Options(**record.options) if record else Options()
    except TypeError:  # remembered by another version
        return Options()


def default_folder(notebook: Path) -> Path:
    """Where a notebook is converted to unless the author says otherwise: beside where they are."""
    return Path(f"{notebook.stem}-space")
