"""What a cell does beyond this process while it runs, by Python's audit events."""

from __future__ import annotations

import socket
import sys
from typing import Any


class Watch:
    """Notes which ways out of this process a cell takes: the network, other programs."""

    def __init__(self) -> None:
        self.seen = ""
        self._is_on = False
        sys.addaudithook(self._note)

    def __enter__(self) -> Watch:
        self.seen, self._is_on = "", True
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_on = False

    # Python's table of audit events: docs.python.org/3/library/audit_events.html
    def _note(self, event: str, details: Any) -> None:
        if not self._is_on:
            return
        if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
            is_local = event != "socket.getaddrinfo" and details[0].family == socket.AF_UNIX
            self.seen = self.seen or ("" if is_local else "uses the network")
        elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
            self.seen = self.seen or "runs other programs"
