"""Files that the run read, or that the code names, and that no Space has: they lie elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from nb2space.environment import Environment
from nb2space.named import NamedFiles
from nb2space.notebook import Notebook
from nb2space.tags import numbered

_MOST_NAMED = 5
# What every machine has of its own, and what is read anew where it is not there.
_OF_THE_SYSTEM = (
    "/usr/", "/etc/", "/proc/", "/sys/", "/dev/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/run/",
    "/var/", "/snap/", "/opt/homebrew/", "/opt/conda/", "/System/", "/Library/", "/private/",
    "C:\\Windows", "C:\\Program Files",
)  # fmt: skip
_OF_TOOLS = (
    ".cache", ".config", ".ipython", ".jupyter", ".matplotlib", ".fonts", ".local/share",
    ".local/lib", ".pyenv", ".conda", "Library", "AppData",
)  # fmt: skip
# Modules are told of by their imports.
_CODE = (".py", ".pyc", ".so", ".pyd", ".pth")


def outside_notices(
    executed: Notebook, environment: Environment, named: NamedFiles, folder: Path
) -> list[str]:
    """Sentences about the files elsewhere than below `folder`, with who reads them first."""
    found = {path: f"{name} names" for name, path in named.outside}
    cells = _cells_by_count(executed)
    for path, count in environment.read_in.items():
        if _is_outside(path, environment, folder):
            reader = f"Cell {cells[count]} reads" if count in cells else "The run reads"
            found[path] = reader
    said = [
        f"{who} {path}, which lies outside the notebook's folder; the app will not find it. Copy "
        "it beside the notebook and use a relative path."
        for path, who in list(found.items())[:_MOST_NAMED]
    ]
    if len(found) > _MOST_NAMED:
        more = len(found) - _MOST_NAMED
        said.append(f"So does the app not find {more} more files outside the notebook's folder.")
    return said


def _cells_by_count(executed: Notebook) -> Mapping[int, int]:
    """The numbers of the cells by their execution counts."""
    return {
        cell.execution_count: number
        for number, cell in numbered(executed)
        if cell.cell_type == "code" and cell.get("execution_count")
    }


def _is_outside(path: str, environment: Environment, folder: Path) -> bool:
    place = os.path.realpath(path)
    home = str(folder.resolve())
    if place.startswith(f"{home}{os.sep}") or path.endswith(_CODE):
        return False
    return not place.startswith(tuple(_others(environment))) and not path.startswith(_OF_THE_SYSTEM)


def _others(environment: Environment) -> Iterator[str]:
    """The folders of Python, of packages and of tools."""
    own = (environment.prefix, sys.prefix, sys.base_prefix, *environment.installed)
    local = (path for each in environment.local.values() for path in each["modules"].values())
    for place in (*own, *local, *environment.modules.values()):
        if place and place != os.sep:
            yield f"{os.path.realpath(place)}{os.sep}"
    for name in _OF_TOOLS:
        yield f"{os.path.join(os.path.realpath(os.path.expanduser('~')), name)}{os.sep}"
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        if os.environ.get(variable):
            yield f"{os.path.realpath(os.environ[variable])}{os.sep}"
