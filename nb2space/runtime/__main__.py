"""Start of the container: `python -m runtime` in the Space's folder."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from .bundle import BundleError, unpack, unseal_bytes
from .settings import Settings, take_settings
from .startup import skip_unused_grammar
from .workplace import Workplace, make_workplace

log = logging.getLogger("nb2space")


def main() -> None:
    """Serve the app; without a usable key, serve the page that says it is being prepared."""
    skip_unused_grammar()
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(asctime)s %(message)s")
    log.setLevel(logging.INFO)
    settings = take_settings(Path(__file__).resolve().parent.parent)
    try:
        workplace = _open(settings)
    except BundleError as error:
        log.error("%s", error)
        from .waiting import serve_waiting

        serve_waiting(settings)
    else:
        from .server import serve

        with workplace:
            serve(settings, workplace)


def _open(settings: Settings) -> Workplace:
    sealed = (settings.folder / "sealed.bin").read_bytes()
    return make_workplace(unpack(unseal_bytes(sealed, settings.key)))


if __name__ == "__main__":
    main()
