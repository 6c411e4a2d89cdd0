"""A viewer with a browser: Chromium loads the page, and every control on it is moved."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from nb2space.audit.exchange import Answer, Log
from nb2space.errors import RemoteError

_SECOND = 1000
"""Playwright's times are in milliseconds."""

_LOAD_SECONDS = 300
_READY_SECONDS = 30
_QUIET_SECONDS = 0.5
_MOST_SECONDS = 20
_MOST_OF_A_KIND = 40
_MOST_OPTIONS = 12
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# An app of ours is a page first, and has its kernel some time later.
_LIVE = "['live', undefined].includes(document.body.dataset.nb2space)"

_TABS = ".lm-TabBar-tab, .p-TabBar-tab, .jp-Collapse-header, summary"
_CLICKED = (
    ".widget-toggle-button, .widget-toggle-buttons button, input[type=checkbox], input[type=radio]"
)
_TEXTS = "input[type=text], input[type=number], input[type=password], textarea"
_BUTTONS = "button:not(.widget-toggle-buttons button):not(.widget-toggle-button)"


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
            _Mover(page, log).move_everything()
            if log.shows_widgets() and not log.widgets().displayed:
                log.notes.append("The page displays widgets, but none of them answered.")
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
        page.goto(url, timeout=_LOAD_SECONDS * _SECOND)
    except _errors() as error:
        raise RemoteError(f"{url} does not open in the browser: {str(error)[:200]}") from None
    # Widgets appear some time after the page has loaded, if there are any.
    deadline = time.monotonic() + _READY_SECONDS
    while not log.frames and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    with contextlib.suppress(_errors()):
        page.wait_for_function(_LIVE, timeout=_LOAD_SECONDS * _SECOND)
    _quiet(page, log, 2.0)


def _quiet(page: Any, log: Log, seconds: float = _QUIET_SECONDS) -> None:
    deadline = time.monotonic() + _MOST_SECONDS
    log.last = time.monotonic()
    while not log.is_quiet(seconds) and time.monotonic() < deadline:
        page.wait_for_timeout(50)


class _Mover:
    """Moves the controls of a page, each to its ends."""

    def __init__(self, page: Any, log: Log) -> None:
        self.page = page
        self.log = log

    def move_everything(self) -> None:
        """Open each tab and move what is in it; buttons last, since they may end things."""
        self._move()
        for tab in self._visible(_TABS):
            with self._going_on():
                tab.click(timeout=2 * _SECOND)
                _quiet(self.page, self.log)
                self._move()
        _quiet(self.page, self.log, 1.0)

    def _move(self) -> None:
        for handle in self._visible(".noUi-handle"):
            for key in ("End", "Home", "ArrowRight", "PageUp"):
                with self._going_on():
                    handle.focus(timeout=2 * _SECOND)
                    self.page.keyboard.press(key)
                    _quiet(self.page, self.log)
        for select in self._visible("select"):
            with self._going_on():
                for number in range(min(select.locator("option").count(), _MOST_OPTIONS)):
                    select.select_option(index=number, timeout=2 * _SECOND)
                    _quiet(self.page, self.log)
        for box in self._visible(_CLICKED):
            for _ in range(2):
                self._click(box)
        for text in self._visible(_TEXTS):
            for value in ("0", "-1", "1000000", ""):
                with self._going_on():
                    text.fill(value, timeout=2 * _SECOND)
                    text.press("Enter")
                    _quiet(self.page, self.log)
        for button in self._visible(_BUTTONS):
            self._click(button)

    def _click(self, element: Any) -> None:
        with self._going_on():
            element.click(timeout=2 * _SECOND)
            _quiet(self.page, self.log)

    def _visible(self, selector: str) -> Iterator[Any]:
        found = self.page.locator(selector)
        for number in range(min(found.count(), _MOST_OF_A_KIND)):
            element = found.nth(number)
            with self._going_on():
                if element.is_visible():
                    yield element

    def _going_on(self) -> contextlib.AbstractContextManager[None]:
        # An element may go while it is moved; the next one is moved all the same.
        return contextlib.suppress(_errors())
