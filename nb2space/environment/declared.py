"""What the author declares to need: it wins over what the run was seen to use."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2space.errors import InputError

# PEP 723: the block of metadata in a script.
_BLOCK = re.compile(r"(?m)^# /// script\s*$\n(?P<content>(?:^#(?:| .*)$\n?)+?)^# ///\s*$")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)")
_INCLUDED = re.compile(r"(?:-r|--requirement)[ =]+(.+)")
_LOCAL = re.compile(r"(?:-e|--editable)\b|\.{0,2}/|file:|[A-Za-z]:\\")


@dataclass(frozen=True)
class Declared:
    """Requirements as pip reads them, and where they were declared; `python` is "3.11" or ""."""

    requirements: tuple[str, ...] = ()
    where: str = ""
    python: str = ""
    notices: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        """The distributions' names, in their normal form."""
        return {name for line in self.requirements if (name := name_of(line))}


def declared_in(folder: Path, sources: Iterable[str]) -> Declared:
    """What is declared in a cell (PEP 723), else in a file beside the notebook.

    Read are requirements.txt, pyproject.toml and environment.yml, in this order. Raises InputError
    for a declaration that cannot be read.
    """
    for source in sources:
        if match := _BLOCK.search(source):
            return _block(match["content"])
    for name, read in (
        ("requirements.txt", _requirements),
        ("pyproject.toml", _pyproject),
        ("environment.yml", _conda),
        ("environment.yaml", _conda),
    ):
        path = folder / name
        if path.is_file():
            try:
                return read(path)
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"{path} cannot be read: {error}.") from None
    return Declared()


def name_of(requirement: str) -> str:
    """The normal form of a requirement's name (PyPA, "Names and normalization"); "" without one."""
    match = _REQUIREMENT.match(requirement)
    if requirement.startswith("-") or not match:
        return ""
    return re.sub(r"[-_.]+", "-", match[1]).lower()


def read_requirements(path: Path) -> list[str]:
    """The lines of a requirements file, with those of the files that it includes."""
    lines: list[str] = []
    for line in _lines(path):
        if match := _INCLUDED.match(line):
            lines += read_requirements(path.parent / match[1].strip())
        elif line:
            lines.append(line)
    return lines


def included_files(path: Path) -> Iterator[Path]:
    """The files that a requirements file includes, and those that they include, as far as there."""
    if path.is_file():
        for match in filter(None, map(_INCLUDED.match, _lines(path))):
            place = path.parent / match[1].strip()
            yield place
            yield from included_files(place)


def _lines(path: Path) -> Iterator[str]:
    for row in path.read_text(encoding="utf-8-sig").replace("\\\n", " ").splitlines():
        yield re.sub(r"(?:^|\s)#.*$", "", row).strip()


def _requirements(path: Path) -> Declared:
    return _checked(read_requirements(path), "requirements.txt")


def _checked(lines: Iterable[str], where: str, python: str = "") -> Declared:
    kept, notices = [], []
    for line in lines:
        if _LOCAL.match(line) or " @ file:" in line:
            notices.append(
                f"{where} names '{line}', a place on your machine; the Space gets the package's "
                "own files, if the notebook uses it."
            )
        else:
            kept.append(line)
    return Declared(tuple(kept), where, python, tuple(notices))


def _block(content: str) -> Declared:
    text = "\n".join(row[2:] if row.startswith("# ") else row[1:] for row in content.splitlines())
    data = _toml(text, "the '# /// script' block of a cell")
    return _checked(data.get("dependencies", []), "PEP 723", _python(data))


def _pyproject(path: Path) -> Declared:
    project = _toml(path.read_text(encoding="utf-8"), str(path)).get("project")
    if not isinstance(project, dict) or "dependencies" not in project:
        return Declared()
    return _checked(project["dependencies"], "pyproject.toml", _python(project))


def _conda(path: Path) -> Declared:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    items = data.get("dependencies", []) if isinstance(data, dict) else []
    python, left, lines = "", [], list[str]()
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            lines += [str(line) for line in item.get("pip") or []]
        elif match := re.match(r"python\s*[=<>~!]*=*\s*(\d+\.\d+)", str(item)):
            python = match[1]
        elif str(item).partition("=")[0].strip() not in ("python", "pip"):
            left.append(str(item))
    if not lines:
        return Declared((), "", python, _conda_notice(path.name, left))
    found = _checked(lines, path.name, python)
    notices = (*found.notices, *_conda_notice(path.name, left))
    return Declared(found.requirements, found.where, python, notices)


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


def _python(data: dict[str, Any]) -> str:
    match = re.search(r"(?:==|~=)\s*(\d+\.\d+)", str(data.get("requires-python", "")))
    return match[1] if match else ""
