"""Voila, serving one notebook and nothing else.

Voila's own extension points are used where they exist: `prelaunch_hook` puts the unsealed
notebook in the place of the one on disk, `multi_kernel_manager_class` keeps the Space's secrets
from kernels, a template of our own decides what the page shows.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from typing import Any

import nbformat
import tornado.ioloop
import tornado.web
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httputil import HTTPServerRequest
from traitlets.config import Config
from voila.app import Voila
from voila.handler import VoilaHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from . import health
from .connection import LONGEST_MESSAGE, Gates, PageReader, gated_by
from .headers import PAGE_HEADERS, PageHeaders, PlainHandler
from .kernels import cell_hashes, in_workplace, place_guard
from .masking import Mask
from .messages import TEXTS
from .outputs import viewer_outputs
from .problems import Reports, keep_clean, note
from .settings import Settings
from .sourcewall import SourceWall, wall_of
from .wakeup import cure_lost_wakeup
from .workplace import Workplace

log = logging.getLogger("nb2space")

# Seconds after which a kernel that no page is connected to is shut down, and how often to look.
_CULL_AFTER = 600
_CULL_EVERY = 60

# Seconds between two signs of life on a page's socket; proxies close silent ones.
_PING_EVERY = 30

# Voila's addresses that the page needs; every other is unknown to the server.
_ADDRESSES = (
    "/api/kernels/",
    "/voila/api/shutdown/",
    "/voila/api/themes/",
    "/voila/labextensions/",
    "/voila/static/",
)
_TEMPLATE_FILES = r"/voila/templates/(nb2space/static/[\w-][\w.-]*)"


class _PageHandler(TornadoVoilaHandler):  # type: ignore[misc]
    """The app's page at `/`."""

    def initialize(self, gates: Gates, mask: Mask, **kwargs: Any) -> None:
        """Take the gates, which must know what the page displays, and the mask for the page."""
        self.gates = gates
        self.mask = mask
        super().initialize(**kwargs)

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Execute the notebook for this viewer and send the page while it grows."""
        reader = PageReader(self.gates)
        async for html in self.get_generator(path=path):
            reader.read(html)
            self.write(self.mask.text(html))
            self.flush()

    def head(self, path: str | None = None) -> None:
        """Link previews and monitors ask with HEAD; no kernel is started for them."""
        self.set_header("Content-Type", "text/html")
        self.finish()


class _KernelHandler(KernelHandler):
    """A viewer's page may ask whether its kernel is there, and no more."""

    def delete(self, kernel_id: str) -> None:
        raise tornado.web.HTTPError(405)


class _Pinged:
    """A page's socket that tornado pings, and closes when a ping is not answered in time.

    jupyter_server's own pings read the same two attributes as milliseconds, and before the first
    ping they already miss its answer.
    """

    ping_interval = ping_timeout = _PING_EVERY
    ping_callback: Any

    def send_ping(self) -> None:
        """Called by jupyter_server's timer, which has nothing to do here."""
        self.ping_callback.stop()


class _HealthHandler(PlainHandler):
    """Says that the app is ready, and which version of the Space it serves."""

    def initialize(self, version: str) -> None:
        self.version = version

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish({"state": "ready", "version": self.version})


class SpaceServer(Voila):  # type: ignore[misc]
    """Voila with an allowlist of addresses and the headers of a Space."""

    settings: Settings
    gates: Gates
    mask: Mask
    reports: Reports

    def init_handlers(self) -> list[Any]:
        """Voila's handlers that the page needs, with ours before them."""
        kept = []
        for pattern, handler, *rest in super().init_handlers():
            if issubclass(handler, VoilaHandler):
                own = {**rest[0], "gates": self.gates, "mask": self.mask}
                kept.append((r"/", _with_headers(_PageHandler), own))
            elif handler is KernelHandler:
                kept.append((pattern, _with_headers(_KernelHandler), *rest))
            elif handler is TemplateStaticFileHandler:
                # Voila's handler fails, rather than refuses, on addresses of another shape.
                kept.append((_TEMPLATE_FILES, _with_headers(handler), *rest))
            elif pattern.startswith(_ADDRESSES):
                ours = _with_headers(handler)
                if issubclass(handler, WebSocketMixin):
                    ours = type(handler.__name__, (_Pinged, ours), {})
                kept.append((pattern, ours, *rest))
        return [(health.PATH, _HealthHandler, {"version": self.settings.version}), *kept]

    def listen(self) -> None:
        """Listen on the one address that was asked for, and say when the app is ready."""
        try:
            self.app.listen(self.port, self.ip)
        except OSError as error:
            raise SystemExit(f"Port {self.port} cannot be used: {error.strerror}.") from None
        log.info("Ready: the app answers on port %d.", self.port)
        self.ioloop = tornado.ioloop.IOLoop.current()
        self.ioloop.add_callback(self.reports.listen)
        if self.settings.tethered:
            threading.Thread(target=self._end_with_input, daemon=True).start()
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _end_with_input(self) -> None:
        while os.read(0, 1):
            continue
        self.ioloop.add_callback(self.ioloop.stop)


def _with_headers(handler: type[tornado.web.RequestHandler]) -> type[tornado.web.RequestHandler]:
    """The handler, answering with the headers of a Space."""
    return type(handler.__name__, (PageHeaders, handler), {})


def serve(settings: Settings, workplace: Workplace) -> None:
    """Serve the app until the process is told to end."""
    cure_lost_wakeup()
    _keep_to_ourselves(settings, workplace)
    live = nbformat.reads(workplace.notebook, as_version=4)
    place_guard(workplace, cell_hashes(live))
    mask = _mask_of(workplace)
    wall = _wall_of(settings, workplace, live)
    gates = Gates(note, settings.language, mask, wall)
    server = SpaceServer(config=_config(settings, workplace, gates, mask, wall))
    server.settings = settings
    server.gates = gates
    server.mask = mask
    server.reports = Reports(
        workplace.reports, mask=lambda text: mask.text(wall.without_source(text, plain=True))
    )
    for logger in (logging.getLogger(), server.log):
        keep_clean(logger, mask)
    server.config_file_paths = []
    server.notebook_path = str(settings.folder / settings.notebook)
    server.initialize([])
    server.start()


def _keep_to_ourselves(settings: Settings, workplace: Workplace) -> None:
    """Point Jupyter to the Space's own files: no settings of the machine, nothing in its home."""
    share = str(settings.folder / "runtime" / "share")
    there = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join([share, there] if there else [share])
    os.environ["JUPYTER_CONFIG_DIR"] = str(workplace.home / "jupyter")
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    os.environ["JUPYTER_RUNTIME_DIR"] = str(workplace.home / "jupyter-runtime")


def _mask_of(workplace: Workplace) -> Mask:
    """The mask of the notebook's secrets; the log names those that have no value here."""
    missing = [name for name in workplace.secrets if not os.environ.get(name)]
    if missing:
        log.warning(
            "No value is set for %s, so the code that asks for it will fail. Publish again from "
            "the machine that converted the notebook, or set it in the Space's settings.",
            ", ".join(missing),
        )
    return Mask(os.environ.get(name, "") for name in workplace.secrets)


def _wall_of(settings: Settings, workplace: Workplace, live: Any) -> SourceWall:
    """The wall around the code that the Space does not show."""
    modules = (path.read_text("utf-8", "replace") for path in workplace.files.rglob("*.py"))
    published = json.loads((settings.folder / settings.notebook).read_bytes())
    return wall_of(live, modules, published, note)


def _config(
    settings: Settings, workplace: Workplace, gates: Gates, mask: Mask, wall: SourceWall
) -> Config:
    def for_viewers(outputs: list[Any]) -> list[Any]:
        """The template's filter: a cell's outputs as a viewer may see them."""
        shown = viewer_outputs(outputs, note, settings.language)
        shown = mask.value(wall.value(shown, "an output of a cell"))
        return [nbformat.from_dict(output) for output in shown]

    def live_notebook(request: HTTPServerRequest, notebook: Any, cwd: str) -> Any:
        """Voila's hook before a kernel starts: the notebook with its code, from memory."""
        live = nbformat.reads(workplace.notebook, as_version=4)
        live.metadata.kernelspec["name"] = settings.kernel
        return live

    return Config(
        {
            "Voila": {
                "ip": settings.host,
                "port": settings.port,
                "open_browser": False,
                "log_level": logging.ERROR,
                "connection_dir_root": str(workplace.root),
                "kernel_websocket_connection_class": gated_by(gates),
                "tornado_settings": {
                    "headers": PAGE_HEADERS,
                    "default_handler_class": _NotFound,
                    # A page that is left ends its kernel with a POST; a frame of another site keeps
                    # no cookie to confirm it with, and the kernel's id is known to nobody else.
                    "disable_check_xsrf": True,
                    "websocket_max_message_size": LONGEST_MESSAGE,
                },
            },
            "VoilaConfiguration": {
                "template": "nb2space",
                "theme": settings.theme,
                "strip_sources": not settings.show_source,
                # Voila would put its own words in the place of the guard's reference number; what
                # viewers see is decided by the template's filter, which lets no traceback pass.
                "show_tracebacks": True,
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "file_allowlist": [],
                "prelaunch_hook": live_notebook,
                "multi_kernel_manager_class": in_workplace(workplace, gates, settings.kernel),
                "resources": {
                    "texts": TEXTS[settings.language],
                    "watched_version": settings.version if settings.watch else "",
                },
            },
            "VoilaExporter": {
                "filters": {"for_viewers": for_viewers},
                "language_code": settings.language,
            },
            # Sockets in the workplace rather than open ports of the container.
            "KernelManager": {"transport": workplace.transport},
            "MappingKernelManager": {
                "cull_idle_timeout": _CULL_AFTER,
                "cull_interval": _CULL_EVERY,
            },
        }
    )


class _NotFound(PlainHandler):
    """Any address that is not the app's: a short page that tells nothing of the server."""

    def prepare(self) -> None:
        self.set_status(404)
        self.finish("There is nothing here. The app is at /\n")
