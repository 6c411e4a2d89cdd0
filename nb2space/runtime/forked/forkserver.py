"""The parent of forked kernels, as the server sees it: started first, kept, asked for forks.

Server and parent share a socket. The plan goes over it, and one line comes back when the parent is
ready or has found what must not be shared. Each fork is asked for with one byte and one end of a
new socket pair, over which the kernel gets its request, says that it is ready, and stays known.
The ends of these sockets tell each side that the other is gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from .plan import Plan
from .process import ForkedProcess, Parent

log = logging.getLogger("nb2space")

# Seconds: until the shared cells are done, until a fork answers.
_WARM_UP = 900
_ANSWER = 60

# Seconds before a parent that died is started again, time after time; then no more.
_PAUSES = (0, 2, 20, 120)
# A parent that lived this long, in seconds, has not died at once.
_LONG_LIFE = 3600
_MOST_CRASHES = 3
_MOST_CUTS = 8

# The package is given a name of its own: the author may have a module with any other.
_BOOTSTRAP = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
folder, control = sys.argv[1:]
# Nothing is written into the Space's folder; the author's own modules may be kept compiled.
writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
spec = spec_from_file_location(
    "_nb2space_parent", folder + "/__init__.py", submodule_search_locations=[folder]
)
sys.modules[spec.name] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[spec.name])
from _nb2space_parent.main import main
sys.dont_write_bytecode = writes
main(int(control))
"""


class ForkError(Exception):
    """There is no fork to be had; the text says why, for the log."""


class ForkServer:
    """Keeps the parent and gives its forks.

    `python` is the start of the command that runs the kernels' Python, `output` the descriptor to
    which the parent and the kernels write beside their messages.
    """

    def __init__(
        self,
        python: Sequence[str],
        plan: Plan,
        *,
        environment: Mapping[str, str],
        folder: Path,
        output: int,
    ) -> None:
        self._command = [*python, "-c", _BOOTSTRAP, str(Path(__file__).with_name("parent"))]
        self._plan = plan
        self._environment = dict(environment)
        self._folder = folder
        self._output = output
        self._parent: Future[Parent] = Future()
        self._crashes = 0
        self._is_over = threading.Event()
        self._turn = threading.Lock()

    def start(self) -> None:
        """Start the parent, and keep one running from now on, in the background."""
        threading.Thread(target=self._keep, daemon=True, name="forkserver").start()

    def stop(self) -> None:
        """Let the parent end, which it does when its last kernel has."""
        self._is_over.set()
        self._refuse("the server ends")

    async def parent(self) -> Parent:
        """The parent, once it is ready. Raises ForkError when there is none."""
        # Others wait for the same, so one who leaves must not cancel it.
        return await asyncio.shield(asyncio.wrap_future(self._parent))

    async def fork(self, arguments: list[str], environment: Mapping[str, str]) -> ForkedProcess:
        """A kernel with ipykernel's `arguments`, whose sockets are bound.

        The first viewers wait until the parent is ready. Raises ForkError when there is none.
        """
        parent = await self.parent()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        request = json.dumps({"arguments": arguments, "environment": dict(environment)})
        try:
            with theirs:
                socket.send_fds(parent.control, [b"f"], [theirs.fileno()])
            answer = await asyncio.wait_for(_ask(ours, request), _ANSWER)
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            ours.close()
            raise ForkError(f"the parent does not answer ({type(error).__name__})") from None
        except BaseException:
            ours.close()
            raise
        if "ready" not in answer:
            ours.close()
            self._note_crash()
            raise ForkError("the fork ended before it was a kernel")
        return ForkedProcess(answer["ready"], parent, ours, self._note_crash)

    def _keep(self) -> None:
        """Start one parent after the other, until they end too often or are not to be had."""
        deaths = 0
        while deaths < len(_PAUSES):
            if self._is_over.wait(_PAUSES[deaths]):
                return
            started = time.monotonic()
            try:
                parent, control = self._warm_up()
            except ForkError as error:
                self._give_up(str(error))
                return
            self._offer(control)
            log.info("Kernels are forked; cells that ran once for all: %d.", len(self._plan.cells))
            code = self._last_of(parent).wait()
            if self._is_over.is_set():
                return
            deaths = 1 if time.monotonic() - started > _LONG_LIFE else deaths + 1
            log.warning(
                "The process that kernels are forked from ended with code %d; viewers get kernels "
                "that run every cell until it is back.",
                code,
            )
            self._refuse("the parent has ended")
        log.warning("It ended %d times, so it is not started again.", len(_PAUSES))

    def _last_of(self, parent: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """The parent that ends: with `refresh`, each makes way for a new one before that."""
        while self._plan.refresh and not self._is_over.is_set():
            try:
                parent.wait(self._plan.refresh)
                break
            except subprocess.TimeoutExpired:
                pass
            try:
                renewed, control = self._warm_up()
            except ForkError as error:
                log.warning("The shared cells could not be run anew: %s.", error)
                continue
            self._offer(control)
            log.info("The shared cells ran anew.")
            # It stays until its last kernel is gone, and must not stay on as a zombie.
            threading.Thread(target=parent.wait, daemon=True).start()
            parent = renewed
        return parent

    def _warm_up(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """A parent that is ready, with as much of the plan as can be shared, and its socket.

        Raises ForkError when there can be none.
        """
        for _ in range(_MOST_CUTS):
            try:
                parent, control = self._launch()
            except OSError as error:
                raise ForkError(f"the parent does not start ({error.strerror})") from None
            try:
                answer = _first_line(control)
            except (OSError, ValueError) as error:
                _end(parent, control)
                raise ForkError(
                    f"the shared cells took longer than {_WARM_UP // 60} minutes"
                    if isinstance(error, TimeoutError)
                    else "the parent ended while it ran the shared cells"
                ) from None
            if "ready" in answer:
                return parent, control
            _end(parent, control)
            self._cut(answer)
        raise ForkError("too much of the notebook cannot be shared")

    def _launch(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        try:
            parent = subprocess.Popen(
                [*self._command, str(theirs.fileno())],
                cwd=self._folder,
                env=self._environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                start_new_session=True,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        with suppress(OSError):  # it has ended; so says the answer that is not there
            ours.sendall(json.dumps(self._plan.as_dict()).encode() + b"\n")
        return parent, ours

    def _cut(self, answer: Mapping[str, Any]) -> None:
        """Take out of the plan what the parent found that it must not share."""
        if "module" in answer:
            self._plan = self._plan.without_module(answer["module"])
            log.info("The module %s %s, so forks go without it.", answer["module"], answer["why"])
            return
        cell = self._plan.cells[answer["cell"]]
        self._plan = self._plan.until_cell(answer["cell"])
        log.info(
            "Cell %d %s, so it and the cells after it run for each viewer.",
            cell.number,
            answer["why"],
        )

    def _offer(self, control: socket.socket) -> None:
        """Give forks of another parent, or of the first, from now on."""
        with self._turn:
            if self._is_over.is_set():
                control.close()
                return
            self._close()
            self._parent.set_result(Parent(control, len(self._plan.cells)))

    def _refuse(self, why: str) -> None:
        """Give no forks for now."""
        with self._turn:
            self._close()
            self._parent.set_exception(ForkError(why))

    def _close(self) -> None:
        """Let the parent go, which ends when its last kernel has; newcomers wait."""
        before = self._parent
        if before.done():
            self._parent = Future()
            if before.exception() is None:
                before.result().control.close()

    def _give_up(self, why: str) -> None:
        log.warning("Kernels cannot be forked: %s. Viewers get kernels that run every cell.", why)
        self._refuse(why)

    def _note_crash(self) -> None:
        """A library that does not survive a fork takes kernel after kernel with it."""
        self._crashes += 1
        if self._crashes == _MOST_CRASHES:
            self._is_over.set()
            self._give_up(f"{_MOST_CRASHES} of them crashed")


def _end(parent: subprocess.Popen[bytes], control: socket.socket) -> None:
    """End a parent that is of no use, and what the cells have started in it."""
    with suppress(ProcessLookupError):
        os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    control.close()


def _first_line(control: socket.socket) -> dict[str, Any]:
    """The parent's answer to the plan. Raises OSError or ValueError when there is none."""
    control.settimeout(_WARM_UP)
    try:
        with control.makefile("rb") as lines:
            answer: dict[str, Any] = json.loads(lines.readline())
            return answer
    finally:
        control.settimeout(None)


async def _ask(connection: socket.socket, request: str) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, request.encode() + b"\n")
    told = b""
    while not told.endswith(b"\n"):
        part = await loop.sock_recv(connection, 4096)
        if not part:
            raise ConnectionError
        told += part
    answer: dict[str, Any] = json.loads(told)
    return answer
