"""Sessions in which nothing is left to execute: each viewer is told what the first one was.

Where the parent of the kernels has run all cells, a fork of it is a kernel that has executed the
notebook, and only its id differs in what a page gets.
"""

from __future__ import annotations

from .forked.process import ForkedProcess, Parent


class Repeats:
    """What the page was told of the last session that others can repeat.

    `cells` is how many cells all viewers share when they share all of them, and else None.
    """

    def __init__(self, cells: int | None) -> None:
        self._cells = cells
        self._parent: Parent | None = None
        self._kernel_id = ""
        self._told = ""

    def fits(self, parent: Parent) -> bool:
        """True when sessions with forks of `parent` can be repeated."""
        return parent.cells == self._cells

    @property
    def is_ready(self) -> bool:
        """True when there is a session to be repeated."""
        return bool(self._told)

    def keep(self, process: object, kernel_id: str, told: str) -> None:
        """Note what was `told` of a session whose kernel was untouched by any page till then."""
        if isinstance(process, ForkedProcess) and self.fits(process.parent):
            self._parent, self._kernel_id, self._told = process.parent, kernel_id, told

    def told(self, process: object, kernel_id: str) -> str:
        """What the page is told of another kernel; "" for one that has cells still to run."""
        if not isinstance(process, ForkedProcess) or process.parent is not self._parent:
            return ""
        return self._told.replace(self._kernel_id, kernel_id)

    def forget(self) -> None:
        """Repeat nothing until a session is kept again: its parent gives no more forks."""
        self._parent, self._told = None, ""
