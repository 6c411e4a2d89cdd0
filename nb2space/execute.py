"""Executing the notebook in a fresh kernel of its own kernelspec, as the author would."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from nb2space.environment import Environment, begin_trace, read_environment
from nb2space.environment.opened import opened_below
from nb2space.errors import CellError, InputError
from nb2space.notebook import Notebook
from nb2space.runtime.forked.parent.digest import digest_of_widgets
from nb2space.runtime.startcode import start_code
from nb2space.runtime.wakeup import cure_lost_wakeup
from nb2space.tags import numbered, view_of

Result = TypeVar("Result")

Progress = Callable[[int, int], None]
"""Called before each cell with its number and the number of cells, both counted from 1."""

Afterwards = Callable[[Any], Awaitable[Any]]
"""Takes the nbclient client of a kernel that has executed every cell and still lives."""

_STARTUP_SECONDS = 60

# What IRkernel and IJulia call the kernels that they install; a notebook may name one without its
# language: irkernel.github.io/docs (installspec), julialang.github.io/IJulia.jl (installkernel).
_OTHERS = {r"ir(-?\d.*)?": "R", r"julia(-.*)?": "Julia"}


@dataclass(frozen=True)
class Executed:
    """An executed notebook, what its kernel runs on, and the seconds that all cells took.

    `cell_seconds` are those of each code cell in their order, none when nothing was executed;
    `cell_widgets` the digests of all widgets' states after each.
    `afterwards` is what the function of that name gave, which `execute_notebook` may be handed;
    the ids of widgets were drawn from `widget_seed`, "" when nothing was executed.
    """

    notebook: Notebook
    environment: Environment
    seconds: float
    afterwards: Any = None
    cell_seconds: tuple[float, ...] = ()
    cell_widgets: tuple[str, ...] = ()
    widget_seed: str = ""


def choose_kernel(notebook: Notebook, wanted: str | None = None) -> str:
    """The name of the installed Python kernel to use: `wanted`, else the notebook's own.

    Raises InputError for a kernel that is not installed or not Python.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    name = wanted or notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    language = _declared_language(notebook, name)
    specs = KernelSpecManager().get_all_specs()
    if name in specs:
        language = specs[name]["spec"].get("language", "")
    if not _is_python(language):
        raise InputError(
            f"The notebook's kernel '{name}' runs {language}, and an app with a kernel can be made "
            "of Python notebooks only (IPython kernels). A page that shows the outputs as they are "
            "saved can be made of any: add --static --no-execute."
        )
    if name not in specs:
        python = sorted(k for k, s in specs.items() if s["spec"].get("language") == "python")
        whose = "The kernel" if wanted else "The notebook's kernel"
        raise InputError(
            f"{whose} '{name}' is not installed here. Install it "
            f"(python -m ipykernel install --user --name {name}, in its environment), "
            f"or choose another with --kernel. Installed: {', '.join(python) or 'none'}."
        )
    return name


def is_python(notebook: Notebook) -> bool:
    """True unless the notebook says that its code is in another language."""
    name = notebook.metadata.get("kernelspec", {}).get("name") or ""
    return _is_python(_declared_language(notebook, name))


def _declared_language(notebook: Notebook, kernel: str) -> str:
    """The language that the notebook tells, or that the name of the kernel does; "" without."""
    declared = notebook.metadata.get("kernelspec", {})
    known = notebook.metadata.get("language_info", {})
    by_name = (other for name, other in _OTHERS.items() if re.fullmatch(name, kernel))
    return str(declared.get("language") or known.get("name") or next(by_name, ""))


def _is_python(language: str) -> bool:
    return (language or "python").lower() in {"python", "ipython"}


def execute_notebook(
    notebook: Notebook,
    *,
    folder: Path,
    kernel: str,
    timeout: float | None = None,
    progress: Progress = lambda number, count: None,
    variables: Mapping[str, str] | None = None,
    afterwards: Afterwards | None = None,
    widget_seed: str = "",
) -> Executed:
    """Execute every cell of a copy of `notebook`, in `folder`, with a fresh kernel.

    `variables` are set in the kernel's environment beside this process's own. `afterwards` is
    awaited last, while the kernel still lives; its own time is not the notebook's. `timeout` is
    the most seconds that one cell may take (None: no limit). Widgets get their ids from
    `widget_seed`, from one by chance without it. Raises CellError with the cell's
    number when a cell fails, takes too long or kills the kernel. The kernel is gone when this
    returns or raises, also after Ctrl-C.
    """
    cure_lost_wakeup()
    client = _client(prepared(notebook), folder, kernel, timeout)
    environment = {**os.environ, **(variables or {})}
    seed = widget_seed or secrets.token_hex()
    return _run(_execute(client, folder, timeout, progress, environment, afterwards, seed))


def prepared(notebook: Notebook) -> Notebook:
    """A copy whose tags nbclient understands and whose earlier results are gone."""
    import nbformat

    copy = nbformat.from_dict(notebook)
    copy.metadata.pop("widgets", None)
    for cell in copy.cells:
        view = view_of(cell)
        if cell.cell_type != "code":
            continue
        if view.runs:
            cell.outputs = []
        else:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "skip-execution"]
        if view.may_fail:
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "raises-exception"]
    return copy


def inspect_kernel(notebook: Notebook, *, folder: Path, kernel: str) -> Environment:
    """What `kernel` runs on and provides of `notebook`'s imports, without executing any cell."""
    cure_lost_wakeup()
    return _run(_inspect(notebook, folder, kernel))


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Do `work` to its end, also for a caller that has an event loop, such as a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_until_signal(work))
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


async def _until_signal(work: Coroutine[Any, Any, Result]) -> Result:
    """Do `work`, which SIGTERM cancels: an exception anywhere could leave a kernel behind.

    Then SystemExit is raised with the code that shells know, once all is cleaned up.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        task.cancel()

    before = signal.getsignal(signal.SIGTERM)
    # Elsewhere than on POSIX, and beside the main thread, there are no such handlers.
    with suppress(NotImplementedError, ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGTERM, end)
    try:
        return await task
    except asyncio.CancelledError:
        if ended:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, before)


async def _inspect(notebook: Notebook, folder: Path, kernel: str) -> Environment:
    client = _client(notebook, folder, kernel, None)
    async with _kernel_of(client, os.environ):
        return await read_environment(client.kc, notebook, await begin_trace(client.kc))


async def _execute(
    client: Any,
    folder: Path,
    timeout: float | None,
    progress: Progress,
    variables: Mapping[str, str],
    afterwards: Afterwards | None,
    seed: str,
) -> Executed:
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )
    from nbformat import ValidationError

    started = time.monotonic()
    number, failed = 0, None
    took, widgets = [], []
    cells = list(numbered(client.nb))
    try:
        async with _kernel_of(client, variables):
            await _number_widgets(client.kc, seed)
            before = await begin_trace(client.kc)
            with opened_below(folder) as opened:
                for index, (number, cell) in enumerate(cells):
                    progress(number, cells[-1][0])
                    failed = cell
                    begun = time.monotonic()
                    await _run_cell(client, cell, index)
                    if cell.cell_type == "code":
                        took.append(time.monotonic() - begun)
                        widgets.append(client.digest_of_widgets())
            client.set_widgets_metadata()
            environment = replace(
                await read_environment(client.kc, client.nb, before),
                opened=opened.files(),
                watched=opened.complete,
            )
            seconds = time.monotonic() - started
            result = await afterwards(client) if afterwards else None
    except CellExecutionError as error:
        if error.ename == "StdinNotImplementedError":
            raise CellError(
                f"Cell {number} asks for input; there is nobody to answer. Nothing was written. "
                "Set the value in a cell tagged 'parameters', and give another with -p NAME=VALUE."
            ) from None
        if error.ename == "KeyError" and (name := _variable_of(error.evalue, failed)):
            raise CellError(
                f"Cell {number} needs the environment variable {name}, which is not set here. "
                "Nothing was written. Set it and convert again."
            ) from None
        # What an error says may have any number of lines; the report has them all.
        said = " ".join(f"{error.ename}: {error.evalue}".split())
        raise CellError(
            f"Cell {number} failed: {said}".rstrip(": .")
            + ". Nothing was written. Mend it, or tag it 'raises-exception' if it should fail.",
            report=_report_of(failed),
        ) from None
    except CellTimeoutError:
        raise CellError(
            f"Cell {number} did not finish within {timeout:g} seconds. Nothing was written. "
            "Give it more with --timeout SECONDS."
        ) from None
    except (ValidationError, RecursionError) as error:
        # What `display(…, raw=True)` is given, nbclient takes only if a notebook can hold it.
        path = [str(part) for part in getattr(error, "relative_path", [])]
        what = f"'{path[-1]}' what is none" if path else "JSON what is nested too deeply"
        raise CellError(
            f"Cell {number} displays as {what}, so no page can show it. Nothing was written. "
            "Change what the cell displays."
        ) from None
    except DeadKernelError:
        raise CellError(
            f"The kernel died in cell {number}, as it does when memory runs out or a library "
            "crashes. Nothing was written."
        ) from None
    return Executed(client.nb, environment, seconds, result, tuple(took), tuple(widgets), seed)


def _variable_of(key: str, cell: Any) -> str:
    """The environment variable that `cell` asked for by this key; "" when it is none."""
    from nb2space.secrets.reads import variables_needed

    name = key.strip("'\"")
    return name if name in variables_needed([cell.source]) else ""


async def _number_widgets(kernel_client: Any, seed: str) -> None:
    """Give the widgets of the kernel the ids that they will have in the app's kernels."""
    await kernel_client.execute(
        start_code(seed), silent=True, store_history=False, reply=True, timeout=_STARTUP_SECONDS
    )


async def _run_cell(client: Any, cell: Notebook, index: int) -> None:
    from nbclient.exceptions import DeadKernelError

    try:
        await client.async_execute_cell(cell, index)
    except DeadKernelError:
        # nbclient takes being cancelled, which is what Ctrl-C does, for the kernel's death.
        if await client.km.is_alive():
            raise asyncio.CancelledError from None
        raise


def _client(notebook: Notebook, folder: Path, kernel: str, timeout: float | None) -> Any:
    quiet = logging.getLogger("nb2space.kernel")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    return _client_class()(
        notebook,
        kernel_name=kernel,
        timeout=timeout,
        startup_timeout=_STARTUP_SECONDS,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        log=quiet,
    )


def _client_class() -> Any:
    from nbclient import NotebookClient

    base: Any = NotebookClient

    class Client(base):  # type: ignore[misc]
        """nbclient's, which tells what the widgets have come to."""

        _digest: str | None = ""

        def handle_comm_msg(self, outs: Any, msg: Any, cell_index: int) -> None:
            """Called for each message of a widget."""
            self._digest = None
            super().handle_comm_msg(outs, msg, cell_index)

        def digest_of_widgets(self) -> str:
            """The digest of all widgets' states."""
            if self._digest is None:
                self._digest = digest_of_widgets(self.widget_state)
            return self._digest

    return Client


class _kernel_of:
    """Starts the client's kernel and sees to it that it is gone afterwards.

    nbclient's own context manager takes Ctrl-C for itself and goes on; here it must end the run.
    """

    def __init__(self, client: Any, variables: Mapping[str, str]) -> None:
        self.client = client
        self.variables = dict(variables)
        self.folder = tempfile.TemporaryDirectory(prefix="nb2space-")
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> None:
        self.tasks = asyncio.all_tasks()
        manager = self.client.create_kernel_manager()
        # Sockets in a private folder rather than open ports; Windows has no such sockets.
        if os.name == "posix":
            manager.connection_file = f"{self.folder.name}/kernel.json"
            manager.transport = "ipc"
            manager.ip = f"{self.folder.name}/socket"
        # What a kernel says beside its answers is for the author only when it does not start.
        told = Path(self.folder.name, "stderr")
        told.touch()
        try:
            with told.open("wb") as stderr:
                await self.client.async_start_new_kernel(stderr=stderr, env=self.variables)
            await self.client.async_start_new_kernel_client()
        except BaseException as error:
            lines = told.read_text(errors="replace").strip().splitlines()
            await self.__aexit__()
            if not isinstance(error, Exception):  # Ctrl-C
                raise
            reason = lines or str(error).strip().splitlines() or [type(error).__name__]
            raise InputError(
                f"The kernel '{self.client.kernel_name}' does not start: {reason[-1]}. "
                f"Check it with: jupyter console --kernel {self.client.kernel_name}"
            ) from None

    async def __aexit__(self, *exception: object) -> None:
        # nbclient goes on asking whether the kernel lives when it is ended by what it cannot read.
        for task in asyncio.all_tasks() - self.tasks:
            task.cancel()
        try:
            if self.client.km is not None:  # after a failed start nbclient may have done it
                await self.client._async_cleanup_kernel()
        finally:
            self.folder.cleanup()


def _report_of(cell: Notebook) -> str:
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            return "\n".join(output["traceback"])
    return ""
