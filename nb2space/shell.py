"""Words of the commands that authors are told to type."""

from __future__ import annotations

import shlex
from pathlib import Path


def shell_word(path: Path | str) -> str:
    """`path` as a shell takes it for one word, and the command for no option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
