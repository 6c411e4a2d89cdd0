"""How long viewers wait, and what they cost: nb2space beside plain Voila.

    python benchmarks/viewers.py [NOTEBOOK ...] [--rounds 5] [--crowd 20] [--load 50]

Each app serves the same notebook and is opened in turn in Chromium, each time with an empty cache;
then a crowd comes at once over HTTP. Medians are printed with their ratio to plain Voila, then the
raw rows. Memory is the proportional set size (PSS) of all processes of an app, in which a page that
several share counts once. Last comes a load run (benchmarks/crowd.py).
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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pages import ROOT, Load, load, paint_after
from playwright.sync_api import sync_playwright
from processes import memory_of, server_of

# After `pages`, which makes the tests' modules known.
from auditing import plain_voila  # isort: skip
from browsing import free_port, get, wait_until  # isort: skip
from conftest import CHROMIUM, CHROMIUM_OPTIONS  # isort: skip

from crowd import load_run

from nb2space.keystore import find_record
from nb2space.space import read_manifest

COLUMNS = {
    "start": "start s",
    "paint": "paint s",
    "answered": "answers s",
    "whole": "last has page s",
    "crowd": "last is live s",
    "megabytes": "MB a viewer",
}
PLAIN = "Voila"

# Seconds after which kernels have given back what they needed only for a moment.
_REST = 4


@dataclass
class Row:
    """One app in one round: seconds from its start to the first paint, what a viewer waits for
    later; seconds until the last of a crowd has its page with all outputs, and until the last has
    a kernel that has executed the notebook; megabytes for each of the crowd."""

    start: float
    load: Load
    whole: float
    crowd: float
    megabytes: float


@dataclass(frozen=True)
class App:
    """How an app is started, and with which request its page gets a kernel."""

    serving: Callable[[], AbstractContextManager[str]]
    method: str
    path: str


@contextmanager
def container(folder: Path, home: Path) -> Iterator[str]:
    """Our app, started as its container does; its address."""
    os.environ["NB2SPACE_HOME"] = str(home)
    record = find_record(read_manifest(folder).space_id)
    assert record
    port = free_port()
    given = {"NB2SPACE_KEY": record.key, "NB2SPACE_PORT": str(port), "NB2SPACE_HOST": "127.0.0.1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "runtime"],
        cwd=folder,
        env={**os.environ, **given, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(20)


def apps(notebook: Path, place: Path) -> dict[str, App]:
    """The apps that are compared, by name."""
    home, folder = place / "key-store", place / "space"
    subprocess.run(
        [sys.executable, "-m", "nb2space", "convert", "-q", "-o", str(folder), str(notebook)],
        env={**os.environ, "NB2SPACE_HOME": str(home)},
        check=True,
    )
    heated = ("--preheat_kernel=True", "--pool_size=2")
    return {
        "nb2space": App(lambda: container(folder, home), "POST", "nb2space/live"),
        PLAIN: App(lambda: plain_voila(notebook), "GET", ""),
        "Voila, 2 preheated": App(lambda: plain_voila(notebook, *heated), "GET", ""),
    }


def measured(app: App, browser: Any, crowd: int) -> Row:
    """Start an app, and let one viewer and then a crowd come."""
    begun = time.time()
    with app.serving() as url:
        start = paint_after(browser, url, begun)
        wait_until(lambda: get(url + "voila/static/voila.js")[0] == 200)
        # Everything has time to be ready, as it is in a Space that runs.
        time.sleep(10)
        first = load(browser, url)
        # The first viewer's kernel ends.
        time.sleep(5)
        server = server_of(url)
        before = memory_of(server)
        live = last_of(app.method, url + app.path, crowd)
        time.sleep(_REST)
        taken = (memory_of(server) - before) / crowd / 1e6
        # What Voila answers with, outputs and all, is what gets a kernel.
        whole = last_of("GET", url, crowd) if app.path else live
        return Row(start, first, whole, live, taken)


def last_of(method: str, url: str, crowd: int) -> float:
    """The seconds until the last of a crowd has its answer."""

    def visit(number: int) -> None:
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        status, _, body = get(url, method=method, **headers)
        assert status == 200 and body

    begun = time.monotonic()
    with ThreadPoolExecutor(crowd) as viewers:
        list(viewers.map(visit, range(crowd)))
    return time.monotonic() - begun


def figures(rows: list[Row]) -> dict[str, float]:
    """The medians of some rows, by column."""
    flat = [{**asdict(row), **asdict(row.load), "megabytes": row.megabytes} for row in rows]
    return {name: statistics.median(row[name] for row in flat) for name in COLUMNS}


def show(rows: dict[str, list[Row]]) -> None:
    """Print the table, each figure with its ratio to plain Voila's."""
    plain = figures(rows[PLAIN])
    print(f"{'':20}" + "".join(f"{title:>20}" for title in COLUMNS.values()))
    for name, own in rows.items():
        values = figures(own)
        cells = (f"{values[c]:.2f} ({values[c] / plain[c]:.3f})" for c in COLUMNS)
        print(f"{name:20}" + "".join(f"{cell:>20}" for cell in cells))
    print(json.dumps({name: [asdict(row) for row in own] for name, own in rows.items()}))
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [ROOT / "notebooks" / f"{name}.ipynb" for name in ("report", "model")]
    parser.add_argument("notebooks", nargs="*", type=Path, default=usual)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crowd", type=int, default=20)
    parser.add_argument("--load", type=int, default=50)
    given = parser.parse_args()
    for notebook in given.notebooks:
        print(notebook.name, flush=True)
        with tempfile.TemporaryDirectory() as place:
            each = apps(notebook.resolve(), Path(place))
            rows: dict[str, list[Row]] = {name: [] for name in each}
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=CHROMIUM_OPTIONS
                )
                for _ in range(given.rounds):
                    for name, app in each.items():
                        rows[name].append(measured(app, browser, given.crowd))
                browser.close()
            if given.rounds:
                show(rows)
            if given.load:
                with each["nb2space"].serving() as url:
                    print(load_run(url, given.load), flush=True)


if __name__ == "__main__":
    main()
