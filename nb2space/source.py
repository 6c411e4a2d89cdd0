"""The first stage of a conversion: the notebook as it will be executed, without its secrets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2space.errors import InputError
from nb2space.execute import choose_kernel, is_python
from nb2space.notebook import Notebook, read_notebook
from nb2space.options import Options
from nb2space.parameters import inject_parameters
from nb2space.projectfile import read_project
from nb2space.secrets import LiftedCode, lift_notebook, marked_harmless, mask_notebook
from nb2space.space import STATIC, read_manifest
from nb2space.tags import cell_tags, numbered


@dataclass(frozen=True)
class Source:
    """What the author hands in.

    `home` is the notebook's folder; `kernel` is "" for a notebook in another language than Python,
    which is shown as it was saved; `notebook` has the parameters that were set; `code` is that
    notebook without its secrets; `ignored` are fingerprints of what is no secret.
    """

    path: Path
    home: Path
    kernel: str
    notebook: Notebook
    code: LiftedCode
    ignored: frozenset[str]

    @property
    def cells(self) -> int:
        """How many cells the author wrote."""
        return sum("injected-parameters" not in cell_tags(cell) for cell in self.notebook.cells)

    @property
    def code_cells(self) -> Iterator[tuple[int, str]]:
        """The code cells' sources as the author wrote them, with the cells' numbers."""
        for number, cell in numbered(self.notebook):
            if cell.cell_type == "code":
                yield number, cell.source

    @property
    def named_cells(self) -> Iterator[tuple[str, str]]:
        """The same, with the words that name each cell to the author."""
        for number, source in self.code_cells:
            yield f"Cell {number}", source


def read_source(path: Path, options: Options) -> Source:
    """The notebook at `path`, ready to be executed.

    Raises InputError for what cannot be used, FindingError for a secret that cannot be taken out.
    """
    _refuse_published(path)
    notebook = read_notebook(path)
    home = path.absolute().parent
    ignored = read_project(home).ignored | marked_harmless(notebook)
    if options.form == STATIC and not options.execute and not is_python(notebook):
        return Source(path, home, "", notebook, mask_notebook(notebook, ignored), ignored)
    kernel = choose_kernel(notebook, options.kernel)
    notebook = inject_parameters(notebook, options.parameters)
    return Source(path, home, kernel, notebook, lift_notebook(notebook, ignored), ignored)


def _refuse_published(path: Path) -> None:
    """Raise InputError for the notebook in a Space folder, whose code was taken out."""
    try:
        manifest = read_manifest(path.absolute().parent)
    except InputError:
        return
    if manifest.notebook == path.name and not manifest.show_source:
        raise InputError(
            f"{path} is the notebook of a Space folder, whose code was taken out. Convert the "
            "notebook that the folder was made from."
        )


def known_here(names: Iterable[str]) -> dict[str, str]:
    """The values of those of the environment variables `names` that are set on this machine."""
    return {name: os.environ[name] for name in names if name in os.environ}
