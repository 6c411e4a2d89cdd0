"""The page and the files that it loads, as answers ready to be sent.

The page is the Space's own; the front end's files are Voila's and the widgets', as they are
installed here. Neither needs Voila itself to be imported.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from .chunks import with_chunks
from .settings import Settings
from .styles import MANAGER, style_sheet

STYLES = "/page/style.css"
"""The address of the page's style sheet."""

ENTRY = f"/voila/labextensions/{MANAGER}/static/remoteEntry.js"
"""The address of the widgets' front end, whose own name tells the version."""

_INDEX = "index.html"
_STATIC = "/voila/static/"
_EXTENSIONS = "/voila/labextensions/"
_CONFIGURATION = re.compile(
    r'(<script id="jupyter-config-data" type="application/json">)(.*?)(</script>)', re.DOTALL
)

# Front ends of Voila's own application, and what it does not load either
# (voila.utils.get_page_config).
_NOT_LOADED = {
    "@voila-dashboards/jupyterlab-preview",
    "@jupyter/collaboration-extension",
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
}
# Where Voila's files are, in the order in which its template `lab` looks for them.
_TEMPLATES = (
    "voila/templates/lab", "nbconvert/templates/lab",
    "voila/templates/base", "nbconvert/templates/base",
)  # fmt: skip

# Longer names make the system complain rather than find nothing.
_NAME = re.compile(r"[\w@.+/-]{1,250}")
_HASHED_NAME = re.compile(r"\.[0-9a-f]{16,}\.\w+$")
_PRESSED = ("text/", "application/javascript", "application/json", "image/svg")
_TYPES = {".js": "text/javascript", ".json": "application/json", ".woff2": "font/woff2"}

# Seconds for which a browser may keep a file of the front end without asking again.
_KEEP_HASHED = 31_536_000
_KEEP_OTHERS = 600


@dataclass(frozen=True)
class Ready:
    """An answer ready to be sent; `pressed` is the body as gzip, None where that saves nothing."""

    body: bytes
    pressed: bytes | None
    kind: str
    tag: str
    keep: str


class PageFiles:
    """The answers by address."""

    def __init__(self, settings: Settings) -> None:
        self._roots = [Path(path) for path in jupyter_path()]
        self._kept: dict[str, Ready] = {}
        extensions = list(_extensions(self._roots))
        loads = {extension["name"]: extension["load"] for extension in extensions}
        self._manager = f"{MANAGER}/{loads.get(MANAGER, '')}"
        self._kept["/"] = _ready(_page(settings, extensions), _INDEX, "no-cache")
        folder = settings.folder
        for path in sorted((folder / "page").iterdir()):
            self._kept[f"/page/{path.name}"] = _ready(path.read_bytes(), path.name, "no-cache")
        self._theme = settings.theme

    def prepare(self) -> None:
        """Read and compress what every page loads, before the first viewer asks for it."""
        for address in (STYLES, ENTRY, f"{_STATIC}voila.js"):
            self.get(address)

    def has(self, address: str) -> bool:
        """True for an address that is answered from here, be it with 404."""
        return address in self._kept or address.startswith((STYLES, _STATIC, _EXTENSIONS))

    def get(self, address: str) -> Ready | None:
        """The answer; None when there is no such file."""
        if address == STYLES and address not in self._kept:
            sheet = style_sheet(self._roots, self._theme)
            self._kept[STYLES] = _ready(sheet.encode(), STYLES, "no-cache")
        if address not in self._kept:
            path = self._installed(address)
            if path is None:
                return None
            keep = _KEEP_HASHED if _HASHED_NAME.search(path.name) else _KEEP_OTHERS
            self._kept[address] = _ready(with_chunks(path), path.name, f"max-age={keep}")
        return self._kept[address]

    def _installed(self, address: str) -> Path | None:
        if address.startswith(_STATIC):
            name = address.removeprefix(_STATIC)
            folders = [root / place / "static" for place in _TEMPLATES for root in self._roots]
        else:
            name = self._manager if address == ENTRY else address.removeprefix(_EXTENSIONS)
            folders = list(_extension_folders(self._roots))
        # One spelling for each file: what was asked for is kept by its address.
        if not _NAME.fullmatch(name) or {"", ".", ".."} & set(name.split("/")):
            return None
        for folder in folders:
            path = folder / name
            # Only what lies below, whatever the address says.
            if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
                return path
        return None


def _page(settings: Settings, extensions: list[dict[str, Any]]) -> bytes:
    """The page, naming the front ends that are installed here and the version that it is of."""
    html = (settings.folder / _INDEX).read_text(encoding="utf-8")

    def with_extensions(match: re.Match[str]) -> str:
        configuration = {**json.loads(match[2]), "federated_extensions": extensions}
        text = json.dumps(configuration).replace("<", "\\u003c")
        return f"{match[1]}{text}{match[3]}"

    html = _CONFIGURATION.sub(with_extensions, html, count=1)
    version = f'<meta name="nb2space-version" content="{settings.version}">'
    if settings.watch:
        version += '<meta name="nb2space-watch" content="1">'
    html = html.replace('<meta name="nb2space-version" content="">', version, 1)
    return html.encode("utf-8", "replace")


def _extensions(roots: list[Path]) -> Iterator[dict[str, Any]]:
    """The installed front ends as the page's configuration names them."""
    seen = set(_NOT_LOADED)
    for folder in _extension_folders(roots):
        for path in sorted([*folder.glob("*/package.json"), *folder.glob("@*/*/package.json")]):
            name = path.parent.relative_to(folder).as_posix()
            try:
                built = json.loads(path.read_bytes())["jupyterlab"]["_build"]
                load = built["load"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if name not in seen:
                seen.add(name)
                parts = {
                    part: built[part]
                    for part in ("extension", "mimeExtension", "style")
                    if part in built
                }
                yield {"name": name, "load": load, **parts}


def _extension_folders(roots: list[Path]) -> Iterator[Path]:
    for root in roots:
        yield root / "labextensions"
        yield root / "voila" / "labextensions"


def _ready(body: bytes, name: str, keep: str) -> Ready:
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    pressed = gzip.compress(body, 6, mtime=0) if kind.startswith(_PRESSED) else None
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Ready(body, pressed, kind, tag, keep)
