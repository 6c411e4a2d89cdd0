"""HTTP headers of every answer."""

from __future__ import annotations

from typing import Any

import tornado.web

# A Space is shown in a frame of huggingface.co; jupyter_server's own policy would forbid that.
PAGE_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "nb2space",
}


class PageHeaders:
    """Sets the headers on a tornado handler, before the handler's own."""

    def set_default_headers(self) -> None:
        """Called by tornado for each answer, errors included."""
        super().set_default_headers()  # type: ignore[misc]
        for name, value in PAGE_HEADERS.items():
            self.set_header(name, value)  # type: ignore[attr-defined]

    def write_error(self, status_code: int, **details: Any) -> None:
        """Called by tornado for what is refused or fails: a few words, and nothing of the server.

        Handlers that were made for Jupyter's own pages would render one of those, and fail.
        """
        self.set_header("Content-Type", "text/plain; charset=utf-8")  # type: ignore[attr-defined]
        self.finish(f"{status_code}. The app is at /\n")  # type: ignore[attr-defined]


class PlainHandler(PageHeaders, tornado.web.RequestHandler):
    """A handler of our own, with the headers."""


class NotFound(PlainHandler):
    """Any address that is not the app's: a short page that tells nothing of the server."""

    def prepare(self) -> None:
        self.set_status(404)
        self.finish("There is nothing here. The app is at /\n")
