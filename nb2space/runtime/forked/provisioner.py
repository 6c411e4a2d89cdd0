"""Forked kernels for jupyter_client, so that Voila and jupyter_server stay as they are."""

from __future__ import annotations

import logging
import os
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from .forkserver import ForkError, ForkServer

log = logging.getLogger("nb2space")

_NAME = "nb2space-forked"


class ForkingProvisioner(LocalProvisioner):
    """Starts a kernel by a fork of the parent, and as a process of its own where that fails.

    The fork server is the launch argument `forks`; without one all kernels are ordinary.
    """

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel of the command line `cmd`, and give its connection."""
        forks: ForkServer | None = kwargs.pop("forks", None)
        if forks is None:
            return await super().launch_kernel(cmd, **kwargs)
        try:
            process: Any = await forks.fork(cmd[cmd.index("-f") :], kwargs["env"])
        except ForkError as error:
            log.debug("An ordinary kernel is started: %s", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid = process, process.pid
        # Signals go through the process, which knows whether the number is still the kernel's.
        self.pgid = None
        self.cwd = kwargs.get("cwd") or os.getcwd()
        return self.connection_info


def use_forking_provisioner() -> None:
    """Make jupyter_client start kernels with this provisioner unless their kernelspec names one.

    The factory finds provisioners by the entry points of installed packages; the runtime of a
    Space is a folder.
    """
    factory = KernelProvisionerFactory.instance()
    value = f"{ForkingProvisioner.__module__}:{ForkingProvisioner.__name__}"
    factory.provisioners[_NAME] = EntryPoint(_NAME, value, factory.GROUP_NAME)
    factory.default_provisioner_name = _NAME
