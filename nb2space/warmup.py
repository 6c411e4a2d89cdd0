"""What the stages of a conversion need to have loaded, loaded before they come to it.

A stage that comes too soon waits, or loads it itself; what cannot be loaded, it meets itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread


def load_while_reading() -> None:
    """Begin to load what finds secrets, while the notebook is read."""
    _beside(_finders)


def load_while_running() -> None:
    """Begin to load what renders the page and audits it, while the kernel works."""
    _beside(_page_and_audit)


def _beside(load: Callable[[], None]) -> None:
    def quietly() -> None:
        with suppress(Exception):
            load()

    Thread(target=quietly, name="nb2space-warmup", daemon=True).start()


def _finders() -> None:
    from nb2space.secrets.patterns import load_engine

    load_engine()


def _page_and_audit() -> None:
    import voila.exporter  # noqa: F401

    from nb2space.audit.known import known_files
    from nb2space.installed import large_scripts

    known_files()
    large_scripts()
