"""The rain of each valley."""

import csv
from pathlib import Path

DATA = Path(__file__).parent / "valleys.csv"


def read() -> dict[str, int]:
    """Millimetres by valley."""
    with open(DATA, encoding="utf-8", newline="") as file:
        return {row["valley"]: int(row["millimetres"]) for row in csv.DictReader(file)}
