"""Start of the container: `python -m runtime` in the Space's folder."""

from __future__ import annotations

import ctypes
import logging
import sys
from pathlib import Path

from .front import serve
from .settings import take_settings

_PR_SET_DUMPABLE = 4


def main() -> None:
    """Serve the app; without a usable key, serve the page that says it is being prepared."""
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("nb2space").setLevel(logging.INFO)
    _close_to_others()
    serve(take_settings(Path(__file__).resolve().parent.parent))


def _close_to_others() -> None:
    """Let no other process read this one's memory, or the environment that it was started with.

    Kernels run as the same user; on Linux the key would be in /proc: prctl(2), PR_SET_DUMPABLE.
    """
    set_trait = getattr(ctypes.CDLL(None), "prctl", None)
    if set_trait:
        set_trait(_PR_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    main()
