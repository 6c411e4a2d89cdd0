"""What an audit found, as plain data; a leak is shown so that it can be found, not read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nb2space.errors import FindingError

_MOST_SHOWN = 60
_WORD = re.compile(r"\w{3,}")

KEY = "key"
SECRET = "secret"
PATH = "path"
"""The kinds of leaks that are no code: the Space's key, secrets, whose kinds also name them, and
paths of the author's machine."""


@dataclass(frozen=True)
class Leak:
    """Something of the author's code in a place where a viewer can get it.

    `channel` is the way it went, `where` the place on that way, `kind` what it is ("line",
    "comment", "literal", …), `excerpt` a masked piece of at most 60 characters (of a secret its
    length only), `count` how often it was met.
    """

    channel: str
    where: str
    kind: str
    excerpt: str
    count: int


@dataclass(frozen=True)
class Channel:
    """One way to a viewer: how many bytes went there and were looked at, and what leaked."""

    name: str
    bytes_looked_at: int
    leaks: tuple[Leak, ...]


@dataclass(frozen=True)
class Report:
    """What an audit found.

    `notes` are sentences about what it did in another way than usual; `unseen` are those about what
    it could not look at, so that nothing is proved. `needles` is how many pieces of the code were
    looked for, `moved` how many controls were moved.
    """

    channels: tuple[Channel, ...]
    notes: tuple[str, ...] = ()
    needles: int = 0
    unseen: tuple[str, ...] = ()
    moved: int = 0

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """The leaks of all channels."""
        return tuple(leak for channel in self.channels for leak in channel.leaks)

    @property
    def ok(self) -> bool:
        """True when nothing leaked and all was looked at."""
        looked = any(channel.bytes_looked_at for channel in self.channels)
        return looked and not self.leaks and not self.unseen

    def joined(self, other: Report) -> Report:
        """Both reports as one."""
        return Report(
            self.channels + other.channels,
            self.notes + other.notes,
            max(self.needles, other.needles),
            tuple(dict.fromkeys(self.unseen + other.unseen)),
            self.moved + other.moved,
        )


def refuse_leaks(report: Report, advice: str) -> None:
    """Raise FindingError when something leaks, or when not all could be looked at."""
    if report.leaks:
        count = len(report.leaks)
        what = "One thing" if count == 1 else f"{count} things"
        raise FindingError(f"{what} of the code can be got by viewers; {advice}.")
    if not report.ok:
        reasons = " ".join(report.unseen) or "Nothing could be looked at."
        raise FindingError(f"{reasons} So nothing is proved; {advice}.")


def masked(kind: str, text: str) -> str:
    """A leak's `text` on one line, each word but its first two letters replaced by dots.

    Of a secret, which may have few letters in a row, only its length.
    """
    if kind == KEY or kind.startswith(SECRET):
        return f"••• ({len(text)} characters)"
    line = " ".join(text.split())
    hidden = _WORD.sub(lambda match: match[0][:2] + "·" * min(len(match[0]) - 2, 6), line)
    return hidden if len(hidden) <= _MOST_SHOWN else hidden[: _MOST_SHOWN - 1] + "…"
