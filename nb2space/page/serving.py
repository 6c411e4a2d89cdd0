"""Serving a static Space folder on this machine, as any web server would."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

from nb2space.page.static import INDEX
from nb2space.space import MANIFEST, read_files, read_manifest

_HEALTH = "/nb2space/health"

# Reloads the page when a newer version is served at the same address.
_WATCHING = """<script>
setInterval(async () => {
  try {
    const answer = await fetch("nb2space/health", {cache: "no-store"});
    if ((await answer.json()).version !== %s) { location.reload(); }
  } catch { /* the folder is between two versions */ }
}, 1000);
</script></body>"""


class StaticServer:
    """The page of `folder` on 127.0.0.1:`port`, in a thread of this process."""

    def __init__(self, folder: Path, port: int, watch: bool) -> None:
        self.folder = folder
        self.port = port
        self.watch = watch
        self.server: http.server.ThreadingHTTPServer | None = None
        self.thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Begin to serve. Raises InputError when the folder is none of ours or was changed."""
        read_files(self.folder, read_manifest(self.folder))
        handler = functools.partial(_Handler, directory=str(self.folder), watch=self.watch)
        self.server = _Server(("127.0.0.1", self.port), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End serving."""
        if self.server is None or self.thread is None:
            return
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.server = None

    def restart(self) -> None:
        """Serve the folder as it is now; its files are read anew for each request anyway."""
        read_files(self.folder, read_manifest(self.folder))

    def check(self) -> None:
        """Nothing can have ended here by itself."""

    def wait(self) -> None:
        """Wait until this process is told to end."""
        if self.thread is not None:
            self.thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that left before its answer is no news."""


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *words: Any, watch: bool, **named: Any) -> None:
        self.watch = watch
        super().__init__(*words, **named)

    def log_message(self, format: str, *words: Any) -> None:
        """Requests are not printed."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        # The Hub does not list folders either.
        self.send_error(HTTPStatus.NOT_FOUND)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if self.watch and path == _HEALTH:
            self._answer(json.dumps({"version": self._version()}), "application/json")
        elif self.watch and path in ("/", f"/{INDEX}"):
            html = Path(self.directory, INDEX).read_text(encoding="utf-8")
            script = _WATCHING % json.dumps(self._version())
            self._answer(script.join(html.rsplit("</body>", 1)), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def _version(self) -> str:
        return hashlib.sha256(Path(self.directory, MANIFEST).read_bytes()).hexdigest()[:16]

    def _answer(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
