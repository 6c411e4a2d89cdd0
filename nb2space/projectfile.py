"""nb2space.toml beside the notebook: what the author has decided once and for all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2space.errors import InputError

NAME = "nb2space.toml"


@dataclass(frozen=True)
class Project:
    """`ignored` are fingerprints of what looks like a secret and is none."""

    ignored: frozenset[str] = frozenset()


def read_project(folder: Path) -> Project:
    """The settings in `folder`; the defaults where there is no nb2space.toml. Raises InputError."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    path = folder / NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Project()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    unknown = [*(set(data) - {"secrets"}), *(set(_table(data, path)) - {"ignore"})]
    if unknown:
        raise InputError(f"{path} has '{sorted(unknown)[0]}', which nb2space does not know.")
    ignored = _table(data, path).get("ignore", [])
    if not isinstance(ignored, list) or not all(isinstance(item, str) for item in ignored):
        raise InputError(f"{path}: [secrets] ignore must be a list of fingerprints in quotes.")
    return Project(frozenset(ignored))


def _table(data: dict[str, Any], path: Path) -> dict[str, Any]:
    table = data.get("secrets", {})
    if not isinstance(table, dict):
        raise InputError(f"{path}: 'secrets' must be a table: [secrets].")
    return table
