"""What answers on the app's port, from the first moment: the page, and later the live server.

Nothing here imports Voila or jupyter_server; both are imported in another thread, while the page
is given out from memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import threading
from typing import Any

import tornado.web
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router

from . import health
from .bundle import BundleError, unpack, unseal_bytes
from .headers import PlainHandler
from .pagefiles import PageFiles
from .settings import Settings
from .startup import skip_unused_grammar
from .waiting import WaitingHandler, waiting_page
from .workplace import Workplace, make_workplace

log = logging.getLogger("nb2space")

# No request has a body worth mentioning, in bytes; what pages send goes over their sockets.
_LONGEST_BODY = 100_000
# Within which it must have come, and after which a connection without a request is closed.
_BODY_SECONDS = 15
_SILENT_SECONDS = 120


class _FileHandler(PlainHandler):
    """The page and its files, from memory. No kernel is started for any of them."""

    def initialize(self, files: PageFiles) -> None:
        self.files = files

    async def get(self) -> None:
        """Send the file, unless the browser has it already."""
        address = self.request.path
        # What is not yet in memory is read and compressed aside.
        loop = asyncio.get_running_loop()
        ready = await loop.run_in_executor(None, self.files.get, address)
        if ready is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", ready.kind)
        self.set_header("Cache-Control", ready.keep)
        self.set_header("ETag", ready.tag)
        self.set_header("Vary", "Accept-Encoding")
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        body = ready.body
        if ready.pressed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            body = ready.pressed
        self.set_header("Content-Length", str(len(body)))
        self.finish(b"" if self.request.method == "HEAD" else body)

    head = get

    def compute_etag(self) -> str | None:
        """The file's own, which is in the headers before tornado would compute one."""
        return None


class _HealthHandler(PlainHandler):
    """Says whether live sessions can be had yet, and then which version of the Space is served."""

    def initialize(self, front: Front) -> None:
        self.front = front

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if self.front.live:
            self.finish({"state": "ready", "version": self.front.settings.version})
        else:
            self.finish({"state": "starting", "version": ""})


class _StartingHandler(PlainHandler):
    """Any address of the live server, before there is one."""

    def prepare(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", "1")
        self.finish("The live version is being started.\n")


class Front(Router):
    """Sends each request to who answers it: the page's files, the live server, the waiting page.

    `live` is the live server's application once there is one.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.live: tornado.web.Application | None = None
        self.files = PageFiles(settings)
        self._own = tornado.web.Application(
            [
                (health.PATH, _HealthHandler, {"front": self}),
                (r".*", _FileHandler, {"files": self.files}),
            ]
        )
        self._starting = tornado.web.Application(
            [(r".*", _StartingHandler)], log_function=_expected
        )
        self._waiting: tornado.web.Application | None = None

    def find_handler(self, request: HTTPServerRequest, **more: Any) -> HTTPMessageDelegate | None:
        """Called by tornado for each request."""
        app = self._waiting or self._starting
        if not self._waiting:
            if request.path == health.PATH or self.files.has(request.path):
                app = self._own
            elif self.live:
                app = self.live
        return app.find_handler(request, **more)

    def wait(self) -> None:
        """Tell viewers from now on that the app is being prepared."""
        page = waiting_page(self.settings)
        self._waiting = tornado.web.Application(
            [(r".*", WaitingHandler, {"page": page})], log_function=_expected
        )


def _expected(handler: tornado.web.RequestHandler) -> None:
    """Logs nothing: the log tells once why the app does not answer yet, not for each request."""


def serve(settings: Settings) -> None:
    """Serve the app until the process is told to end."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(_note_failure)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    if settings.tethered:
        threading.Thread(target=_end_with_input, args=(loop, ended), daemon=True).start()
    front = Front(settings)
    http = HTTPServer(
        front,
        max_body_size=_LONGEST_BODY,
        body_timeout=_BODY_SECONDS,
        idle_connection_timeout=_SILENT_SECONDS,
    )
    try:
        http.listen(settings.port, settings.host)
    except OSError as error:
        raise SystemExit(f"Port {settings.port} cannot be used: {error.strerror}.") from None
    with contextlib.ExitStack() as stack:
        try:
            workplace = await loop.run_in_executor(None, _opened, settings)
            stack.enter_context(workplace)
        except BundleError as error:
            log.error("%s", error)
            front.wait()
            log.info("The app does not run. Viewers see that it is being prepared.")
            await ended.wait()
            return
        module = await loop.run_in_executor(None, _live_module, workplace)
        live = module.live_server(settings, workplace)
        front.live = live.app
        log.info("Ready: the app answers on port %d.", settings.port)
        prepared = asyncio.create_task(_prepared(front, live))
        await ended.wait()
        prepared.cancel()
        http.stop()
        await live.close()


async def _prepared(front: Front, live: Any) -> None:
    """Do beforehand what the first viewer would wait for."""
    await asyncio.to_thread(front.files.prepare)
    settings = front.settings
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host
    await live.rehearse(f"http://{host}:{settings.port}")


def _note_failure(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A session whose kernel died ends in the middle of what Voila does."""
    error = context.get("exception")
    log.warning("Something in a session ended early: %s.", type(error).__name__ if error else "")


def _opened(settings: Settings) -> Workplace:
    try:
        sealed = (settings.folder / "sealed.bin").read_bytes()
    except FileNotFoundError:
        raise BundleError("sealed.bin is missing; publish again.") from None
    except OSError as error:
        raise BundleError(f"sealed.bin cannot be read: {error.strerror}; publish again.") from None
    return make_workplace(unpack(unseal_bytes(sealed, settings.key)))


def _live_module(workplace: Workplace) -> Any:
    skip_unused_grammar()
    # IPython looks for its folder when it is imported, and complains where it cannot write to it.
    os.environ["IPYTHONDIR"] = str(workplace.home / "ipython")
    return importlib.import_module(".server", __package__)


def _end_with_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(0, 1):
        continue
    loop.call_soon_threadsafe(ended.set)
