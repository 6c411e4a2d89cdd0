"""What packages need of each other, by what is installed in the notebook's environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def closure(requirements: Iterable[str], distributions: Mapping[str, Any], python: str) -> set[str]:
    """The normal names of `requirements` and of all that these need in a Space.

    `distributions` are those of `Environment.distributions`; `python` is "3.11".
    """
    waiting = [parsed for line in requirements if (parsed := parsed_line(line))]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *sorted(requirement.extras)):
            if (name, extra) not in seen:
                seen.add((name, extra))
                lines = distributions.get(name, {}).get("requires", ())
                waiting += applying(lines, python, extra)
    return {name for name, _ in seen}


def applying(lines: Iterable[str], python: str, extra: str = "") -> Iterator[Requirement]:
    """Those of a distribution's requirements that hold in a Space, with the `extra` asked for."""
    here = space_markers(python, extra)
    for line in lines:
        parsed = parsed_line(line)
        if parsed and (parsed.marker is None or parsed.marker.evaluate(here)):
            yield parsed


def space_markers(python: str, extra: str = "") -> dict[str, str]:
    """What environment markers are compared with: the container of a Space."""
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_version": f"{python}.0",
        "extra": extra,
    }


def parsed_line(line: str) -> Requirement | None:
    """A requirement as an object; None for what is none."""
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None
