"""Secrets that a traceback may repeat: it quotes modules, which are lifted after the run only."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from nb2space.runtime.undoing import without_colours
from nb2space.secrets.code import secrets_in_code
from nb2space.secrets.patterns import hits

# How IPython and Python name the file of a frame.
_FILE = re.compile(r'File "?([^"\n]+?\.py)"?[:,]')
_MOST_BYTES = 1_000_000


def secrets_in_traceback(report: str) -> tuple[str, ...]:
    """The secrets in a traceback's text and in the author's modules that it names."""
    plain = without_colours(report)
    found = {hit.value: None for hit in hits(plain)}
    for name in dict.fromkeys(_FILE.findall(plain)):
        found |= dict.fromkeys(_in_module(Path(name).expanduser()))
    return tuple(found)


def _in_module(path: Path) -> Iterator[str]:
    paths = sysconfig.get_paths()
    if any(path.is_relative_to(paths[of]) for of in ("stdlib", "purelib", "platlib")):
        return
    try:
        source = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for secret in secrets_in_code(source) if len(source) <= _MOST_BYTES else ():
        yield from (secret.text, *secret.values)
