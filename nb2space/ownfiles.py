"""The author's own data files that the app needs.

They travel sealed, by their paths relative to the notebook's folder, where the Space's kernels
find them again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nb2space.environment import Environment
from nb2space.errors import InputError
from nb2space.space import MOST_BYTES

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# A bundle is opened in memory at each start of the Space.
_MANY_BYTES = 100_000_000

_COMPILED = {".pyc", ".pyd", ".so", ".ipynb"}
_CODE = {".py", *_COMPILED}

# Libraries that open files where Python does not see it.
_READS_UNSEEN = {
    "pyarrow", "duckdb", "polars", "h5py", "netcdf4", "opencv-python", "rasterio", "fiona",
    "pyogrio", "gdal", "tables", "xgboost", "lightgbm", "torchvision", "fastexcel",
}  # fmt: skip


@dataclass(frozen=True)
class OwnFiles:
    """Content by relative path, sentences for the author, and what they must agree to, if any."""

    content: dict[str, bytes]
    notices: tuple[str, ...] = ()
    question: str = ""


def own_files(
    folder: Path,
    environment: Environment,
    output: Path,
    *,
    code: Mapping[str, bytes] | None = None,
    named: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> OwnFiles:
    """The author's files in the notebook's `folder` that the run used or the code names.

    `code` are modules and packages that travel too, `named` the files that the code names;
    `include` are patterns of further files, such as "data/*.csv", and what `exclude` or
    .nb2spaceignore matches stays behind. `output` is the Space folder, which is no part of the
    notebook. Raises InputError for a pattern that matches nothing, and when the files are more
    than the Hub takes.
    """
    paths = {
        *_data_files(folder, environment, output),
        *_chosen(folder, named, environment, output),
        *(path for pattern in include for path in _matching(folder, pattern)),
    }
    ignored = _ignored(folder, exclude)
    place = folder.resolve()
    inside = {path.resolve().relative_to(place).as_posix(): path for path in paths}
    kept = {name: path for name, path in sorted(inside.items()) if not ignored.match_file(name)}
    modules = {name: body for name, body in (code or {}).items() if not ignored.match_file(name)}
    sizes = {name: len(body) for name, body in modules.items()}
    sizes |= {name: path.stat().st_size for name, path in kept.items()}
    question = _question(sizes)
    content = {**modules, **{name: path.read_bytes() for name, path in kept.items()}}
    notices = [*_sealed_said(sizes), *_unseen_said(environment)]
    content.update({f"{path}/": b"" for path in _folders_written(folder, environment, output)})
    return OwnFiles(content, tuple(notices), question)


def check_patterns(include: Iterable[str]) -> None:
    """Raise InputError for a pattern of files that are not below the notebook's folder."""
    for pattern in include:
        if os.path.isabs(pattern) or pattern.startswith("~") or ".." in Path(pattern).parts:
            raise InputError(
                f"--include {pattern} leads out of the notebook's folder. Copy the files beside "
                "the notebook, and give a pattern relative to it, such as 'data/*.csv'."
            )


def included(folder: Path, pattern: str) -> Iterator[Path]:
    """The files below `folder` that the pattern matches, or that are in a folder which it does."""
    for path in folder.glob(pattern.rstrip("/") or "."):
        if path.is_file():
            yield path
        elif path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file())
            yield from (each for each in inside if "__pycache__" not in each.parts)


def _matching(folder: Path, pattern: str) -> list[Path]:
    check_patterns([pattern])
    matching = sorted(included(folder, pattern))
    if not matching:
        raise InputError(f"--include {pattern} matches no file below {folder}.")
    return matching


def _ignored(folder: Path, exclude: Iterable[str]) -> GitIgnoreSpec:
    """What stays behind, in the patterns of .gitignore."""
    from pathspec import GitIgnoreSpec

    try:
        rows = (folder / ".nb2spaceignore").read_text(encoding="utf-8").splitlines()
    except OSError:
        rows = []
    try:
        return GitIgnoreSpec.from_lines([*rows, *exclude])
    except ValueError as error:
        raise InputError(f"--exclude or .nb2spaceignore has what is no pattern: {error}.") from None


def _question(sizes: Mapping[str, int]) -> str:
    """What the author must agree to when there is much; "" when there is not.

    Raises InputError when no Space can have so much.
    """
    size = sum(sizes.values())
    largest = ", ".join(sorted(sizes, key=lambda name: -sizes[name])[:3])
    told = f"The files that the notebook uses are {size / 1e6:.0f} MB. The largest: {largest}."
    less = "Leave files out with --exclude, or load them from a place that the app can reach."
    if size > MOST_BYTES:
        raise InputError(f"{told} The Hub takes {MOST_BYTES / 1e9:.0f} GB. {less}")
    if size <= _MANY_BYTES:
        return ""
    return (
        f"{told} Each version that is published uploads them anew, and the app keeps them in its "
        "memory, so that less is left for viewers, and starts later."
    )


def _sealed_said(sizes: Mapping[str, int]) -> list[str]:
    if not sizes:
        return []
    sized = [f"{name} ({_readable(sizes[name])})" for name in sorted(sizes)]
    more = f" and {len(sized) - 8} more" if len(sized) > 8 else ""
    return [f"Sealed with the code: {', '.join(sized[:8])}{more}."]


def _unseen_said(environment: Environment) -> list[str]:
    used = sorted(name for name in environment.versions if name.lower() in _READS_UNSEEN)
    if environment.watched or not used:
        return []
    return [
        f"Which files {', '.join(used)} opens cannot be seen here, but for those that the code "
        "names. Add what the app lacks with --include."
    ]


def _chosen(
    folder: Path, named: Iterable[str], environment: Environment, output: Path
) -> list[Path]:
    """The named files, but for code, what the run wrote itself, and the Space folder's."""
    inside, written = output.resolve(), set(environment.written)
    return [
        folder / name
        for name in named
        if Path(name).suffix not in _CODE
        and str((folder / name).resolve()) not in written
        and not (folder / name).resolve().is_relative_to(inside)
    ]


def _folders_written(folder: Path, environment: Environment, output: Path) -> list[str]:
    """The folders below the notebook's into which the run wrote: the app writes there, too."""
    place = folder.resolve()
    found = set()
    for name in environment.written:
        parent = Path(name).resolve().parent
        if parent != place and parent.is_relative_to(place):
            inside = parent.relative_to(place)
            own = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
            if not own and not parent.is_relative_to(output.resolve()):
                found.add(inside.as_posix())
    return sorted(found)


def _readable(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(size, 1) / 1e3:.1f} kB"


def _data_files(folder: Path, environment: Environment, output: Path) -> list[Path]:
    """The files below `folder` that the run read, without compiled code and what environments hold.

    Modules that were imported travel anyway; other code was run by name.
    """
    place, prefix = folder.resolve(), Path(environment.prefix).resolve()
    found = []
    local = (path for each in environment.local.values() for path in each["modules"].values())
    packages = tuple(f"{folder}{os.sep}" for folder in (*environment.installed, *local))
    runs_others = bool(environment.ran or environment.commands)
    opened = (path for path in environment.opened if runs_others or not path.endswith(".py"))
    for name in (*environment.read, *opened):
        if name.startswith(packages):
            continue
        path = Path(name).resolve()
        if not path.is_relative_to(place) or path.suffix in _COMPILED or not path.is_file():
            continue
        inside = path.relative_to(place).parts[:-1]
        hidden = any(part.startswith(".") or part == "site-packages" for part in inside)
        if not hidden and not any(path.is_relative_to(p) for p in (prefix, output.resolve())):
            found.append(place / path.relative_to(place))
    return sorted(found)
