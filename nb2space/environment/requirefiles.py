"""Requirements files as pip reads them, with the files that they include.

The format: pip.pypa.io/en/stable/reference/requirements-file-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nb2space.errors import InputError

_INCLUDES = re.compile(
    r"(?:-(?P<short>[rc])[ =]*|--(?P<long>requirement|constraint)[ =]+)(?P<what>.+)"
)
# What stands behind a requirement for pip alone; hashes of some packages would ask for all others'.
_OF_PIP = re.compile(r"\s+--(?:hash|config-settings?|global-option)[= ]\S+")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


@dataclass(frozen=True)
class Line:
    """A requirement or an option, and the folder that its relative paths start from."""

    text: str
    folder: Path
    is_constraint: bool = False


def lines_of(path: Path, *, is_constraint: bool = False) -> list[Line]:
    """The lines of a requirements file, or of one of constraints, and of those that it includes.

    Raises InputError for a file that cannot be read or that includes itself.
    """
    return list(_read(path, (), is_constraint=is_constraint))


def lines_in(rows: list[str], folder: Path) -> list[Line]:
    """The same of rows that stand elsewhere, such as a list in environment.yml."""
    return [line for row in rows for line in _of_row(row, folder, (), is_constraint=False)]


def included_files(path: Path) -> Iterator[Path]:
    """The files that a requirements file includes, and those that they include, as far as there."""
    waiting, seen = [path], set[Path]()
    while waiting:
        here = waiting.pop()
        if here in seen or not here.is_file():
            continue
        seen.add(here)
        for match in filter(None, map(_INCLUDES.match, _rows(here))):
            place = here.parent / match["what"].strip()
            yield place
            waiting.append(place)


def _read(path: Path, above: tuple[Path, ...], *, is_constraint: bool) -> Iterator[Line]:
    place = path.resolve()
    if place in above:
        names = " → ".join(each.name for each in (*above[above.index(place) :], place))
        raise InputError(f"{path} includes itself: {names}. Take one of these lines out.")
    try:
        rows = _rows(path)
    except (OSError, UnicodeDecodeError) as error:
        by = f", which {above[-1]} includes," if above else ""
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}{by} cannot be read: {reason}.") from None
    for row in rows:
        yield from _of_row(row, path.parent, (*above, place), is_constraint=is_constraint)


def _of_row(
    row: str, folder: Path, above: tuple[Path, ...], *, is_constraint: bool
) -> Iterator[Line]:
    match = _INCLUDES.match(row)
    if not match:
        text = _OF_PIP.sub("", row)
        if text:
            yield Line(text, folder, is_constraint)
        return
    what = match["what"].strip()
    if "://" in what:
        raise InputError(
            f"The requirements include {without_login(what)}, an address; put the file beside the "
            "notebook, and its name in the address's place."
        )
    constrains = is_constraint or match["short"] == "c" or match["long"] == "constraint"
    yield from _read(folder / what, above, is_constraint=constrains)


def without_login(text: str) -> str:
    """`text` as it may be shown: without the name and password in an address."""
    return re.sub(r"://[^/\s@]*@", "://…@", text)


def _rows(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig").replace("\\\n", " ")
    return [row for row in (_COMMENT.sub("", row).strip() for row in text.splitlines()) if row]
