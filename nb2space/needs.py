"""What a Space needs to run as the author's machine does: packages, Python, room for viewers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from nb2space.connections import connection_notices
from nb2space.docker import Needs
from nb2space.environment import Environment
from nb2space.environment.backends import backends_of
from nb2space.environment.declared import Declared, name_of, with_constraints
from nb2space.environment.installs import Installs, installs_of
from nb2space.environment.requirefiles import lines_of, without_login
from nb2space.environment.requirements import Wanted, requirements_text
from nb2space.environment.system import system_packages
from nb2space.errors import FindingError, InputError
from nb2space.execute import Executed
from nb2space.fit import fit_notices
from nb2space.localpackages import LocalPackages
from nb2space.magics import shell_texts
from nb2space.secrets import find_in_files

# What pip reads from the environment: pip.pypa.io/en/stable/reference/requirements-file-format
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


def needs_of(
    folder: Path,
    cells: Sequence[tuple[int, str]],
    sources: Sequence[tuple[str, str]],
    executed: Executed,
    declared: Declared,
    local: LocalPackages,
    hardware: str,
) -> tuple[Needs, tuple[str, ...]]:
    """What the image installs, and sentences for the author.

    `cells` are the notebook's code cells with their numbers, `sources` these and the author's own
    modules with what names them; `local` are the packages whose files travel with the code. Raises
    InputError for a file of requirements that cannot be read.
    """
    environment = executed.environment
    installs = installs_of(cells)
    lines = [
        line
        for name in (*installs.files, *installs.constraints)
        if (folder / name).is_file()
        for line in lines_of(folder / name, is_constraint=name in installs.constraints)
    ]
    wanted = Wanted(
        declared=with_constraints(declared, [line.text for line in lines if line.is_constraint]),
        installs=installs,
        lines=[line.text for line in lines if not line.is_constraint],
        further={
            **local.requirements,
            **backends_of((text for _, text in sources), environment),
        },
        without=local.names,
    )
    shell = (text for _, source in sources for text in shell_texts(source))
    system = system_packages(folder, environment, installs.apt, shell)
    needs = Needs(
        requirements=requirements_text(environment, wanted),
        packages=system.names,
        python=environment.python,
    )
    return needs, (
        *_installs_said(installs, declared, environment),
        *system.notices,
        *connection_notices((text for _, text in sources), environment),
        *fit_notices(executed, hardware),
    )


def refuse_logins(needs: Needs, ignored: Collection[str]) -> None:
    """Raise FindingError when what the image installs tells a secret: everybody can read it.

    `ignored` are fingerprints of what is none. Raises InputError for a login that pip would take
    from an environment that the Hub does not have.
    """
    texts = {"requirements.txt": needs.requirements, "apt.txt": "\n".join(needs.packages)}
    found = find_in_files({name: text.encode() for name, text in texts.items()}, ignored)
    if found:
        raise FindingError(
            " ".join(
                f"The Space's {f.where} would hold {_a(f.kind)} ({f.shown})." for f in found[:5]
            )
            + " Everybody can read that file, so nothing was written. Install the package in the "
            "notebook's environment from a wheel or a folder, whose files travel encrypted, or "
            "from an index that asks for no password."
        )
    if variable := _VARIABLE.search(needs.requirements):
        raise InputError(
            f"The requirements take {variable[0]} from the environment, which the Hub does not "
            "have when it builds the Space. Install the package in the notebook's environment from "
            "a wheel or a folder, whose files travel encrypted."
        )


def _a(kind: str) -> str:
    return kind if kind.startswith("value of") else f"a {kind}"


def _installs_said(
    installs: Installs, declared: Declared, environment: Environment
) -> tuple[str, ...]:
    said = [*installs.notices, *declared.notices]
    if installs.options:
        said.append(
            f"The Space's requirements.txt says {', '.join(map(without_login, installs.options))}, "
            "as the code does; everybody can read it."
        )
    if declared.python and not _holds(declared.python, environment.python):
        said.append(
            f"Declared is Python {declared.python.removeprefix('==')}, but the notebook's kernel "
            f"runs {environment.python}, which is what the Space gets."
        )
    if declared.where:
        named = {*declared.names, *(line.name for line in declared.local)}
        missing = sorted(
            name
            for name, why in environment.why.items()
            if why == "imported" and name_of(name) not in named
        )
        if missing:
            said.append(
                f"{declared.where} does not name {', '.join(missing)}, which the code imports; the "
                "Space gets the versions of your machine."
            )
    return tuple(said)


def _holds(wanted: str, python: str) -> bool:
    """True when some release of this version of Python is as declared."""
    from packaging.specifiers import SpecifierSet

    specifiers = SpecifierSet(wanted)
    return any(specifiers.contains(f"{python}{end}") for end in ("", ".0", ".99"))
