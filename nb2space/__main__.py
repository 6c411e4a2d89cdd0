"""Where the command `nb2space` begins; `python -m nb2space` is the same."""

from __future__ import annotations

import sys

from nb2space.errors import STOPPED, STOPPED_TEXT


def main() -> None:
    """Run the command line; Ctrl-C is answered from the first moment, before that is imported."""
    try:
        from nb2space.cli import main as run

        run()
    except KeyboardInterrupt:
        print(f"\n{STOPPED_TEXT}", file=sys.stderr)
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
