"""What tests of forked kernels share: a fork server of some cells, and kernels of it."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil
from browsing import wait_until
from conftest import code
from jupyter_client.manager import AsyncKernelManager
from making import notebook_of
from nbclient import NotebookClient

from nb2space.runtime.forked.forkserver import ForkServer
from nb2space.runtime.forked.plan import Plan, SharedCell
from nb2space.runtime.forked.process import ForkedProcess
from nb2space.runtime.forked.provisioner import use_forking_provisioner
from nb2space.runtime.wakeup import cure_lost_wakeup
from nb2space.sharing import sharing_of

_numbers = itertools.count()
Result = TypeVar("Result")


@contextmanager
def forks_of(
    *cells: str,
    told: bool = True,
    modules: Sequence[str] = (),
    outputs: Sequence[Any] = (),
    widgets: Sequence[str] = (),
    refresh: float | None = None,
    python: str = sys.executable,
    path: str = "",
) -> Iterator[ForkServer]:
    """A fork server that shares `cells`; unless `told` they must show `outputs` again."""
    notebook = notebook_of(*(code(source, "shared") if told else source for source in cells))
    for cell, shown in zip(notebook.cells, outputs, strict=False):
        cell.outputs = shown
    seen = sharing_of(notebook, {}, unsettled={}, widgets=widgets).cells
    shared = tuple(
        SharedCell(
            number + 1,
            source,
            digest=seen.get(number, {}).get("digest", ""),
            widgets=seen.get(number, {}).get("widgets", ""),
            seeds=tuple(seen.get(number, {}).get("seeds", ())),
            told=told,
        )
        for number, source in enumerate(cells)
    )
    with tempfile.TemporaryDirectory() as folder:
        forks = ForkServer(
            [python, "-Xfrozen_modules=off"],
            Plan(tuple(modules), shared, refresh=refresh),
            environment={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": path,
                "IPYTHONDIR": folder,
                "TMPDIR": folder,
            },
            folder=Path(folder),
            output=2,
        )
        forks.start()
        try:
            yield forks
        finally:
            forks.stop()
            wait_until(lambda: not parents())


class Kernel:
    """A kernel and its notebook's client."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client

    @property
    def process(self) -> Any:
        """What jupyter_client takes for the kernel's process."""
        return self.manager.provisioner.process

    @property
    def is_forked(self) -> bool:
        """True for a fork of the parent."""
        return isinstance(self.process, ForkedProcess)

    async def run(self, *cells: str) -> str:
        """Run `cells`, as Voila does, and give what they print and display as text."""
        notebook = notebook_of(*cells)
        self.client.nb = notebook
        for index, cell in enumerate(notebook.cells):
            await self.client.async_execute_cell(cell, index)
        return "".join(
            output.get("text") or str(output.get("data", {}).get("text/plain", ""))
            for cell in notebook.cells
            for output in cell.outputs
        )


@asynccontextmanager
async def kernel_of(forks: ForkServer | None, **environment: str) -> AsyncIterator[Kernel]:
    """A kernel that is forked, if it can be."""
    use_forking_provisioner()
    cure_lost_wakeup()
    with tempfile.TemporaryDirectory() as folder:
        manager = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc",
            ip=f"{folder}/{next(_numbers)}",
            connection_file=f"{folder}/kernel.json",
        )
        client = NotebookClient(notebook_of(), km=manager)
        inherited = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ
        }
        own = {"IPYTHONDIR": folder, "HOME": folder, **environment}
        await manager.start_kernel(forks=forks, env={**inherited, **own})
        await client.async_start_new_kernel_client()
        try:
            yield Kernel(manager, client)
        finally:
            await client._async_cleanup_kernel()


def parents() -> list[int]:
    """The parents of forked kernels that this process has started."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # a zombie counts as none
            if "_nb2space_parent" in str(child.cmdline()):
                found.append(child.pid)
    return found


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, done in a thread: in this one Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


async def until(what: Any, seconds: float = 30) -> None:
    """Wait until `what()` is true."""
    for _ in range(int(seconds * 20)):
        if what():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come true")
