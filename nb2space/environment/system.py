"""Debian packages that the run used: libraries that no wheel carries, and programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2space.environment import Environment
from nb2space.environment.debian import (
    IN_IMAGE,
    LIBRARIES,
    PROGRAMS,
    RELEASE,
    called_now,
    changes_its_name,
)
from nb2space.shellwords import commands_in

_FILES = ("apt.txt", "packages.txt")
_NAME = re.compile(r"(?P<name>[a-z0-9][a-z0-9.+-]+)(?::\w+)?(?P<version>[=/]\S+)?")
_PROGRAM = re.compile(r"[A-Za-z0-9][\w.+-]*")
# Programs that libraries ask about the system when they are imported, and do without.
_ASKED_BY_LIBRARIES = {
    "cc", "fc-list", "file", "gcc", "getconf", "ld", "ldconfig", "lsb_release", "lscpu",
    "nvidia-smi", "objdump", "sysctl", "uname",
}  # fmt: skip
_DPKG_SECONDS = 20


@dataclass(frozen=True)
class SystemPackages:
    """Names of Debian packages, sorted, and sentences for the author."""

    names: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def system_packages(
    folder: Path, environment: Environment, asked: Iterable[str], shell: Iterable[str] = ()
) -> SystemPackages:
    """The Debian packages that the Space needs.

    apt.txt or packages.txt beside the notebook wins; else `asked` for by the code, and what holds
    the libraries that the run loaded and the programs that it started, by itself or in the texts
    that the code gives to a `shell`.
    """
    for name in _FILES:
        path = folder / name
        if path.is_file():
            rows = path.read_text(encoding="utf-8-sig").splitlines()
            words = (word for row in rows for word in row.partition("#")[0].split())
            return _as_debian_has(words, name)
    found = _as_debian_has(asked, "the code")
    names, notices = set(found.names), list(found.notices)
    unnamed: list[str] = []
    for library in _foreign(environment):
        package = next((p for start, p in LIBRARIES.items() if library.name.startswith(start)), "")
        if package:
            names.add(package)
        else:
            unnamed.append(str(library))
    lacking = []
    for program in sorted(_programs(environment, shell)):
        where = shutil.which(program)
        if program in PROGRAMS:
            names.add(PROGRAMS[program])
        elif not called_now(program):
            notices.append(_gone(program, "The run"))
        elif where and not _is_pythons(where, environment):
            lacking.append(os.path.realpath(where))
    owned, unsure = _owners([*unnamed, *lacking])
    if unsure:
        notices.append(
            f"The run used the system's packages {', '.join(unsure[:5])}. The Space runs Debian "
            "13, which may call them otherwise; if the app needs them, name them in apt.txt beside "
            "the notebook."
        )
    return SystemPackages(tuple(sorted(names | set(owned))), tuple(notices))


def _as_debian_has(words: Iterable[str], where: str) -> SystemPackages:
    """The packages of these words under the names that they have now."""
    names, notices = set(), []
    for match in filter(None, map(_NAME.fullmatch, words)):
        name = called_now(match["name"])
        if not name:
            notices.append(_gone(match["name"], where))
            continue
        if name != match["name"]:
            notices.append(
                f"{match['name']}, which {where} names, is called {name} in Debian 13, the Space's "
                "system."
            )
        if match["version"]:
            notices.append(f"{match[0]}: the Space gets the version of {name} that Debian 13 has.")
        names.add(name)
    return SystemPackages(tuple(sorted(names)), tuple(notices))


def _gone(name: str, where: str) -> str:
    return (
        f"{where[0].upper()}{where[1:]} asks for {name}, which Debian 13, the Space's system, does "
        "not have; what needs it will fail there."
    )


def _programs(environment: Environment, shell: Iterable[str]) -> set[str]:
    """The names of the programs that were started, and that the code gives to a shell."""
    texts = (*environment.commands, *shell)
    named = {command.program for text in texts for command in commands_in(text)}
    started = set(environment.ran) - _ASKED_BY_LIBRARIES
    return {name for name in started | named if _PROGRAM.fullmatch(name)}


def _foreign(environment: Environment) -> Iterator[Path]:
    """The loaded libraries that belong to the system rather than to Python's packages."""
    for library in environment.libraries:
        if library.startswith("/") and not _is_pythons(library, environment):
            yield Path(library)


def _is_pythons(path: str, environment: Environment) -> bool:
    """True for what an environment of Python's holds; the system's own Python is no such."""
    prefixes = (environment.prefix, sys.prefix, sys.base_prefix)
    own = tuple(f"{prefix}/" for prefix in prefixes if prefix not in ("", "/", "/usr"))
    return path.startswith(own) or any(
        part in path for part in ("/site-packages/", "/dist-packages/", "/.pyenv/", "/conda/")
    )


def _owners(paths: list[str]) -> tuple[list[str], list[str]]:
    """The packages (by dpkg) of libraries and programs that the image lacks: those that Debian 13
    has, and those that it may call otherwise. None where there is no dpkg."""
    if not paths or not shutil.which("dpkg"):
        return [], []
    # Where /lib is a link to /usr/lib, dpkg knows some files by the one and some by the other.
    asked = {other for path in paths for other in (path, path.removeprefix("/usr"))}
    done = subprocess.run(
        ["dpkg", "-S", *sorted(asked)], capture_output=True, text=True, timeout=_DPKG_SECONDS
    )
    found = {line.partition(":")[0] for line in done.stdout.splitlines() if ": /" in line}
    owned = sorted(name for name in found if not IN_IMAGE.match(name) and "," not in name)
    if _release() == RELEASE:
        return owned, []
    unsure = [name for name in owned if changes_its_name(name)]
    named = (called_now(name) for name in owned if name not in unsure)
    return [name for name in named if name], unsure


def _release() -> str:
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
    match = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.M)
    return match[1] if match else ""
