"""Paths that tell whose machine it is, taken out of what leaves for viewers.

Of a path in the notebook's folder the part that is relative to it is kept, of one in somebody's
home all that is below it (`~/…`). Homes are also known by their form, since outputs and data may
come from other machines.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import PureWindowsPath

from .masking import Mask, spelled
from .undoing import replaced_as_seen
from .verdicts import Remembering

WORK, HOME, OTHER = ".", "~", "…"
"""What stands for a folder: for the notebook's own, for a home, for any other."""

_SLASH = spelled("/")
_EITHER = f"(?:{_SLASH}|{spelled(chr(92))})"
_COLON = "(?::|%(?:25){0,3}3[aA])"

# Not where a path begins: within an address, a relative path or base64. The escapes of a line's
# end, of URLs and of JSON are no letters before it, nor is an option's (-I/home/ana).
_BEGINS = (
    r"(?:(?<![\w.~})\]%/\\+-])|(?<=-[A-Za-z])|(?<=\\[nrt])|(?<=\\u00[0-9a-fA-F]{2})"
    r"|(?<=%[0-9a-fA-F]{2})(?<!%2[fF])(?<!%5[cC]))"
)
_SCHEME = (
    rf"(?:(?:vscode(?:-insiders)?{_COLON}{_SLASH}{{2}}file"
    rf"|file{_COLON}(?:{_SLASH}{{2}}(?:localhost)?)?)(?:{_SLASH}(?=[A-Za-z]{_COLON}))?)?"
)
# An address on the web, up to its path.
_ADDRESS = re.compile(r"(?::\\?/\\?/[^\s\"'<>]*|\w\.[A-Za-z]{2,})\Z")
# A longer name, such as work-old or work.bak, is of another folder.
_ENDS = r"(?![\w@+~-])(?!\.\w)(?!%(?:25){0,3}[89a-fA-F])"
_FURTHER = r"""(?=[^\s\\"'`<>|,;:)\]}])"""

# A letter that URLs and JSON write as an escape.
_FOREIGN = r"%[89a-fA-F][\da-fA-F]|\\{1,7}u[\da-fA-F]{4}"
_NAME = rf"(?:\w|{_FOREIGN})(?:[\w.@+~-]|{_FOREIGN})*(?<![.-])"
_PAGE = r"(?![\w-]+\.(?:html?|php|aspx?|jsp|js|css|png|jpe?g|gif|svg)\b)"
# Windows has blanks in names of people; what follows tells that the name has not ended.
_NAME_WITH_BLANKS = rf"{_NAME}(?:(?: |%20){_NAME}){{0,3}}(?={_EITHER}[^\s/\\])"
_DRIVE = rf"(?:[A-Za-z]{_COLON}{_EITHER}|{_EITHER}mnt{_EITHER}[a-z]{_EITHER}|{_SLASH}[a-z]{_SLASH})"
_SERVER = rf"(?:{_EITHER}{{2}}wsl(?:\$|\.localhost){_EITHER}\w[\w.-]*)?"
_BEFORE_HOMES = rf"(?:{_SLASH}(?:var|usr|export|nfs|net|mnt|Workspace))?"

_HOMES = (
    rf"(?:{_DRIVE}(?i:users){_EITHER}(?:{_NAME_WITH_BLANKS}|{_NAME})"
    rf"|{_SERVER}{_EITHER}home{_EITHER}{_PAGE}{_NAME}"
    rf"|{_BEFORE_HOMES}{_SLASH}(?:home|Users){_SLASH}{_PAGE}{_NAME}"
    rf"|{_SLASH}root(?={_SLASH}{_FURTHER})"
    rf"|{_SLASH}content{_SLASH}drive{_SLASH}My(?: |%20)?Drive\b)"
)
_WORKS = rf"{_SLASH}kaggle{_SLASH}working\b"
# A cell's own file is named by cleantext, with its line.
_TEMPORARY = (
    rf"(?:(?:{_SLASH}private)?(?:(?:{_SLASH}var)?{_SLASH}tmp|{_SLASH}dev{_SLASH}shm)"
    rf"{_SLASH}(?!ipykernel_\d+[/\\]+\d+\.py){_NAME}"
    rf"|(?:{_SLASH}private)?{_SLASH}var{_SLASH}folders{_SLASH}\w+{_SLASH}\w+(?:{_SLASH}[TC])?)"
    rf"(?={_SLASH}{_FURTHER})"
)
_FORMS = ((HOME, _HOMES), (WORK, _WORKS), (OTHER, _TEMPORARY))
# What stands in each of these, and how many characters before it a path begins at the most.
_NEAR = r"(?:home|(?i:users)|root|drive|kaggle|tmp|shm|folders)[/\\%&]"
_REACH = 64
_WORDS = ("home", "sers", "SERS", "root", "drive", "kaggle", "tmp", "shm", "folders")
# With what a path begins.
_STARTS = re.compile(r"[/\\%&]|file|vscode|[A-Za-z](?=[:%])")

# A file to be loaded or opened from the page itself, when it is a text.
_PACKED = re.compile(
    r"(data:(?:text/[\w.+-]+|image/svg\+xml|application/(?:[\w.-]+\+)?(?:json|xml|javascript))"
    r"(?:;[\w=.-]+)*;base64,)([A-Za-z0-9+/]+={0,2})"
)

# Folders that every machine of a kind has.
_OF_SYSTEMS = {
    *((name,) for name in ("usr", "opt", "home", "tmp", "var", "etc", "dev", "mnt", "Users", "C:")),
    ("usr", "local"), ("usr", "lib"), ("opt", "conda"), ("opt", "homebrew"), ("var", "tmp"),
    ("private", "tmp"), ("dev", "shm"),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A folder of the machine, by its absolute path, and what stands for it (WORK, HOME, OTHER)."""

    folder: str
    instead: str

    @property
    def is_windows(self) -> bool:
        """True for a path of Windows, where capital letters do not matter."""
        return bool(PureWindowsPath(self.folder).drive)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names on the way to it, a drive's included."""
        slashes = r"[\\/]+" if self.is_windows else "/+"
        return tuple(part for part in re.split(slashes, self.folder) if part)

    @property
    def is_private(self) -> bool:
        """False for a folder that every machine has, such as /usr/local."""
        return bool(self.parts) and self.parts not in _OF_SYSTEMS


class Places:
    """Replaces paths of `places`, and of homes and temporary folders of any machine, in texts.

    The place that lies deepest counts. A folder right below the root is replaced only in paths of
    what is in it: its own name may be any word.
    """

    def __init__(self, places: Iterable[Place] = ()) -> None:
        known = dict.fromkeys(place for place in places if place.is_private)
        own = sorted(known, key=lambda place: (-len(place.parts), place.folder))
        forms = [*((place.instead, _path(place)) for place in own), *_FORMS]
        self._instead = {f"p{number}": instead for number, (instead, _) in enumerate(forms)}
        self._paths = [f"(?P<p{number}>{path})" for number, (_, path) in enumerate(forms)]
        # What stands before one of these paths makes it no other, but for an address.
        self._deep_paths = [
            path for path, place in zip(self._paths, own, strict=False) if len(place.parts) > 1
        ]
        names = dict.fromkeys(map(_beginning, own))
        near = "|".join((_NEAR, *(f"(?i:{name})" for name in names)))
        # The last signs of a slash in any spelling; a looser search is the faster one.
        self._near = re.compile(rf"[/\\;fFcC](?:{near})")
        self._reach = _REACH + max((2 * len(place.folder) for place in own), default=0)
        self._words = (*_WORDS, *names, *(name.lower() for name in names))
        self._replace = Remembering(self._replaced)

    # These take a while to be made, and texts without a path need none of them.
    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(f"{_BEGINS}{_SCHEME}{_any_of(self._paths)}")

    @cached_property
    def _deep(self) -> re.Pattern[str] | None:
        return re.compile(_any_of(self._deep_paths)) if self._deep_paths else None

    def text(self, text: str) -> str:
        """`text` without the private parts of its paths; itself where there is none."""
        return self._replace(text)

    def _replaced(self, text: str) -> str:
        if ";base64," in text:
            unpacked = _PACKED.sub(self._unpacked, text)
            text = text if unpacked == text else unpacked
        # Most texts hold no path, and are read once.
        if not any(word in text for word in self._words):
            return text
        found = self._found_in(text)
        kept, at = [], 0
        for match in found:
            kept += [text[at : match.start()], self._shown(match)]
            at = match.end()
        changed = "".join([*kept, text[at:]]) if found else text
        if found or self._near.search(text):
            return replaced_as_seen(changed, self._found_in, self._shown)
        return text

    def _unpacked(self, match: re.Match[str]) -> str:
        """A data URL of a text, the text without private paths."""
        try:
            packed = base64.b64decode(match[2]).decode("utf-8")
        except ValueError:
            return match[0]
        shown = self.text(packed)
        if shown == packed:
            return match[0]
        return match[1] + base64.b64encode(shown.encode("utf-8")).decode("ascii")

    def tells_of(self, text: str) -> bool:
        """True when `text` holds a path of one of the places that were given."""
        own = list(self._instead)[: -len(_FORMS)]
        found = [match.groupdict() for match in self._found_in(text)]
        return any(parts.get(name) is not None for parts in found for name in own)

    def _found_in(self, text: str) -> list[re.Match[str]]:
        """The paths in `text`, read only around what may be in one."""
        found: list[re.Match[str]] = []
        at = 0
        for near in self._near.finditer(text):
            for start in _STARTS.finditer(text, max(at, near.start() - self._reach), near.end()):
                if match := self._path_at(text, start.start()):
                    found.append(match)
                    at = match.end()
                    break
        return found

    def _path_at(self, text: str, at: int) -> re.Match[str] | None:
        if match := self._pattern.match(text, at):
            return match
        match = self._deep.match(text, at) if self._deep else None
        return match if match and not _ADDRESS.search(text, max(0, at - _REACH), at) else None

    def _shown(self, match: re.Match[str]) -> str:
        parts = match.groupdict()
        instead = next(new for name, new in self._instead.items() if parts.get(name) is not None)
        slash = match["slash"] or ""
        return "" if instead == WORK and slash else instead + slash


def _any_of(paths: Iterable[str]) -> str:
    """The pattern of one of these, and of the slash that leads further."""
    return f"(?:{'|'.join(paths)})(?P<slash>{_EITHER}{_FURTHER})?"


def _path(place: Place) -> str:
    """The pattern of the place in each way in which programs write it."""
    first, *rest = map(spelled, place.parts)
    if place.is_windows:
        slash, path = _EITHER, first
    else:
        slash, path = f"{_SLASH}{{1,2}}", _SLASH + first
    path = slash.join([path, *rest])
    alone = _ENDS if rest else f"(?={slash}{_FURTHER})"
    return f"(?i:{path}){alone}" if place.is_windows else path + alone


def _beginning(place: Place) -> str:
    """The letters that the last name of the place begins with which begins with letters."""
    plain = (re.match("[A-Za-z0-9]+", part) for part in reversed(place.parts))
    return next((found[0] for found in plain if found), "")


class Veil(Mask):
    """A mask of secret `values` that hides the private parts of paths as well."""

    def __init__(self, values: Iterable[str], places: Places) -> None:
        super().__init__(values)
        self._places = places

    def __bool__(self) -> bool:
        return True

    def text(self, text: str) -> str:
        """`text` with the mark in the place of each value, and without private paths."""
        return self._places.text(super().text(text))

    def whole(self, text: str) -> str:
        """`text` with the mark in the place of each whole value, and without private paths."""
        return self._places.text(super().whole(text))

    def data(self, data: bytes) -> bytes:
        """`data` with the values masked, and without private paths where it is a text."""
        masked = super().data(data)
        try:
            text = masked.decode("utf-8")
        except UnicodeDecodeError:
            return masked
        shown = self._places.text(text)
        return masked if shown is text else shown.encode("utf-8")
