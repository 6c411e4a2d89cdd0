"""Sessions in which nothing is left to execute: viewers are told what the first one was."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from browsing import get, kernels_below, live, parent_below, viewing, wait_until
from conftest import code
from sockets import Socket, socket_of

from nb2space.runtime.connection import Gates
from nb2space.runtime.forked.process import ForkedProcess, Parent
from nb2space.runtime.masking import Mask
from nb2space.runtime.repeating import Repeats
from nb2space.runtime.sourcewall import SourceWall

WIDGETS = (
    "import ipywidgets as w\nfrom IPython.display import display",
    "box, said = w.VBox(), w.Output()\n"
    "slider = w.IntSlider(value=3, description='Zebras')\n"
    "def grow(change):\n"
    "    box.children = [*box.children, w.Label(f\"now {change['new']}\")]\n"
    "slider.observe(grow, 'value')\n"
    "with said:\n    print('inside at first')\n"
    "display(slider, box, said)",
)
# Voila writes it while a kernel keeps a viewer waiting, as on a busy machine.
_HEARTBEAT = "<script>window.voila_heartbeat()</script>\n"
_KERNEL = re.compile(r'"kernelId":\s*"([0-9a-f-]{36})"')


def test_a_session_is_repeated_for_forks_of_the_same_parent_only() -> None:
    with socket.socket() as unused:

        def forked_from(parent: Parent) -> ForkedProcess:
            return ForkedProcess(1, parent, unused, lambda: None)

        parent, other, partial = (Parent(unused, cells) for cells in (3, 3, 2))
        repeats = Repeats(3)
        repeats.keep(forked_from(partial), "first", "told of first")
        repeats.keep(object(), "first", "told of first")
        assert not repeats.is_ready
        repeats.keep(forked_from(parent), "first", "told of first")
        assert repeats.is_ready
        assert repeats.told(forked_from(parent), "second") == "told of second"
        for process in (forked_from(other), forked_from(partial), object()):
            assert repeats.told(process, "second") == ""
        repeats.forget()
        assert not repeats.is_ready
        never = Repeats(None)
        never.keep(forked_from(parent), "first", "told of first")
        assert not never.is_ready


def test_a_kernel_to_which_a_page_came_is_known() -> None:
    gates = Gates(lambda text: "", "en", Mask([]), SourceWall())
    assert gates.is_untouched("k")
    gates.traffic_of("k")
    assert not gates.is_untouched("k")


def states_of(page: Socket) -> dict[str, Any]:
    """The states of the widgets on the page, by model id."""
    control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
    page.send("comm_open", control)
    asked = page.send("comm_msg", {"comm_id": "c", "data": {"method": "request_states"}})
    states: dict[str, Any] = {}
    for _, message in page.until_idle(asked, 20):
        for name, model in message["content"].get("data", {}).get("states", {}).items():
            states[name] = model["state"]
    page.send("comm_close", {"comm_id": "c", "data": {}})
    return states


def moved(page: Socket, value: int) -> None:
    """Move the slider, and wait until the kernel is done."""
    slider = next(n for n, state in states_of(page).items() if "max" in state)
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    page.until_idle(page.send("comm_msg", {"comm_id": slider, "data": data}), 20)


@pytest.mark.kernel
def test_viewers_who_repeat_a_session_have_kernels_of_their_own(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    assert run("convert", notebook(*WIDGETS)).code == 0
    manifest = json.loads((tmp_path / "small-space" / "nb2space.json").read_text())
    assert manifest["sharing"] == "Cells 1 to 2 are run once for all viewers."
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        told = [live(app.url) for _ in range(3)]
        kernels = [_KERNEL.search(text)[1] for text in told]
        assert len(set(kernels)) == 3
        wait_until(lambda: len(kernels_below(app.process.pid)) == 3)
        assert len({text.replace(k, "") for text, k in zip(told, kernels, strict=True)}) == 1
        with socket_of(app.url, kernels[1]) as one, socket_of(app.url, kernels[2]) as other:
            before = states_of(one)
            assert before == states_of(other)
            assert "inside at first" in json.dumps(before)
            for value in (7, 8):
                moved(one, value)
            after = states_of(one)
            assert before == states_of(other)
        labels = [s["value"] for s in after.values() if s["_model_name"] == "LabelModel"]
        assert labels == ["now 7", "now 8"]
        # The ids go on where those of the shared cells end.
        assert set(before) < set(after)


@pytest.mark.kernel
def test_the_first_viewer_repeats_a_session_that_was_rehearsed(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    assert run("convert", notebook(*WIDGETS)).code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        wait_until(lambda: kernels_below(app.process.pid))
        wait_until(lambda: not kernels_below(app.process.pid), seconds=15)
        status, headers, _ = get(f"{app.url}nb2space/live", method="POST")
        # Voila says more of a session that it executes.
        assert status == 200 and headers["Cache-Control"] == "no-store"


@pytest.mark.kernel
def test_nothing_is_rehearsed_that_would_run_the_code(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    path = notebook("x = 1", code("print(x)", "per-viewer"))
    assert run("convert", path).code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        wait_until(lambda: parent_below(app.process.pid))
        time.sleep(3)
        assert not kernels_below(app.process.pid)


@pytest.mark.kernel
def test_without_their_parent_viewers_get_kernels_that_run_the_cells(
    notebook: Any, tmp_path: Path, own_key_store: Path, run: Any
) -> None:
    assert run("convert", notebook(*WIDGETS)).code == 0
    with viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app:
        first, second = live(app.url), live(app.url)
        parent = parent_below(app.process.pid)
        assert parent
        os.kill(parent, signal.SIGKILL)
        wait_until(lambda: parent_below(app.process.pid) != parent)
        later = [live(app.url) for _ in range(3)]
    texts = {_KERNEL.sub("", text.replace(_HEARTBEAT, "")) for text in (first, second, *later)}
    assert len(texts) == 1
