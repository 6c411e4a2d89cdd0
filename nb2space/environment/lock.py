"""A uv lock in the notebook's metadata, as juv and uv write it: the versions of all packages.

The format is uv's own: docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from nb2space.environment.closure import parsed_line, space_markers
from nb2space.errors import InputError

KEY = "uv.lock"
"""Under which name the lock stands in the notebook's metadata."""

_WHERE = f"The notebook's metadata '{KEY}'"


def locked(text: str, requirements: Iterable[str], python: str) -> tuple[str, ...]:
    """`requirements` and all that they need as the lock pins them, for a Space.

    Packages that come from no index are left out. Raises InputError for a lock that cannot be read
    or that lacks a requirement.
    """
    packages = _packages(text)
    pinned: dict[str, str] = {}
    waiting = []
    for line in requirements:
        parsed = parsed_line(line)
        if parsed is None or (parsed.marker and not parsed.marker.evaluate(space_markers(python))):
            continue
        if canonicalize_name(parsed.name) not in packages:
            raise InputError(
                f"{_WHERE} does not have '{parsed.name}', which the '# /// script' block names. "
                "Lock the notebook again."
            )
        waiting.append({"name": parsed.name, "extra": sorted(parsed.extras)})
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        package = _chosen(packages.get(canonicalize_name(str(wanted.get("name", ""))), []), wanted)
        if package is None:
            continue
        name, version = str(package["name"]), str(package.get("version", ""))
        if version and "registry" in package.get("source", {}):
            pinned.setdefault(canonicalize_name(name), f"{name}=={version}")
        for extra in ("", *wanted.get("extra", ())):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += _needs(package, extra, python)
    return tuple(pinned[name] for name in sorted(pinned))


def _packages(text: str) -> dict[str, list[dict[str, Any]]]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        found = tomllib.loads(text).get("package", [])
        packages: dict[str, list[dict[str, Any]]] = {}
        for package in found:
            packages.setdefault(canonicalize_name(package["name"]), []).append(package)
    except (tomllib.TOMLDecodeError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{_WHERE} cannot be read: {error}.") from None
    return packages


def _chosen(packages: list[dict[str, Any]], wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The package that is wanted: where there are several versions, a dependency tells which."""
    version = wanted.get("version")
    fitting = [each for each in packages if version in (None, each.get("version"))]
    return fitting[0] if fitting else None


def _needs(package: Mapping[str, Any], extra: str, python: str) -> Iterator[dict[str, Any]]:
    listed = (
        package.get("optional-dependencies", {}).get(extra, [])
        if extra
        else package.get("dependencies", [])
    )
    for each in listed:
        try:
            marker = Marker(each["marker"]) if "marker" in each else None
        except InvalidMarker:
            marker = None
        if marker is None or marker.evaluate(space_markers(python, extra)):
            yield each
