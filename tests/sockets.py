"""A live session and its socket by hand, without a page."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket
from browsing import live
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)

PROTOCOL = "v1.kernel.websocket.jupyter.org"


def kernel_of(url: str) -> str:
    """The kernel of a session that begins now."""
    found = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', live(url))
    assert found
    return found[1]


class Socket:
    """A page's socket, by hand."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def send(self, kind: str, content: Any, channel: str = "shell") -> str:
        """Send a message of the kernel's protocol; its id."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "version": "5.4", "session": "s",
                  "username": "", "date": "2026-01-01T00:00:00Z"}  # fmt: skip
        # The version is what ipywidgets asks of whoever opens a comm to it.
        metadata = {"version": "1.0.0"}
        parts = [json.dumps(part).encode() for part in (header, {}, metadata, content)]
        self.connection.send_binary(serialize_msg_to_ws_v1(parts, channel))
        return str(header["msg_id"])

    def answers(self, seconds: float = 1.5) -> list[tuple[str, str, Any]]:
        """What comes in the next `seconds`: channel, type and the rest of each message."""
        self.connection.settimeout(seconds)
        got = []
        while True:
            try:
                got.append(self.receive())
            except websocket.WebSocketTimeoutException:
                return got

    def answers_of(self, request: str, seconds: float = 60) -> list[tuple[str, str, Any]]:
        """What comes until the kernel has answered a request and is idle after it."""
        self.connection.settimeout(seconds)
        got = []
        left = {"reply", "idle"}
        while left:
            channel, kind, message = self.receive()
            got.append((channel, kind, message))
            if message["parent"].get("msg_id") == request:
                left.discard("reply" if kind.endswith("_reply") else "")
                left.discard(message["content"].get("execution_state", ""))
        return got

    def is_heard(self) -> bool:
        """True when the kernel answers what may be asked."""
        got = self.answers_of(self.send("kernel_info_request", {}))
        return "kernel_info_reply" in {kind for _, kind, _ in got}

    def receive(self) -> tuple[str, str, Any]:
        """The next message."""
        channel, parts = deserialize_msg_from_ws_v1(self.connection.recv())
        header, parent, _, content = (json.loads(part) for part in parts[:4])
        return channel, header["msg_type"], {"parent": parent, "content": content}

    def until_idle(self, request: str, seconds: float) -> list[tuple[str, Any]]:
        """All that comes until the kernel is done with a request: type and the rest of each."""
        self.connection.settimeout(seconds)
        got = []
        while True:
            _, kind, message = self.receive()
            got.append((kind, message))
            if (
                message["content"].get("execution_state") == "idle"
                and message["parent"].get("msg_id") == request
            ):
                return got


@contextmanager
def open_socket(url: str, kernel: str) -> Iterator[Socket]:
    """The kernel's socket as the page opens it."""
    address = url.replace("http://", "ws://") + f"api/kernels/{kernel}/channels"
    address += f"?session_id={uuid.uuid4().hex}"
    connection = websocket.create_connection(address, subprotocols=[PROTOCOL], timeout=20)
    try:
        yield Socket(connection)
    finally:
        connection.close()
        # One that the server has closed is left open by the library.
        connection.shutdown()


@contextmanager
def socket_of(url: str, kernel: str) -> Iterator[Socket]:
    """The kernel's socket, after the kernel has said what it says to everyone."""
    with open_socket(url, kernel) as socket:
        socket.answers()
        yield socket
