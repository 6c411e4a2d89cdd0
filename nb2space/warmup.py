"""What later stages of a conversion need to have loaded, loaded while the kernel works."""

from __future__ import annotations

import threading
from contextlib import suppress


def warm_up() -> None:
    """Begin to load it beside the caller; a stage that comes too soon loads it itself, or waits."""
    threading.Thread(target=_load, name="nb2space-warmup", daemon=True).start()


def _load() -> None:
    # Whatever is wrong, the stage that needs it says so.
    with suppress(Exception):
        import voila.exporter  # noqa: F401  (renders the page)

        from nb2space.audit.known import known_files
        from nb2space.installed import large_scripts

        known_files()
        large_scripts()
