"""Ctrl-C, a polite and an impolite end: nothing is left, neither files nor processes."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from browsing import kernels_below, live, parent_below
from conftest import ExampleSpace

STOPPED = "\nStopped; nothing was left half-done.\n"
ENDS = [(signal.SIGINT, 130, STOPPED), (signal.SIGTERM, 143, "")]


def start(place: Path, *words: str | Path, **env: str) -> subprocess.Popen[str]:
    """The command `nb2space` in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "nb2space", *map(str, words)],
        cwd=place,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `what` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended, be it still in the table or not."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def beside_caches(place: Path) -> list[Path]:
    """All files below `place` but what was found out about installed packages, which stays true,
    and the machine's own key."""
    store = place / "key-store"
    return sorted(
        path
        for path in place.rglob("*")
        if path.is_file()
        and not path.is_relative_to(store / "executions")
        and path != store / "machine.key"
    )


@pytest.mark.kernel
@pytest.mark.parametrize(("number", "expected", "said"), ENDS)
@pytest.mark.parametrize("moment", ["starting", "running"])
def test_end_of_a_conversion(
    notebook: Callable[..., Path],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    moment: str,
    number: signal.Signals,
    expected: int,
    said: str,
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    mark = outside / "mark"
    temporary = outside / "tmp"
    temporary.mkdir()
    notebook(f"import time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(60)")
    before = beside_caches(tmp_path)
    process = start(tmp_path, "convert", "small.ipynb", TMPDIR=str(temporary))
    try:
        ours = psutil.Process(process.pid)
        wait_for(lambda: len(ours.children()) == 1)
        (kernel,) = ours.children()
        if moment == "running":
            wait_for(mark.exists)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (expected, "", said)
    assert beside_caches(tmp_path) == before
    wait_for(lambda: is_gone(kernel), 2)
    assert list(temporary.iterdir()) == []


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("number", "expected", "said"), [*ENDS, (signal.SIGKILL, -signal.SIGKILL, "")]
)
def test_end_of_a_view(
    example_spaces: Callable[[str], ExampleSpace],
    tmp_path: Path,
    number: signal.Signals,
    expected: int,
    said: str,
) -> None:
    example = example_spaces("report")
    home = {"NB2SPACE_HOME": str(example.home)}
    process = start(tmp_path, "view", "--no-browser", example.folder, **home)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[4]
        live(url)
        assert kernels_below(process.pid) and parent_below(process.pid)
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, number)
        process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == expected
    wait_for(lambda: all(is_gone(child) for child in children), 15)


@pytest.mark.kernel
def test_end_of_a_view_while_a_kernel_starts(
    notebook: Callable[..., Path], tmp_path: Path, own_key_store: Path, run: Callable[..., Any]
) -> None:
    assert run("convert", notebook("import time\ntime.sleep(600)"), "--no-execute").code == 0
    process = start(tmp_path, "view", "--no-browser", "small-space")
    try:
        assert process.stdout is not None
        host, port = process.stdout.readline().split()[4].split("/")[2].split(":")
        viewer = http.client.HTTPConnection(host, int(port))
        viewer.request("POST", "/nb2space/live")
        wait_for(lambda: parent_below(process.pid) is not None)
        # The kernel starts when its parent has run the cells, which it never has.
        time.sleep(2)
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        _, log = process.communicate(timeout=30)
        viewer.close()
    finally:
        process.kill()
    assert process.returncode == 130 and "Traceback" not in log, log
    wait_for(lambda: all(is_gone(child) for child in children), 15)


@pytest.mark.kernel
def test_a_view_whose_server_dies_says_so_and_leaves_the_log_as_it_is(
    example_spaces: Callable[[str], ExampleSpace], tmp_path: Path
) -> None:
    example = example_spaces("report")
    log = tmp_path / "view.log"
    with log.open("wb") as written:
        view = subprocess.Popen(
            [sys.executable, "-m", "nb2space", "view", "--no-browser", example.folder],
            env={**os.environ, "NB2SPACE_HOME": str(example.home)},
            stdout=written,
            stderr=written,
        )
    try:
        wait_for(lambda: "(Ctrl-C ends it)" in log.read_text())
        before = log.read_text()
        for server in psutil.Process(view.pid).children():
            server.kill()
        assert view.wait(30) == 2
    finally:
        view.kill()
    said = log.read_text()
    assert said.startswith(before)
    assert said.endswith(f"{example.folder} ended by itself; its last lines are above.\n")
