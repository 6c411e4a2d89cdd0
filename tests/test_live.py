"""The page first: what answers before there is a kernel, and how the page goes over to one."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import (
    Command,
    Viewer,
    free_port,
    get,
    kernels_below,
    live,
    viewer,
    viewing,
    wait_until,
)
from conftest import ROOT, ExampleSpace, code

from nb2space.keystore import find_record
from nb2space.runtime.messages import TEXTS
from nb2space.runtime.samecells import digest_of
from nb2space.space import read_manifest

# Slow to start, so that there is time before the kernel; what chance gives differs in each run.
SLOW = (
    "# Slow",
    "import time\nfrom ipywidgets import interact\ntime.sleep(6)",
    "@interact(number=(1, 9))\ndef doubled_value(number=2):\n    print('Twice is', number * 2)",
    "import secrets\nprint('the lot is', secrets.token_hex(8))",
)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> ExampleSpace:
    """The folder of a notebook that takes six seconds."""
    place = tmp_path_factory.mktemp("slow")
    title, *rest = SLOW
    # Not even what all viewers have alike is done before they come.
    cells = [nbformat.v4.new_markdown_cell(title), *(code(text, "per-viewer") for text in rest)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), place / "slow.ipynb")
    home = place / "key-store"
    subprocess.run(
        [sys.executable, "-m", "nb2space", "convert", "slow.ipynb", "--lang", "id"],
        cwd=place,
        env={**os.environ, "NB2SPACE_HOME": str(home)},
        check=True,
    )
    return ExampleSpace(place / "slow-space", home)


@pytest.fixture(scope="module")
def app(slow: ExampleSpace) -> Iterator[Command]:
    """The app of that folder."""
    with viewing(slow.folder, cwd=slow.folder.parent, home=slow.home) as running:
        yield running


Opened = Callable[[Path], AbstractContextManager[tuple[Command, Viewer]]]


@pytest.fixture
def opened(tmp_path: Path, own_key_store: Path, run: Callable[..., Any], chromium: Any) -> Opened:
    """Convert a notebook named small.ipynb, and open its app in the browser."""

    @contextmanager
    def visit(path: Path) -> Iterator[tuple[Command, Viewer]]:
        assert run("convert", path).code == 0
        with (
            viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app,
            viewer(chromium, app.url) as seen,
        ):
            yield app, seen

    return visit


def test_the_front_needs_neither_voila_nor_jupyter_server() -> None:
    script = (
        "import sys, nb2space.runtime.__main__\n"
        "print([n for n in ('voila', 'jupyter_server', 'nbconvert', 'zmq') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.kernel
def test_the_page_is_there_before_the_live_server(
    slow: ExampleSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB2SPACE_HOME", str(slow.home))
    record = find_record(read_manifest(slow.folder).space_id)
    assert record
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    environment = {**os.environ, "NB2SPACE_KEY": record.key, "NB2SPACE_PORT": str(port)}
    server = subprocess.Popen(
        [sys.executable, "-m", "runtime"],
        cwd=slow.folder,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until(lambda: answers(url))
        assert b"Twice is" in get(url + "page/table.json")[2]
        assert json.loads(get(url + "nb2space/health")[2]) == {"state": "starting", "version": ""}
        assert get(url + "nb2space/live", method="POST")[0] == 503
        wait_until(lambda: json.loads(get(url + "nb2space/health")[2])["state"] == "ready")
        assert "the lot is" in live(url)
    finally:
        server.terminate()
        log = server.communicate(timeout=20)[0]
    assert server.returncode == 0
    assert "503" not in log, "it is no fault that it has yet to start"


def answers(url: str) -> bool:
    """True when the page is given out."""
    try:
        return get(url)[0] == 200
    except OSError:
        return False


@pytest.mark.kernel
def test_the_page_is_kept_and_compressed_and_starts_no_kernel(app: Command) -> None:
    status, headers, body = get(app.url)
    assert status == 200 and b"the lot is" in body
    again = {"If-None-Match": headers["ETag"]}
    assert get(app.url, **again)[::2] == (304, b"")
    assert get(app.url, **{"If-None-Match": '"other"'})[0] == 200
    status, pressed, content = get(app.url, **{"Accept-Encoding": "gzip"})
    assert pressed["Content-Encoding"] == "gzip" and gzip.decompress(content) == body
    assert len(content) < len(body) / 2
    status, headers, content = get(app.url, method="HEAD")
    assert status == 200 and content == b"" and int(headers["Content-Length"]) == len(body)
    assert get(app.url + "nb2space/live")[0] == 405
    crawler = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    assert get(app.url + "nb2space/live", method="POST", **crawler)[0] == 403
    # That of the rehearsal ends at once, one that nobody comes to after half a minute.
    wait_until(lambda: kernels_below(app.process.pid) == [], seconds=15)


@pytest.mark.browser
def test_what_is_moved_before_the_kernel_is_ready_takes_effect(app: Command, chromium: Any) -> None:
    with viewer(chromium, app.url) as seen:
        handle = seen.page.locator(".noUi-handle").first
        handle.wait_for()
        # What the page was made with is there, and the kernel is not.
        assert "Twice is 4" in seen.text()
        lot = seen.wait_for(r"the lot is (\w+)", other_than=None)
        assert seen.page.evaluate("document.body.dataset.nb2space") == "starting"
        assert seen.page.locator(".nb2space-status").inner_text().startswith("Memulai versi")
        seen.page.evaluate("window.stillTheSamePage = true")
        handle.focus()
        for _ in range(3):
            seen.page.keyboard.press("ArrowRight")
        seen.wait_until_live()
        seen.wait_for_text("Twice is 10")
        # A cell that shows something else in the viewer's kernel is brought up to date.
        seen.wait_for(r"the lot is (\w+)", other_than=lot)
        assert seen.page.get_by_text("the lot is").count() == 1
        assert seen.page.locator(".noUi-handle").count() == 1
        assert seen.page.evaluate("window.stillTheSamePage")


@pytest.mark.browser
def test_a_lost_socket_and_a_dead_kernel_are_survived(app: Command, chromium: Any) -> None:
    with viewer(chromium, app.url) as seen:
        seen.page.evaluate(
            """() => {
                window.said = [];
                const note = () => window.said.push(document.body.dataset.nb2space);
                new MutationObserver(note).observe(document.body, {attributes: true});
                const send = WebSocket.prototype.send;
                WebSocket.prototype.send = function (data) {
                    window.socket = this;
                    send.call(this, data);
                };
            }"""
        )
        seen.wait_until_live()
        handle = seen.page.locator(".noUi-handle").first
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("Twice is 6")
        for kernel in kernels_below(app.process.pid):
            os.kill(kernel, signal.SIGKILL)
        wait_until(lambda: "lost" in seen.page.evaluate("window.said"))
        assert "Twice is 6" in seen.text(), "the last view stays"
        seen.wait_until_live()
        assert "Twice is 6" in seen.text(), "and what was set is set again"
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("Twice is 8")
        (before,) = kernels_below(app.process.pid)
        seen.page.evaluate("window.said = []; window.socket.close()")
        wait_until(lambda: seen.page.evaluate("window.said.join()") == "lost,live")
        assert kernels_below(app.process.pid) == [before], "the kernel that is still there is kept"
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("Twice is 10")


@pytest.mark.browser
def test_other_widgets_than_those_of_the_page_take_their_place(
    notebook: Callable[..., Path], opened: Opened
) -> None:
    path = notebook(
        "import os\nfrom ipywidgets import IntSlider, Label, Text, VBox, interact",
        "is_app = 'nb2space-' in os.environ['HOME']\n"
        "made = [Text('in the app'), Label('more')] if is_app else [IntSlider(3)]\nVBox(made)",
        "@interact(number=(1, 9))\ndef doubled_value(number=2):\n    print('Twice is', number * 2)",
        "assert not is_app",
        "'never reached in the app'",
    )
    with opened(path) as (app, seen):
        assert get(app.url + "page/table.json")[2].count(b'"IntSliderModel"') >= 2
        seen.wait_until_live()
        seen.wait_for_text("more")
        assert seen.page.locator("input[type=text]").input_value() == "in the app"
        handle = seen.page.locator(".noUi-handle")
        assert handle.count() == 1
        seen.wait_for_text("This part could not be shown")
        seen.wait_for_text(TEXTS["en"]["partly"])
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("Twice is 6")


@pytest.mark.browser
def test_what_the_page_links_moves_together_and_exit_ends_nothing(
    notebook: Callable[..., Path], opened: Opened
) -> None:
    path = notebook(
        "from ipywidgets import IntSlider, Label, VBox, jslink\n"
        "one, other, said = IntSlider(), IntSlider(), Label()\n"
        "other.observe(lambda change: setattr(said, 'value', f'It is {change.new}'), 'value')\n"
        "linked = jslink((one, 'value'), (other, 'value'))\nVBox([one, other, said])",
        "exit()",
    )
    with opened(path) as (_, seen):
        seen.wait_until_live()
        seen.page.locator(".noUi-handle").first.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("It is 1")
        assert seen.page.locator(".widget-readout").all_inner_texts() == ["1", "1"]


def test_texts_are_there_in_each_language() -> None:
    assert {frozenset(texts) for texts in TEXTS.values()} == {frozenset(TEXTS["en"])}


def test_cells_that_look_the_same_have_the_same_digest() -> None:
    one = {"output_type": "stream", "name": "stdout", "text": "a\nb\n"}
    assert digest_of([]) == ""
    assert digest_of([one]) == digest_of([{**one, "text": ["a\n", "b\n"], "trusted": True}])
    assert digest_of([one]) != digest_of([{**one, "text": "a\n"}]) != digest_of([one, one])
