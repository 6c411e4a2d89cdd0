"""Whether the packages of a Space can be installed together: asked of pip before anything is sent.

A build that fails on the Hub costs minutes; the same question is answered here in seconds.
"""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from nb2space.errors import InputError
from nb2space.keystore import Record, save_record

_SECONDS = 120
# What pip and uv say when no index can be reached.
_OFFLINE = re.compile(
    r"(?i)connection broken|max retries exceeded|failed to fetch|dns error|name resolution"
    r"|error sending request|timed out|SSLError|ProxyError"
)
_LINE = re.compile(r"(?:ERROR|error|\u00d7|╰─▶)[: ]+(.+)")


@dataclass(frozen=True)
class Resolution:
    """`problem` is why the packages cannot be installed, `unknown` why that could not be asked."""

    problem: str = ""
    unknown: str = ""


def check_packages(
    folder: Path, record: Record, python: str, step: Callable[[str], None]
) -> Record:
    """Ask whether the requirements of the Space in `folder` can be met; the record that knows it.

    What was found good is not asked again. Raises InputError when the packages do not go together.
    """
    text = (folder / "requirements.txt").read_text(encoding="utf-8")
    digest = digest_of(text, python)
    if record.resolved == digest:
        return record
    step("Checking that the packages can be installed together")
    found = resolve(text, python)
    if found.problem:
        raise InputError(
            f"The packages of {folder} cannot be installed together: {found.problem} Declare "
            "others in a requirements.txt beside the notebook and convert again, or publish with "
            "--no-check."
        )
    if found.unknown:
        step(f"That could not be checked: {found.unknown}")
        return record
    known = replace(record, resolved=digest)
    save_record(known)
    return known


def digest_of(requirements: str, python: str) -> str:
    """What stands for these requirements in the key store."""
    return hashlib.sha256(f"{python}\n{requirements}".encode()).hexdigest()


def resolve(requirements: str, python: str) -> Resolution:
    """Resolve a requirements.txt for a Space with this version of Python; nothing is installed."""
    with tempfile.TemporaryDirectory(prefix="nb2space-") as place:
        path = Path(place) / "requirements.txt"
        path.write_text(requirements, encoding="utf-8")
        command = _command(path, python)
        if not command:
            return Resolution(unknown="neither uv nor a pip for this Python is here.")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return Resolution(unknown=f"the answer took more than {_SECONDS} seconds.")
        except OSError as error:
            return Resolution(unknown=f"{command[0]} does not start: {error.strerror}.")
    if done.returncode == 0:
        return Resolution()
    said = [match[1].strip() for match in _LINE.finditer(done.stderr)] or ["it did not say why"]
    if _OFFLINE.search(done.stderr):
        return Resolution(unknown="no package index can be reached.")
    return Resolution(problem=f"{said[-1].rstrip('.')}.")


def _command(path: Path, python: str) -> list[str]:
    uv = shutil.which("uv")
    if uv:
        # As pip does, take the best version that any of the indexes has, not the first index's.
        return [
            uv, "pip", "compile", "--quiet", "--python-version", python,
            "--python-platform", "x86_64-manylinux_2_28", "--index-strategy", "unsafe-best-match",
            str(path),
        ]  # fmt: skip
    # pip answers for the Python that it runs under only, and for this machine.
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if python != here or platform.system() != "Linux":
        return []
    return [
        sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed",
        "--disable-pip-version-check", "--retries", "1", "--timeout", "15", "-r", str(path),
    ]  # fmt: skip
