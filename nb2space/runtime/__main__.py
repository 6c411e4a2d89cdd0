"""Start of the container: `python -m runtime` in the Space's folder."""

from __future__ import annotations

import ctypes
import logging
import os
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
    _wipe_first_environment()
    serve(take_settings(Path(__file__).resolve().parent.parent))


def _close_to_others() -> None:
    """Let no other process read this one's memory, or the environment that it was started with.

    Kernels run as the same user; on Linux the key would be in /proc: prctl(2), PR_SET_DUMPABLE.
    """
    set_trait = getattr(ctypes.CDLL(None), "prctl", None)
    if set_trait:
        set_trait(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _wipe_first_environment() -> None:
    """Overwrite the environment that this process was started with; `os.environ` stays as it is.

    /proc shows it as long as this process runs, whatever is taken out of `os.environ`: to root also
    where PR_SET_DUMPABLE keeps it from the same user.
    """
    place_of = ctypes.CDLL(None).getenv
    place_of.restype = ctypes.c_void_p
    for name, value in os.environ.items():
        raw = os.fsencode(name)
        first = place_of(raw)
        # The C library has it elsewhere from now on: setenv(3) makes a copy.
        os.environ[name] = value
        if first and place_of(raw) != first:
            ctypes.memset(first, 0, len(os.fsencode(value)))


if __name__ == "__main__":
    main()
