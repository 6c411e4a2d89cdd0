"""Start of the container: `python -m runtime` in the Space's folder."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from .front import serve
from .settings import take_settings


def main() -> None:
    """Serve the app; without a usable key, serve the page that says it is being prepared."""
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("nb2space").setLevel(logging.INFO)
    serve(take_settings(Path(__file__).resolve().parent.parent))


if __name__ == "__main__":
    main()
