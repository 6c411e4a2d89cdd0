"""The author's own files that the app needs: modules that it imports, data that it opens.

They travel sealed, by their paths relative to the notebook's folder, where the Space's kernels
find them again.
"""

from __future__ import annotations

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
    exclude: Sequence[str] = (),
) -> OwnFiles:
    """The author's files in the notebook's `folder` that the run used.

    Those that a pattern of `exclude` matches, such as "data/*.csv", stay behind. `imported` are
    the names that the code imports; `output` is the Space folder, which is no part of the
    notebook. Raises InputError when the files are too large together.
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
    content.update(_read(folder, _data_files(folder, environment, output)))
    content = {
        path: body
        for path, body in content.items()
        if not any(PurePosixPath(path).match(pattern) for pattern in exclude)
    }
    size = sum(map(len, content.values()))
    if size > _MOST_BYTES:
        largest = sorted(content, key=lambda path: len(content[path]), reverse=True)[:3]
        raise InputError(
            f"The files that the notebook uses are {size / 1e6:.0f} MB, more than the 100 MB that "
            f"a Space can carry sealed. The largest: {', '.join(largest)}. Make them smaller, or "
            "load them from a place that the app can reach."
        )
    if content:
        named = sorted(content)
        more = f" and {len(named) - 8} more" if len(named) > 8 else ""
        notices.append(f"Sealed with the code: {', '.join(named[:8])}{more}.")
    return OwnFiles(content, tuple(notices))


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
    for name in environment.read:
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
