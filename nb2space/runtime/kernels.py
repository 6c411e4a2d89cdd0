"""The kernels of the app: in the workplace, without the secrets of the Space."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timezone
from pathlib import Path
from string import Template
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from .admission import Admission, Ticket
from .connection import Gates, close_idle
from .forked.forkserver import ForkServer
from .forked.plan import plan_of
from .forked.provisioner import use_forking_provisioner
from .noise import Noise
from .settings import Limits, Settings
from .workplace import Workplace

STARTING: ContextVar[Ticket] = ContextVar("STARTING")
"""Whose kernel is started; Voila, which starts it, tells its id only some time later."""

# What a kernel that is starting or ending is given for it when the server ends.
_LAST_SECONDS = 1

_LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


class SpaceKernelManager(AsyncMappingKernelManager):
    """Starts each viewer's kernel in the workplace given to `in_workplace`."""

    workplace: Workplace
    gates: Gates
    noise: Noise
    forks: ForkServer | None
    admission: Admission
    limits: Limits

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self._started: set[str] = set()
        self._left_since: dict[str, float] = {}

    def cwd_for_path(self, path: str, **kwargs: Any) -> str:
        """Every kernel works in the workplace, whatever path is asked for."""
        return str(self.workplace.files)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel; Voila hands it the server's whole environment, which stays here."""
        kwargs["env"] = self.workplace.kernel_environment(kwargs.get("env") or {})
        kwargs["stdout"] = kwargs["stderr"] = self.noise.descriptor
        kwargs["forks"] = self.forks
        kernel_id: str = await self._async_start_kernel(**kwargs)
        self._started.add(kernel_id)
        STARTING.get().kernel_id = kernel_id
        return kernel_id

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose page is gone, or whose page nobody uses.

        jupyter_server asks for each kernel, every `cull_interval` seconds.
        """
        if kernel_id not in self._started or self.admission.is_starting(kernel_id):
            return
        kernel = self.kernel_model(kernel_id)  # type: ignore[no-untyped-call]
        if not kernel["connections"]:
            since = self._left_since.setdefault(kernel_id, time.monotonic())
            if time.monotonic() - since >= self.limits.gone:
                await self._end(kernel_id)
            return
        self._left_since.pop(kernel_id, None)
        unused = datetime.now(timezone.utc) - _moment(kernel["last_activity"])
        if kernel["execution_state"] != "busy" and unused.total_seconds() >= self.limits.idle:
            close_idle(kernel_id)
            await self._end(kernel_id)

    async def _end(self, kernel_id: str) -> None:
        await ensure_async(self.shutdown_kernel(kernel_id, now=True))  # type: ignore[no-untyped-call]

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """End all kernels, and what they are forked from."""
        # jupyter_client ends none that is just starting or ending; those end with this process.
        if changing := list(self._pending_kernels.values()):
            await asyncio.wait(changing, timeout=_LAST_SECONDS)
        self._pending_kernels.clear()
        for kernel in self._kernels.values():
            if not kernel.ready.done():
                kernel.ready.cancel()
        await super().shutdown_all(now)
        if self.forks:
            self.forks.stop()

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that is gone, and its gate."""
        self.gates.forget(kernel_id)
        self.admission.ended(kernel_id)
        self._started.discard(kernel_id)
        self._left_since.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)


def _moment(text: str) -> datetime:
    """A time as jupyter_server writes it; Python before 3.11 does not read the Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def in_workplace(
    workplace: Workplace, gates: Gates, admission: Admission, settings: Settings
) -> type[SpaceKernelManager]:
    """The kernel manager class whose kernels work in `workplace`, behind `gates`.

    `admission` is told of each kernel that ends. Where the live notebook has something to share,
    the parent of the kernels starts now, in the Python of the settings' kernelspec.
    """
    noise = Noise()
    use_forking_provisioner()
    own = {
        "workplace": workplace,
        "gates": gates,
        "noise": noise,
        "forks": _started_forks(workplace, settings.kernel, noise),
        "admission": admission,
        "limits": settings.limits,
    }
    return type("WorkplaceKernelManager", (SpaceKernelManager,), own)


def _started_forks(workplace: Workplace, kernel: str, noise: Noise) -> ForkServer | None:
    """The fork server of the notebook; None when each kernel is to be a process of its own."""
    live = nbformat.reads(workplace.notebook, as_version=4)
    plan = plan_of(live, sorted(_startup_of(workplace).glob("*.py")))
    try:
        spec = KernelSpecManager().get_kernel_spec(kernel)
    except NoSuchKernel:
        return None
    # A kernelspec may start its kernels in any way; this is ipykernel's own.
    if plan is None or spec.argv[-4:] != _LAUNCH or "kernel_provisioner" in spec.metadata:
        return None
    environment = workplace.kernel_environment(os.environ)
    own = {name: Template(value).safe_substitute(environment) for name, value in spec.env.items()}
    named = Path(spec.argv[0]).name.startswith("python") and os.sep not in spec.argv[0]
    forks = ForkServer(
        # As KernelManager.format_kernel_cmd does: a mere "python" is the server's own.
        [sys.executable if named else spec.argv[0], *spec.argv[1:-4]],
        plan,
        environment={**environment, **own},
        folder=workplace.files,
        output=noise.descriptor,
    )
    forks.start()
    return forks


def _startup_of(workplace: Workplace) -> Path:
    return workplace.home / "ipython" / "profile_default" / "startup"


def place_guard(workplace: Workplace, cells: Mapping[str, int]) -> None:
    """Put the guard where each kernel runs it before the author's code.

    `cells` maps a cell's hash in ipykernel to its number in the author's notebook.
    """
    startup = _startup_of(workplace)
    startup.mkdir(parents=True)
    guard = Path(__file__).with_name("guard.py").read_text(encoding="utf-8")
    call = f"\n\ninstall_guard({str(workplace.reports)!r}, {dict(cells)!r})\ndel install_guard\n"
    (startup / "00-guard.py").write_text(guard + call, encoding="utf-8")


def cell_hashes(notebook: Any) -> dict[str, int]:
    """The number of each code cell, by the hash that ipykernel names the cell's file after."""
    from ipykernel.compiler import get_tmp_hash_seed, murmur2_x86

    return {
        str(murmur2_x86(cell.source, get_tmp_hash_seed())): cell.metadata.nb2space.number
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
