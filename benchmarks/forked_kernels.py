"""Measures what forked kernels save: time until a viewer's page is complete, memory per viewer.

    python benchmarks/forked_kernels.py [NOTEBOOK] [--viewers 6]

The notebook is converted with and without shared cells. Both apps get the same viewers, one after
the other and then at once, over HTTP; each keeps its kernel. Memory is the proportional set size
(PSS) of all processes of the app: a page that several share counts once.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
from browsing import get, viewing, wait_until
from conftest import NOTEBOOKS

COMMAND = (sys.executable, "-m", "nb2space", "convert", "-q", "-o", "space")


def main() -> None:
    """Print one row for each of the two forms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="?", type=Path, default=NOTEBOOKS / "model.ipynb")
    parser.add_argument("--viewers", type=int, default=6)
    given = parser.parse_args()
    print(f"{'':12} {'page, s':>8} {'last of ' + str(given.viewers) + ' at once, s':>20} "
          f"{'each further viewer, MB':>24}")  # fmt: skip
    for option in ("--no-share", "--share"):
        with app(given.notebook, option) as (url, server):
            page = statistics.median(seconds(url) for _ in range(given.viewers))
            before = memory(server)
            started = time.monotonic()
            with ThreadPoolExecutor(given.viewers) as viewers:
                list(viewers.map(seconds, [url] * given.viewers))
            last = time.monotonic() - started
            further = (memory(server) - before) / given.viewers / 1e6
        print(f"{option:12} {page:8.2f} {last:20.2f} {further:24.0f}", flush=True)


@contextmanager
def app(notebook: Path, option: str) -> Iterator[tuple[str, psutil.Process]]:
    """The app of `notebook`, converted with `option`, after its first viewer."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place, "key-store")
        subprocess.run(
            [*COMMAND, str(notebook.resolve()), option],
            cwd=place,
            env={**os.environ, "NB2SPACE_HOME": str(home)},
            check=True,
        )
        with viewing("space", cwd=Path(place), home=home) as running:
            server = psutil.Process(running.process.pid)
            wait_until(lambda: get(running.url)[0] == 200)
            yield running.url, server


def seconds(url: str) -> float:
    """The seconds until the page is complete, with the output of its last cell."""
    started = time.monotonic()
    assert get(url)[0] == 200
    return time.monotonic() - started


def memory(process: psutil.Process) -> int:
    """The bytes of a process and all that it has started."""
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_full_info().pss for member in family)


if __name__ == "__main__":
    main()
