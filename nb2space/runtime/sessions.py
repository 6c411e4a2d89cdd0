"""Live sessions: a place in the queue, then a kernel of one's own and what its cells show."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import tornado.web
import voila
from jupyter_core.utils import ensure_async
from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.iostream import StreamClosedError
from voila.tornado.handler import TornadoVoilaHandler

from .admission import Admission, QueueFullError, Ticket
from .connection import Gates, PageReader
from .kernels import STARTING
from .masking import Mask
from .repeating import Repeats

TELL_EVERY = 1
"""Seconds between two signs of life to a page that waits."""

# Seconds for which parts are gathered before they are sent.
_GATHER = 0.1

# Seconds after which one who takes nothing of what is sent is taken to have left.
_UNREAD_SECONDS = 20

LIVE = "/nb2space/live"
"""Where the page asks for a live session."""

# Programs that visit pages without anybody who looks at them.
_CRAWLER = re.compile(r"bot\b|crawl|spider|slurp|preview|facebookexternalhit", re.IGNORECASE)


class LiveHandler(TornadoVoilaHandler):  # type: ignore[misc]
    """A live session: a kernel of the viewer's own, and what the notebook's cells show in it."""

    def initialize(
        self,
        gates: Gates,
        mask: Mask,
        admission: Admission,
        repeats: Repeats,
        kernel_name: str,
        **kwargs: Any,
    ) -> None:
        """Take the gates, which must know what the page displays, and the mask for the page."""
        self.gates = gates
        self.mask = mask
        self.admission = admission
        self.repeats = repeats
        self.kernel_name = kernel_name
        self.is_left = False
        self.told_at = 0.0
        super().initialize(**kwargs)

    def get(self, path: str | None = None) -> None:
        """Only the page's script asks with POST: crawlers and previews start no kernel."""
        raise tornado.web.HTTPError(405)

    head = get

    @tornado.web.authenticated
    async def post(self, path: str | None = None) -> None:
        """Execute the notebook for this viewer, and send each cell when it was executed.

        Before that, and while there is no memory for one kernel more, the viewer is told their
        place in the queue.
        """
        headers = self.request.headers
        # Nor do pages of other sites, which browsers tell of: w3.org/TR/fetch-metadata.
        if _CRAWLER.search(headers.get("User-Agent", "")) or "-site" in headers.get(
            "Sec-Fetch-Site", ""
        ):
            raise tornado.web.HTTPError(403)
        # The notebook may ask which address was opened; that is the page's.
        self.request.path = "/"
        self.request.uri = "/" + (f"?{self.request.query}" if self.request.query else "")
        try:
            ticket = self.admission.ask(_client_of(self.request))
        except QueueFullError:
            raise tornado.web.HTTPError(503) from None
        reader = PageReader(self.gates)
        try:
            while not await self.admission.may_start(ticket):
                await self._tell(f'<i data-place="{self.admission.place(ticket)}"></i>\n')
                await asyncio.sleep(TELL_EVERY / 2)
                if self.is_left:
                    return
            STARTING.set(ticket)
            async with aclosing(self._session(ticket)) as session:
                async for html in session:
                    # A session that is left is not followed to its end; that of a kernel that died
                    # has none.
                    if ticket.kernel_id and (self.is_left or not self._lives(ticket)):
                        return
                    reader.read(html)
                    await self._tell(html)
            if self._lives(ticket) and not self.is_left:
                await self.admission.measure(ticket, self._provisioner(ticket).pid)
        finally:
            if ticket.memory is None:
                self.admission.leave(ticket)
                if self._lives(ticket):
                    await self._end(ticket.kernel_id)

    async def _session(self, ticket: Ticket) -> AsyncGenerator[str, None]:
        """The parts of what the page is told: as of another session, or as Voila executes one."""
        if self.repeats.is_ready:
            await ensure_async(
                self.kernel_manager.start_kernel(
                    kernel_name=self.kernel_name, path="", env=self._environment()
                )
            )
            process = self._provisioner(ticket).process
            if told := self.repeats.told(process, ticket.kernel_id):
                self.set_header("Content-Type", "text/html")
                self.set_header("Cache-Control", "no-store")
                yield told
                return
            self.repeats.forget()
            # The viewer keeps their ticket for the next kernel.
            kernel_id, ticket.kernel_id = ticket.kernel_id, ""
            await self._end(kernel_id)
        parts = []
        async for html in self.get_generator(path=""):
            parts.append(self.mask.text(html))
            yield parts[-1]
        # A page that is there already might have changed what its kernel shows.
        if self._lives(ticket) and self.gates.is_untouched(ticket.kernel_id):
            process = self._provisioner(ticket).process
            self.repeats.keep(process, ticket.kernel_id, "".join(parts))

    def _environment(self) -> dict[str, str]:
        """What Voila tells a kernel of the request (voila.handler)."""
        host, number = split_host_and_port(self.request.host.lower())
        port = str(number or "")
        return {
            **os.environ,
            "SCRIPT_NAME": self.request.path,
            "PATH_INFO": "",
            "QUERY_STRING": self.request.query,
            "SERVER_SOFTWARE": f"voila/{voila.__version__}",
            "SERVER_PROTOCOL": self.request.version,
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "VOILA_APP_PORT": port,
            "VOILA_BASE_URL": self.base_url,
            "VOILA_PREHEAT": "False",
            "VOILA_REQUEST_URL": self.request.full_url(),
            "VOILA_SERVER_URL": self.settings.get("server_url", "/"),
        }

    def _provisioner(self, ticket: Ticket) -> Any:
        return self.kernel_manager.get_kernel(ticket.kernel_id).provisioner

    async def _end(self, kernel_id: str) -> None:
        await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))

    async def _tell(self, html: str) -> None:
        """Send the next part. Voila gives a session in hundreds of them, many of a few letters."""
        self.write(html)
        if time.monotonic() - self.told_at > _GATHER:
            self.told_at = time.monotonic()
            with contextlib.suppress(StreamClosedError):
                sent = asyncio.ensure_future(self.flush())
                await asyncio.wait([sent], timeout=_UNREAD_SECONDS)
                if sent.done():
                    sent.result()
                else:
                    self.request.connection.close()
                    self.is_left = True

    def _lives(self, ticket: Ticket) -> bool:
        return ticket.kernel_id in self.kernel_manager

    def on_connection_close(self) -> None:
        """The viewer left before their kernel was ready."""
        super().on_connection_close()
        self.is_left = True


def _client_of(request: HTTPServerRequest) -> str:
    """Who asks, for a fair share. Behind a proxy, what it says; the first is the viewer's own."""
    forwarded: str = request.headers.get("X-Forwarded-For", "")
    return forwarded.partition(",")[0].strip() or str(request.remote_ip)
