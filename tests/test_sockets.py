"""The kernel's socket and addresses, asked by hand for what is not for viewers."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import websocket
from browsing import get, viewing
from conftest import ExampleSpace
from making import notebook_of
from sockets import Socket, kernel_of, socket_of

from nb2space.runtime.bundle import unpack, unseal_bytes
from nb2space.runtime.workplace import NOTEBOOK
from nb2space.widgetseed import widget_seed

ASKED = {
    "execute_request": {"code": "print('executed')", "silent": False, "store_history": True},
    "inspect_request": {"code": "secret_function", "cursor_pos": 3, "detail_level": 1},
    "complete_request": {"code": "secret_", "cursor_pos": 7},
    "history_request": {"hist_access_type": "range", "session": 0, "start": 0, "raw": True},
    "is_complete_request": {"code": "secret_function("},
    "debug_request": {"type": "request", "command": "dumpCell", "arguments": {"code": "1"}},
    "shutdown_request": {"restart": True},
    "interrupt_request": {},
    "comm_open": {"comm_id": "x", "target_name": "author.target", "data": {}},
}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> ExampleSpace:
    """A folder whose code holds a marker, with widgets that it displays and a hidden one."""
    place = tmp_path_factory.mktemp("socket")
    cells = [
        "def secret_function(customer):\n    return customer * 17  # secret_comment",
        "import ipywidgets\nfrom IPython.display import display\n"
        "hidden = ipywidgets.Textarea(value='hidden value')\n"
        "one, other, both = ipywidgets.Text(), ipywidgets.Text(), ipywidgets.Label()\n"
        "def join(change):\n    both.value = one.value + other.value\n"
        "one.observe(join, 'value'), other.observe(join, 'value')\n"
        "display(ipywidgets.IntSlider(value=4), one, other, both)",
    ]
    made = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=made), place / "small.ipynb")
    home = place / "key-store"
    environment = {**os.environ, "NB2SPACE_HOME": str(home)}
    command = [sys.executable, "-m", "nb2space", "convert", "small.ipynb"]
    subprocess.run(command, cwd=place, env=environment, check=True)
    return ExampleSpace(place / "small-space", home)


@pytest.fixture(scope="module")
def app(space: ExampleSpace) -> Iterator[str]:
    """The address at which that folder is served."""
    with viewing(space.folder, cwd=space.folder.parent, home=space.home) as running:
        yield running.url


@pytest.fixture(scope="module")
def seed(space: ExampleSpace) -> str:
    """What the ids of the app's widgets are drawn from."""
    sealed = (space.folder / "sealed.bin").read_bytes()
    notebook = json.loads(unpack(unseal_bytes(sealed, space.record().key))[NOTEBOOK])
    return str(notebook["metadata"]["nb2space"]["widget_seed"])


def drawn_ids(seed: str) -> list[str]:
    numbers = (str(number).encode() for number in range(1, 30))
    return [f"6e62{hmac.new(seed.encode(), n, 'sha256').hexdigest()[:28]}" for n in numbers]


REQUEST = {"comm_id": "c1", "data": {"method": "request_states"}}


def told_states(socket: Socket) -> Any:
    """The states of the widgets that a page is told of when it asks."""
    control = {"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}}
    socket.send("comm_open", control)
    told = socket.until_idle(socket.send("comm_msg", REQUEST), 60)
    answers = (rest["content"] for kind, rest in told if kind == "comm_msg")
    return next(content["data"]["states"] for content in answers)


@pytest.mark.kernel
def test_requests_for_the_code_get_nothing(app: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        for kind, content in ASKED.items():
            for channel in ("shell", "control", "stdin", "iopub", "nowhere"):
                socket.send(kind, content, channel)
        assert socket.answers() == []
        answers = socket.answers_of(socket.send("kernel_info_request", {}))
        assert "kernel_info_reply" in {kind for _, kind, _ in answers}
        assert "help_links" not in json.dumps(answers) or "docs.python" not in json.dumps(answers)


@pytest.mark.kernel
def test_states_are_told_of_displayed_widgets_only(app: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        control = {"comm_id": "c1", "target_name": "jupyter.widget.control", "data": {}}
        socket.send("comm_open", control)
        answers = json.dumps(socket.until_idle(socket.send("comm_msg", REQUEST), 60))
        assert "IntSliderModel" in answers and "update_states" in answers
        assert "hidden value" not in answers and "TextareaModel" not in answers
        told = socket.answers_of(
            socket.send("comm_info_request", {"target_name": "jupyter.widget"})
        )
        comms = next(m["content"]["comms"] for _, kind, m in told if kind == "comm_info_reply")
        assert 0 < len(comms) == 12, "with layouts and styles"


@pytest.mark.kernel
def test_frames_that_are_no_messages_are_ignored(app: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        for frame in (b"", b"\x00", b"\xff" * 64, b"\xff" * 7 + b"\x7f" + b"x" * 64, b"{}" * 50):
            socket.connection.send_binary(frame)
        for text in ("", "{}", "[]", '{"channel": "shell", "header": {"msg_type": "x"}}'):
            socket.connection.send(text)
        assert socket.answers() == []
        assert socket.is_heard()


@pytest.mark.kernel
def test_a_socket_stays_open_while_its_page_is_idle(app: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        # A ping comes every 10 seconds, which the client answers; nothing else is said.
        ends, said = time.monotonic() + 27, []
        with pytest.raises(websocket.WebSocketTimeoutException):
            while True:
                socket.connection.settimeout(max(ends - time.monotonic(), 0.1))
                said.append(socket.connection.recv_data(control_frame=True)[0])
        assert said == 2 * [websocket.ABNF.OPCODE_PING]
        assert socket.is_heard()


@pytest.mark.kernel
def test_a_kernel_has_few_sockets_and_the_oldest_makes_way(app: str) -> None:
    kernel = kernel_of(app)
    opened = [socket_of(app, kernel) for _ in range(3)]
    with opened[0] as first, opened[1] as second, opened[2] as third:
        frame = websocket.ABNF.OPCODE_TEXT
        while frame != websocket.ABNF.OPCODE_CLOSE:
            frame, content = first.connection.recv_data()
        assert int.from_bytes(content[:2], "big") == 1008
        for socket in (second, third):
            assert socket.is_heard()


@pytest.mark.kernel
def test_a_page_cannot_make_the_kernel_name_a_hidden_widget(app: str, seed: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        states = told_states(socket)
        slider = next(n for n, model in states.items() if model["model_name"] == "IntSliderModel")
        # As if they were known.
        names = [f"IPY_MODEL_{name}" for name in drawn_ids(seed)]
        assert names[0][10:] not in states and slider in drawn_ids(seed)
        for state in ({"description": " ".join(names)}, *({"description": n} for n in names)):
            data = {"method": "update", "state": state, "buffer_paths": []}
            socket.send("comm_msg", {"comm_id": slider, "data": data})
        told = socket.until_idle(socket.send("comm_msg", REQUEST), 60)
        assert "hidden value" not in json.dumps([told, socket.answers()])


@pytest.mark.kernel
def test_an_app_that_repeats_what_is_entered_shows_no_hidden_widget(app: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        states = told_states(socket)
        one, other = (n for n, model in states.items() if model["model_name"] == "TextModel")
        numbers = range(1, 30)
        for guess in (*(f"6e62{n:028x}" for n in numbers), *(f"{n:032x}" for n in numbers)):
            for name, text in ((one, "IPY_MODE"), (other, f"L_{guess}")):
                data = {"method": "update", "state": {"value": text}, "buffer_paths": []}
                last = socket.send("comm_msg", {"comm_id": name, "data": data})
        answers = json.dumps([socket.until_idle(last, 60), socket.answers()])
        assert f"IPY_MODEL_{guess}" in answers and "hidden value" not in answers


def test_what_ids_of_widgets_are_drawn_from_is_sealed(
    space: ExampleSpace, seed: str, own_key_store: Path
) -> None:
    files = [path.read_bytes() for path in space.folder.rglob("*") if path.is_file()]
    hidden = drawn_ids(seed)[0]
    assert not [each for each in files if seed.encode() in each or hidden.encode() in each]
    other = widget_seed(notebook_of("x = 1"))
    assert other == widget_seed(notebook_of("x = 1")) != widget_seed(notebook_of("x = 2"))


@pytest.mark.kernel
def test_pages_of_other_sites_start_no_kernel(app: str) -> None:
    for said, expected in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
        headers = {"Sec-Fetch-Site": said}
        assert get(app + "nb2space/live", method="POST", **headers)[0] == expected


def test_other_spellings_of_an_address_find_nothing(app: str) -> None:
    assert get(app + "voila/static/voila.js")[0] == 200
    for name in ("./voila.js", "//voila.js", "a/../voila.js", "voila.js/.", "x" * 300, "%00"):
        assert get(app + "voila/static/" + name)[0] == 404


@pytest.mark.kernel
def test_a_message_of_too_many_words_is_not_passed_on_and_holds_nobody_up(app: str) -> None:
    with socket_of(app, kernel_of(app)) as socket:
        socket.send("kernel_info_request", {"a": "x" * 1_000_000})
        assert socket.answers() == []
        request = socket.send("kernel_info_request", {"a": "<!--" * 200_000})
        started = time.monotonic()
        assert get(app + "nb2space/health")[0] == 200
        assert time.monotonic() - started < 10
        told = socket.answers_of(request)
        assert "kernel_info_reply" in {kind for _, kind, _ in told}


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/kernels"),
        ("POST", "api/kernels"),
        ("POST", "api/kernels/{kernel}/restart"),
        ("POST", "api/kernels/{kernel}/interrupt"),
        ("DELETE", "api/kernels/{kernel}"),
        ("PATCH", "api/kernels/{kernel}"),
        ("GET", "api/kernels/" + "0" * 8 + "-0000-0000-0000-" + "0" * 12),
        ("GET", "api/kernels/" + "0" * 8 + "-0000-0000-0000-" + "0" * 12 + "/channels"),
        ("TRACE", ""),
        ("PUT", ""),
        ("GET", "%2e%2e/sealed.bin"),
        ("GET", "..%2f..%2fetc%2fpasswd"),
        ("GET", "voila/templates/..%2f..%2fnb2space/static/x.js"),
        ("GET", "voila/labextensions/..%2f..%2f..%2f..%2fetc%2fpasswd"),
        ("GET", "voila/api/themes/..%2f..%2fpackage.json"),
        ("GET", "voila/static/%00"),
        ("GET", "voila/execution/{kernel}"),
        ("GET", "voila/query/{kernel}"),
        ("GET", "metrics"),
        ("GET", "api/status"),
        ("GET", "api/me"),
        ("GET", "api/contents/report.ipynb"),
    ],
)
def test_addresses_beside_the_app_give_nothing(app: str, method: str, path: str) -> None:
    kernel = kernel_of(app) if "{kernel}" in path else ""
    status, headers, body = get(app + path.format(kernel=kernel), method=method)
    assert status in (400, 403, 404, 405), (status, body[:200])
    assert b"root:" not in body and b"secret" not in body and b"Traceback" not in body
    assert headers["Server"] == "nb2space"


@pytest.mark.kernel
def test_a_kernel_is_told_of_to_who_knows_its_id_and_no_more(
    app: str, notebook: Callable[..., Path]
) -> None:
    status, _, body = get(app + "api/kernels/" + kernel_of(app))
    assert status == 200
    assert set(json.loads(body)) <= {
        "id", "name", "last_activity", "execution_state", "connections", "reason",
    }  # fmt: skip
