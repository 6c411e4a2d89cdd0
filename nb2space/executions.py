"""Executions that are used again while nothing that they followed from has changed.

An execution follows from its code and secrets, the kernel, the files that it read, the author's
own modules and the versions of the packages. What may come out otherwise without any of that
changing (the network, other programs, the clock, the environment, chance) is executed each time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

import nbformat

from nb2space import cache, snapshot
from nb2space.environment import Environment, environment_from
from nb2space.execute import Executed, prepared
from nb2space.named import named_files
from nb2space.notebook import Notebook
from nb2space.sharing import unsteady
from nb2space.shellwords import commands_in
from nb2space.snapshot import Snapshot
from nb2space.source import Source
from nb2space.tags import view_of

# What an environment variable may begin with that changes a run without the code asking for it.
_SETTINGS = (
    "CONDA", "CUDA", "DYLD_", "HOME", "IPYTHON", "JUPYTER", "LANG", "LC_", "LD_", "MKL_", "MPL",
    "NUMBA_", "OMP_", "OPENBLAS_", "PYTHON", "TZ", "USER", "VIRTUAL_ENV", "XDG_C",
)  # fmt: skip
# Programs that libraries ask about the system when they are imported.
_HARMLESS = {"fc-list", "gcc", "ld", "ldconfig", "lscpu", "uname"}
# Libraries that seed their random numbers by chance, in ways that the trace does not see.
_SEEDED_BY_CHANCE = {"torch", "tensorflow"}
# Files of the system that are other ones at each look.
_SYSTEMS = ("/dev/", "/proc/", "/sys/")
_METADATA = ("language_info", "widgets")


@dataclass(frozen=True)
class Run:
    """An executed notebook; `basis` is what it followed from beside its code, None where the next
    run may come out otherwise all the same; `reused` when it is an earlier run's."""

    executed: Executed
    basis: Snapshot | None = None
    reused: bool = False


def settings() -> dict[str, str]:
    """What of this machine's set-up decides how a notebook runs and is converted."""
    variables = {name: os.environ[name] for name in os.environ if name.startswith(_SETTINGS)}
    packages = ("nb2space", "nb2space.templates")
    own = [Path(part) for name in packages for part in import_module(name).__path__]
    return {
        **variables,
        "sys.version": sys.version,
        "sys.prefix": sys.prefix,
        "nb2space": snapshot.digest_of_folders(own),
    }


def find_run(source: Source, notebook: Notebook) -> Run | None:
    """The earlier run of `notebook`, the source's code as it is executed, if it still holds."""
    kept = cache.find(_key(source, notebook))
    try:
        if kept is None:
            return None
        basis = snapshot.from_kept(kept["basis"])
        if not snapshot.holds(basis, besides()):
            return None
        return Run(_replayed(notebook, kept), basis, reused=True)
    except (KeyError, TypeError, ValueError, AttributeError):  # kept by another version
        return None


def keep_run(source: Source, notebook: Notebook, run: Run) -> None:
    """Keep the run of `notebook`, if it may be used again."""
    if run.basis is None:
        return
    executed = run.executed
    cache.keep(
        _key(source, notebook),
        {
            "cells": [
                [cell.get("execution_count"), cell.get("outputs", [])]
                for cell in _running(executed.notebook)
            ],
            "metadata": {
                name: executed.notebook.metadata[name]
                for name in _METADATA
                if name in executed.notebook.metadata
            },
            "environment": asdict(executed.environment),
            "seconds": executed.seconds,
            "cell_seconds": executed.cell_seconds,
            "cell_widgets": executed.cell_widgets,
            "widget_seed": executed.widget_seed,
            "basis": asdict(run.basis),
        },
    )


def basis_of(
    source: Source, executed: Executed, begun: int, further: Iterable[Path] = ()
) -> Snapshot | None:
    """What the execution followed from, beside its code; None where it is not to be used again.

    `begun` is when it began, in nanoseconds since 1970; `further` are files that the conversion
    depends on.
    """
    environment = executed.environment
    modules = dict(_modules(environment))
    if _looks_outside(environment) or unsteady(
        (text for _, text in source.code_cells), modules.values(), _drawn(environment)
    ):
        return None
    named = named_files(source.named_cells, source.home)
    paths = [
        *(path for path in _touched(environment, source.home) if _counts(path, environment)),
        *modules,
        *environment.settings,
        *_files_of_packages(environment),
        *(str(source.home / name) for name in named.below),
        *(path for _, path in named.outside),
        *_files_of_kernel(source.kernel),
        *map(str, further),
    ]
    basis = snapshot.take(source.home, paths, besides())
    if basis is None or _changed_since(basis, begun, environment):
        return None
    return basis


def _key(source: Source, notebook: Notebook) -> str:
    cells = [
        (cell.source, view.runs, view.may_fail)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for view in [view_of(cell)]
    ]
    return cache.key_of(
        {
            "cells": cells,
            "secrets": dict(source.code.values),
            "home": str(source.home),
            "kernel": source.kernel,
            "settings": settings(),
        }
    )


def _replayed(notebook: Notebook, kept: Mapping[str, Any]) -> Executed:
    """`notebook` as if it were executed."""
    done = prepared(notebook)
    for cell, (count, outputs) in zip(_running(done), kept["cells"], strict=True):
        cell.execution_count = count
        cell.outputs = nbformat.from_dict(outputs)
    done.metadata.update(nbformat.from_dict(kept["metadata"]))
    return Executed(
        done,
        environment_from(kept["environment"]),
        float(kept["seconds"]),
        cell_seconds=tuple(kept["cell_seconds"]),
        cell_widgets=tuple(kept["cell_widgets"]),
        widget_seed=str(kept["widget_seed"]),
    )


def _running(notebook: Notebook) -> Iterator[Notebook]:
    return (cell for cell in notebook.cells if view_of(cell).runs)


def besides() -> tuple[Path, ...]:
    """Folders that no notebook depends on: our own, which changes with each conversion."""
    return (cache.cache_folder().parent,)


def _looks_outside(environment: Environment) -> bool:
    """True when the run used what no files tell of, or changed what it followed from."""
    written = set(environment.written)
    return bool(
        environment.addresses
        or {*environment.ran, *_programs(environment.commands)} - _HARMLESS
        or written & set(environment.read)
        or {os.path.dirname(path) for path in written} & set(environment.listed)
    )


def _programs(commands: Iterable[str]) -> set[str]:
    """The programs that a shell was given to run."""
    return {command.program for text in commands for command in commands_in(text)}


def _touched(environment: Environment, home: Path) -> Iterator[str]:
    """What the run read, wrote and listed, but for listing what the snapshot lists anyway."""
    yield from (*environment.read, *environment.written, *environment.opened)
    yield from (path for path in environment.listed if not Path(path).is_relative_to(home))


def _drawn(environment: Environment) -> list[str]:
    return [*environment.drawn, *(_SEEDED_BY_CHANCE & set(environment.versions))]


def _counts(path: str, environment: Environment) -> bool:
    """True for what is neither the system's nor a package's own."""
    inside = (f"{folder}{os.sep}" for folder in environment.installed)
    return not path.startswith((*_SYSTEMS, *inside)) and path not in environment.installed


def _modules(environment: Environment) -> Iterator[tuple[str, str]]:
    """The author's modules that the run imported, path and text."""
    for path in environment.read:
        if not _counts(path, environment) or not path.endswith((".py", ".pyc")):
            continue
        try:
            place = Path(source_from_cache(path) if path.endswith(".pyc") else path)
            yield str(place), place.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError, NotImplementedError):
            yield path, "\0"  # what cannot be read, cannot be judged


def _files_of_packages(environment: Environment) -> Iterator[str]:
    """The modules of packages that are installed from a folder, where their author works."""
    modules = (each["modules"].values() for each in environment.local.values() if each["used"])
    for place in (Path(path) for paths in modules for path in paths):
        yield from [str(place)] if place.is_file() else map(str, place.rglob("*.py"))


def _files_of_kernel(name: str) -> Iterator[str]:
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager().get_kernel_spec(name)
    if found.resource_dir:
        yield os.path.join(found.resource_dir, "kernel.json")
    yield found.argv[0] if os.path.isabs(found.argv[0]) else sys.executable


def _changed_since(basis: Snapshot, begun: int, environment: Environment) -> bool:
    """True when a file became another one while the notebook ran, not through it."""
    written = set(environment.written)
    return any(
        state is not None and len(state) > 1 and state[1] >= begun and path not in written
        for path, state in basis.states.items()
    )
