"""What several commands read of their options, and write for people; light to import."""

from __future__ import annotations

import re
from pathlib import Path

import click

ANY_PATH = click.Path(readable=False, path_type=Path)
"""A path as it was given: click's own checks answer with more than one line."""


def read_hardware(name: str) -> str:
    """The name given with --hardware. Raises click.UsageError for what cannot be one."""
    if name and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        raise click.UsageError(f"--hardware {name} is no name of hardware, such as cpu-upgrade.")
    return name


def readable_size(size: int) -> str:
    """`size` in bytes as people read it."""
    number = float(size)
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
