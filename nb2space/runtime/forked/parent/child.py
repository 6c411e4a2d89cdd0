"""A kernel in a fork of the parent: ipykernel, with the shared cells already done."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import gc
import json
import os
import socket
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from functools import cache
from typing import Any, ClassVar

from .cells import Shared
from .files import reopen_files
from .randomness import Randomness
from .recorder import RecordedStream
from .widgets import for_request

# When memory runs out, the system is to end a viewer's kernel rather than the parent of all:
# proc(5), oom_score_adj, from -1000 to 1000.
_SOONER_ENDED = "300"

# Seconds without another cell after which a kernel gives back memory.
_AT_REST = 1.0

# This module is imported before any code of the author's has run.
_AT_START = dict(os.environ)


def run_kernel(
    connection: socket.socket, shell: Any, shared: Sequence[Shared], randomness: Randomness
) -> int:
    """Be a kernel until it is shut down; the exit code.

    The request on `connection` has ipykernel's command line and the environment. "ready" goes back
    when the sockets are bound: who connects earlier tries again only after a while.
    """
    with connection.makefile("rb") as lines:
        request = json.loads(lines.readline())
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    reopen_files()
    _drop_finalizers()
    _offer_to_be_ended()
    _adapt_environment(request["environment"])
    shell.init_environment()
    asyncio.set_event_loop(asyncio.new_event_loop())
    app = make_app()
    app.kernel_class = _kernel_class(shared, randomness)
    recorded = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    app.initialize(request["arguments"])
    for before, now in zip(recorded, (sys.stdout, sys.stderr), strict=True):
        if isinstance(before, RecordedStream):
            before.kernels_own = now
    shell.parent = shell.kernel = app.kernel
    shell.profile_dir = app.profile_dir
    del shell.__dict__["enable_gui"]
    connection.sendall(json.dumps({"ready": os.getpid()}).encode() + b"\n")
    app.start()
    # Its last output is sent before the thread that sends it is ended.
    app.control_thread.join(2)
    return 0


@cache
def make_app() -> Any:
    """ipykernel's application of this process; made in the parent, its memory is shared."""
    from ipykernel.kernelapp import IPKernelApp

    base: Any = IPKernelApp

    class ForkedKernelApp(base):  # type: ignore[misc]
        """Leaves out what the parent has done for all kernels, and so writes to less memory."""

        def parse_command_line(self, argv: Any = None) -> None:
            """Take the connection file; nothing else is on the line."""
            self.connection_file = argv[argv.index("-f") + 1]

        init_profile_dir = init_config_files = load_config_file = _done

        def init_code(self) -> None:
            """Run the files that kernels run first: ipykernel has undone some of it."""
            self._run_startup_files()

    # Not 0, which would print how to connect; 1 is taken for no parent to be watched.
    app = ForkedKernelApp.instance(parent_handle=1)
    # Where its log is written to is decided by the first who writes.
    with redirect_stderr(sys.__stderr__):
        base.init_profile_dir(app)
        base.init_config_files(app)
        base.load_config_file(app)
    return app


def _done(app: Any) -> None:
    """The parent did it."""


def _kernel_class(shared: Sequence[Shared], randomness: Randomness) -> Any:
    from ipykernel import ipkernel

    base: Any = ipkernel.IPythonKernel
    waiting = deque(shared)

    class ForkedKernel(base):  # type: ignore[misc]
        """Answers the shared cells with what they showed, and runs all others."""

        _is_fresh = True
        _giving_back: asyncio.TimerHandle | None = None

        def __init__(self, **given: Any) -> None:
            # It would note the file of each module, for a debugger that no app has, and by
            # touching them all take 10 MB of what is shared as its own.
            setattr(ipkernel, "sys", _NoModules)  # noqa: B010
            try:
                super().__init__(**given)
            finally:
                setattr(ipkernel, "sys", sys)  # noqa: B010
            # A page may go on with the widgets of the shared cells, and have no cell executed.
            for kind in ("comm_open", "comm_msg"):
                self.shell_handlers[kind] = self._begun(self.shell_handlers[kind])

        async def do_execute(
            self,
            code: str,
            silent: bool,
            store_history: bool = True,
            user_expressions: Any = None,
            allow_stdin: bool = False,
            *,
            cell_meta: Any = None,
            cell_id: Any = None,
        ) -> Any:
            if waiting and not silent and code == waiting[0].source:
                return self._replay(waiting.popleft())
            if not waiting:
                self._begin()
            self._give_back_soon()
            return await super().do_execute(
                code,
                silent,
                store_history,
                user_expressions,
                allow_stdin,
                cell_meta=cell_meta,
                cell_id=cell_id,
            )

        def _begin(self) -> None:
            if self._is_fresh:
                # Only now: starting a kernel draws random numbers itself, and so does Voila's own
                # request before the first cell.
                self._is_fresh = False
                randomness.begin_kernel()

        def _begun(self, handler: Callable[..., Any]) -> Callable[..., Any]:
            def begin_and_handle(*given: Any) -> Any:
                self._begin()
                return handler(*given)

            return begin_and_handle

        def _give_back_soon(self) -> None:
            if self._giving_back:
                self._giving_back.cancel()
            loop = asyncio.get_running_loop()
            self._giving_back = loop.call_later(_AT_REST, _give_back_memory)

        def _replay(self, cell: Shared) -> dict[str, Any]:
            request = self.get_parent("shell")
            for message in cell.messages:
                content = message.content
                if message.kind == "execute_result":
                    content = {**content, "execution_count": cell.count}
                elif message.kind == "comm_msg":
                    content = for_request(content, request["header"]["msg_id"])
                self.session.send(
                    self.iopub_socket,
                    message.kind,
                    content,
                    metadata=message.metadata,
                    parent=request,
                    ident=message.topic,
                    buffers=list(message.buffers),
                )
            self.shell.execution_count = cell.count + 1
            return {
                "status": "ok",
                "execution_count": cell.count,
                "user_expressions": {},
                "payload": [],
            }

    return ForkedKernel


class _NoModules:
    """Stands for `sys` where only its modules are asked for."""

    modules: ClassVar[dict[str, Any]] = {}


def _give_back_memory() -> None:
    """Return to the system what cells needed only while they ran; there are many kernels."""
    gc.collect()
    # glibc keeps what is freed: man malloc_trim. Other libraries have no such call.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def _end_with(connection: socket.socket) -> None:
    """End this kernel when the server has gone."""
    try:
        while connection.recv(1):
            continue
    except OSError:
        pass
    os._exit(1)


def _drop_finalizers() -> None:
    """What the shared cells clean up in the end is shared: no kernel may, only the parent."""
    atexit._clear()
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.detach()
    # So the next finalizer is registered with atexit again.
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        # A kernel's own pools end with it, as ever.
        util._finalizer_registry.clear()
        atexit.register(util._exit_function)


def _adapt_environment(environment: dict[str, str]) -> None:
    """The viewer's own environment, with what the shared cells changed in the parent's."""
    for name in set(environment) | set(os.environ):
        if os.environ.get(name) == _AT_START.get(name):
            if name in environment:
                os.environ[name] = environment[name]
            else:
                os.environ.pop(name, None)


def _offer_to_be_ended() -> None:
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write(_SOONER_ENDED)
    except OSError:  # not every container allows it
        pass
