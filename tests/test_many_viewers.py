"""Many viewers: who is let in, who waits where, whose kernel is ended, and what is too much."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest
import websocket
from browsing import Command, get, kernels_below, live, viewer, viewing, wait_until
from conftest import ExampleSpace, code
from forking import finished
from sockets import kernel_of, open_socket, socket_of

from nb2space.runtime.admission import (
    _LONGEST_OF_ONE,
    _LONGEST_QUEUE,
    Admission,
    QueueFullError,
    Ticket,
)
from nb2space.runtime.allowance import Allowance
from nb2space.runtime.memory import free_memory, own_memory
from nb2space.runtime.messages import TEXTS
from nb2space.runtime.settings import Limits, take_settings

MEGABYTE = 1_000_000


# -- what there is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "used", "statistics"),
    [
        ("memory.max", "memory.current", "memory.stat"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
        ),
    ],
)
def test_the_containers_limit_counts(
    limit: str, used: str, statistics: str, tmp_path: Path
) -> None:
    assert free_memory({}, tmp_path) > 100 * MEGABYTE, "without one, the machine's"
    (tmp_path / limit).parent.mkdir(exist_ok=True)
    (tmp_path / limit).write_text("50000000\n")
    (tmp_path / used).write_text("30000000\n")
    (tmp_path / statistics).write_text(
        "anon 1\ninactive_file 4000000\ntotal_inactive_file 4000000\n"
    )
    assert free_memory({}, tmp_path) == 24_000_000, "pages of files make way"
    (tmp_path / used).write_text("90000000\n")
    assert free_memory({}, tmp_path) == 0
    (tmp_path / limit).write_text("max\n")
    assert free_memory({}, tmp_path) > 100 * MEGABYTE


def test_the_memory_of_a_space_counts(tmp_path: Path) -> None:
    free = free_memory({"SPACE_ID": "ana/report", "MEMORY": "2Gi"}, tmp_path)
    assert 0 < free < 2 * 1024**3
    assert free_memory({"SPACE_ID": "ana/report", "MEMORY": "1Mi"}, tmp_path) == 0
    # On any other machine the variable may mean anything.
    assert free_memory({"MEMORY": "1Mi"}, tmp_path) > 100 * MEGABYTE
    assert free_memory({"SPACE_ID": "ana/report", "MEMORY": "much"}, tmp_path) > 100 * MEGABYTE


def test_what_a_process_and_its_children_take() -> None:
    grow = "taken = bytearray(100_000_000); print('ready', flush=True); input()"
    script = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {grow!r}], stdin=sys.stdin)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == b"ready\n"
        assert 100 * MEGABYTE < own_memory(process.pid) < 200 * MEGABYTE
        process.stdin.close()
    assert own_memory(process.pid) == 0


# -- who is next ---------------------------------------------------------------------------------


def entered(admission: Admission, *tickets: Ticket) -> list[bool]:
    """Which of the tickets are let in, asked for in turn."""

    async def ask() -> list[bool]:
        return [await admission.may_start(ticket) for ticket in tickets]

    return finished(ask())


def started(admission: Admission, ticket: Ticket, name: str) -> None:
    """The ticket's kernel has executed the notebook."""
    ticket.kernel_id = name
    finished(admission.measure(ticket, 1))


def test_as_many_are_let_in_as_fit_into_memory() -> None:
    free = 1000 * MEGABYTE
    admission = Admission(10, free=lambda: free, own=lambda pid: 160 * MEGABYTE)
    tickets = [admission.ask(f"viewer {number}") for number in range(7)]
    # What a kernel needs is not known yet, so few may try.
    assert entered(admission, *tickets) == [True, True] + 5 * [False]
    assert [admission.place(ticket) for ticket in tickets[2:]] == [1, 2, 3, 4, 5]
    started(admission, tickets[0], "a")
    # 200 MB each with some growth, and a reserve: of 1000 MB, one that starts leaves 600.
    assert entered(admission, *tickets) == 5 * [True] + 2 * [False]
    free = 300 * MEGABYTE
    for name, ticket in zip("bcde", tickets[1:5], strict=True):
        started(admission, ticket, name)
    admission._known = (0, -1)
    assert entered(admission, *tickets[5:]) == [False, False]
    free = 420 * MEGABYTE
    admission.ended("c")
    admission._known = (0, -1)
    assert entered(admission, *tickets[5:]) == [True, False]


def test_one_may_always_try() -> None:
    admission = Admission(10, free=lambda: 0, own=lambda pid: 1)
    first, second, third = (admission.ask("someone") for _ in range(3))
    assert entered(admission, first, second) == [True, False]
    started(admission, first, "a")
    assert entered(admission, second) == [False]
    admission.leave(second)
    admission.leave(second)
    admission.ended("a")
    assert entered(admission, third) == [True]


def test_the_queue_is_fair() -> None:
    admission = Admission(2, free=lambda: 10**12, own=lambda pid: 1)
    crowd = [admission.ask("crowd") for _ in range(2)]
    assert entered(admission, *crowd) == [True, True]
    crowd += [admission.ask("crowd") for _ in range(2)]
    assert entered(admission, *crowd) == [True, True, False, False]
    for name, ticket in zip("ab", crowd, strict=False):
        started(admission, ticket, name)
    # More than their share no one gets, and who has nothing yet is served first.
    late = admission.ask("late")
    assert admission.place(late) == 1 and admission.place(crowd[2]) == 2
    assert entered(admission, *crowd, late) == [True, True, False, False, True]
    admission.ended("a")
    assert entered(admission, *crowd[1:]) == [True, True, False]


def test_a_queue_has_an_end() -> None:
    admission = Admission(1, free=lambda: 0)
    for number in range(_LONGEST_QUEUE):
        admission.ask(f"someone {number}")
    with pytest.raises(QueueFullError):
        admission.ask("one more")


def test_one_client_does_not_fill_the_queue() -> None:
    admission = Admission(1, free=lambda: 0)
    for _ in range(_LONGEST_OF_ONE):
        admission.ask("crowd")
    with pytest.raises(QueueFullError):
        admission.ask("crowd")
    assert admission.place(admission.ask("late")) == _LONGEST_OF_ONE + 1


def test_an_allowance_comes_back_bit_by_bit() -> None:
    now = 0.0
    allowance = Allowance(10, 5, clock=lambda: now)
    assert [allowance.take() for _ in range(6)] == 5 * [True] + [False]
    now = 0.2
    assert allowance.take(2) and not allowance.take()
    now = 100
    assert not allowance.take(6) and allowance.take(5)


def test_what_may_be_set(tmp_path: Path) -> None:
    (tmp_path / "nb2space.json").write_text(
        '{"notebook": "a", "title": "a", "theme": "light", "show_source": false, "language": "en"}'
    )
    assert take_settings(tmp_path, {}).limits == Limits()
    given = {"NB2SPACE_IDLE_SECONDS": "60", "NB2SPACE_KERNELS_PER_CLIENT": "3"}
    assert take_settings(tmp_path, given).limits == Limits(idle=60, kernels_per_client=3)
    for wrong in ("0", "-1", "many", "1.5", "²"):
        with pytest.raises(SystemExit, match="NB2SPACE_IDLE_SECONDS is"):
            take_settings(tmp_path, {"NB2SPACE_IDLE_SECONDS": wrong})


# -- in the app ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> ExampleSpace:
    """The folder of a notebook that takes four seconds for each viewer."""
    place = tmp_path_factory.mktemp("many")
    cells = [
        code("from ipywidgets import interact\nimport time"),
        code("time.sleep(4)", "per-viewer"),
        code("@interact(number=(1, 9))\ndef double(number=2):\n    print('Twice is', number * 2)"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), place / "slow.ipynb")
    home = place / "key-store"
    subprocess.run(
        [sys.executable, "-m", "nb2space", "convert", "slow.ipynb"],
        cwd=place,
        env={**os.environ, "NB2SPACE_HOME": str(home)},
        check=True,
    )
    return ExampleSpace(place / "slow-space", home)


@pytest.fixture
def serving(
    slow: ExampleSpace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Command]]:
    """Serve the app with the given variables."""
    with ExitStack() as stack:

        def serve(**variables: str) -> Command:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            where = {"cwd": slow.folder.parent, "home": slow.home}
            return stack.enter_context(viewing(slow.folder, **where))

        yield serve


def status_of(seen: Any) -> str:
    """What the page's status line says."""
    said: str = seen.page.locator(".nb2space-status").inner_text()
    return said


@pytest.mark.browser
@pytest.mark.parametrize(
    "variables",
    [
        {"SPACE_ID": "ana/report", "MEMORY": "1Mi"},
        {"NB2SPACE_KERNELS_PER_CLIENT": "1"},
    ],
    ids=["no memory", "enough of one client"],
)
def test_who_does_not_fit_waits_and_is_told_where(
    variables: dict[str, str], serving: Callable[..., Command], chromium: Any
) -> None:
    app = serving(**variables)
    with ExitStack() as first_page:
        first = first_page.enter_context(viewer(chromium, app.url))
        first.wait_until_live()
        with viewer(chromium, app.url) as second:
            second.wait_for_text(TEXTS["en"]["queue"].format(place=1))
            with viewer(chromium, app.url) as third:
                third.wait_for_text(TEXTS["en"]["queue"].format(place=2))
            with viewer(chromium, app.url) as fourth:
                # The third has left the queue.
                fourth.wait_for_text(TEXTS["en"]["queue"].format(place=2))
                assert len(kernels_below(app.process.pid)) == 1
                first_page.close()
                second.wait_until_live()
                fourth.wait_for_text(TEXTS["en"]["queue"].format(place=1))


@pytest.mark.kernel
def test_a_kernel_without_a_page_is_ended(serving: Callable[..., Command]) -> None:
    app = serving(NB2SPACE_GONE_SECONDS="1")
    live(app.url)
    assert len(kernels_below(app.process.pid)) == 1, "no page has come yet"
    wait_until(lambda: not kernels_below(app.process.pid))
    with socket_of(app.url, kernel_of(app.url)) as socket:
        # As when the network is gone: nothing is said.
        assert len(kernels_below(app.process.pid)) == 1
        socket.connection.sock.shutdown(2)
    wait_until(lambda: not kernels_below(app.process.pid))


@pytest.mark.kernel
def test_who_leaves_before_the_end_leaves_no_kernel(serving: Callable[..., Command]) -> None:
    app = serving()
    host, port = app.url.split("/")[2].split(":")
    connection = http.client.HTTPConnection(host, int(port))
    connection.request("POST", "/nb2space/live")
    wait_until(lambda: len(kernels_below(app.process.pid)) == 1)
    connection.close()
    # The notebook's four seconds and the half minute of a page that is gone are not waited for.
    wait_until(lambda: not kernels_below(app.process.pid), seconds=3.5)


@pytest.mark.browser
def test_a_page_that_nobody_uses_pauses(serving: Callable[..., Command], chromium: Any) -> None:
    app = serving(NB2SPACE_IDLE_SECONDS="5")
    with viewer(chromium, app.url) as seen:
        seen.wait_until_live()
        handle = seen.page.locator(".noUi-handle").first
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("Twice is 6")
        seen.wait_for_text(TEXTS["en"]["paused"])
        wait_until(lambda: not kernels_below(app.process.pid))
        seen.page.wait_for_timeout(3000)
        assert not kernels_below(app.process.pid), "nobody has touched it"
        assert "Twice is 6" in seen.text()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_until_live()
        seen.wait_for_text("Twice is 8")
        assert status_of(seen) == ""


@pytest.mark.browser
def test_a_kernel_that_dies_before_it_is_ready_is_replaced(
    serving: Callable[..., Command], chromium: Any
) -> None:
    app = serving()
    with viewer(chromium, app.url) as seen:
        wait_until(lambda: len(kernels_below(app.process.pid)) == 1)
        (first,) = kernels_below(app.process.pid)
        os.kill(first, signal.SIGKILL)
        seen.wait_until_live()
        (second,) = kernels_below(app.process.pid)
        assert second != first
        handle = seen.page.locator(".noUi-handle").first
        handle.focus()
        seen.page.keyboard.press("ArrowRight")
        seen.wait_for_text("Twice is 6")


@pytest.mark.kernel
def test_too_much_is_not_listened_to(serving: Callable[..., Command]) -> None:
    app = serving()
    kernel = kernel_of(app.url)
    with (
        socket_of(app.url, kernel) as socket,
        pytest.raises((websocket.WebSocketConnectionClosedException, OSError)),
    ):
        socket.connection.settimeout(60)
        for _ in range(5000):
            socket.send("kernel_info_request", {})
        while True:
            socket.connection.recv()
    with socket_of(app.url, kernel) as socket:
        assert socket.is_heard()
    host, port = app.url.split("/")[2].split(":")
    # The server may close the connection while the request is still being sent.
    with (
        closing(http.client.HTTPConnection(host, int(port))) as connection,
        suppress(BrokenPipeError, ConnectionResetError),
    ):
        connection.request("POST", "/nb2space/live", body=b"x" * 1_000_000)
        assert connection.getresponse().status in (400, 413)
    assert get(app.url)[0] == 200


@pytest.mark.kernel
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sharing", ["--share", "--no-share"])
def test_no_load_of_two_hundred_hangs(
    notebook: Callable[..., Path],
    tmp_path: Path,
    own_key_store: Path,
    run: Callable[..., Any],
    sharing: str,
) -> None:
    path = notebook(
        "from ipywidgets import interact\n\n"
        "@interact(number=(1, 9))\ndef double(number=2):\n    print('Twice is', number * 2)"
    )
    assert run("convert", path, sharing).code == 0

    def load(number: int) -> None:
        kernel = kernel_of(app.url)
        with open_socket(app.url, kernel) as socket:
            control = {"comm_id": "c", "target_name": "jupyter.widget.control", "data": {}}
            socket.send("comm_open", control)
            states = {"comm_id": "c", "data": {"method": "request_states"}}
            got = socket.until_idle(socket.send("comm_msg", states), 20)
            assert "IntSliderModel" in str(got), number
        assert get(f"{app.url}voila/api/shutdown/{kernel}", method="POST")[0] < 300

    loads = 160 if sharing == "--share" else 40
    with (
        viewing(tmp_path / "small-space", cwd=tmp_path, home=own_key_store) as app,
        ThreadPoolExecutor(4) as viewers,
    ):
        list(viewers.map(load, range(loads)))
        wait_until(lambda: not kernels_below(app.process.pid))
