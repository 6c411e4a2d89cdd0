"""Finding the secrets of a notebook and of its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from nb2space.notebook import Notebook
from nb2space.runtime.masking import Mask
from nb2space.secrets.code import (
    THE_SAME,
    CodeSecret,
    context_of,
    declared_harmless,
    is_distinct,
    secrets_in_code,
)
from nb2space.secrets.lift import Names, lift_secrets
from nb2space.secrets.patterns import hits
from nb2space.secrets.places import Place, places_of, texts_in_file
from nb2space.secrets.words import is_secret, looks_made_up
from nb2space.tags import numbered

# Of these only modules can be changed: what compiles the others knows no os.environ, or nothing.
_CODE = (".py", ".pyi", ".pyx")
MODULE = ".py"
# What pip, conda and apt read; a Space builds of these, so everybody can read them.
_PACKAGES = re.compile(
    r"(?:.*/)?(?:(?:requirements|constraints)[^/]*\.(?:txt|in)|(?:apt|packages)\.txt"
    r"|pyproject\.toml|environment\.ya?ml)"
)
# A login in an address, however short or plain the password is; not one that is read elsewhere.
_LOGIN = re.compile(r"\w://[^\s/@:'\"]*:(?!\$\{)([^\s/@'\"]+)@")


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
    return _unique(found, {*ignored, *marked_harmless(notebook)})


def marked_harmless(notebook: Notebook) -> frozenset[str]:
    """The fingerprints of what comments in the code say is no secret: it is none anywhere."""
    sources = (cell.source for cell in notebook.cells if cell.cell_type == "code")
    return frozenset(fingerprint(v) for source in sources for v in declared_harmless(source))


def find_in_files(files: Mapping[str, bytes], ignored: Collection[str] = ()) -> list[Finding]:
    """The secrets in modules and data files (content by relative path)."""
    return _unique(_in_files(files), ignored)


def find_known(files: Mapping[str, bytes], known: Iterable[str]) -> list[Finding]:
    """Those of the secrets `known` from elsewhere that files hold: in any encoding, packed, too."""
    from nb2space.audit.disguise import packed

    # Words stand in data by chance.
    distinct = [v for v in dict.fromkeys(known) if is_distinct(v) and looks_made_up(v)]
    every, found = Mask(distinct), []
    for path, content in files.items():
        parts = [part for part in packed(content) if every.data(part) != part]
        for value in distinct if parts else ():
            mask = Mask([value])
            if any(mask.data(part) != part for part in parts):
                found.append(Finding(THE_SAME, value, path, becomes="refused"))
    return found


def tells_of_packages(path: str) -> bool:
    """True for the name of a file that declares packages."""
    return bool(_PACKAGES.fullmatch(path))


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
            found = secrets_in_code(cell.source, context)
            left = set(lift_secrets(cell.source, found, Names()).left) if found else set()
            for secret in found:
                becomes = "refused" if secret in left else None
                where = f"cell {number}, line {secret.line}"
                yield from findings_in_code(secret, where, number, becomes)


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
            becomes = None if path.endswith(MODULE) else "refused"
            for secret in secrets_in_code(content.decode("utf-8", errors="replace")):
                yield from findings_in_code(secret, f"{path}, line {secret.line}", None, becomes)
            continue
        for finding in _in_places(texts_in_file(path, content)):
            yield replace(finding, becomes="refused")
        if tells_of_packages(path):
            for match in _LOGIN.finditer(content.decode("utf-8", errors="replace")):
                kind = "password in the address of packages"
                yield Finding(kind, match[1], path, becomes="refused")
