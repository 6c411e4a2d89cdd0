"""What kernels write past their messages reaches no log."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import live, wait_until

from nb2space.runtime.noise import Noise


def test_lines_are_counted_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nb2space")
    noise = Noise()
    for count in (1, 1, 20, 100):
        done = noise.lines + count
        os.write(noise.descriptor, b"secret line\n" * count)
        wait_until(lambda done=done: noise.lines == done)
    noise.close()
    time.sleep(0.1)
    assert "secret" not in caplog.text
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3 and told[0].endswith(": 1.")


@pytest.mark.kernel
def test_a_kernels_own_descriptors_do_not_lead_to_the_log(
    notebook: Callable[..., Path], tmp_path: Path, run: Callable[..., Any]
) -> None:
    from nb2space.serve import free_port, serving

    path = notebook(
        "# Title",
        "import os, sys\nzebra_line = os.getpid()\n"
        "for number in (1, 2):\n    os.write(number, b'zebra_line = os.getpid()\\n')\n"
        "os.write(sys.__stderr__.fileno(), b'zebra_line = os.getpid()\\n')\nprint('Ready')",
    )
    assert run("convert", path, "--allow-shown-source").code == 0
    folder = tmp_path / "small-space"
    with serving(folder, free_port(None), silent=True) as server:
        assert "Ready" in live(server.url)
        wait_until(lambda: b"kept out of this log" in written(server.log))
        assert b"zebra" not in written(server.log)


def written(log: Any) -> bytes:
    """What is in a log that another process writes to."""
    return os.pread(log.fileno(), 1_000_000, 0)
