"""What measurements read off an app's processes."""

from __future__ import annotations

import time

import psutil

_LONGEST = 60


def server_of(url: str) -> psutil.Process:
    """The process below this one that listens there."""
    port = int(url.rsplit(":", 1)[1].strip("/"))
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        for process in psutil.Process().children(recursive=True):
            try:
                connections = process.net_connections()
            except psutil.Error:  # it has ended
                continue
            if any(c.laddr.port == port and c.status == "LISTEN" for c in connections):
                return process
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port}")


def memory_of(server: psutil.Process) -> int:
    """The bytes (PSS) of a process and all that it has started."""
    taken = 0
    for process in [server, *server.children(recursive=True)]:
        try:
            taken += process.memory_full_info().pss
        except psutil.Error:
            continue
    return taken
