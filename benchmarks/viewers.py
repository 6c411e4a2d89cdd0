"""How long viewers wait, and what they cost: nb2space beside plain Voila.

    python benchmarks/viewers.py [NOTEBOOK ...] [--rounds 5] [--crowd 20]

Each app serves the same notebook and is opened in turn in Chromium, each time with an empty cache;
then a crowd comes at once over HTTP. Medians are printed with their ratio to plain Voila, then the
raw rows. Memory is the proportional set size (PSS) of all processes of an app, in which a page that
several share counts once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from pages import ROOT, Load, load
from playwright.sync_api import sync_playwright

# After `pages`, which makes the tests' modules known.
from auditing import plain_voila  # isort: skip
from browsing import get, viewing, wait_until  # isort: skip
from conftest import CHROMIUM, CHROMIUM_OPTIONS  # isort: skip

COLUMNS = ("start", "paint", "answered", "crowd", "megabytes")
PLAIN = "Voila"


@dataclass
class Row:
    """One app in one round: seconds until it gives out a page, what a viewer waits for, seconds
    until the last of a crowd has its page complete, and megabytes for each of the crowd."""

    start: float
    load: Load
    crowd: float
    megabytes: float


@contextmanager
def ours(notebook: Path, place: Path) -> Iterator[tuple[str, str]]:
    """Our app; its address, and how its page asks for a kernel."""
    home = place / "key-store"
    with viewing(place / "space", cwd=place, home=home) as running:
        yield running.url, "POST nb2space/live"


@contextmanager
def voila(notebook: Path, *options: str) -> Iterator[tuple[str, str]]:
    """Voila's app."""
    with plain_voila(notebook, *options) as url:
        yield url, "GET "


def apps(notebook: Path, place: Path) -> dict[str, Any]:
    """How each app is started."""
    subprocess.run(
        [sys.executable, "-m", "nb2space", "convert", "-q", "-o", "space", str(notebook)],
        cwd=place,
        env={**os.environ, "NB2SPACE_HOME": str(place / "key-store")},
        check=True,
    )
    heated = ("--preheat_kernel=True", "--pool_size=2")
    return {
        "nb2space": lambda: ours(notebook, place),
        PLAIN: lambda: voila(notebook),
        "Voila, 2 preheated": lambda: voila(notebook, *heated),
    }


def measured(app: Any, browser: Any, crowd: int) -> Row:
    """Start an app, and let one viewer and then a crowd come."""
    begun = time.monotonic()
    with app() as (url, asked):
        wait_until(lambda: answers(url))
        start = time.monotonic() - begun
        # Everything has had time to be ready, as it has in a Space that runs.
        time.sleep(10)
        first = load(browser, url)
        server = server_of(url)
        before = memory(server)
        seconds = last_of(url, asked, crowd)
        return Row(start, first, seconds, (memory(server) - before) / crowd / 1e6)


def answers(url: str) -> bool:
    """True once the app answers at all; of Voila, which executes first, no page is asked for."""
    try:
        return get(url, method="HEAD")[0] < 500
    except OSError:
        return False


def last_of(url: str, asked: str, crowd: int) -> float:
    """The seconds until the last of a crowd has all of the notebook's outputs."""
    method, path = asked.split(" ")

    def visit(_: int) -> None:
        status, _, body = get(url + path, method=method)
        assert status == 200 and body

    begun = time.monotonic()
    with ThreadPoolExecutor(crowd) as viewers:
        list(viewers.map(visit, range(crowd)))
    return time.monotonic() - begun


def server_of(url: str) -> psutil.Process:
    """The process of ours that listens there."""
    port = int(url.rsplit(":", 1)[1].strip("/"))
    below = psutil.Process().children(recursive=True)
    return next(
        process
        for process in below
        if any(c.laddr.port == port for c in process.net_connections() if c.status == "LISTEN")
    )


def memory(process: psutil.Process) -> int:
    """The bytes of a process and all that it has started."""
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_full_info().pss for member in family)


def figures(rows: list[Row]) -> dict[str, float]:
    """The medians of some rows, by column."""
    flat = [{**asdict(row), **asdict(row.load), "megabytes": row.megabytes} for row in rows]
    return {name: statistics.median(row[name] for row in flat) for name in COLUMNS}


def show(rows: dict[str, list[Row]]) -> None:
    """Print the table, each figure with its ratio to plain Voila's."""
    plain = figures(rows[PLAIN])
    print(f"{'':20}" + "".join(f"{name:>20}" for name in COLUMNS))
    for name, own in rows.items():
        values = figures(own)
        cells = (f"{values[c]:.2f} ({values[c] / plain[c]:.3f})" for c in COLUMNS)
        print(f"{name:20}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
    print(json.dumps({name: [asdict(row) for row in own] for name, own in rows.items()}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [ROOT / "notebooks" / f"{name}.ipynb" for name in ("report", "model")]
    parser.add_argument("notebooks", nargs="*", type=Path, default=usual)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crowd", type=int, default=20)
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        for notebook in given.notebooks:
            print(notebook.name, flush=True)
            with tempfile.TemporaryDirectory() as place:
                each = apps(notebook.resolve(), Path(place))
                rows: dict[str, list[Row]] = {name: [] for name in each}
                for _ in range(given.rounds):
                    for name, app in each.items():
                        rows[name].append(measured(app, browser, given.crowd))
                show(rows)
        browser.close()


if __name__ == "__main__":
    main()
