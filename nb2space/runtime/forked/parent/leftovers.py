"""What a fork cannot take along, and what viewers must not share: found before the fork.

A fork has only the thread that asked for it; a connection or a file that is written to would be one
and the same in all kernels; and what runs beside this process is nobody's afterwards.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .files import open_files, shared_memory

# Seconds that threads and processes which are just ending are given.
_GRACE = 1.0
# Threads that are made anew after a fork by the library that they belong to.
_HARMLESS_THREADS = ("jemalloc_bg_thd",)


@dataclass(frozen=True)
class Before:
    """What was open, and what memory was shared, before something ran."""

    files: set[str] = field(default_factory=open_files)
    memory: set[str] = field(default_factory=shared_memory)


def left_over(before: Before) -> str:
    """A few words on what is there and cannot be shared; "" when there is nothing."""
    _calm_workers()
    _let_libraries_stop_their_threads()
    with _arrow_at_rest() as harmless:
        if _lasting(lambda: _threads_but(harmless)):
            return "leaves threads running"
    if _lasting(_children):
        return "leaves processes running"
    if open_files() - before.files:
        return "keeps a connection or a file that it writes to open"
    if shared_memory() - before.memory:
        return "keeps memory that other processes write to"
    numba = sys.modules.get("numba.np.ufunc.parallel")
    if getattr(numba, "_is_initialized", False):
        return "uses threads of numba, which do not survive a fork"
    return ""


def fork_quietly() -> int:
    """os.fork() without Python's warning of threads, of which only harmless ones are left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _lasting(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _GRACE
    while look():
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)
    return False


def _threads_but(harmless: int) -> bool:
    """True for threads beside this one, but for so many that have no name of their own."""
    if threading.active_count() > 1:
        return True
    names = []
    for number in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{number}/comm") as name:
                if int(number) != os.getpid():
                    names.append(name.read())
        except OSError:  # it has just ended
            continue
    with open("/proc/self/comm") as name:
        own = name.read()
    foreign = [name for name in names if name != own and name.strip() not in _HARMLESS_THREADS]
    return bool(foreign) or names.count(own) > harmless


@contextmanager
def _arrow_at_rest() -> Iterator[int]:
    """Arrow's pools made as small as they can be; how many threads they may then have.

    Arrow makes its pools anew after a fork, and pandas reads files and texts with it.
    """
    arrow: Any = sys.modules.get("pyarrow")
    if arrow is None:
        yield 0
        return
    before = arrow.cpu_count(), arrow.io_thread_count()
    arrow.set_cpu_count(1)
    arrow.set_io_thread_count(1)
    try:
        yield 2
    finally:
        arrow.set_cpu_count(before[0])
        arrow.set_io_thread_count(before[1])


def _children() -> bool:
    import psutil

    return bool(psutil.Process().children())


def _calm_workers() -> None:
    """End joblib's pool of processes, which it keeps for the next time and makes again."""
    executors = sys.modules.get("joblib.externals.loky.reusable_executor")
    if executors is not None and getattr(executors, "_executor", None) is not None:
        executors.get_reusable_executor().shutdown(wait=True, kill_workers=True)
    for name in (
        "joblib.externals.loky.backend.resource_tracker",
        "multiprocessing.resource_tracker",
    ):
        tracker = getattr(sys.modules.get(name), "_resource_tracker", None)
        if tracker is not None and hasattr(tracker, "_stop"):
            tracker._stop()


def _let_libraries_stop_their_threads() -> None:
    """OpenBLAS ends its threads before each fork, and starts them again when it needs them."""
    pid = fork_quietly()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
