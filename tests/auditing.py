"""What tests of the audit share: needles of a notebook, apps with and without us."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browsing import free_port, get, wait_until
from conftest import ROOT

from nb2space.audit.known import known_files
from nb2space.audit.needles import Needles, needles_of
from nb2space.audit.report import Channel
from nb2space.audit.search import search
from nb2space.audit.traffic import visit_app
from nb2space.notebook import read_notebook


def needles_in(notebook: Path) -> Needles:
    """The needles of a notebook that was not converted."""
    return needles_of([read_notebook(notebook)], {}, common=known_files().words)


_ROW = re.compile(r"\| .+ \| `([\w-]+)` \| (leaks|clean) \| (leaks|clean) \|")


def expected_leaks() -> dict[str, tuple[str, str]]:
    """What docs/security.md says of each leaky notebook: served by plain Voila, and by nb2space."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return {stem: (plain, ours) for stem, plain, ours in _ROW.findall(text)}


def leaks_on_visit(url: str, needles: Needles, *, use_browser: bool) -> dict[str, set[str]]:
    """The kinds of leaks by channel, while the app's page is loaded and its controls are moved."""
    log = visit_app(url, use_browser=use_browser)
    assert not log.unseen, log.unseen
    return kinds(search(log.pieces(), needles, known_files()))


def kinds(channels: tuple[Channel, ...]) -> dict[str, set[str]]:
    """The kinds of leaks in each channel that has some."""
    return {c.name: {leak.kind for leak in c.leaks} for c in channels if c.leaks}


# Voila as it is, but for the fault of jupyter_client that leaves about one page in twelve waiting
# for ever: a test must end.
_VOILA = (
    "from nb2space.runtime.wakeup import cure_lost_wakeup; cure_lost_wakeup(); "
    "from voila.app import main; main()"
)


@contextmanager
def plain_voila(notebook: Path, *options: str, modules: str = "") -> Iterator[str]:
    """An unmodified Voila that serves `notebook`; its address.

    It can import what lies in the folder `modules`.
    """
    # A kernel that is just ending may still write to it.
    own = tempfile.TemporaryDirectory(prefix="nb2space-", ignore_cleanup_errors=True)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", _VOILA, notebook.name, "--no-browser", f"--port={port}", *options],
        cwd=notebook.parent,
        env={
            **os.environ,
            "JUPYTER_NO_CONFIG": "1",
            "PYTHONPATH": modules,
            # Without the history of all kernels that ever ran here.
            "IPYTHONDIR": own.name,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/"

    def answers() -> bool:
        assert server.poll() is None, "Voila ended by itself"
        try:
            return get(url + "voila/static/voila.js")[0] == 200
        except OSError:
            return False

    try:
        wait_until(answers)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:  # it waits for a kernel for ever
            server.kill()
            server.wait()
        own.cleanup()


def zipped(data: bytes) -> bytes:
    """A ZIP archive with one file of this content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    return buffer.getvalue()


def in_png(text: str, compressed: bool) -> bytes:
    """A picture with a text beside it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info, buffer = PngInfo(), io.BytesIO()
    info.add_itxt("Comment", text, zip=compressed)
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
