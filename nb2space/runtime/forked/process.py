"""A forked kernel, as jupyter_client wants to see a process: with the methods of Popen.

The kernel is the parent's child and not the server's, so it is watched through a socket. The
parent writes the exit code there; without it, the end of the socket tells that all who held its
other end are gone: the kernel, and the parent before it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_LOOK_EVERY = 0.01

# What a library's fault ends a process with; a kernel that is shut down or runs out of memory is
# ended by others.
_CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE}


@dataclass(frozen=True, eq=False)
class Parent:
    """What kernels are forked from: where forks are asked for, and how many cells it has run."""

    control: socket.socket
    cells: int


class ForkedProcess:
    """The kernel with process id `pid`; `crashed` is called once if a fault ends it."""

    stdin = stdout = stderr = None

    def __init__(
        self, pid: int, parent: Parent, connection: socket.socket, crashed: Callable[[], None]
    ) -> None:
        self.pid = pid
        self.parent = parent
        self.returncode: int | None = None
        self._connection = connection
        self._crashed = crashed
        self._told = b""

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while the kernel lives."""
        while self.returncode is None:
            try:
                part = self._connection.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            except OSError:
                part = b""
            self._told += part
            if self._told.endswith(b"\n"):
                self._end(int(json.loads(self._told)["exit"]))
            elif not part:
                self._end(self._code_of_orphan())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when there is one. Raises TimeoutExpired after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a forked kernel", timeout or 0)
            time.sleep(_LOOK_EVERY)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it has started, while it lives."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)

    def _end(self, code: int) -> None:
        self.returncode = code
        self._connection.close()
        if code in _CRASHES:
            self._crashed()

    def _code_of_orphan(self) -> int:
        """The code of a kernel whose parent died before it.

        In a container the server may be process 1, which inherits orphans and has to reap them.
        """
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return os.waitstatus_to_exitcode(status) if pid else -signal.SIGKILL
        except ChildProcessError:
            return -signal.SIGKILL
