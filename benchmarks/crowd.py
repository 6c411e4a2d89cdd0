"""A load run: viewers come one after the other over two minutes, move a slider, and leave.

They speak as the page does, over HTTP and the kernel's socket: fifty browsers on one machine would
measure the machine.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pages  # noqa: F401
import psutil
from processes import memory_of, server_of

# After `pages`, which makes the tests' modules known.
from browsing import get, kernels_below, wait_until  # isort: skip
from sockets import Socket, open_socket  # isort: skip

# Seconds: over which viewers come, how long each stays, between two moves of the slider, within
# which a move is answered, and after which the kernels of all must be gone.
_ARRIVALS = 120
_STAY = 40
_PAUSE = 1
_LONGEST = 30
_GONE = 60

_KERNEL = re.compile(r'"kernelId":\s*"([0-9a-f-]{36})"')


@dataclass
class LoadRun:
    """Seconds until each viewer's kernel was ready, and from a move to its answer; what went
    wrong; the most kernels and bytes (PSS) at a time, and the kernels that were left at the end."""

    ready: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    kernels: int = 0
    memory: int = 0
    left: int = 0

    def __str__(self) -> str:
        return (
            f"{len(self.ready)} viewers, {len(self.answers)} moves, {len(self.errors)} errors\n"
            f"ready after {_spread(self.ready)}\nanswers after {_spread(self.answers)}\n"
            f"at most {self.kernels} kernels at a time and {self.memory / 1e6:.0f} MB; "
            f"{self.left} kernels left {self.errors[:3] or ''}"
        )


def _spread(values: list[float]) -> str:
    if not values:
        return "no time: there was none"
    ordered = sorted(values)
    most = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{statistics.median(values):.2f} s (95 %: {most:.2f}, most: {ordered[-1]:.2f})"


def load_run(url: str, viewers: int) -> LoadRun:
    """Let `viewers` come to the app at `url`, which is served by a process below this one."""
    run, over = LoadRun(), threading.Event()
    server = server_of(url)
    wait_until(lambda: b"ready" in get(url + "nb2space/health")[2])
    watching = threading.Thread(target=_watch, args=(server, run, over))
    watching.start()
    with ThreadPoolExecutor(viewers) as crowd:
        for number in range(viewers):
            crowd.submit(_visit, url, number, number * _ARRIVALS / viewers, run)
    over.set()
    watching.join()
    until = time.monotonic() + _GONE
    while (left := len(kernels_below(server.pid))) and time.monotonic() < until:
        time.sleep(1)
    run.left = left
    return run


def _visit(url: str, number: int, arrival: float, run: LoadRun) -> None:
    time.sleep(arrival)
    try:
        begun = time.monotonic()
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        assert get(url, **headers)[0] == 200
        found = _KERNEL.search(get(f"{url}nb2space/live", method="POST", **headers)[2].decode())
        assert found, "the session has no kernel"
        with open_socket(url, found[1]) as socket:
            slider = _slider_of(socket)
            run.ready.append(time.monotonic() - begun)
            leaves = time.monotonic() + _STAY
            while time.monotonic() < leaves:
                run.answers.append(_move(socket, slider))
                time.sleep(_PAUSE * random.uniform(0.5, 1.5))
        # As the page does when it is left.
        get(f"{url}voila/api/shutdown/{found[1]}", method="POST")
    except Exception as error:  # what went wrong is a result
        run.errors.append(f"{type(error).__name__}: {str(error)[:200]}")


def _slider_of(socket: Socket) -> tuple[str, int, int]:
    """The first slider's id and the ends of its range."""
    control = {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}}
    socket.send("comm_open", control)
    asked = socket.send("comm_msg", {"comm_id": "control", "data": {"method": "request_states"}})
    for _, message in socket.until_idle(asked, _LONGEST):
        for name, model in message["content"].get("data", {}).get("states", {}).items():
            if model["model_name"] in ("IntSliderModel", "FloatSliderModel"):
                return name, model["state"]["min"], model["state"]["max"]
    raise ValueError("there is no slider")


def _move(socket: Socket, slider: tuple[str, int, int]) -> float:
    """Move the slider; the seconds until the kernel has answered with something new."""
    name, least, most = slider
    begun = time.monotonic()
    state = {"value": random.randint(int(least), int(most))}
    data = {"method": "update", "state": state, "buffer_paths": []}
    got = socket.until_idle(socket.send("comm_msg", {"comm_id": name, "data": data}), _LONGEST)
    assert "nb2space-problem" not in json.dumps(got), "a callback failed"
    return time.monotonic() - begun


def _watch(server: psutil.Process, run: LoadRun, over: threading.Event) -> None:
    while not over.wait(2):
        run.kernels = max(run.kernels, len(kernels_below(server.pid)))
        run.memory = max(run.memory, memory_of(server))
