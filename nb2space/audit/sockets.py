"""An app's WebSockets, as a page opens them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from typing import Any
from urllib.parse import urljoin, urlsplit

from nb2space.audit.client import MOST_BYTES, Client
from nb2space.audit.messages import Message, frame_v1

_V1 = "v1.kernel.websocket.jupyter.org"
_QUIET_SECONDS = 0.5
_MOST_SECONDS = 20


class Socket:
    """A socket at `path`, relative to the page; it may turn out to be refused.

    What comes is logged in the channel `received`, what is sent in `sent` if that is given.
    """

    def __init__(
        self, client: Client, path: str, *, received: str, sent: str = "", protocol: str = ""
    ) -> None:
        self.client = client
        self.path = path
        self.received = received
        self.sent = sent
        self.protocol = protocol
        self.messages: list[Message] = []
        self._connection: Any = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Any:
        from tornado.httpclient import HTTPRequest
        from tornado.websocket import websocket_connect

        base = urlsplit(self.client.url)
        scheme = "wss" if base.scheme == "https" else "ws"
        url = f"{scheme}://{base.netloc}{urljoin(base.path or '/', self.path)}"
        headers = {"Origin": f"{base.scheme}://{base.netloc}", **self.client.cookies()}
        with contextlib.suppress(Exception):  # tornado raises what the refusal was made of
            self._connection = await websocket_connect(
                HTTPRequest(url, headers=headers),
                max_message_size=MOST_BYTES,
                subprotocols=[self.protocol] if self.protocol else None,
            )
            self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *problem: object) -> None:
        if self._reader:
            self._reader.cancel()
        if self._connection:
            self._connection.close()

    @property
    def is_open(self) -> bool:
        """True when the server let us in and has not closed it since."""
        return self._reader is not None and not self._reader.done()

    async def _read(self) -> None:
        while (frame := await self._connection.read_message()) is not None:
            if message := self.client.log.frame(self.received, frame):
                self.messages.append(message)

    async def send_raw(self, text: str | bytes) -> None:
        """Send a frame as it is; what a closed socket does not take is lost."""
        from tornado.websocket import WebSocketClosedError

        if not self._connection:
            return
        if self.sent:
            self.client.log.frame(self.sent, text)
        with contextlib.suppress(WebSocketClosedError):
            await self._connection.write_message(text, binary=isinstance(text, bytes))

    async def quiet(self, seconds: float = _QUIET_SECONDS) -> None:
        """Wait until nothing came for `seconds`; at most `_MOST_SECONDS`."""
        deadline = time.monotonic() + _MOST_SECONDS
        self.client.log.last = time.monotonic()
        while not self.client.log.is_quiet(seconds) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)


class KernelSocket(Socket):
    """The socket of a kernel. With `v1` it speaks as Voila's pages do, else in JSON."""

    def __init__(
        self, client: Client, kernel: str, *, received: str, sent: str = "", v1: bool = True
    ) -> None:
        self.session = uuid.uuid4().hex
        self.kernel = kernel
        self.speaks_v1 = v1
        path = f"api/kernels/{kernel}/channels?session_id={self.session}"
        super().__init__(client, path, received=received, sent=sent, protocol=_V1 if v1 else "")

    async def send(self, channel: str, kind: str, content: dict[str, Any], **more: Any) -> str:
        """Send a kernel message on one of the kernel's channels; its id."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "",
            "session": self.session,
            "date": "2026-01-01T00:00:00.000000Z",
            "version": "5.3",
        }
        message = {
            "channel": channel,
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            **more,
        }
        await self.send_raw(frame_v1(message) if self.speaks_v1 else json.dumps(message))
        return str(header["msg_id"])

    async def dealt_with(self, request: str) -> None:
        """Wait until the kernel is done with the message of this id; at most `_MOST_SECONDS`."""
        deadline = time.monotonic() + _MOST_SECONDS
        looked_at = 0
        while self.is_open and time.monotonic() < deadline:
            new = self.messages[looked_at:]
            if any(_ends(message, request) for message in new):
                return
            looked_at += len(new)
            await asyncio.sleep(0.02)

    async def request_states(self) -> str:
        """Ask for the widgets' states, as a page does when it has loaded; the request's id."""
        comm = uuid.uuid4().hex
        target = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        await self.send("shell", "comm_open", target, metadata={"version": "1.0.0"})
        content = {"comm_id": comm, "data": {"method": "request_states"}}
        return await self.send("shell", "comm_msg", content)


def _ends(message: Message, request: str) -> bool:
    """True for the status with which a kernel ends its work on a request."""
    parent = message.get("parent_header")
    return (
        message["content"].get("execution_state") == "idle"
        and isinstance(parent, dict)
        and parent.get("msg_id") == request
    )
