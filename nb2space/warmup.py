"""What the stages of a conversion need to have loaded, loaded before they come to it.

Each begins to load and gives the thread that does so. A stage that comes too soon waits for it: two
threads that import the same package from different ends may each meet half of it. What cannot be
loaded, the stage meets itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Thread


def load_while_reading() -> Thread:
    """Begin to load what finds secrets, while the notebook is read."""
    return _beside(_finders)


def load_while_running() -> Thread:
    """Begin to load what renders the page and audits it, while the kernel works."""
    return _beside(_page_and_audit)


def _beside(load: Callable[[], None]) -> Thread:
    def quietly() -> None:
        with suppress(Exception):
            load()

    thread = Thread(target=quietly, name="nb2space-warmup", daemon=True)
    thread.start()
    return thread


def _finders() -> None:
    from nb2space.secrets.patterns import load_engine

    load_engine()


def _page_and_audit() -> None:
    import nbconvert.exporters  # noqa: F401

    from nb2space.audit.known import known_files
    from nb2space.installed import large_scripts

    known_files()
    large_scripts()
