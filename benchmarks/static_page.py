"""The page without a kernel beside plain Voila: weight, first paint, and how soon a slider answers.

    python benchmarks/static_page.py [NOTEBOOK ...] [--rounds 5]

Both are opened in turn in Chromium, each time with an empty cache; medians are printed, with what
one recorded state takes to record and to keep.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from pages import ROOT, Load, load
from playwright.sync_api import sync_playwright

# After `pages`, which makes the tests' modules known.
from auditing import plain_voila  # isort: skip
from conftest import CHROMIUM, CHROMIUM_OPTIONS  # isort: skip
from test_static import convert_static, serving_below  # isort: skip


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
