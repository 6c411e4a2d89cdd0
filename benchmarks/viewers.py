"""How long viewers wait, and what they cost: nb2space beside plain Voila and, if there, Mercury.

    python benchmarks/viewers.py [NOTEBOOK ...] [--rounds 5] [--crowd 20] [--load 50] [--mercury M]
                                [--keep FILE]

Each app serves the same notebook and is opened in turn in Chromium, each time with an empty cache;
then a crowd comes at once over HTTP. Medians are printed with the least and the most, and with
their ratio to plain Voila; `--keep` writes the raw rows, too. No crowd comes to Mercury, where the
script of each browser asks for the cells to be run. Memory is the proportional set size (PSS) of
all processes of an app, in which a page that several share counts once. Last comes a load run
(benchmarks/crowd.py).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pages import ROOT, Load, load, paint_after
from playwright.sync_api import TimeoutError, sync_playwright
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
# Seconds after which a crowd's page is taken to hang: Voila keeps its answer open for ever.
_PATIENCE = 300


@dataclass
class Row:
    """One app in one round: seconds from its start to the first paint, what a viewer waits for
    later; how often a page never came and was opened again; seconds until the last of a crowd has
    its page with all outputs, and until the last has a kernel that has executed the notebook;
    megabytes for each of the crowd. What a crowd waits for is None when a page never came."""

    start: float
    load: Load
    hung: int
    whole: float | None = None
    crowd: float | None = None
    megabytes: float | None = None


@dataclass(frozen=True)
class App:
    """How an app is started, where its script is, and with which request a page gets a kernel."""

    serving: Callable[[], AbstractContextManager[str]]
    script: str = "voila/static/voila.js"
    live: tuple[str, str] | None = ("GET", "")


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


@contextmanager
def mercury_app(command: str, notebook: Path, place: Path) -> Iterator[str]:
    """Mercury, which serves the notebooks of a folder; the address of its page."""
    folder, port = place / "mercury", free_port()
    folder.mkdir(exist_ok=True)
    shutil.copy(notebook, folder)
    server = subprocess.Popen(
        [command, "--no-browser", f"--port={port}", "--allow-root"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/mercury/{notebook.name}"
    finally:
        server.terminate()
        server.wait(20)


def apps(notebook: Path, place: Path, mercury: str = "") -> dict[str, App]:
    """The apps that are compared, by name; `mercury` is its command, "" where there is none."""
    home, folder = place / "key-store", place / "space"
    subprocess.run(
        [sys.executable, "-m", "nb2space", "convert", "-q", "-o", str(folder), str(notebook)],
        env={**os.environ, "NB2SPACE_HOME": str(home)},
        check=True,
    )
    heated = ("--preheat_kernel=True", "--pool_size=2")
    found = {
        "nb2space": App(lambda: container(folder, home), live=("POST", "nb2space/live")),
        PLAIN: App(lambda: plain_voila(notebook)),
        "Voila, 2 preheated": App(lambda: plain_voila(notebook, *heated)),
    }
    if mercury:
        found["Mercury"] = App(lambda: mercury_app(mercury, notebook, place), "", None)
    return found


def measured(app: App, browser: Any, crowd: int) -> Row:
    """Start an app, and let one viewer and then a crowd come."""
    begun = time.time()
    with app.serving() as url:
        start = paint_after(browser, url, begun)
        wait_until(lambda: get(url + app.script)[0] == 200)
        # Everything has time to be ready, as it is in a Space that runs.
        time.sleep(10)
        first, hung = load_that_comes(browser, url)
        if not app.live:
            return Row(start, first, hung)
        # The first viewer's kernel ends.
        time.sleep(5)
        server = server_of(url)
        before = memory_of(server)
        method, path = app.live
        live = last_of(method, url + path, crowd)
        if live is None:
            return Row(start, first, hung)
        time.sleep(_REST)
        taken = (memory_of(server) - before) / crowd / 1e6
        # What Voila answers with, outputs and all, is what gets a kernel.
        whole = last_of("GET", url, crowd) if path else live
        return Row(start, first, hung, whole, live, taken)


def load_that_comes(browser: Any, url: str) -> tuple[Load, int]:
    """The first load that does not hang, and how many did; of Voila's, one in twelve does."""
    hung = 0
    while True:
        try:
            return load(browser, url), hung
        except TimeoutError:
            hung += 1


def last_of(method: str, url: str, crowd: int) -> float | None:
    """The seconds until the last of a crowd has its answer; None when one never comes."""

    def visit(number: int) -> None:
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        status, _, body = get(url, method=method, **headers)
        assert status == 200 and body

    begun = time.monotonic()
    viewers = ThreadPoolExecutor(crowd)
    visits = [viewers.submit(visit, number) for number in range(crowd)]
    answered, waiting = wait(visits, timeout=_PATIENCE)
    taken = time.monotonic() - begun
    # Those who wait are let go when the app ends.
    viewers.shutdown(wait=False)
    for each in answered:
        each.result()
    return None if waiting else taken


def columns(rows: list[Row]) -> dict[str, list[float]]:
    """What was measured, by column."""
    flat = [{**asdict(row.load), **asdict(row)} for row in rows]
    return {name: [row[name] for row in flat if row[name] is not None] for name in COLUMNS}


def show(rows: dict[str, list[Row]]) -> None:
    """Print the table."""
    plain = columns(rows[PLAIN])
    print(f"{'':20}" + "".join(f"{title:>26}" for title in COLUMNS.values()))
    for name, own in rows.items():
        cells = (_cell(values, plain[column]) for column, values in columns(own).items())
        print(f"{name:20}" + "".join(f"{cell:>26}" for cell in cells))
    sys.stdout.flush()


def _cell(values: list[float], plain: list[float]) -> str:
    if not values:
        return "-"
    middle = statistics.median(values)
    ratio = middle / statistics.median(plain)
    return f"{middle:.2f} [{min(values):.2f}-{max(values):.2f}] {ratio:.3f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [ROOT / "notebooks" / f"{name}.ipynb" for name in ("report", "model")]
    parser.add_argument("notebooks", nargs="*", type=Path, default=usual)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--crowd", type=int, default=20)
    parser.add_argument("--load", type=int, default=50)
    parser.add_argument("--mercury", default=shutil.which("mercury") or "", help="its command")
    parser.add_argument("--keep", type=Path, help="a file for the raw rows (JSON)")
    given = parser.parse_args()
    kept = {}
    for notebook in given.notebooks:
        print(notebook.name, flush=True)
        with tempfile.TemporaryDirectory() as place:
            each = apps(notebook.resolve(), Path(place), given.mercury)
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
            kept[notebook.name] = {name: [asdict(row) for row in own] for name, own in rows.items()}
            if given.load:
                with each["nb2space"].serving() as url:
                    run = load_run(url, given.load)
                    kept[notebook.name]["load run"] = [asdict(run)]
                    print(run, flush=True)
    if given.keep:
        given.keep.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
