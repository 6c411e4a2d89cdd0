"""What the code in a kernel can read of the server that started it, on Linux."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import free_port, get, wait_until

from nb2space.keystore import find_record
from nb2space.space import read_manifest

# A container's server is no root, and neither are its kernels.
_AS_IN_A_CONTAINER = (
    ("setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search")
    if os.geteuid() == 0
    else ()
)

LOOK_AROUND = """
import os, re
from pathlib import Path

def tried(path, read):
    try:
        read(path)
        return "read"
    except OSError as error:
        return type(error).__name__

def first_bytes(path):
    with open(path, "rb") as file:
        return file.read(16)

def holds(path, text):
    try:
        return text in path.read_bytes()
    except OSError:
        return False

def is_server(folder):
    return holds(folder / "cmdline", b"-m\\0runtime\\0")

def own_line():
    pid = os.getpid()
    while pid > 1:
        yield Path(f"/proc/{pid}")
        pid = int(re.search(r"\\) \\w (\\d+)", Path(f"/proc/{pid}/stat").read_text())[1])

servers = [folder for folder in own_line() if is_server(folder)]
for server in servers:
    print(f"mem: {tried(server / 'mem', first_bytes)}.")
    values = [holds(server / "environ", text) for text in (b"other-value", b"a-key")]
    print(f"Values: {values}.")
print(f"Servers: {len(servers)}.")
print("Of the Space:", sorted(n for n in os.environ if "NB2SPACE" in n or "OTHER" in n), "end.")
places = [path for path in Path.cwd().parents if path.name.startswith("nb2space-")]
shared = [path for path in places if path.stat().st_mode & 0o077]
print(f"Open to other users: {len(shared)} of {len(places)}.")
"""


@pytest.mark.kernel
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("share", ["--share", "--no-share"])
def test_a_kernel_reads_nothing_of_the_server(
    share: str,
    notebook: Callable[..., Path],
    run: Callable[..., Any],
    tmp_path: Path,
    own_key_store: Path,
) -> None:
    done = run("convert", notebook(LOOK_AROUND, name="around.ipynb"), share)
    assert done.code == 0, done.err
    folder = tmp_path / "around-space"
    record = find_record(read_manifest(folder).space_id)
    assert record
    port = free_port()
    server = subprocess.Popen(
        [*_AS_IN_A_CONTAINER, sys.executable, "-m", "runtime"],
        cwd=folder,
        env={
            **os.environ,
            "NB2SPACE_KEY": record.key,
            "NB2SPACE_KEY_12345678": "a-key",
            "OTHER_SECRET": "other-value",
            "NB2SPACE_PORT": str(port),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_until(lambda: answers(url))
        told = get(f"{url}nb2space/live", "POST")[2].decode()
    finally:
        server.terminate()
        server.wait(20)
    assert "Servers: 1." in told
    assert "mem: PermissionError." in told
    assert "Values: [False, False]." in told
    assert "Of the Space: [] end." in told
    assert "Open to other users: 0 of 1." in told
    assert record.key not in told


def answers(url: str) -> bool:
    """True when live sessions can be had."""
    try:
        return b'"ready"' in get(f"{url}nb2space/health")[2]
    except OSError:
        return False
