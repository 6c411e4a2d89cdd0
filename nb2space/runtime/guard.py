"""Runs in each kernel before the author's code: a kernel that does not tell its source.

This is the first of two walls; the gate between kernel and viewer is the second. The file is
placed in IPython's start-up folder with a call of `install_guard` below it, and leaves no name
behind in the author's namespace. It imports nothing of this package: a kernel may run in another
environment.
"""


def install_guard(report_to: str, cells: dict[str, int]) -> None:
    """Make this kernel report what fails instead of showing it.

    `report_to` is the socket for reports; `cells` maps a cell's hash in ipykernel to its number
    in the author's notebook.
    """
    import contextlib
    import json
    import os
    import pdb
    import secrets
    import socket
    import sys
    import threading
    import traceback
    import warnings
    from types import TracebackType
    from typing import Any

    from IPython import get_ipython
    from IPython.core import debugger
    from IPython.core.error import UsageError

    shell: Any = get_ipython()
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)

    def report(text: str) -> str:
        reference = secrets.token_hex(3).upper()
        message = {"reference": reference, "text": text[:20000]}
        # A server that is gone or busy must not make the notebook fail.
        with contextlib.suppress(OSError):
            sender.sendto(json.dumps(message).encode(), report_to)
        return reference

    def place(filename: str, line: int | None) -> str:
        stem = os.path.splitext(os.path.basename(filename))[0]
        name = f"cell {cells[stem]}" if stem in cells else os.path.basename(filename)
        return f"{name}, line {line}"

    def describe(kind: type[BaseException], error: Any, trace: TracebackType | None) -> str:
        frames = [place(frame.filename, frame.lineno) for frame in traceback.extract_tb(trace)]
        own = [frame for frame in frames if frame.startswith("cell ")]
        where = "; ".join(own or frames[-3:])
        try:
            said = str(error)
        except Exception:  # the author's own, which may fail itself
            said = "it cannot say why"
        # Of a group of errors.
        inner = [each for each in getattr(error, "exceptions", ()) if each is not error]
        inner = [describe(type(each), each, each.__traceback__) for each in inner]
        return f"{kind.__name__}: " + "; ".join([said, *inner]) + (f" ({where})" if where else "")

    # On the wire an error is this class's name and a reference, without a traceback.
    hidden = type("nb2space", (Exception,), {})
    plain_showtraceback = type(shell)._showtraceback

    def show_nothing(kind: type[BaseException], error: Any, lines: list[str]) -> None:
        reference = report(describe(kind, error, getattr(error, "__traceback__", None)))
        plain_showtraceback(shell, hidden, hidden(reference), [])

    plain_show = shell.showtraceback

    def show(exc_tuple: Any = None, *given: Any, **named: Any) -> None:
        """IPython writes some errors to stderr only: groups, and those that it cannot render."""
        kind, error, _trace = exc_tuple or sys.exc_info()
        if kind is None or error is None or issubclass(kind, (SyntaxError, UsageError)):
            plain_show(exc_tuple, *given, **named)
        else:
            show_nothing(kind, error, [])

    def warn(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        report(f"{category.__name__}: {message} ({place(filename, lineno)})")

    def report_thread(failed: Any) -> None:
        report(describe(failed.exc_type, failed.exc_value, failed.exc_traceback))

    def report_uncaught(kind: Any, error: Any, trace: Any) -> None:
        report(describe(kind, error, trace))

    def nothing(*given: Any, **named: Any) -> None:
        """Not available in an app."""

    shell._showtraceback = show_nothing
    shell.showtraceback = show
    warnings.showwarning = warn
    threading.excepthook = report_thread
    sys.excepthook = report_uncaught
    sys.breakpointhook = nothing
    stoppers: tuple[Any, ...] = (pdb, pdb.Pdb, debugger, debugger.Pdb)
    for stopper in stoppers:
        stopper.set_trace = nothing
    stoppers[0].post_mortem = stoppers[0].pm = nothing
    # What autocall makes of a line would be printed.
    shell.show_rewritten_input = False
    for name in (
        "debug", "pdb", "tb", "psource", "pfile", "pinfo2", "pycat", "history", "hist", "recall",
        "rep", "rerun", "macro", "save", "load", "loadpy", "edit", "ed", "notebook",
    ):  # fmt: skip
        shell.register_magic_function(nothing, "line", name)
