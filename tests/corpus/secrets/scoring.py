"""Says which cases of the corpus a finder of secrets gets right, and reads notebooks for others.

A finder takes a notebook and its files and returns the values it holds to be secrets.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from nbformat import NotebookNode
from PIL import Image

from .parts import Case

Finder = Callable[[NotebookNode, dict[str, bytes]], Sequence[str]]

# A shorter piece of a secret may be there by chance.
_SHORTEST_PIECE = 6


@dataclass(frozen=True)
class Score:
    """How one finder does with the corpus."""

    finder: str
    true_cases: int
    innocent_cases: int
    missed: tuple[str, ...]
    accused: tuple[str, ...]
    # Values named in true cases that are no part of any of their secrets, as `case: value`.
    beside: tuple[str, ...]
    seconds: float

    @property
    def found(self) -> int:
        """The number of true cases of which every secret was named."""
        return self.true_cases - len(self.missed)

    @property
    def recall(self) -> float:
        """The share of the true cases that were found."""
        return self.found / self.true_cases if self.true_cases else 0.0

    @property
    def precision(self) -> float:
        """The share of true cases in all the cases in which the finder was heard."""
        heard = self.found + len(self.accused)
        return self.found / heard if heard else 0.0

    def row(self) -> dict[str, Any]:
        """The score as a row of the table."""
        return {
            "finder": self.finder,
            "true_cases": self.true_cases,
            "found": self.found,
            "recall": round(self.recall, 4),
            "innocent_cases": self.innocent_cases,
            "accused": len(self.accused),
            "precision": round(self.precision, 4),
            "seconds": round(self.seconds, 2),
        }


def _bare(text: str) -> str:
    """The text without line breaks and white space, written or real."""
    return re.sub(r"\\[nrt]|\s", "", text)


def _spellings(text: str) -> set[str]:
    return {_bare(each) for each in (text, html.unescape(text), unquote(text))}


def _decoded_base64(text: str) -> str:
    """What the text says when it is base64 of a text, else nothing."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except ValueError:
        return ""


def is_same(secret: str, value: str) -> bool:
    """Whether the value is the secret, holds it, or is a piece of it of at least six characters."""
    encoded = base64.b64encode(secret.encode()).decode()
    return any(
        s == v or s in v or (len(v) >= _SHORTEST_PIECE and v in s)
        for s in _spellings(secret) | {encoded}
        for v in _spellings(value) | _spellings(_decoded_base64(value))
        if v
    )


def is_found(case: Case, values: Sequence[str]) -> bool:
    """Whether each secret of the case is among the values."""
    return all(any(is_same(secret, value) for value in values) for secret in case.secrets)


def values_beside(case: Case, values: Sequence[str]) -> list[str]:
    """The values that are no part of any secret of the case."""
    return [v for v in values if not any(is_same(secret, v) for secret in case.secrets)]


def score(
    name: str, finder: Finder, true_cases: Sequence[Case], innocent_cases: Sequence[Case]
) -> Score:
    """Let the finder see every case. Only its own time counts."""
    missed, accused, beside, seconds = [], [], [], 0.0
    for case in (*true_cases, *innocent_cases):
        notebook, files = case.notebook(), case.files()
        begun = time.perf_counter()
        values = list(finder(notebook, files))
        seconds += time.perf_counter() - begun
        if not case.secrets:
            if values:
                accused.append(case.name)
            continue
        if not is_found(case, values):
            missed.append(case.name)
        beside += [f"{case.name}: {value}" for value in values_beside(case, values)]
    return Score(
        name,
        len(true_cases),
        len(innocent_cases),
        tuple(missed),
        tuple(accused),
        tuple(beside),
        seconds,
    )


def texts(notebook: NotebookNode, files: dict[str, bytes]) -> list[tuple[str, str]]:
    """Every text of a notebook and its files, decoded, each with a file suffix that fits it.

    This is what a scanner of plain text needs for a fair reading.
    """
    found: list[tuple[str, str]] = []
    for cell in notebook.cells:
        suffix = {"code": ".py", "markdown": ".md"}.get(cell.cell_type, ".txt")
        found.append((suffix, cell.source))
        if cell.metadata:
            found.append((".json", json.dumps(cell.metadata, ensure_ascii=False, indent=1)))
        for bundle in cell.get("attachments", {}).values():
            for mime, data in bundle.items():
                found += _attached(mime, data)
        for output in cell.get("outputs", []):
            found += _shown(output)
    found.append((".json", json.dumps(notebook.metadata, ensure_ascii=False, indent=1)))
    # The values of widgets also as they are, not only as JSON writes them.
    states = notebook.metadata.get("widgets", {})
    found += [(".txt", text) for text in _strings(states) if "\n" in text or '"' in text]
    for path, content in files.items():
        found.append((PurePosixPath(path).suffix or ".txt", content.decode("utf-8", "replace")))
    return [(suffix, text) for suffix, text in found if text.strip()]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _shown(output: NotebookNode) -> Iterator[tuple[str, str]]:
    if output.output_type == "stream":
        yield ".txt", output.text
    elif output.output_type == "error":
        yield ".txt", "\n".join([*output.traceback, f"{output.ename}: {output.evalue}"])
    else:
        for mime, data in output.data.items():
            yield from _decoded(mime, data)
        if output.metadata:
            yield ".json", json.dumps(output.metadata)


def _decoded(mime: str, data: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(data, str):
        yield ".json", json.dumps(data, ensure_ascii=False, indent=1)
    elif mime == "image/png":
        yield from _chunks(data)
    elif mime in ("text/html", "image/svg+xml"):
        yield ".html", data
        if html.unescape(data) != data:
            yield ".html", html.unescape(data)
    else:
        yield ".js" if mime.endswith("javascript") else ".txt", data


def _attached(mime: str, data: str) -> Iterator[tuple[str, str]]:
    if mime == "image/png":
        yield from _chunks(data)
    else:
        yield ".txt", base64.b64decode(data).decode("utf-8", "replace")


def _chunks(data: str) -> Iterator[tuple[str, str]]:
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        image.load()
        for name, text in getattr(image, "text", {}).items():
            yield ".txt", f"{name}: {text}"
