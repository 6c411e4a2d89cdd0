"""How much memory there really is for another kernel.

A container is ended when it takes more than it was given, whatever the machine has.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")

# Where the two versions of control groups tell a limit, what is used, and which part of that are
# pages of files that make way: docs.kernel.org/admin-guide/cgroup-v2.html (memory) and
# docs.kernel.org/admin-guide/cgroup-v1/memory.html.
_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)i?B?", re.IGNORECASE)
_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def free_memory(environment: Mapping[str, str] = os.environ, cgroups: Path = _CGROUPS) -> int:
    """The bytes that processes of this container can still take."""
    known: list[int] = [psutil.virtual_memory().available]
    if (left := _left_in_cgroup(cgroups)) is not None:
        known.append(left)
    if given := _given_to_space(environment):
        known.append(given - _taken())
    return max(0, min(known))


def own_memory(pid: int) -> int:
    """The bytes that are free again when the process `pid`, and what it has started, ends.

    0 when it has ended already.
    """
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_full_info().uss for member in family)
    except psutil.Error:
        return 0


def _left_in_cgroup(cgroups: Path) -> int | None:
    """What is left of the limit of this container's control group; None without a limit."""
    for names in _FILES:
        limit, used, statistics = (cgroups / name for name in names[:3])
        try:
            # Without a limit, "max" stands there, or a number larger than any memory.
            most, taken = int(limit.read_text()), int(used.read_text())
            lines = dict(line.split() for line in statistics.read_text().splitlines())
            return most - taken + int(lines[names[3]])
        except (OSError, ValueError, KeyError):
            continue
    return None


def _given_to_space(environment: Mapping[str, str]) -> int:
    """The memory of the Space's hardware, in bytes; 0 when this is no Space.

    huggingface.co/docs/hub/spaces-overview (helper environment variables): MEMORY is "15Gi".
    """
    found = _AMOUNT.fullmatch(environment.get("MEMORY", ""))
    if "SPACE_ID" not in environment or not found:
        return 0
    return int(float(found[1]) * 1024 ** _UNITS[found[2].upper()])


def _taken() -> int:
    """The bytes that this process and all that it has started take; shared ones count once."""
    us = psutil.Process()
    taken = 0
    for member in [us, *us.children(recursive=True)]:
        try:
            memory = member.memory_full_info()
        except psutil.Error:
            continue
        taken += getattr(memory, "pss", memory.uss)
    return taken
