"""Finding the secrets of a notebook and of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from nb2space.notebook import Notebook
from nb2space.secrets.code import CodeSecret, context_of, secrets_in_code
from nb2space.secrets.patterns import hits
from nb2space.secrets.places import Place, places_of, texts_in_file
from nb2space.secrets.words import is_secret
from nb2space.tags import numbered

_CODE = (".py", ".pyi", ".pyx")


@dataclass(frozen=True)
class Finding:
    """A secret and where it is.

    `value` must never be shown; `shown` is its masked form. `where` says the place in words, `cell`
    and `line` count from 1. `becomes` is what happens to it: "lifted", "masked" or "refused".
    """

    kind: str
    value: str
    where: str
    cell: int | None = None
    line: int | None = None
    confidence: str = "high"
    becomes: str = "masked"

    @property
    def shown(self) -> str:
        """The value as it may be shown: its first two letters, if it is long, and its length."""
        start = self.value[:2] if len(self.value) >= 12 else ""
        return f"{start}••• ({len(self.value)} characters)"

    def becoming(self, becomes: str) -> Finding:
        """The same, with another end."""
        return replace(self, becomes=becomes)

    def at(self, where: str) -> Finding:
        """The same, with its place in other words."""
        return replace(self, where=where)

    @property
    def fingerprint(self) -> str:
        """What names this value in `[secrets] ignore` of nb2space.toml."""
        return fingerprint(self.value)


def fingerprint(value: str) -> str:
    """A short name for a value, from which the value cannot be had: 16 hexadecimal digits."""
    return hashlib.sha256(b"nb2space secret\0" + value.encode("utf-8", "replace")).hexdigest()[:16]


def find_secrets(
    notebook: Notebook, *, files: Mapping[str, bytes] | None = None, ignored: Collection[str] = ()
) -> list[Finding]:
    """The secrets of `notebook`, in its code, texts, outputs and metadata, and of `files`.

    `files` are the author's modules and data files (content by relative path); `ignored` are
    fingerprints of what the author has said is none. A value is named once for each place.
    """
    found = [*_in_cells(notebook), *_in_places(places_of(notebook)), *find_in_files(files or {})]
    return _unique(found, ignored)


def find_in_files(files: Mapping[str, bytes], ignored: Collection[str] = ()) -> list[Finding]:
    """The secrets in modules and data files (content by relative path)."""
    return _unique(_in_files(files), ignored)


def _unique(findings: Iterable[Finding], ignored: Collection[str]) -> list[Finding]:
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        if finding.fingerprint not in ignored:
            found.setdefault((finding.where, finding.value), finding)
    return list(found.values())


def _in_cells(notebook: Notebook) -> Iterator[Finding]:
    context = context_of(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for number, cell in numbered(notebook):
        if cell.cell_type == "code":
            for secret in secrets_in_code(cell.source, context):
                yield from findings_in_code(secret, f"cell {number}, line {secret.line}", number)


def findings_in_code(
    secret: CodeSecret, where: str, cell: int | None, becomes: str | None = None
) -> Iterator[Finding]:
    """What was found in code, one finding a value; `becomes` when it is not what its form says."""
    by_form = {"text": "refused", "comment": "masked"}.get(secret.form, "lifted")
    for value in secret.values:
        yield Finding(
            secret.kind,
            value,
            where,
            cell,
            secret.line,
            secret.confidence,
            becomes or by_form,
        )


def _in_places(places: Iterable[Place]) -> Iterator[Finding]:
    for place in places:
        if place.name and is_secret(place.name, place.text):
            yield Finding(f"value of '{place.name}'", place.text, place.where, place.cell)
            continue
        for hit in hits(place.text):
            yield Finding(hit.kind, hit.value, place.where, place.cell, None, hit.confidence)


def _in_files(files: Mapping[str, bytes]) -> Iterator[Finding]:
    for path, content in files.items():
        if path.endswith(_CODE):
            for secret in secrets_in_code(content.decode("utf-8", errors="replace")):
                yield from findings_in_code(secret, f"{path}, line {secret.line}", None)
        else:
            for finding in _in_places(texts_in_file(path, content)):
                yield Finding(
                    finding.kind,
                    finding.value,
                    finding.where,
                    None,
                    None,
                    finding.confidence,
                    "refused",
                )
