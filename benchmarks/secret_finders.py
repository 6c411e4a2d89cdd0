"""Compares finders of secrets over the corpus in tests/corpus/secrets.

    python benchmarks/secret_finders.py [--json] [--misses] [--unseen]

A true case is found when each of its secrets is named; an innocent case is accused when anything is
named. The two other finders get every text of the notebook and its files, decoded. `--unseen` takes
the cases on which no finder was tuned.
"""

from __future__ import annotations

import sys
from pathlib import Path

# This file has the name of a standard module, which others import: its folder gives way.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "tests"))

import argparse
import json
import tempfile
from collections.abc import Callable
from typing import Literal

from corpus.secrets import (
    innocent_cases,
    true_cases,
    unseen_innocent_cases,
    unseen_true_cases,
)
from corpus.secrets.scoring import Finder, Score, score, texts
from nbformat import NotebookNode


def nb2space_finder() -> Finder:
    """The finder of this project."""
    from nb2space.secrets import find_secrets

    def find(notebook: NotebookNode, files: dict[str, bytes]) -> list[str]:
        return [finding.value for finding in find_secrets(notebook, files=files)]

    return find


def kingfisher_finder(confidence: Literal["low", "medium", "high"]) -> Finder:
    """Kingfisher with its own rules, over the plain texts."""
    from kingfisher_sdk import Rules, Scanner

    scanner = Scanner(Rules(confidence=confidence))

    def find(notebook: NotebookNode, files: dict[str, bytes]) -> list[str]:
        values = []
        for _, text in texts(notebook, files):
            findings = scanner.scan(text)
            # What is not visible is part of a finding that is: the secret half of an AWS pair.
            if any(finding.visible for finding in findings):
                values += [finding.secret for finding in findings]
        return values

    return find


def detect_secrets_finder() -> Finder:
    """detect-secrets with its default plugins, over the plain texts as files."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    def find(notebook: NotebookNode, files: dict[str, bytes]) -> list[str]:
        values = []
        with tempfile.TemporaryDirectory(prefix="texts-") as folder, default_settings():
            for at, (suffix, text) in enumerate(texts(notebook, files)):
                path = Path(folder) / f"text{at}{suffix}"
                path.write_text(text, encoding="utf-8")
                for finding in scan_file(str(path)):
                    value = finding.secret_value or ""
                    # Of a private key it names the first line; whoever is told sees the rest.
                    if finding.type == "Private Key":
                        value = "\n".join(text.split("\n")[finding.line_number - 1 :])
                    values.append(value)
        return values

    return find


FINDERS: dict[str, Callable[[], Finder]] = {
    "nb2space": nb2space_finder,
    "kingfisher": lambda: kingfisher_finder("medium"),
    "kingfisher, low confidence": lambda: kingfisher_finder("low"),
    "detect-secrets": detect_secrets_finder,
}


def measure(name: str, *, unseen: bool = False) -> Score | str:
    """The score of a finder, or why it has none."""
    try:
        finder = FINDERS[name]()
    except ImportError as error:
        if name == "nb2space":
            return "not built yet"
        return f"not installed ({error.name})"
    if unseen:
        return score(name, finder, unseen_true_cases(), unseen_innocent_cases())
    return score(name, finder, true_cases(), innocent_cases())


def table(scores: dict[str, Score | str]) -> str:
    """The table that people read."""
    lines = [
        f"{'finder':<28}{'found':>12}{'recall':>9}{'accused':>12}{'precision':>11}{'seconds':>9}"
    ]
    for name, result in scores.items():
        if isinstance(result, str):
            lines.append(f"{name:<28}{result:>12}")
            continue
        found = f"{result.found}/{result.true_cases}"
        accused = f"{len(result.accused)}/{result.innocent_cases}"
        lines.append(
            f"{name:<28}{found:>12}{result.recall:>9.1%}{accused:>12}"
            f"{result.precision:>11.1%}{result.seconds:>9.1f}"
        )
    return "\n".join(lines)


def misses(name: str, result: Score | str) -> str:
    """What a finder got wrong, case by case."""
    if isinstance(result, str):
        return f"{name}: {result}"
    parts = [
        ("missed", result.missed),
        ("accused", result.accused),
        ("named beside the secrets of true cases", result.beside),
    ]
    return "\n".join(
        "\n".join([f"{name}, {title}: {len(rows)}", *(f"  {row}" for row in rows)])
        for title, rows in parts
    )


def main() -> int:
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--misses", action="store_true", help="name what nb2space got wrong")
    parser.add_argument(
        "--only", choices=FINDERS, action="append", help="measure this finder only (repeatable)"
    )
    parser.add_argument(
        "--unseen", action="store_true", help="take the cases on which no finder was tuned"
    )
    arguments = parser.parse_args()
    names = arguments.only or list(FINDERS)
    scores = {name: measure(name, unseen=arguments.unseen) for name in names}
    if arguments.json:
        rows = [
            {"finder": name, "state": result} if isinstance(result, str) else result.row()
            for name, result in scores.items()
        ]
        print(json.dumps(rows, indent=2))
    else:
        print(table(scores))
    if arguments.misses:
        shown = names if arguments.only else ["nb2space"]
        text = "\n".join(misses(name, scores[name]) for name in shown)
        print(text, file=sys.stderr if arguments.json else sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
