"""The page of an app that cannot run yet: it stays up, says so to viewers, and tells no more."""

from __future__ import annotations

import asyncio
import html
import logging

import tornado.web

from .headers import PlainHandler
from .settings import Settings

log = logging.getLogger("nb2space")

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="30">
<title>{title}</title>
<style>body{{font:1.1rem/1.6 sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}</style>
<h1>{title}</h1>
<p>This app is being prepared. The page looks again by itself every half minute.</p>
<p lang="id">Aplikasi ini sedang disiapkan. Halaman ini memuat ulang sendiri setiap 30 detik.</p>
</html>
"""


class _WaitingHandler(PlainHandler):
    def initialize(self, title: str) -> None:
        self.title = title

    def get(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", "30")
        self.finish(_PAGE.format(title=html.escape(self.title)))


def serve_waiting(settings: Settings) -> None:
    """Answer every address with the waiting page, until the process is ended."""

    async def run() -> None:
        app = tornado.web.Application([(r".*", _WaitingHandler, {"title": settings.title})])
        app.listen(settings.port, settings.host)
        log.info("The app does not run. Viewers see that it is being prepared.")
        await asyncio.Event().wait()

    asyncio.run(run())
