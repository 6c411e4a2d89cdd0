"""What kernels write beside their messages, straight to the system's standard output and error.

A crashing library, a debugger and `os.write` may repeat the code there, and a Space that crashes
shows the end of its log. So the log gets a count of the lines, and none of them.
"""

from __future__ import annotations

import logging
import os
import threading

log = logging.getLogger("nb2space")

_CHUNK = 65536


class Noise:
    """A pipe for kernels to write to; `descriptor` is its end for them, open until `close`."""

    def __init__(self) -> None:
        self._read, self.descriptor = os.pipe()
        self.lines = 0
        threading.Thread(target=self._count, daemon=True).start()

    def close(self) -> None:
        """No more kernels are started."""
        os.close(self.descriptor)

    def _count(self) -> None:
        told = 0
        while part := os.read(self._read, _CHUNK):
            self.lines += part.count(b"\n")
            # At one line, ten, a hundred: a kernel that writes much must not fill the log.
            if len(str(self.lines)) > told and self.lines:
                told = len(str(self.lines))
                log.info("Lines that kernels wrote, kept out of this log: %d.", self.lines)
        os.close(self._read)
