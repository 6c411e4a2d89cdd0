"""How long an author waits: nb2space convert beside jupyter nbconvert --execute.

    python benchmarks/conversion.py [NOTEBOOK ...] [--rounds 5]

Whole commands are started in turn, each as an author starts it. Medians are printed with their
ratio to nbconvert, then the raw rows: of the seconds on the clock, and of those on the processor,
kernels included, which depend less on what else the machine does. "executed" is a conversion with
--force, "prose edited" one after a change to a text cell, "unchanged" one after none.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAIN = "nbconvert --execute"


Took = tuple[float, float]
"""Seconds on the clock, and on the processor."""


def seconds(*words: str, cwd: Path) -> Took:
    """How long a command takes. Raises CalledProcessError when it fails."""
    begun, worked = time.perf_counter(), on_processor()
    subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "NB2SPACE_HOME": str(cwd / "key-store")},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begun, on_processor() - worked


def on_processor() -> float:
    """What the processes that have ended, and theirs, have taken of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def edit_prose(notebook: Path, number: int) -> None:
    """Append a sentence to the notebook's first text cell."""
    document = json.loads(notebook.read_text(encoding="utf-8"))
    cell = next(cell for cell in document["cells"] if cell["cell_type"] == "markdown")
    cell["source"] = [*cell["source"], f"\\n\\nEdited {number} times."]
    notebook.write_text(json.dumps(document), encoding="utf-8")


def measure(notebook: Path, rounds: int) -> dict[str, list[Took]]:
    """Seconds of each command in each round."""
    rows: dict[str, list[Took]] = {}
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        copy = Path(shutil.copy(notebook, work))
        convert = ("-m", "nb2space", "convert", copy.name)
        plain = ("-m", "nbconvert", "--to", "notebook", "--execute", "--output", "plain", copy.name)
        # The first conversion on a machine reads the libraries' files, too.
        rows["first ever"] = [seconds(*convert, cwd=work)]
        for number in range(rounds):
            for name, words in (
                (PLAIN, plain),
                ("executed", (*convert, "--force")),
                ("unchanged", convert),
            ):
                rows.setdefault(name, []).append(seconds(*words, cwd=work))
            edit_prose(copy, number)
            rows.setdefault("prose edited", []).append(seconds(*convert, cwd=work))
            rows.setdefault("--help", []).append(seconds("-m", "nb2space", "--help", cwd=work))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given_by_default = [ROOT / "notebooks" / f"{name}.ipynb" for name in ("report", "model")]
    parser.add_argument("notebooks", nargs="*", default=given_by_default)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for notebook in map(Path, given.notebooks):
        rows = measure(notebook.resolve(), given.rounds)
        load = os.getloadavg()[1]
        print(f"{notebook.name}, {given.rounds} rounds, load of the last five minutes {load:.1f}")
        plain = [statistics.median(column) for column in zip(*rows[PLAIN], strict=True)]
        for name, took in rows.items():
            medians = [statistics.median(column) for column in zip(*took, strict=True)]
            clock, processor = (
                f"{median:7.2f} s{median / of_plain:7.2f} x"
                for median, of_plain in zip(medians, plain, strict=True)
            )
            print(f"  {name:20}{clock}   processor{processor}")
        print(
            json.dumps(
                {name: [[round(s, 3) for s in t] for t in row] for name, row in rows.items()}
            )
        )


if __name__ == "__main__":
    main()
