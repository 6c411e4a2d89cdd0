"""The kernels of the app: in the workplace, without the secrets of the Space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from .connection import Gates
from .noise import Noise
from .workplace import Workplace


class SpaceKernelManager(AsyncMappingKernelManager):
    """Starts each viewer's kernel in the workplace given to `in_workplace`."""

    workplace: Workplace
    gates: Gates
    noise: Noise

    def cwd_for_path(self, path: str, **kwargs: Any) -> str:
        """Every kernel works in the workplace, whatever path is asked for."""
        return str(self.workplace.files)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel; Voila hands it the server's whole environment, which stays here."""
        kwargs["env"] = self.workplace.kernel_environment(kwargs.get("env") or {})
        kwargs["stdout"] = kwargs["stderr"] = self.noise.descriptor
        kernel_id: str = await self._async_start_kernel(**kwargs)
        return kernel_id

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that is gone, and its gate."""
        self.gates.forget(kernel_id)
        return super().remove_kernel(kernel_id)


def in_workplace(workplace: Workplace, gates: Gates) -> type[SpaceKernelManager]:
    """The kernel manager class whose kernels work in `workplace`, behind `gates`."""
    own = {"workplace": workplace, "gates": gates, "noise": Noise()}
    return type("WorkplaceKernelManager", (SpaceKernelManager,), own)


def place_guard(workplace: Workplace, cells: Mapping[str, int]) -> None:
    """Put the guard where each kernel runs it before the author's code.

    `cells` maps a cell's hash in ipykernel to its number in the author's notebook.
    """
    startup = workplace.home / "ipython" / "profile_default" / "startup"
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
