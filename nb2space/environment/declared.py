"""What the author declares to need: it wins over what the run was seen to use."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2space.environment.lock import locked
from nb2space.environment.requirefiles import Line, lines_in, lines_of, without_login
from nb2space.errors import InputError

# PEP 723: the block of metadata in a script.
_BLOCK = re.compile(r"(?m)^# /// script\s*$\n(?P<content>(?:^#(?:| .*)$\n?)+?)^# ///\s*$")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]*")
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(?P<place>\S+)")
_EGG = re.compile(r"#(?:.*&)?egg=(?P<name>[\w.-]+)")
_REPOSITORY = re.compile(r"(?:git|hg|svn|bzr)\+")
_PATH = re.compile(r"\.{0,2}/|~|file:|[A-Za-z]:\\|\.$|[^\s;=<>@]+\.(?:whl|tar\.gz|zip)$")
# Options that mean nothing to a machine that has none of the author's files.
_NOT_THERE = re.compile(r"--no-index\b|(?:-f|--find-links)[ =]+(?!https?:)")


@dataclass(frozen=True)
class LocalLine:
    """A declared package that lies in a folder, a file or a repository.

    `place` is an absolute path or an address such as "git+https://…"; `name` is "" if not told.
    """

    text: str
    place: str
    name: str = ""

    @property
    def is_repository(self) -> bool:
        """True for an address that git and the like are needed for."""
        return bool(_REPOSITORY.match(self.place))


@dataclass(frozen=True)
class Declared:
    """Requirements as pip reads them, and where they were declared.

    `python` is what it says of Python's version, such as ">=3.11"; `local` are packages of other
    places than an index; `constraints` are requirements for what is needed anyway; `locked` are
    those of a lock, which tell all that is needed.
    """

    requirements: tuple[str, ...] = ()
    where: str = ""
    python: str = ""
    notices: tuple[str, ...] = ()
    local: tuple[LocalLine, ...] = ()
    constraints: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """The distributions' names, in their normal form."""
        return {name for line in self.requirements if (name := name_of(line))}


def declared_in(
    folder: Path, sources: Iterable[str], lock: str = "", python: str = "3.12"
) -> Declared:
    """What is declared in a cell (PEP 723), else in a file beside the notebook.

    Read are requirements.txt, pyproject.toml and environment.yml, in this order, up to the first
    that names packages. `lock` is the text of the notebook's own uv.lock, `python` the version
    that it is read for. Raises InputError for a declaration that cannot be read.
    """
    for source in sources:
        if match := _BLOCK.search(source):
            found = _block(match["content"], folder)
            return (
                replace(found, locked=locked(lock, found.requirements, python)) if lock else found
            )
    besides = Declared()
    for name, read in (
        ("requirements.txt", _requirements),
        ("pyproject.toml", _pyproject),
        ("environment.yml", _conda),
        ("environment.yaml", _conda),
    ):
        path = folder / name
        if path.is_file():
            try:
                found = read(path)
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"{path} cannot be read: {error}.") from None
            if found.where:
                return found
            besides = replace(
                besides,
                python=besides.python or found.python,
                notices=(*besides.notices, *found.notices),
            )
    return besides


def name_of(requirement: str) -> str:
    """The normal form of a requirement's name (PyPA, "Names and normalization"); "" without one."""
    match = _REQUIREMENT.match(requirement)
    if requirement.startswith("-") or not match or "://" in requirement.partition(" @ ")[0]:
        return ""
    return re.sub(r"[-_.]+", "-", match[1]).lower()


def with_constraints(declared: Declared, lines: Iterable[str]) -> Declared:
    """`declared` with further constraints, such as those of `%pip install -c`."""
    return replace(declared, constraints=(*declared.constraints, *lines))


def _requirements(path: Path) -> Declared:
    return _sorted(lines_of(path), "requirements.txt")


def _sorted(lines: Iterable[Line], where: str, python: str = "") -> Declared:
    """What a list of lines declares, each by what it is."""
    kept, local, constraints, notices = [], [], [], list[str]()
    for line in lines:
        if _NOT_THERE.match(line.text):
            notices.append(
                f"{where} says '{line.text}', a place on your machine; the Space gets its packages "
                "from the package index."
            )
        elif found := _local(line):
            local.append(found)
        elif line.is_constraint:
            constraints.append(line.text)
        else:
            kept.append(line.text)
    return Declared(tuple(kept), where, python, tuple(notices), tuple(local), tuple(constraints))


def _local(line: Line) -> LocalLine | None:
    """What the line names if that is no package of an index; None for all others."""
    text = _EDITABLE.sub("", line.text) if _EDITABLE.match(line.text) else line.text
    named = _NAMED.match(text)
    place = named["place"] if named else text
    egg = _EGG.search(place)
    name = name_of(named["name"] if named else egg["name"] if egg else "")
    if _REPOSITORY.match(place):
        return LocalLine(without_login(line.text), place.partition("#")[0], name)
    if text == line.text and not _PATH.match(place):
        return None
    if place.startswith(("http:", "https:")):
        return None
    from urllib.parse import unquote, urlsplit

    path = unquote(urlsplit(place).path) if place.startswith("file:") else place
    path = re.sub(r"\[[^\]]*\]$", "", path.partition("#")[0].partition(";")[0].strip())
    return LocalLine(line.text, str((line.folder / Path(path).expanduser()).resolve()), name)


def _block(content: str, folder: Path) -> Declared:
    text = "\n".join(row[2:] if row.startswith("# ") else row[1:] for row in content.splitlines())
    where = "the '# /// script' block of a cell"
    data = _toml(text, where)
    lines = lines_in(_list(data, "dependencies", where), folder)
    return _sorted(lines, "PEP 723", _python(data, where))


def _pyproject(path: Path) -> Declared:
    project = _toml(path.read_text(encoding="utf-8"), str(path)).get("project")
    if not isinstance(project, dict):
        return Declared()
    python = _python(project, str(path))
    if "dependencies" not in project:
        return Declared(python=python)
    lines = lines_in(_list(project, "dependencies", str(path)), path.parent)
    return _sorted(lines, "pyproject.toml", python)


def _conda(path: Path) -> Declared:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read: {said}.") from None
    items = data.get("dependencies", []) if isinstance(data, dict) else []
    python, left, rows = "", [], list[str]()
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            rows += [str(row) for row in item.get("pip") or []]
        elif match := re.match(r"python\s*([=<>~!]*)\s*(\d+\.\d+)", str(item)):
            python = f"{match[1] if match[1] not in ('', '=', '==') else '=='}{match[2]}"
        elif re.split(r"[=<>~! ]", str(item))[0] not in ("python", "pip"):
            left.append(str(item))
    notices = _conda_notice(path.name, left)
    if not rows:
        return Declared(python=python, notices=notices)
    found = _sorted(lines_in(rows, path.parent), path.name, python)
    return replace(found, notices=(*found.notices, *notices))


def _conda_notice(name: str, left: list[str]) -> tuple[str, ...]:
    if not left:
        return ()
    more = f" and {len(left) - 5} more" if len(left) > 5 else ""
    return (
        f"A Space has no conda: of {name}, {', '.join(left[:5])}{more} are installed with pip, in "
        "the versions on your machine, as far as the notebook uses them.",
    )


def _toml(text: str, where: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} cannot be read: {error}.") from None


def _list(data: Mapping[str, Any], key: str, where: str) -> list[str]:
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise InputError(f"{where} cannot be read: '{key}' must be a list of texts.")
    return found


def _python(data: Mapping[str, Any], where: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    said = str(data.get("requires-python", ""))
    try:
        return str(SpecifierSet(said)) and said
    except InvalidSpecifier:
        raise InputError(f"{where} cannot be read: 'requires-python' is '{said}'.") from None
