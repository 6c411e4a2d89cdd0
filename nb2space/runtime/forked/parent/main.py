"""The parent: do what all viewers share, then fork a kernel for each."""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .cells import Unshareable, import_modules, run_cells
from .child import make_app, run_kernel
from .leftovers import fork_quietly
from .randomness import Randomness
from .recorder import Recorder
from .shell import make_shell, run_startup


def main(descriptor: int) -> None:
    """Take the plan from the socket `descriptor`, carry it out, and fork until the server is gone.

    A plan that cannot be carried out as it is ends the process, after an answer that says which
    part of it is to be left out.
    """
    control = _kept_from_programs(descriptor)
    sys.argv = [""]
    with control.makefile("rb") as lines:
        plan = json.loads(lines.readline())
    recorder = Recorder()
    try:
        with _ended_with(control):
            shell = make_shell(recorder)
            run_startup(shell, plan["startup"])
            import_modules(plan["modules"])
            recorder.take()  # what a module prints is none of the first cell's
            randomness = Randomness()
            shared = run_cells(shell, recorder, randomness, plan["cells"])
    except Unshareable as found:
        # The server ends this process, with what the cell may have started.
        _tell(control, found.answer)
        os._exit(1)
    make_app()
    # What the collector need not look at is not written to, and so stays shared.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _tell(control, {"ready": True})
    connection = Forks(control).next_child()
    if connection is None:
        leave(0)
    else:
        leave(_code_of(lambda: run_kernel(connection, shell, shared, randomness)))


def _code_of(work: Callable[[], int]) -> int:
    """The exit code that Python would end with after `work`."""
    try:
        return work()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        return 1


def leave(code: int) -> None:
    """End this process without taking Python down, which would write to every shared page."""
    try:
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


@contextmanager
def _ended_with(control: socket.socket) -> Iterator[None]:
    """The server's end closes: then the system ends this process too, whatever it is doing.

    Nothing else comes on the socket meanwhile, and SIGIO, which tells of it, ends a process that
    does not handle it: fcntl(2), signal(7).
    """
    flags = fcntl.fcntl(control, fcntl.F_GETFL)
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(control, fcntl.F_SETFL, flags)


def _kept_from_programs(descriptor: int) -> socket.socket:
    """The socket `descriptor`, whose end no program that a cell starts may hold open."""
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)


def _tell(connection: socket.socket, answer: dict[str, Any]) -> None:
    connection.sendall(json.dumps(answer).encode() + b"\n")


class Forks:
    """Forks on demand, and tells of each child how it ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control: socket.socket | None = control
        self._children: dict[int, socket.socket] = {}
        # A child's end wakes the loop through this pipe.
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)

    def next_child(self) -> socket.socket | None:
        """Returns in each child, with its connection; in the parent, None when all is over.

        When the server closes its end there are no more forks, and the parent stays until the last
        kernel is gone.
        """
        while self._control is not None or self._children:
            sources: list[Any] = [self._wake, *([self._control] if self._control else [])]
            for source in select.select(sources, [], [])[0]:
                if source is self._wake:
                    os.read(self._wake, 4096)
                    self._reap()
                elif (connection := self._asked()) is not None and self._fork(connection):
                    return connection
        return None

    def _asked(self) -> socket.socket | None:
        assert self._control is not None
        try:
            asked, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        except OSError:
            asked, descriptors = b"", []
        if not asked:
            self._control.close()
            self._control = None
        return _kept_from_programs(descriptors[0]) if descriptors else None

    def _fork(self, connection: socket.socket) -> bool:
        """True in the child."""
        try:
            pid = fork_quietly()
        except OSError:  # no memory, no process to be had: the server sees the connection end
            connection.close()
            return False
        if pid:
            self._children[pid] = connection
            return False
        self._let_go()
        return True

    def _let_go(self) -> None:
        """In the child: hold nothing that tells others of the parent's life or of a sibling's."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(self._wake)
        os.close(self._woken)
        if self._control is not None:
            self._control.close()
        for sibling in self._children.values():
            sibling.close()

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            # The server may be gone.
            with self._children.pop(pid) as connection, suppress(OSError):
                _tell(connection, {"exit": os.waitstatus_to_exitcode(status)})
