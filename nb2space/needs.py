"""What a Space needs to run as the author's machine does: packages, Python, room for viewers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nb2space.docker import Needs
from nb2space.environment import Environment
from nb2space.environment.declared import Declared, declared_in, read_requirements
from nb2space.environment.installs import Installs, installs_of
from nb2space.environment.requirements import requirements_text
from nb2space.environment.system import system_packages, unknown_libraries

# Memory in bytes by hardware: huggingface.co/docs/hub/spaces-gpus#hardware-specs
_MEMORY = {"": 16e9, "cpu-basic": 16e9, "cpu-upgrade": 32e9, "t4-small": 15e9, "t4-medium": 30e9}
_FEW_VIEWERS = 10
# What the system and the server leave for kernels.
_SHARE = 0.8
# An image of this size takes minutes to build and to start.
_LARGE_IMAGE = 2e9
# Spaces may connect to these ports only: huggingface.co/docs/hub/spaces-overview#networking
_OPEN_PORTS = {"80", "443", "8080"}


def needs_of(
    folder: Path, sources: Sequence[tuple[int, str]], environment: Environment, hardware: str
) -> tuple[Needs, tuple[str, ...]]:
    """What the image installs, and sentences for the author.

    `sources` are the notebook's code cells with their numbers. Raises InputError for a declaration
    beside the notebook that cannot be read.
    """
    installs = installs_of(sources)
    declared = declared_in(folder, (source for _, source in sources))
    lines = [line for name in installs.files for line in _lines_of(folder / name)]
    needs = Needs(
        requirements=requirements_text(environment, declared, (*installs.pip, *lines)),
        packages=tuple(system_packages(folder, environment, installs.apt)),
        python=environment.python,
    )
    return needs, (
        *_installs_said(installs, declared, environment),
        *_libraries_said(environment),
        *fit_notices(environment, hardware),
    )


def fit_notices(environment: Environment, hardware: str) -> tuple[str, ...]:
    """Sentences about what will be tight in the Space: memory, ports, the image's size."""
    said = []
    memory = _MEMORY.get(hardware)
    if memory and environment.peak_memory:
        viewers = int(memory * _SHARE / environment.peak_memory)
        if viewers < _FEW_VIEWERS:
            said.append(
                f"Each viewer's kernel takes about {environment.peak_memory / 1e9:.1f} GB, so "
                f"{viewers or 'no'} viewer{'' if viewers == 1 else 's'} at once fit into the "
                f"{memory / 1e9:.0f} GB of {hardware or 'cpu-basic'}. Load less, or choose larger "
                "hardware with --hardware."
            )
    closed = sorted({a for a in environment.addresses if _is_closed(a)})
    if closed:
        said.append(
            f"The run connected to {', '.join(closed[:3])}. Spaces reach other machines through "
            "the ports 80, 443 and 8080 only, so this will fail there."
        )
    size = sum(environment.sizes.values())
    if size > _LARGE_IMAGE:
        largest = sorted(environment.sizes, key=lambda name: -environment.sizes[name])[:3]
        said.append(
            f"The packages take about {size / 1e9:.1f} GB ({', '.join(largest)}), so building and "
            "starting the Space takes minutes."
        )
    return tuple(said)


def _is_closed(address: str) -> bool:
    host, _, port = address.rpartition(":")
    local = host in ("localhost", "::1", "0.0.0.0") or host.startswith("127.")
    return not local and port not in _OPEN_PORTS and port != "53"


def _lines_of(path: Path) -> list[str]:
    return read_requirements(path) if path.is_file() else []


def _installs_said(
    installs: Installs, declared: Declared, environment: Environment
) -> tuple[str, ...]:
    said = [*installs.notices, *declared.notices]
    if declared.python and declared.python != environment.python:
        said.append(
            f"Declared is Python {declared.python}, but the notebook's kernel runs "
            f"{environment.python}, which is what the Space gets."
        )
    if declared.where:
        from nb2space.environment.declared import name_of

        missing = sorted(
            name
            for name, why in environment.why.items()
            if why == "imported" and name_of(name) not in declared.names
        )
        if missing:
            said.append(
                f"{declared.where} does not name {', '.join(missing)}, which the code imports; the "
                "Space gets the versions of your machine."
            )
    return tuple(said)


def _libraries_said(environment: Environment) -> tuple[str, ...]:
    unknown = unknown_libraries(environment)
    if not unknown:
        return ()
    return (
        f"The run loaded libraries of the system's packages {', '.join(unknown[:5])}. If the app "
        "fails without them, name them in apt.txt beside the notebook.",
    )
