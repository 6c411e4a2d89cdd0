"""`python -m runtime.health`: exit code 0 when the server in this container answers as ready."""

from __future__ import annotations

import json
import sys
import urllib.request

from .settings import PORT

PATH = "/nb2space/health"


def main() -> int:
    """Ask the server; 0 when it says that it is ready, else 1."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{PATH}", timeout=4) as answer:
            return 0 if json.load(answer).get("state") == "ready" else 1
    except (OSError, ValueError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
