"""The author's own folders, whose paths are for no viewer, and the parts of a notebook without."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from nb2space.runtime.masking import Mask
from nb2space.runtime.places import HOME, OTHER, WORK, Place
from nb2space.widgets import Models, displayed_models


def author_places(folder: Path, prefix: str) -> tuple[Place, ...]:
    """The places of the author whose notebook is in `folder` and whose kernel's sys.prefix is
    `prefix` ("" where there is no kernel)."""
    return tuple(dict.fromkeys(_places(folder, prefix)))


def _places(folder: Path, prefix: str) -> Iterator[Place]:
    homes = {os.path.expanduser("~"), os.environ.get("USERPROFILE", "")}
    for found, instead in (
        (str(folder.absolute()), WORK),
        *((home, HOME) for home in sorted(homes) if os.path.isabs(home)),
        (prefix, OTHER),
        (tempfile.gettempdir(), OTHER),
    ):
        if found:
            yield Place(found, instead)
            # Kernels tell of a folder by its real name, shells by the one that leads there.
            yield Place(os.path.realpath(found), instead)


class Veiled:
    """The shown parts of a notebook after `veil` went over them; it knows which it changed.

    `models` are the notebook's widgets after that.
    """

    def __init__(self, veil: Mask, models: Models) -> None:
        self._veil = veil
        self._numbers: dict[int, None] = {}
        self.models: Models = {name: veil.value(model) for name, model in models.items()}
        self._changed = {name for name in models if self.models[name] is not models[name]}

    def of(self, part: Any, number: int) -> Any:
        """A text, cell or list of outputs, which viewers see in the author's cell `number`."""
        bare = self._veil.value(part)
        if bare is part and not self._displays_changed(part):
            return part
        self._numbers[number] = None
        return nbformat.from_dict(bare)

    def _displays_changed(self, part: Any) -> bool:
        outputs = part if isinstance(part, list) and self._changed else []
        return not self._changed.isdisjoint(displayed_models(outputs, self.models))

    @property
    def notices(self) -> Iterator[str]:
        """The sentence that names the cells with paths, if there are any."""
        *first, last = [*map(str, self._numbers)] or [""]
        if last:
            cells = f"Cells {', '.join(first)} and {last} show" if first else f"Cell {last} shows"
            yield (
                f"{cells} paths of a computer. Viewers see no more of one than what is below the "
                "notebook's folder (data/a.csv) or below a home (~/a.csv)."
            )
