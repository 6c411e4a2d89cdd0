"""What an app is asked that no page asks: by someone who wants to see the code."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from nb2space.audit.client import NO_KERNEL, Client
from nb2space.audit.sockets import KernelSocket, Socket

ANSWERS = "answers by hand"
MESSAGES = "messages by hand"

_MADE_UP = "00000000-0000-4000-8000-000000000000"
_UP = "../" * 8
_MOST_NAMES = 40

# Paths below the app's own, each asked for with GET.
_PATHS = (
    "sealed.bin", "nb2space.json", "README.md", "Dockerfile", "requirements.txt",
    "notebook.ipynb", "runtime/server.py", "runtime/", ".git/config", "favicon.ico",
    "voila/files/", "voila/files/notebook.ipynb", "voila/files/%2e%2e/notebook.ipynb",
    "voila/render/notebook.ipynb", "voila/tree", "voila/tree/", "notebooks/notebook.ipynb",
    "voila/api/contents", "voila/api/contents/", "voila/api/shutdown/", "voila/api/themes/none",
    "voila/execution/", f"voila/execution/{_MADE_UP}", f"voila/query/{_MADE_UP}",
    "voila/static/", f"voila/static/{_UP}etc/hostname", "voila/static/..%2f..%2fetc%2fhostname",
    "voila/static/%252e%252e%252fsealed.bin", "voila/labextensions/../../../nb2space.json",
    "voila/templates/nb2space/static/../index.html.j2",
    "voila/templates/nb2space/static/..%2f..%2f..%2f..%2f..%2f..%2fsealed.bin",
    f"voila/templates/lab/static/{_UP}proc/self/environ",
    "api", "api/", "api/contents", "api/contents/", "api/kernels", "api/kernelspecs",
    "api/sessions", "api/terminals", "api/status", "api/me", "api/spec.yaml", "metrics",
    "api/kernels/", f"api/kernels/{_MADE_UP}", f"api/kernels/{_MADE_UP}/channels",
    f"api/kernels/{'9' * 4000}", "api/kernels/..%2f..%2fcontents", "kernelspecs/python3/logo.svg",
    "files/notebook.ipynb", "view/notebook.ipynb", "edit/notebook.ipynb", "nbconvert/html/a.ipynb",
    "static/", "custom/custom.css", "login", "logout", "tree", "lab", "doc", "nbextensions/",
    "%00", "%2e%2e%2fsealed.bin", "..;/sealed.bin", "//sealed.bin", "\\..\\sealed.bin",
    "?" + "a" * 8000, "%", "%ff%fe", "x" * 9000,
)  # fmt: skip

# Methods and headers that change what a path means.
_ODD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("HEAD", "", {}),
    ("OPTIONS", "", {}),
    ("TRACE", "", {}),
    ("PROPFIND", "", {}),
    ("POST", "", {}),
    ("PUT", "", {}),
    ("DELETE", "", {}),
    ("POST", "", {"X-HTTP-Method-Override": "DELETE"}),
    ("HEAD", "", {"X-Original-URL": "/sealed.bin", "X-Rewrite-URL": "/sealed.bin"}),
    ("GET", "nb2space/health", {"X-Forwarded-Prefix": "/../..", "Host": "example.org"}),
    ("POST", "api/kernels", {}),
    ("POST", "api/sessions", {}),
    ("POST", f"api/kernels/{_MADE_UP}/restart", {}),
    ("POST", f"api/kernels/{_MADE_UP}/interrupt", {}),
    ("DELETE", f"api/kernels/{_MADE_UP}", {}),
    ("POST", f"voila/api/shutdown/{_MADE_UP}", {}),
    ("PUT", "api/contents/notebook.ipynb", {}),
    ("PATCH", "api/contents/notebook.ipynb", {}),
)

# Each starts a kernel, so there are few.
_QUERIES = ("?template=classic&theme=dark", "?template=../../..&voila-debug=1&show_tracebacks=1")

_CODE = (
    "print('\\n'.join(In))",
    "print(_ih, _i, _ii)",
    "get_ipython().run_line_magic('history', '-n')",
    "import inspect, __main__\n"
    "for v in list(vars(__main__).values()):\n"
    "    try: print(inspect.getsource(v))\n"
    "    except Exception: pass",
    "print(vars())",
    "import os; print(dict(os.environ), os.listdir('.'), open('/proc/self/cmdline').read())",
    "import pathlib\nfor p in pathlib.Path('.').rglob('*.*'): print(p.read_text(errors='replace'))",
    "1/0",
    "%tb Verbose",
    "%whos",
    "%debug",
)

_DEBUG: tuple[tuple[str, dict[str, object]], ...] = (
    ("initialize", {"clientID": "vscode", "adapterID": "", "pathFormat": "path"}),
    ("attach", {"justMyCode": False}),
    ("debugInfo", {}),
    ("inspectVariables", {}),
    ("modules", {}),
    ("stackTrace", {"threadId": 1}),
    ("evaluate", {"expression": "In", "context": "repl"}),
    ("dumpCell", {"code": "pass"}),
    ("source", {"source": {"path": "/tmp/ipykernel_1/1.py"}}),
)

# Widgets that the page may not have, by ids that are easily guessed: a kernel repeats what it is
# sent.
_IDS = [f"6e62{number:028x}" for number in range(1, 60)]
_COUNTED = [f"IPY_MODEL_{name}" for name in _IDS]
_VIEWS = [
    {
        "output_type": "display_data",
        "metadata": {},
        "data": {"application/vnd.jupyter.widget-view+json": {"model_id": name}},
    }
    for name in _IDS
]

_TARGETS = ("jupyter.widget.version", "jupyter.widget.control", "made.up", "__main__", "matplotlib")


async def ask_by_hand(client: Client, names: Sequence[str]) -> None:
    """Ask the app for what is not for viewers; `names` are names of the code to ask about."""
    root = urlsplit(client.url).path or "/"
    answered = [(await client.ask(ANSWERS, "GET", root + path))[0] for path in _PATHS]
    for method, path, headers in _ODD:
        answered.append((await client.ask(ANSWERS, method, root + path, headers))[0])
    if answered.count(0) > len(answered) // 2:
        client.log.unseen.append("Most of what is not for viewers was asked for without an answer.")
    kernel = await client.page(ANSWERS)
    if not kernel:
        # Each further try may take minutes.
        client.log.unseen.append(NO_KERNEL)
        return
    await _run_cells(client, kernel)
    for query in _QUERIES:
        kernel = await client.page(ANSWERS, query)
        if kernel:
            await client.leave(kernel)
    kernel = await client.page(ANSWERS)
    if not kernel:
        client.log.unseen.append(NO_KERNEL)
        return
    for method, path in (
        ("GET", f"api/kernels/{kernel}"),
        ("GET", f"api/kernels/{kernel}/channels"),
        ("POST", f"api/kernels/{kernel}/interrupt"),
    ):
        await client.ask(ANSWERS, method, root + path)
    async with KernelSocket(client, kernel, received=MESSAGES) as socket:
        if not socket.is_open:
            client.log.unseen.append("The kernel's socket was refused, so it was not asked.")
        await _talk(socket, names)
    async with KernelSocket(client, kernel, received=MESSAGES, v1=False) as socket:
        await _talk(socket, names)
    async with KernelSocket(client, _MADE_UP, received=MESSAGES) as socket:
        await socket.send("shell", "kernel_info_request", {})
        await socket.quiet()
    await client.ask(ANSWERS, "POST", f"{root}api/kernels/{kernel}/restart")
    await client.ask(ANSWERS, "DELETE", f"{root}api/kernels/{kernel}")
    await client.leave(kernel)


async def _run_cells(client: Client, kernel: str) -> None:
    """Ask for the cells' outputs on the sockets of Voila's progressive rendering."""
    request = {"action": "execute", "payload": {"kernel_id": kernel, "cell_index": 0}}
    async with KernelSocket(client, kernel, received=MESSAGES) as listening:
        for path in (f"voila/query/{kernel}", f"voila/execution/{kernel}"):
            async with Socket(client, path, received=MESSAGES) as socket:
                await socket.send_raw(json.dumps(request))
                await socket.quiet(1)
        await listening.quiet()
    await client.leave(kernel)


async def _talk(socket: KernelSocket, names: Sequence[str]) -> None:
    await socket.request_states()
    await socket.quiet()
    for channel in ("shell", "control"):
        await socket.send(channel, "comm_info_request", {})
        await socket.quiet(0.2)
        await _ask_of_comms(socket, channel)
    socket.client.log.after_code = True
    for channel in ("shell", "control"):
        for kind, content in _requests(names):
            await socket.send(channel, kind, content)
        await socket.quiet(1)
        for command, arguments in _DEBUG:
            request = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
            await socket.send(channel, "debug_request", request)
        await socket.quiet(1)
    await socket.send("stdin", "input_reply", {"value": "In"})
    await socket.send("iopub", "execute_request", _execute(_CODE[0]))
    await socket.send("made-up", "execute_request", _execute(_CODE[0]))
    for junk in (
        "",
        "{",
        "[]",
        "null",
        '{"channel": "shell"}',
        b"\0" * 40,
        b"\xff" * 40,
        "x" * 10**6,
    ):
        await socket.send_raw(junk)
    await socket.quiet(1)


async def _ask_of_comms(socket: KernelSocket, channel: str) -> None:
    """Ask each widget for its state, and give it values that it cannot have."""
    comms = [
        name
        for message in list(socket.messages)
        for name in (message["content"].get("comms") or ())
    ]
    comms += list(socket.client.log.widgets().states)
    for name in dict.fromkeys(comms):
        for data in (
            {"method": "request_state"},
            {"method": "update", "state": {"value": {"none": []}, "made_up": 1}},
            {"method": "update", "state": {"msg_id": "none"}, "buffer_paths": [["a", "b"]]},
            {"method": "update", "state": {"value": " ".join(_COUNTED), "layout": _COUNTED[2]}},
            {"method": "update", "state": {"outputs": _VIEWS, "children": _COUNTED}},
            {"method": "custom", "content": {"event": "made-up"}},
            {"method": "made-up"},
        ):
            await socket.send(channel, "comm_msg", {"comm_id": name, "data": data})
    for target in _TARGETS:
        comm = uuid.uuid4().hex
        content = {"comm_id": comm, "target_name": target, "target_module": "os", "data": {}}
        await socket.send(channel, "comm_open", content, metadata={"version": "9.9.9"})
        await socket.send(
            "shell", "comm_msg", {"comm_id": comm, "data": {"method": "request_state"}}
        )
    state = {"_model_name": "OutputModel", "_model_module": "@jupyter-widgets/output"}
    content = {"comm_id": "a", "target_name": "jupyter.widget", "data": {"state": state}}
    await socket.send(channel, "comm_open", content, metadata={"version": "2.1.0"})
    await socket.quiet()


def _requests(names: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    requests: list[tuple[str, dict[str, Any]]] = []
    for name in names[:_MOST_NAMES]:
        for level in (0, 1):
            content = {"code": name, "cursor_pos": len(name), "detail_level": level}
            requests.append(("inspect_request", content))
        requests.append(("complete_request", {"code": name[:3], "cursor_pos": 3}))
    for start in ("", "In[0].", "import ", "_"):
        requests.append(("complete_request", {"code": start, "cursor_pos": len(start)}))
    for way in ("tail", "range", "search"):
        requests.append(("history_request", _history(way)))
    requests += [("execute_request", _execute(code)) for code in _CODE]
    # The second answers in the reply itself, without an output.
    requests.append(("execute_request", {**_execute(""), "user_expressions": {"a": "In"}}))
    requests += [
        ("is_complete_request", {"code": "for a in In:"}),
        ("connect_request", {}),
        ("usage_request", {}),
        ("list_subshell_request", {}),
        ("create_subshell_request", {}),
        ("interrupt_request", {}),
        ("made_up_request", {}),
    ]
    return requests


def _execute(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }


def _history(way: str) -> dict[str, Any]:
    return {
        "output": True,
        "raw": True,
        "hist_access_type": way,
        "session": 0,
        "start": 0,
        "stop": 1000,
        "n": 1000,
        "pattern": "*",
        "unique": False,
    }
