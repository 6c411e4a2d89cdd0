"""Serving a Space folder on this machine: the folder's own server, as the container starts it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from nb2space.errors import InputError
from nb2space.keystore import Record, known_record
from nb2space.page.serving import StaticServer
from nb2space.runtime import health
from nb2space.space import STATIC, read_files, read_manifest

_START_SECONDS = 60
_STOP_SECONDS = 10
_LOG_LINES = 3


def free_port(wanted: int | None) -> int:
    """`wanted` when it can be listened on, else any free port when none is wanted."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise InputError(
                f"Port {wanted} cannot be used: {error.strerror}. Choose another with --port."
            ) from None
        port: int = probe.getsockname()[1]
        return port


class Server:
    """The app of `folder` on 127.0.0.1:`port`, in a process of its own."""

    def __init__(self, folder: Path, port: int, watch: bool, log: IO[bytes]) -> None:
        self.folder = folder
        self.port = port
        self.watch = watch
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the app is."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the folder's server and wait until it answers. Raises InputError if it does not."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "runtime"],
            cwd=self.folder,
            env=_environment(_record_of(self.folder), self.port, self.watch),
            # The server ends when this pipe closes, however this process ends.
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=self.log,
            # Ctrl-C is for this process; the server is then told to end in good order.
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_SECONDS
        while not _is_ready(self.port):
            self.check()
            if time.monotonic() > deadline:
                raise InputError(
                    f"The server of {self.folder} did not become ready within {_START_SECONDS} s."
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and its kernels."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        self.process = None

    def restart(self) -> None:
        """Serve the folder anew, as it is now, at the same address."""
        self.stop()
        self.start()

    def check(self) -> None:
        """Raise InputError when the server has ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            raise InputError(f"The server of {self.folder} ended by itself{self._last_lines()}.")

    def _last_lines(self) -> str:
        if not self.log.readable():
            return "; its last lines are above"
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
        return ": " + " / ".join(lines) if lines else ""

    def wait(self) -> None:
        """Wait until the server ends by itself, which raises InputError."""
        if self.process is not None:
            self.process.wait()
        self.check()


@contextmanager
def serving(
    folder: Path, port: int, *, watch: bool = False, silent: bool = False
) -> Iterator[Server | StaticServer]:
    """The app of `folder` on this machine, ready to be opened, until the block ends.

    With `watch`, an open page reloads itself when a newer version is served at the same address;
    with `silent`, the app's log is not printed. Raises InputError when the folder is none of ours,
    was changed, has no key here, or when the server does not start.
    """
    with tempfile.TemporaryFile() if silent else open(os.dup(2), "wb") as log:
        is_static = read_manifest(folder).form == STATIC
        server = (
            StaticServer(folder, port, watch) if is_static else Server(folder, port, watch, log)
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _record_of(folder: Path) -> Record:
    manifest = read_manifest(folder)
    read_files(folder, manifest)
    return known_record(folder, manifest.space_id)


def _environment(record: Record, port: int, watch: bool) -> dict[str, str]:
    environment = {
        **os.environ,
        # What the key store does not know may be in this process's own environment.
        **{name: value for name, value in record.secrets.items() if value},
        "NB2SPACE_KEY": record.key,
        "NB2SPACE_HOST": "127.0.0.1",
        "NB2SPACE_PORT": str(port),
        "NB2SPACE_KERNEL": record.kernel,
        "NB2SPACE_WATCH": "1" if watch else "",
        "NB2SPACE_TETHERED": "1",
        # The container does not write into the app's folder either.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # The widgets' front ends are installed with the notebook's kernel, which may be elsewhere.
    share = str(Path(record.prefix) / "share" / "jupyter")
    paths = [path for path in (os.environ.get("JUPYTER_PATH"), share) if path]
    environment["JUPYTER_PATH"] = os.pathsep.join(paths)
    return environment


def _is_ready(port: int) -> bool:
    # The proxy that the environment may name is not asked for this machine's own address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{health.PATH}", timeout=2) as answer:
            return bool(json.load(answer).get("state") == "ready")
    except (OSError, ValueError):
        return False
