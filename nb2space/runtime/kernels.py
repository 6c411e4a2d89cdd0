"""The kernels of the app: in the workplace, without the secrets of the Space."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from .workplace import Workplace


class SpaceKernelManager(AsyncMappingKernelManager):
    """Starts each viewer's kernel in the workplace given to `in_workplace`."""

    workplace: Workplace

    def cwd_for_path(self, path: str, **kwargs: Any) -> str:
        """Every kernel works in the workplace, whatever path is asked for."""
        return str(self.workplace.files)

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel; Voila hands it the server's whole environment, which stays here."""
        kwargs["env"] = self.workplace.kernel_environment(kwargs.get("env") or {})
        kernel_id: str = await self._async_start_kernel(**kwargs)
        return kernel_id


def in_workplace(workplace: Workplace) -> type[SpaceKernelManager]:
    """The kernel manager class whose kernels work in `workplace`."""
    return type("WorkplaceKernelManager", (SpaceKernelManager,), {"workplace": workplace})
