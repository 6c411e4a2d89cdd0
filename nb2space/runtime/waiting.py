"""The page of an app that cannot run yet: it stays up, says so to viewers, and tells no more."""

from __future__ import annotations

import html

from .headers import PlainHandler
from .messages import TEXTS
from .settings import Settings

_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="30">
<title>{title}</title>
<style>body{{font:1.1rem/1.6 sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}</style>
<h1>{title}</h1>
<p>{waiting} {reload}</p>
</html>
"""


class WaitingHandler(PlainHandler):
    """Answers with the waiting page, whatever is asked: pages that are open ask for a kernel."""

    def initialize(self, page: str) -> None:
        self.page = page

    def prepare(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", "30")
        self.finish(self.page)


def waiting_page(settings: Settings) -> str:
    """The page, in the viewers' language."""
    texts = TEXTS[settings.language]
    return _PAGE.format(
        language=settings.language,
        title=html.escape(settings.title),
        waiting=texts["waiting"],
        reload=texts["reload"],
    )
