"""What the parent of forked kernels is to do, as the conversion wrote it into the live notebook."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SharedCell:
    """A cell that the parent runs once for all viewers.

    `number` is its number in the author's notebook, `digest` that of the outputs it had at the
    conversion, `widgets` that of all widgets' states after it; `seeds` are the libraries whose
    random numbers it seeds. A cell that the author tagged is shared whatever it shows (`told`).
    """

    number: int
    source: str
    digest: str
    widgets: str
    seeds: tuple[str, ...]
    told: bool


@dataclass(frozen=True)
class Plan:
    """The `modules` to import and the `cells` to run before the first fork.

    `startup` are the files that a kernel runs before the author's code; with `refresh`, in
    seconds, a new parent does all of it again and takes over.
    """

    modules: tuple[str, ...]
    cells: tuple[SharedCell, ...]
    startup: tuple[str, ...] = ()
    refresh: float | None = None

    def without_module(self, name: str) -> Plan:
        """The plan without the import of one module."""
        return replace(self, modules=tuple(module for module in self.modules if module != name))

    def until_cell(self, index: int) -> Plan:
        """The plan with the first `index` cells only."""
        return replace(self, cells=self.cells[:index])

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def plan_of(live: Any, startup: Sequence[Path]) -> Plan | None:
    """The plan in the live notebook; None when there is nothing to share, or no way to fork.

    Only Linux can go on after a fork with all that a notebook may have loaded.
    """
    sharing = live.metadata.get("nb2space", {}).get("sharing")
    if not sharing or sys.platform != "linux":
        return None
    cells = []
    for cell in live.cells:
        shared = cell.metadata.get("nb2space", {}).get("shared")
        if shared:
            cells.append(
                SharedCell(
                    number=cell.metadata.nb2space.number,
                    source=cell.source,
                    digest=shared["digest"],
                    widgets=shared["widgets"],
                    seeds=tuple(shared["seeds"]),
                    told=shared["told"],
                )
            )
    return Plan(
        modules=tuple(sharing["modules"]),
        cells=tuple(cells),
        startup=tuple(map(str, startup)),
        refresh=sharing.get("refresh"),
    )


def cells_for_all(live: Any) -> int | None:
    """How many cells a session of the live notebook executes, if all viewers may get the same.

    None where a cell runs for each viewer, or was tagged to be shared whatever it does.
    """
    running = [
        cell.metadata.get("nb2space", {}).get("shared")
        for cell in live.cells
        if cell.cell_type == "code" and "skip-execution" not in cell.metadata.get("tags", [])
    ]
    return len(running) if all(shared and not shared["told"] for shared in running) else None
