"""The author's own files that the app needs: modules that it imports, data that it opens.

They travel sealed, by their paths relative to the notebook's folder, where the Space's kernels
find them again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nb2space.environment import Environment
from nb2space.errors import InputError

# A bundle is opened in memory at each start of the Space.
_MOST_BYTES = 100_000_000

_CODE = {".py", ".pyc", ".pyd", ".so", ".ipynb"}


@dataclass(frozen=True)
class OwnFiles:
    """Content by relative path, and sentences for the author."""

    content: dict[str, bytes]
    notices: tuple[str, ...]


def own_files(
    folder: Path,
    environment: Environment,
    imported: set[str],
    output: Path,
    *,
    named: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> OwnFiles:
    """The author's files in the notebook's `folder` that the run used or the code names.

    `imported` are the names that the code imports, `named` the files that its literals name;
    `include` are patterns of further files, such as "data/*.csv", and what one of `exclude`
    matches stays behind. `output` is the Space folder, which is no part of the notebook. Raises
    InputError when the files are too large together.
    """
    content: dict[str, bytes] = {}
    notices = []
    for name in environment.unknown:
        found = _module_files(folder, name)
        content.update(_read(folder, found))
        if not found and name in imported:
            notices.append(
                f"The import '{name}' belongs to no installed package and no module beside the "
                "notebook; the app will not find it."
            )
    for name, place in environment.local.items():
        content.update(_local_package(name, Path(place)))
    wanted = [
        *_data_files(folder, environment, output),
        *_chosen(folder, named, environment, output),
    ]
    for pattern in include:
        matching = sorted(path for path in folder.glob(pattern) if path.is_file())
        if not matching:
            raise InputError(f"--include {pattern} matches no file below {folder}.")
        wanted += matching
    content.update(_read(folder, wanted))
    ignored = [*exclude, *_ignored(folder)]
    content = {path: body for path, body in content.items() if not _matches(path, ignored)}
    size = sum(map(len, content.values()))
    if size > _MOST_BYTES:
        largest = sorted(content, key=lambda path: len(content[path]), reverse=True)[:3]
        raise InputError(
            f"The files that the notebook uses are {size / 1e6:.0f} MB, more than the 100 MB that "
            f"a Space can carry sealed. The largest: {', '.join(largest)}. Make them smaller, "
            "leave them out with --exclude, or load them from a place that the app can reach."
        )
    if content:
        sized = [f"{path} ({_readable(len(content[path]))})" for path in sorted(content)]
        more = f" and {len(sized) - 8} more" if len(sized) > 8 else ""
        notices.append(f"Sealed with the code: {', '.join(sized[:8])}{more}.")
    content.update({f"{path}/": b"" for path in _folders_written(folder, environment, output)})
    return OwnFiles(content, tuple(notices))


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """True when a pattern names the file, or a folder that it is in."""
    here = PurePosixPath(path)
    return any(
        here.match(pattern) or any(parent.match(pattern.rstrip("/")) for parent in here.parents)
        for pattern in patterns
    )


def _ignored(folder: Path) -> list[str]:
    try:
        rows = (folder / ".nb2spaceignore").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [row.strip() for row in rows if row.strip() and not row.startswith("#")]


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


def _local_package(name: str, place: Path) -> dict[str, bytes]:
    """A package that was installed from a folder or repository, as files beside the notebook.

    Raises InputError for one with compiled parts, which another machine cannot use.
    """
    if place.is_file():
        return {place.name: place.read_bytes()}
    files = sorted(
        path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    compiled = [path.name for path in files if path.suffix in (".so", ".pyd", ".dylib")]
    if compiled:
        raise InputError(
            f"The package '{name}' is installed from {place} and has compiled parts "
            f"({compiled[0]}). Publish it to a package index that the Space can reach, and install "
            "it from there."
        )
    return {f"{name}/{path.relative_to(place).as_posix()}": path.read_bytes() for path in files}


def _readable(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(size, 1) / 1e3:.1f} kB"


def _module_files(folder: Path, name: str) -> list[Path]:
    single, package = folder / f"{name}.py", folder / name
    if single.is_file():
        return [single]
    if package.is_dir():
        return sorted(path for path in package.rglob("*.py") if path.is_file())
    return []


def _data_files(folder: Path, environment: Environment, output: Path) -> list[Path]:
    """The files below `folder` that the run read, without code and what environments hold."""
    place, prefix = folder.resolve(), Path(environment.prefix).resolve()
    found = []
    packages = tuple(f"{folder}{os.sep}" for folder in environment.installed)
    for name in environment.read:
        if name.startswith(packages):
            continue
        path = Path(name).resolve()
        if not path.is_relative_to(place) or path.suffix in _CODE:
            continue
        inside = path.relative_to(place).parts[:-1]
        hidden = any(part.startswith(".") or part == "site-packages" for part in inside)
        if not hidden and not any(path.is_relative_to(p) for p in (prefix, output.resolve())):
            found.append(place / path.relative_to(place))
    return sorted(found)


def _read(folder: Path, paths: Iterable[Path]) -> dict[str, bytes]:
    place = folder.resolve()
    return {p.resolve().relative_to(place).as_posix(): p.read_bytes() for p in paths}
