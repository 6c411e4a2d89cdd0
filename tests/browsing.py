"""What browser tests share: an app that is served, a page that records what it is sent."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tokenize
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import psutil

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SECOND = 1000
"""Playwright's times are in milliseconds."""


@dataclass
class Viewer:
    """A viewer's page and all that reached it."""

    page: Any
    bodies: list[bytes] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def wait_for_text(self, text: str, seconds: float = 60) -> None:
        """Wait until `text` is shown."""
        found = self.page.get_by_text(text, exact=False).filter(visible=True).first
        found.wait_for(timeout=seconds * SECOND)

    def wait_for(self, pattern: str, other_than: str | None, seconds: float = 30) -> str:
        """The first group of `pattern` in the shown text, once there is one `other_than` that."""
        deadline = time.monotonic() + seconds
        while True:
            # While an output is replaced it is not shown at all for a moment.
            found = re.search(pattern, self.text())
            if found and found[1] != other_than:
                return found[1]
            assert time.monotonic() < deadline, f"{pattern} did not become other than {other_than}"
            time.sleep(0.1)

    def wait_until_live(self, seconds: float = 90) -> None:
        """Wait until the page has a kernel of its own."""
        live = "document.body.dataset.nb2space === 'live'"
        self.page.wait_for_function(live, timeout=seconds * SECOND)

    def text(self) -> str:
        """All text that is shown."""
        shown: str = self.page.inner_text("body")
        return shown

    def received(self) -> bytes:
        """Every byte of the answers and of the socket's frames."""
        return b"\n".join([*self.bodies, *self.frames])


@contextmanager
def viewer(chromium: Any, url: str, viewport: dict[str, int] = DESKTOP) -> Iterator[Viewer]:
    """Open `url` as a viewer does, recording what the page asks for and is sent."""
    context = chromium.new_context(viewport=viewport)
    page = context.new_page()
    seen = Viewer(page)

    def record(response: Any) -> None:
        if "/voila/static/" not in response.url and "/labextensions/" not in response.url:
            seen.bodies.append(response.body())

    def as_bytes(payload: str | bytes) -> bytes:
        return payload.encode() if isinstance(payload, str) else payload

    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", lambda request: seen.hosts.add(request.url.split("/")[2]))
    page.on("requestfinished", lambda request: record(request.response()))
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: seen.frames.append(as_bytes(data))),
    )
    try:
        page.goto(url)
        yield seen
    finally:
        context.close()


@dataclass
class Command:
    """A running `nb2space view`."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str]

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


@contextmanager
def viewing(*words: str | Path, cwd: Path, home: Path) -> Iterator[Command]:
    """`nb2space view WORDS --no-browser` until the block ends; its address is read from it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nb2space", "view", "--no-browser", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "NB2SPACE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    command = Command("", process, [])
    try:
        for line in process.stdout:
            command.lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                command.url = found[0]
                break
        assert command.url, "".join(command.lines)
        yield command
    finally:
        command.stop()
        process.stdout.close()


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and body of an answer; redirects are answers too."""
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with _direct.open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def live(url: str, query: str = "") -> str:
    """What the page at `url` gets when it asks for a live session."""
    status, _, body = get(f"{url}nb2space/live{query}", method="POST")
    assert status == 200, (status, body[:200])
    return body.decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *request: Any) -> None:
        return None


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def wait_until(what: Any, seconds: float = 30) -> None:
    """Wait until `what()` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def kernels_below(pid: int) -> list[int]:
    """The kernels among the processes that `pid` has started, of their own or forked."""
    return [
        process.pid
        for process in psutil.Process(pid).children(recursive=True)
        if "ipykernel_launcher" in _command(process)
        or ("_nb2space_parent" in _command(process) and _is_forked_kernel(process))
    ]


def _is_forked_kernel(process: psutil.Process) -> bool:
    """False for the parent, and for a program that a library starts, such as uname: until it is
    executed it has its parent's command line, but no threads as a kernel has.
    """
    try:
        return not _is_parent(process) and process.num_threads() > 1
    except psutil.Error:
        return False


def parent_below(pid: int) -> int | None:
    """The process that kernels are forked from; None when there is none yet, or no more."""
    for process in psutil.Process(pid).children(recursive=True):
        if "_nb2space_parent" in _command(process) and _is_parent(process):
            return process.pid
    return None


def _is_parent(process: psutil.Process) -> bool:
    """True for the first process of its command line: a fork has the one that it was forked from.

    A fork whose parent is gone is nobody's child but the system's.
    """
    try:
        parent = process.parent()
    except psutil.Error:  # it has just ended
        return False
    return parent is not None and "-m runtime" in _command(parent)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def source_lines(notebook: Path) -> list[bytes]:
    """The lines of a notebook's code that are long enough to be told from other text.

    Lines that hold nothing but parts of string literals are left out: what a literal says may be
    just what the author shows.
    """
    lines = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            named = _lines_with_names(cell.source)
            lines += [
                line.strip().encode()
                for number, line in enumerate(cell.source.splitlines(), 1)
                if number in named and len(line.strip()) >= 16
            ]
    return lines


def _lines_with_names(source: str) -> set[int]:
    plain = "".join(
        "pass\n" if line.startswith("%") else line for line in source.splitlines(keepends=True)
    )
    tokens = tokenize.generate_tokens(io.StringIO(plain).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.NAME}


@contextmanager
def answering(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """A web server on loopback whose requests `handler` answers; its address without a slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
