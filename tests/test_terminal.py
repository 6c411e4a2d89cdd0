"""What a person at a real terminal sees while a notebook runs."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.kernel
def test_the_progress_tells_the_cell_and_the_seconds(
    notebook: Callable[..., Path], tmp_path: Path
) -> None:
    path = notebook("import time; time.sleep(1.5)", "print('done')")
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nb2space", "convert", path],
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = ""
    try:
        while data := os.read(main, 4096):
            shown += data.decode()
    except OSError:  # the terminal is closed by its last user
        pass
    os.close(main)
    assert process.wait() == 0, shown
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"Running small\.ipynb: cell 1 of 2\s.*0:00:01", plain), plain
    assert "small-space: 'Small', 2 cells in" in plain
