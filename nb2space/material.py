"""The stage of a conversion that gathers what the app needs beside the notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2space.docker import Needs
from nb2space.environment.declared import declared_in
from nb2space.environment.lock import KEY
from nb2space.execute import Executed
from nb2space.localpackages import local_packages
from nb2space.named import named_files
from nb2space.needs import needs_of
from nb2space.options import Options
from nb2space.outside import outside_notices
from nb2space.ownfiles import own_files
from nb2space.ownmodules import missing_modules, own_modules
from nb2space.paths import relative_paths
from nb2space.secrets import LiftedCode, lift_files
from nb2space.source import Source


@dataclass(frozen=True)
class Material:
    """What goes into the Space beside the notebook.

    `own` are the author's modules and data as they lie in the folder, by relative path; `sealed`
    the same without secrets; `code` is the source's with the secrets of the modules; `notices`
    are for a Space that carries all this, and `question` is what the author must agree to before.
    """

    own: Mapping[str, bytes]
    sealed: dict[str, bytes]
    code: LiftedCode
    needs: Needs
    notices: tuple[str, ...]
    question: str = ""


def gather(source: Source, executed: Executed, output: Path, options: Options) -> Material:
    """The author's files and the packages that the notebook needs; `output` is the Space folder.

    Raises InputError for files and packages that no Space can carry and for no file that is asked
    for, FindingError for secrets that stay.
    """
    environment, home = executed.environment, source.home
    declared = declared_in(
        home,
        (text for _, text in source.code_cells),
        lock=str(source.notebook.metadata.get(KEY, "")),
        python=environment.python,
    )
    local = local_packages(environment, declared)
    modules = own_modules(home, environment)
    sources = [*source.named_cells, *_texts(modules)]
    named = named_files(sources, home)
    own = own_files(
        home,
        environment,
        output,
        code={**local.content, **modules},
        named=named.below,
        include=options.include,
        exclude=options.exclude,
    )
    code, sealed = lift_files(
        source.code,
        _with_relative_paths(own.content, home),
        source.ignored,
        redact=options.redact,
    )
    needs, needs_said = needs_of(
        home, list(source.code_cells), sources, executed, declared, local, options.hardware
    )
    notices = (
        *missing_modules(environment),
        *own.notices,
        *local.notices,
        *needs_said,
        *outside_notices(executed.notebook, environment, named, home),
    )
    return Material(own.content, sealed, code, needs, notices, own.question)


def gather_for_page(source: Source, executed: Executed, output: Path, options: Options) -> Material:
    """The author's files that the audit compares a page without a kernel with: none is in it.

    Secrets in them are masked. Raises FindingError for secrets that stay in modules.
    """
    environment, home = executed.environment, source.home
    modules = own_modules(home, environment)
    named = named_files([*source.named_cells, *_texts(modules)], home)
    own = own_files(
        home, environment, output, code=modules, named=named.below, exclude=options.exclude
    )
    code, sealed = lift_files(source.code, own.content, source.ignored, redact=False, leaves=False)
    return Material(own.content, sealed, code, Needs("", python=environment.python), ())


def _texts(modules: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """The paths of Python's modules with their texts."""
    for path, body in modules.items():
        if path.endswith(".py"):
            yield path, body.decode("utf-8", errors="replace")


def _with_relative_paths(files: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The author's files, their modules with relative paths."""
    return {
        path: relative_paths(body.decode("utf-8", "surrogateescape"), folder).encode(
            "utf-8", "surrogateescape"
        )
        if path.endswith(".py")
        else body
        for path, body in files.items()
    }
