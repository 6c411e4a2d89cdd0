"""The page without a kernel beside plain Voila: weight, first paint, and how soon a slider answers.

    python benchmarks/static_page.py [NOTEBOOK ...] [--rounds 5]

Both are opened in turn in Chromium, each time with an empty cache; medians are printed, with what
one recorded state takes to record and to keep.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from auditing import plain_voila  # noqa: E402
from conftest import CHROMIUM, CHROMIUM_OPTIONS  # noqa: E402
from test_static import convert_static, serving_below  # noqa: E402

# Milliseconds from a key press on the first slider until an output has changed and is drawn.
_ANSWER = """(key) => new Promise((done, failed) => {
  const handle = document.querySelector(".noUi-handle");
  const begun = performance.now();
  const watching = new MutationObserver((changes) => {
    const one = changes.find(({target}) => {
      const element = target.nodeType === 1 ? target : target.parentElement;
      return !element?.closest(".widget-slider") && element?.closest(".jp-OutputArea");
    });
    if (!one) { return; }
    watching.disconnect();
    requestAnimationFrame(() => done(performance.now() - begun));
  });
  watching.observe(document.body, {childList: true, subtree: true, characterData: true});
  setTimeout(() => failed(new Error("the slider does not answer")), 30000);
  handle.focus();
  handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
})"""


@dataclass
class Load:
    """A page that was opened: seconds, megabytes before any compression, milliseconds."""

    paint: float
    usable: float
    megabytes: float
    answers: list[float]


def load(browser: Any, url: str) -> Load:
    """Open a page as a newcomer, and move its first slider."""
    context = browser.new_context()
    page = context.new_page()
    size = 0

    def received(event: Any) -> None:
        nonlocal size
        size += event["dataLength"]

    def frame(event: Any) -> None:
        nonlocal size
        size += len(event["response"]["payloadData"])

    channel = context.new_cdp_session(page)
    channel.send("Network.enable")
    channel.on("Network.dataReceived", received)
    channel.on("Network.webSocketFrameReceived", frame)
    begun = time.perf_counter()
    page.goto(url, wait_until="commit", timeout=120_000)
    page.locator(".noUi-handle").first.wait_for(timeout=120_000)
    usable = time.perf_counter() - begun
    paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
    )
    page.wait_for_timeout(2000)
    megabytes = size / 1e6
    answers = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight", "ArrowLeft"):
        answers.append(page.evaluate(_ANSWER, key))
        page.wait_for_timeout(600)
    context.close()
    return Load(paint / 1000, usable, megabytes, answers)


def median(loads: list[Load], name: str) -> float:
    """The median of one figure."""
    values = [getattr(one, name) for one in loads]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return statistics.median(flat)


def recording_costs(notebook: Path) -> tuple[int, float, float]:
    """How many states a notebook has, and the milliseconds and bytes that one takes."""
    from nb2space.execute import choose_kernel, execute_notebook
    from nb2space.notebook import read_notebook
    from nb2space.page.packs import table_files
    from nb2space.page.record import record

    seconds = 0.0

    async def work(client: Any) -> Any:
        nonlocal seconds
        begun = time.perf_counter()
        frozen = await record(client)
        seconds = time.perf_counter() - begun
        return frozen

    read = read_notebook(notebook)
    frozen = execute_notebook(
        read, folder=notebook.parent, kernel=choose_kernel(read, None), afterwards=work
    ).afterwards
    states = sum(len(unit.rows) for unit in frozen.units)
    packs = sum(len(file.content) for file in table_files(frozen) if "pack-" in file.path)
    return states, 1000 * seconds / max(states, 1), packs / max(states, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", default=[ROOT / "notebooks" / "report.ipynb"])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        for notebook in map(Path, given.notebooks):
            states, per_state, per_bytes = recording_costs(notebook)
            folder = convert_static(notebook.resolve(), Path(place)).folder
            rows: dict[str, list[Load]] = {"without a kernel": [], "plain Voila": []}
            with serving_below(folder) as ours, plain_voila(notebook.resolve()) as theirs:
                for _ in range(given.rounds):
                    rows["without a kernel"].append(load(browser, ours))
                    rows["plain Voila"].append(load(browser, theirs))
            costs = f"{states} states, {per_state:.0f} ms and {per_bytes:.0f} bytes each"
            print(f"{notebook.name}: {costs}")
            print(f"{'':18}{'paint s':>9}{'usable s':>10}{'MB':>7}{'answer ms':>11}")
            for name, loads in rows.items():
                figures = [
                    median(loads, key) for key in ("paint", "usable", "megabytes", "answers")
                ]
                print(
                    f"{name:18}{figures[0]:9.2f}{figures[1]:10.2f}{figures[2]:7.2f}{figures[3]:11.0f}"
                )
            print(json.dumps({name: [vars(one) for one in loads] for name, loads in rows.items()}))
        browser.close()


if __name__ == "__main__":
    main()
