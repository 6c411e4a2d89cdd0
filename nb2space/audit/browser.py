"""A viewer with a browser: Chromium loads the page, and every control on it is moved."""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import Any
from urllib.parse import urlsplit

from nb2space.audit.exchange import Answer, Log
from nb2space.audit.mover import SECOND, move_everything, quiet
from nb2space.errors import RemoteError

_LOAD_SECONDS = 300
_READY_SECONDS = 30
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# An app of ours is a page first, and has its kernel some time later.
_LIVE = "['live', undefined].includes(document.body.dataset.nb2space)"


def is_available() -> str:
    """ "" when a browser can be driven, else a sentence that says what is missing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed (pip install playwright), so no browser was used."
    if not _executable():
        return "Chromium is not installed, so no browser was used."
    return ""


def _executable() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


def visit(url: str, log: Log) -> None:
    """Load the page at `url`, move every control, and keep all that was exchanged in `log`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(), args=_OPTIONS)
        try:
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            _listen(page, urlsplit(url).netloc, log)
            _load(page, url, log)
            move_everything(page, log)
        finally:
            browser.close()


def _listen(page: Any, host: str, log: Log) -> None:
    def finished(request: Any) -> None:
        parts = urlsplit(request.url)
        # A response's body is gone with the page that asked for it.
        with contextlib.suppress(_errors()):
            response = request.response()
            if response is None or parts.netloc != host:
                return
            headers = response.all_headers()
            lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
            kind = headers.get("content-type", "")
            channel = "page" if request.is_navigation_request() else "files of the page"
            where = f"{request.method} {parts.path}"
            log.answer(Answer(channel, where, kind, lines.encode(), response.body()))

    def opened(socket: Any) -> None:
        socket.on("framereceived", lambda data: log.frame("from the kernel", data))
        socket.on("framesent", lambda data: log.frame("to the kernel", data))

    page.on("requestfinished", finished)
    page.on("websocket", opened)


def _errors() -> type[Exception]:
    from playwright.sync_api import Error

    return Error


def _load(page: Any, url: str, log: Log) -> None:
    try:
        page.goto(url, timeout=_LOAD_SECONDS * SECOND)
    except _errors() as error:
        raise RemoteError(f"{url} does not open in the browser: {str(error)[:200]}") from None
    # Widgets appear some time after the page has loaded, if there are any.
    deadline = time.monotonic() + _READY_SECONDS
    while not log.frames and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    try:
        page.wait_for_function(_LIVE, timeout=_LOAD_SECONDS * SECOND)
    except _errors():
        log.unseen.append(
            f"The page got no kernel within {_LOAD_SECONDS} s, so its controls did nothing."
        )
    quiet(page, log, 2.0)
