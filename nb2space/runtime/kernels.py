"""The kernels of the app: in the workplace, without the secrets of the Space."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from .connection import Gates
from .forked.forkserver import ForkServer
from .forked.plan import plan_of
from .forked.provisioner import use_forking_provisioner
from .noise import Noise
from .workplace import Workplace

_LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


class SpaceKernelManager(AsyncMappingKernelManager):
    """Starts each viewer's kernel in the workplace given to `in_workplace`."""

    workplace: Workplace
    gates: Gates
    noise: Noise
    forks: ForkServer | None

    def cwd_for_path(self, path: str, **kwargs: Any) -> str:
        """Every kernel works in the workplace, whatever path is asked for."""
        return str(self.workplace.files)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel; Voila hands it the server's whole environment, which stays here."""
        kwargs["env"] = self.workplace.kernel_environment(kwargs.get("env") or {})
        kwargs["stdout"] = kwargs["stderr"] = self.noise.descriptor
        kwargs["forks"] = self.forks
        kernel_id: str = await self._async_start_kernel(**kwargs)
        return kernel_id

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """End all kernels, and what they are forked from."""
        await super().shutdown_all(now)
        if self.forks:
            self.forks.stop()

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that is gone, and its gate."""
        self.gates.forget(kernel_id)
        return super().remove_kernel(kernel_id)


def in_workplace(workplace: Workplace, gates: Gates, kernel: str) -> type[SpaceKernelManager]:
    """The kernel manager class whose kernels work in `workplace`, behind `gates`.

    Where the live notebook has something to share, the parent of the kernels starts now, in the
    Python of the kernelspec `kernel`.
    """
    noise = Noise()
    use_forking_provisioner()
    own = {
        "workplace": workplace,
        "gates": gates,
        "noise": noise,
        "forks": _started_forks(workplace, kernel, noise),
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
