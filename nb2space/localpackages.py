"""Packages that were installed from a folder, a file or a repository rather than an index.

No Space can install them again: it has neither the author's disk, nor git, nor a login. So their
files travel sealed, as a wheel would put them beside the notebook: modules, data and the metadata
that importlib.metadata reads. They are taken from the installation that the run has used, which
needs no build and cannot be another version.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nb2space.environment import Environment
from nb2space.environment.closure import applying
from nb2space.environment.declared import Declared, LocalLine, name_of
from nb2space.environment.requirefiles import without_login
from nb2space.errors import InputError

_COMPILED = (".so", ".pyd", ".dylib")
# Of the metadata, what says how and whence it was installed on the author's machine.
_OF_THE_MACHINE = {
    "RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "SOURCES.txt",
    "dependency_links.txt", "WHEEL",
}  # fmt: skip
# Archives that everybody can install from.
_PUBLIC = (
    "https://files.pythonhosted.org/", "https://download.pytorch.org/",
    "https://github.com/explosion/",
)  # fmt: skip


@dataclass(frozen=True)
class LocalPackages:
    """`content` by relative path; `requirements` of these packages, each with the reason why it is
    needed; `names` are theirs, in normal form."""

    content: Mapping[str, bytes]
    requirements: Mapping[str, str]
    names: frozenset[str]
    notices: tuple[str, ...] = ()


def local_packages(environment: Environment, declared: Declared) -> LocalPackages:
    """The local packages that the notebook needs: used by the run, or declared.

    Raises InputError for one that is declared and not to be found here, and for one with compiled
    parts, which another machine cannot use.
    """
    installed = {name_of(name): {**each, "name": name} for name, each in environment.local.items()}
    used = {name for name, each in installed.items() if each["used"]}
    content: dict[str, bytes] = {}
    requirements: dict[str, str] = {}
    notices = []
    for line in declared.local:
        found = next((n for n, each in installed.items() if _is_same(line, n, each)), "")
        if found:
            used.add(found)
        elif line.place.endswith(".whl") and Path(line.place).is_file():
            name, lines = _unpack(Path(line.place), content)
            used.add(name)
            requirements |= _needed_by(lines, environment)
        elif version := environment.distributions.get(line.name, {}).get("version"):
            requirements[f"{line.name}=={version}"] = declared.where
            notices.append(
                f"{declared.where} names '{line.text}'; the Space gets version {version}, which is "
                "on your machine, from the package index."
            )
        elif Path(line.place).is_dir():
            notices.append(
                f"{declared.where} names '{line.text}', which is not installed in the notebook's "
                "environment; of it only what the notebook imports travels with the code."
            )
        else:
            raise InputError(_missing(line, declared.where))
    waiting = sorted(used & set(installed))
    while waiting:
        name = waiting.pop()
        each = installed[name]
        if _is_public(each):
            requirements[f"{each['name']} @ {each['origin']}"] = "installed from there"
            used.discard(name)
            continue
        content |= _files_of(each)
        needed = environment.distributions.get(name, {}).get("requires", ())
        requirements |= _needed_by(needed, environment)
        further = {name_of(line) for line in requirements} & set(installed) - used
        used |= further
        waiting += sorted(further)
    kept = {line: why for line, why in requirements.items() if name_of(line) not in used}
    return LocalPackages(content, kept, frozenset(used), tuple(notices))


def _is_same(line: LocalLine, name: str, installed: Mapping[str, Any]) -> bool:
    """True when the declared line is what is installed under this name."""
    if line.name:
        return line.name == name
    origin = str(installed["origin"])
    if line.is_repository:
        return _repository(line.place) == _repository(origin)
    if line.place.endswith(".whl"):
        return name_of(Path(line.place).name.partition("-")[0]) == name
    return origin.startswith("file:") and _path_of(origin) == Path(line.place)


def _repository(address: str) -> str:
    """What names a repository: its address without the login, the version and ".git"."""
    bare = re.sub(r"://[^/@]*@", "://", address.partition("+")[2].partition("#")[0])
    scheme, separator, rest = bare.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[0] or rest}".removesuffix(".git").lower()


def _path_of(url: str) -> Path:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path)).resolve()


def _is_public(installed: Mapping[str, Any]) -> bool:
    return str(installed["origin"]).startswith(_PUBLIC)


def _needed_by(lines: Iterable[str], environment: Environment) -> dict[str, str]:
    # Everybody reads the reasons, and the name of the author's package is nobody else's business.
    return {
        str(each).partition(";")[0].strip(): "needed by a package of the author's"
        for each in applying(lines, environment.python)
    }


def _files_of(installed: Mapping[str, Any]) -> dict[str, bytes]:
    name, place = str(installed["name"]), Path(installed["metadata"])
    if installed["editable"]:
        paths = dict(_editable(installed["modules"]))
    else:
        paths = dict(_recorded(place))
    if place.is_dir():
        paths |= {f"{place.name}/{path.name}": path for path in place.iterdir() if path.is_file()}
    files = {
        relative: path
        for relative, path in paths.items()
        if PurePosixPath(relative).name not in _OF_THE_MACHINE and path.is_file()
    }
    _refuse_compiled(name, str(installed["origin"]), files)
    return {relative: path.read_bytes() for relative, path in sorted(files.items())}


def _refuse_compiled(name: str, origin: str, files: Iterable[str]) -> None:
    compiled = [path for path in files if path.endswith(_COMPILED)]
    if compiled:
        raise InputError(
            f"The package '{name}' is installed from {without_login(origin)} and has compiled "
            f"parts ({PurePosixPath(compiled[0]).name}). Publish it to a package index that the "
            "Space can reach, and install it from there."
        )


def _recorded(place: Path) -> Iterator[tuple[str, Path]]:
    """The files that an installed wheel's RECORD lists, but for scripts and compiled code."""
    try:
        rows = csv.reader((place / "RECORD").read_text(encoding="utf-8").splitlines())
    except OSError:
        return
    for row in rows:
        if row and _travels(row[0]):
            yield row[0], place.parent / row[0]


def _editable(modules: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """The files of modules that are read where their author works on them."""
    for name, at in modules.items():
        place = Path(at)
        if place.is_file():
            yield place.name, place
            continue
        for path in sorted(place.rglob("*")):
            relative = f"{name}/{path.relative_to(place).as_posix()}"
            if path.is_file() and _travels(relative):
                yield relative, path


def _travels(relative: str) -> bool:
    parts = PurePosixPath(relative).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not (hidden or relative.startswith("/") or relative.endswith(".pth"))


def _unpack(wheel: Path, content: dict[str, bytes]) -> tuple[str, list[str]]:
    """Put a wheel's files into `content`; its name and requirements."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [each for each in archive.namelist() if not each.endswith("/")]
            _refuse_compiled(wheel.name, str(wheel), names)
            content |= {
                each: archive.read(each)
                for each in names
                if _travels(each) and PurePosixPath(each).name not in _OF_THE_MACHINE
            }
            said = next(each for each in names if each.endswith(".dist-info/METADATA"))
            rows = archive.read(said).decode("utf-8", "replace").partition("\n\n")[0].splitlines()
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise InputError(f"{wheel} cannot be read as a wheel: {error or 'no metadata'}.") from None
    fields = [row.partition(": ") for row in rows]
    name = next((value for key, _, value in fields if key == "Name"), wheel.name.partition("-")[0])
    return name_of(name), [value for key, _, value in fields if key == "Requires-Dist"]


def _missing(line: LocalLine, where: str) -> str:
    why = (
        "a Space is built without git and without a login"
        if line.is_repository
        else "there is no such file here, and a Space does not have it"
    )
    return (
        f"{where} names '{line.text}', but {why}. Install the package in the notebook's "
        "environment, so that its files travel with the code, or name a version that is on a "
        "package index."
    )
