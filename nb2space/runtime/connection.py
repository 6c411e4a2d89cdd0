"""The socket between a viewer's page and its kernel, with the gate in it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import struct
from contextlib import suppress
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.websocket import WebSocketClosedError

from .allowance import Allowance
from .gate import Gate
from .masking import Mask
from .outputs import Report
from .problems import note
from .sourcewall import SourceWall
from .unbroken import Unbroken

log = logging.getLogger("nb2space")

# What a page may send at most, in bytes: in words, with what is drawn or recorded beside them, and
# with the files of an upload.
_LONGEST_TEXT = 1_000_000
LONGEST_WITHOUT_FILES = 10_000_000
LONGEST_MESSAGE = 50_000_000

# What the pages of a kernel may send in the long run, a second, and at once: messages, bytes, and
# bytes of words. A page that follows the mouse sends about 100 messages a second. What is searched
# are words, a second for each million.
_MESSAGES = (300, 1500)
_BYTES = (5_000_000, 2 * LONGEST_MESSAGE)
_WORDS = (300_000, 2_000_000)

# A page has one socket, and a second one while the first is lost.
_SOCKETS = 2

IDLE = 4000
"""The code with which the server closes the socket of a page that nobody uses."""
_TOO_MUCH = 1008

# The parts of a message on the socket, in their order; binary buffers follow.
_PARTS = ("header", "parent_header", "metadata", "content")

_KERNEL_ID = re.compile(r'"kernelId":\s*"([0-9a-f-]{36})"')
_MODEL_ID = re.compile(r'"model_id":\s*"([0-9A-Za-z-]+)"')


def kernel_of(html: str) -> str:
    """The id of the kernel that a page is given; "" where it is not told yet."""
    found = _KERNEL_ID.search(html)
    return found[1] if found else ""


class Traffic:
    """What the pages of one kernel may still send, and their sockets, the oldest first."""

    def __init__(self) -> None:
        self.messages = Allowance(*_MESSAGES)
        self.bytes = Allowance(*_BYTES)
        self.words = Allowance(*_WORDS)
        self.sockets: list[GatedConnection] = []


class Gates:
    """The gate of each kernel, by the kernel's id; each is made with the same four."""

    def __init__(self, report: Report, language: str, mask: Mask, wall: SourceWall) -> None:
        self._report = report
        self._language = language
        self.mask = mask
        self._wall = wall
        self._gates: dict[str, Gate] = {}
        self._traffic: dict[str, Traffic] = {}

    def of(self, kernel_id: str) -> Gate:
        """The gate of a kernel; made when it is first asked for."""
        if kernel_id not in self._gates:
            self._gates[kernel_id] = Gate(self._report, self._language, self.mask, self._wall)
        return self._gates[kernel_id]

    def traffic_of(self, kernel_id: str) -> Traffic:
        """The traffic of a kernel's pages."""
        return self._traffic.setdefault(kernel_id, Traffic())

    def is_untouched(self, kernel_id: str) -> bool:
        """True while no page has come to a kernel."""
        return kernel_id not in self._traffic

    def forget(self, kernel_id: str) -> None:
        """Drop the gate of a kernel that is gone."""
        self._gates.pop(kernel_id, None)
        self._traffic.pop(kernel_id, None)


class PageReader:
    """Reads what is sent to a page: which kernel is its own, which widgets it displays.

    `kernel_id` is "" until it was read.
    """

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self.kernel_id = ""

    def read(self, html: str) -> None:
        """Take in the next part of the page."""
        self.kernel_id = self.kernel_id or kernel_of(html)
        if self.kernel_id:
            self._gates.of(self.kernel_id).show(_MODEL_ID.findall(html))


class GatedConnection(ZMQChannelsWebsocketConnection):
    """A connection whose messages pass the kernel's gate in both directions.

    `gates` is set by `gated_by`. The page's front end speaks the protocol
    v1.kernel.websocket.jupyter.org; a client that speaks another is not answered.
    """

    gates: Gates

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.traffic = self.gates.traffic_of(self.kernel_id)
        self.unbroken = Unbroken(self.gates.mask)

    @property
    def gate(self) -> Gate:
        """The gate of this connection's kernel."""
        return self.gates.of(self.kernel_id)

    def connect(self) -> asyncio.Future[None] | None:  # type: ignore[override]
        """Begin to pass messages on, and close the oldest of too many sockets."""
        sockets = self.traffic.sockets
        sockets.append(self)
        if len(sockets) > _SOCKETS:
            sockets.pop(0).websocket_handler.close(_TOO_MUCH)
        return super().connect()

    def disconnect(self) -> None:  # type: ignore[override]
        """Pass nothing on any more."""
        with suppress(ValueError):
            self.traffic.sockets.remove(self)
        super().disconnect()  # type: ignore[no-untyped-call]

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Send a message of the page on to the kernel, if the gate admits it."""
        if not (self.traffic.messages.take() and self.traffic.bytes.take(len(incoming_msg))):
            self.websocket_handler.close(_TOO_MUCH)
            return
        if not self.channels or not isinstance(incoming_msg, bytes):
            return
        # The frame begins with the number of its parts; one that claims more than it holds would
        # keep the server busy.
        if int.from_bytes(incoming_msg[:8], "little") * 8 > len(incoming_msg):
            return
        try:
            channel, parts = deserialize_msg_from_ws_v1(incoming_msg)
            words = sum(map(len, parts[: len(_PARTS)]))
            if words > _LONGEST_TEXT or not self.traffic.words.take(words):
                return
            message = {name: json.loads(part) for name, part in zip(_PARTS, parts, strict=False)}
            message["buffers"] = list(parts[len(_PARTS) :])
            admitted = self.gate.admits(channel, message)
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
            IndexError,
            struct.error,
            RecursionError,
        ):
            # Not a message of the protocol, so not of the page either.
            return
        if admitted:
            # Half of a character, as JSON may write it, can be told to no kernel.
            with suppress(UnicodeEncodeError):
                self.session.send(self.channels[channel], message)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Send on to the page what the gate makes of a message of the kernel."""
        _, parts = self.session.feed_identities(outgoing_msg)
        message = self.session.deserialize(parts)
        if isinstance(stream, str):
            stream = self.channels[stream]
        channel = getattr(stream, "channel", "")
        try:
            sent = self.gate.release(channel, message)
            if channel == "iopub":
                sent = [part for released in sent for part in self.unbroken.pass_on(released)]
        except Exception as error:  # what the gate cannot read does not pass
            note(f"a message of the kernel was not understood: {type(error).__name__}")
            return
        for released in sent:
            parts = [self.session.pack(released[name]) for name in _PARTS]
            packed = serialize_msg_to_ws_v1([*parts, *released["buffers"]], channel)
            # A page may leave at any time.
            with suppress(WebSocketClosedError):
                self.write_message(packed, binary=True)

    def write_stderr(self, error_message: str, parent_header: Any) -> None:
        """jupyter_server's own notices to the page go to the log."""
        log.warning("%s", error_message)


def close_idle(kernel_id: str) -> None:
    """Close the sockets of a kernel's pages, and let these know that nobody used them."""
    for connection in list(GatedConnection._open_sockets):
        if connection.kernel_id == kernel_id:
            connection.websocket_handler.close(IDLE)


def gated_by(gates: Gates) -> type[GatedConnection]:
    """The connection class whose kernels are behind `gates`."""
    return type("GatedByGates", (GatedConnection,), {"gates": gates})
