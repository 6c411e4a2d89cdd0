"""What the sealed notebook tells the app of its secrets, so that the mask knows each of them.

Of what the code takes from its environment it tells names and places, never values. What only the
outputs showed has no other place to come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .bundle import BundleError
from .settings import PREFIX

Place = tuple[int, int]
"""Where in a value a secret stands: how many characters are before it, and how many behind it.

Counted from both ends, the place holds for a new value, too, whose secret has another length.
"""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class SealedSecrets:
    """`names` are the environment variables that the code was given secret values by.

    `within` says where in such a value (a URL, a text in JSON) the secrets themselves stand.
    `shown` are secrets that only the outputs showed when the notebook was converted.
    """

    names: tuple[str, ...] = ()
    within: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    shown: tuple[str, ...] = ()

    def values(self, environment: Mapping[str, str]) -> Iterator[str]:
        """Every value that viewers must not see; `environment` has those of the names."""
        for name in self.names:
            yield from self.values_of(name, environment.get(name, ""))
        yield from self.shown

    def values_of(self, name: str, value: str) -> Iterator[str]:
        """What is secret of the value of `name`: all of it, and the secrets within."""
        yield value
        for before, behind in self.within.get(name, ()):
            yield value[before : len(value) - behind]

    def as_metadata(self) -> dict[str, Any]:
        """The same, as it stands in the notebook's metadata."""
        within = {name: [list(place) for place in self.within[name]] for name in self.within}
        names, shown = list(self.names), list(self.shown)
        return {"secrets": names, "secrets_within": within, "secrets_shown": shown}


NO_SECRETS = SealedSecrets()


def sealed_secrets(notebook: Any) -> SealedSecrets:
    """What the `notebook` of a bundle tells. Raises BundleError for a name that can be none."""
    found = notebook
    for name in ("metadata", "nb2space"):
        found = found.get(name, {}) if isinstance(found, dict) else {}
    if not isinstance(found, dict):
        return NO_SECRETS
    names = found.get("secrets", [])
    if not isinstance(names, list) or not all(_may_be_secret(name) for name in names):
        raise BundleError("sealed.bin names a secret that is no variable's name; convert again.")
    within = {
        name: tuple((int(before), int(behind)) for before, behind in places)
        for name, places in found.get("secrets_within", {}).items()
    }
    return SealedSecrets(tuple(names), within, tuple(map(str, found.get("secrets_shown", []))))


def _may_be_secret(name: object) -> bool:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return False
    return not name.upper().startswith(PREFIX)
