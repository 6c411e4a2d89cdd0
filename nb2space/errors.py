"""The errors that nb2space raises on purpose.

Each is one sentence for the author: what is wrong, where, and what to do next. The command line
prints the sentence and ends with the error's exit code; anything else that escapes is a defect.
"""

from __future__ import annotations

STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""

STOPPED_TEXT = "Stopped; nothing was left half-done."


class Nb2spaceError(Exception):
    """Base of all errors for the author; its text is shown as it is."""

    exit_code = 2


class InputError(Nb2spaceError):
    """The notebook, a folder, an option or the machine's set-up is not usable as given."""


class CellError(InputError):
    """A cell of the notebook failed while it was executed.

    `report` holds the author's traceback as the kernel wrote it, with colour codes.
    """

    def __init__(self, message: str, report: str = "") -> None:
        super().__init__(message)
        self.report = report


class FindingError(Nb2spaceError):
    """Something was found that must not be published as it is."""

    exit_code = 1


class RemoteError(Nb2spaceError):
    """The Hub refused, failed or could not be reached."""

    exit_code = 3
