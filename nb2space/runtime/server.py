"""Voila, serving one notebook and nothing else.

Voila's own extension points are used where they exist: `prelaunch_hook` puts the unsealed
notebook in the place of the one on disk, `multi_kernel_manager_class` keeps the Space's secrets
from kernels, a template of our own decides what the page shows.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import Iterator
from typing import Any

import nbformat
import tornado.web
from jupyter_core.utils import ensure_async
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httputil import HTTPServerRequest
from traitlets.config import Config
from voila.app import Voila
from voila.handler import VoilaHandler

from .admission import Admission
from .connection import LONGEST_MESSAGE, LONGEST_WITHOUT_FILES, Gates, gated_by
from .forked.plan import cells_for_all
from .headers import PAGE_HEADERS, NotFound, PageHeaders
from .kernels import cell_hashes, in_workplace, place_guard
from .markdown import with_markup
from .masking import Mask
from .outputs import viewer_outputs
from .places import HOME, OTHER, WORK, Place, Places, Veil
from .problems import Reports, keep_clean, note
from .rehearsal import rehearse
from .repeating import Repeats
from .samecells import digest_of
from .sessions import LIVE, TELL_EVERY, LiveHandler
from .settings import Settings
from .sourcewall import SourceWall, wall_of
from .startcode import place_start_code
from .wakeup import cure_lost_wakeup
from .workplace import Workplace

log = logging.getLogger("nb2space")

# How often to look for kernels whose page is gone or not used, in seconds.
_CULL_EVERY = 2

# Seconds between two signs of life on a page's socket; proxies close silent ones.
_PING_EVERY = 10

# Voila's addresses that the page needs; every other is unknown to the server.
_ADDRESSES = (
    "/api/kernels/",
    "/voila/api/shutdown/",
    "/voila/api/themes/",
)


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


class SpaceServer(Voila):  # type: ignore[misc]
    """Voila with an allowlist of addresses and the headers of a Space."""

    settings: Settings
    gates: Gates
    mask: Mask
    admission: Admission
    repeats: Repeats
    reports: Reports

    def init_handlers(self) -> list[Any]:
        """Voila's handlers that the page needs, with ours before them."""
        kept = []
        for pattern, handler, *rest in super().init_handlers():
            if issubclass(handler, VoilaHandler):
                own = {
                    **rest[0],
                    "gates": self.gates,
                    "mask": self.mask,
                    "admission": self.admission,
                    "repeats": self.repeats,
                    "kernel_name": self.settings.kernel,
                }
                kept.append((LIVE, _with_headers(LiveHandler), own))
            elif handler is KernelHandler:
                kept.append((pattern, _with_headers(_KernelHandler), *rest))
            elif pattern.startswith(_ADDRESSES):
                ours = _with_headers(handler)
                if issubclass(handler, WebSocketMixin):
                    ours = type(handler.__name__, (_Pinged, ours), {})
                kept.append((pattern, ours, *rest))
        return kept

    def listen(self) -> None:
        """Called by Voila last. The port is the front's; what is left is to hear the kernels."""
        self.reports.listen()

    async def rehearse(self, url: str) -> None:
        """Have a session at `url`, the server's own address, before the first viewer comes."""
        await rehearse(self, url)

    async def close(self) -> None:
        """End all kernels."""
        await ensure_async(self.kernel_manager.shutdown_all())
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def _with_headers(handler: type[tornado.web.RequestHandler]) -> type[tornado.web.RequestHandler]:
    """The handler, answering with the headers of a Space."""
    return type(handler.__name__, (PageHeaders, handler), {})


def live_server(settings: Settings, workplace: Workplace) -> SpaceServer:
    """The server of live sessions; its `app` answers, on whatever port gives it requests."""
    cure_lost_wakeup()
    _keep_to_ourselves(settings, workplace)
    live = nbformat.reads(workplace.notebook, as_version=4)
    place_guard(workplace, cell_hashes(live))
    place_start_code(workplace, live)
    values = _values_to_mask(workplace, settings.key)
    mask = Veil(values, Places(_places_of(settings, workplace)))
    wall = _wall_of(settings, workplace, live)
    gates = Gates(note, settings.language, mask, wall)
    admission = Admission(settings.limits.kernels_per_client)
    config = _config(settings, workplace, gates, mask, wall)
    config.VoilaConfiguration.multi_kernel_manager_class = in_workplace(
        workplace, gates, admission, settings
    )
    server = SpaceServer(config=config)
    server.settings = settings
    server.gates = gates
    server.mask = mask
    server.admission = admission
    server.repeats = Repeats(cells_for_all(live))
    # The log is the author's, and says where in the container something is.
    in_log = Mask(values)
    server.reports = Reports(
        workplace.reports, mask=lambda text: in_log.text(wall.without_source(text, plain=True))
    )
    for logger in (logging.getLogger(), server.log):
        keep_clean(logger, in_log)
    server.config_file_paths = []
    server.notebook_path = str(settings.folder / settings.notebook)
    # Voila takes the signal to end for itself; the front has it.
    ending = signal.getsignal(signal.SIGTERM)
    server.initialize([])
    signal.signal(signal.SIGTERM, ending)
    server.start()
    return server


def _keep_to_ourselves(settings: Settings, workplace: Workplace) -> None:
    """Point Jupyter to the Space's own files: no settings of the machine, nothing in its home."""
    share = str(settings.folder / "runtime" / "share")
    there = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join([share, there] if there else [share])
    os.environ["JUPYTER_CONFIG_DIR"] = str(workplace.home / "jupyter")
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    os.environ["JUPYTER_RUNTIME_DIR"] = str(workplace.home / "jupyter-runtime")


def _values_to_mask(workplace: Workplace, key: str) -> list[str]:
    """The key and the notebook's secrets; the log names those without a value."""
    missing = [name for name in workplace.secrets.names if not os.environ.get(name)]
    if missing:
        log.warning(
            "No value is set for %s; code that cannot do without it fails. Publish again from a "
            "machine where it is set, or set it in the Space's settings.",
            ", ".join(missing),
        )
    return [key, *workplace.secrets.values(os.environ)]


def _places_of(settings: Settings, workplace: Workplace) -> Iterator[Place]:
    """The container's own folders, which kernels may tell of."""
    yield Place(str(workplace.files), WORK)
    for home in (workplace.home, os.path.expanduser("~")):
        yield Place(str(home), HOME)
    for folder in (workplace.root, settings.folder, sysconfig.get_path("purelib"), sys.prefix):
        yield Place(str(folder), OTHER)


def _wall_of(settings: Settings, workplace: Workplace, live: Any) -> SourceWall:
    """The wall around the code that the Space does not show."""
    modules = (path.read_text("utf-8", "replace") for path in workplace.files.rglob("*.py"))
    published = json.loads((settings.folder / settings.notebook).read_bytes())
    return wall_of(live, modules, published, note)


def _takes_files(workplace: Workplace) -> bool:
    """True when the code may let viewers send files."""
    modules = (path.read_bytes() for path in workplace.files.rglob("*.py"))
    return any(b"upload" in code.lower() for code in (workplace.notebook.encode(), *modules))


def _config(
    settings: Settings, workplace: Workplace, gates: Gates, mask: Mask, wall: SourceWall
) -> Config:
    def for_viewers(outputs: list[Any]) -> list[Any]:
        """The template's filter: a cell's outputs as a viewer may see them."""
        shown = viewer_outputs(outputs, note, settings.language)
        shown = mask.value(wall.value(shown, "an output of a cell"))
        return [nbformat.from_dict(output) for output in shown]

    def drawn(output: Any) -> Any:
        """The template's filter: an output as pages draw it."""
        return with_markup(output, lambda html: mask.text(wall.without_source(html)))

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
                    "default_handler_class": NotFound,
                    # A page that is left ends its kernel with a POST; a frame of another site keeps
                    # no cookie to confirm it with, and the kernel's id is known to nobody else.
                    "disable_check_xsrf": True,
                    "websocket_max_message_size": (
                        LONGEST_MESSAGE if _takes_files(workplace) else LONGEST_WITHOUT_FILES
                    ),
                },
            },
            "VoilaConfiguration": {
                "template": "nb2space",
                "theme": settings.theme,
                "strip_sources": not settings.show_source,
                # Voila would put its own words in the place of the guard's reference number; what
                # viewers see is decided by the template's filter, which lets no traceback pass.
                "show_tracebacks": True,
                # While a cell takes long, something is sent that often.
                "http_keep_alive_timeout": TELL_EVERY,
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "file_allowlist": [],
                "prelaunch_hook": live_notebook,
                "resources": {
                    "version": settings.version,
                },
            },
            "VoilaExporter": {
                "filters": {
                    "for_viewers": for_viewers,
                    "digest": digest_of,
                    "drawn": drawn,
                },
                "language_code": settings.language,
            },
            # Sockets in the workplace rather than open ports of the container.
            "KernelManager": {"transport": workplace.transport},
            # The page of a kernel that died asks for another, which has executed the notebook.
            "KernelRestarter": {"restart_limit": 0},
            "MappingKernelManager": {
                "cull_idle_timeout": settings.limits.idle,
                "cull_interval": _CULL_EVERY,
            },
        }
    )
