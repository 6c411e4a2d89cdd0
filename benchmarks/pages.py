"""What measurements in Chromium share: opening a page as a newcomer, moving its first slider."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Error

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

_LONGEST = 60_000
# When the notebook's own text is first drawn, in milliseconds. Voila paints a spinner long before.
_NOTE_PAINT = """
const note = () => {
  const shown = document.querySelector(".jp-RenderedHTMLCommon");
  if (shown?.offsetParent && getComputedStyle(shown).visibility === "visible") {
    requestAnimationFrame((drawn) => { window.painted = drawn; });
  } else {
    requestAnimationFrame(note);
  }
};
requestAnimationFrame(note);
"""
_PAUSE = 600
_KEYS = ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight", "ArrowLeft")

ANSWER = """(key) => new Promise((done, failed) => {
  const handle = document.querySelector(".noUi-handle");
  const begun = performance.now();
  const watching = new MutationObserver((changes) => {
    const one = changes.find(({target}) => {
      const element = target.nodeType === 1 ? target : target.parentElement;
      return !element?.closest(".widget-slider") && element?.closest(".jp-OutputArea");
    });
    if (!one) { return; }
    watching.disconnect();
    requestAnimationFrame(() => done(performance.now() - begun));
  });
  watching.observe(document.body, {childList: true, subtree: true, characterData: true});
  setTimeout(() => failed(new Error("the slider does not answer")), 120000);
  handle.focus();
  handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
})"""
"""Milliseconds from a key press on the first slider until an output has changed and is drawn."""


@dataclass
class Load:
    """A page that was opened: seconds until it paints the notebook's text, and until a slider is
    there and has answered; megabytes before any compression; milliseconds of later answers."""

    paint: float
    usable: float
    answered: float
    megabytes: float
    answers: list[float]


def load(browser: Any, url: str) -> Load:
    """Open a page with an empty cache, and move its first slider as soon as it is there.

    Raises playwright's TimeoutError when that does not come.
    """
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.add_init_script(_NOTE_PAINT)
        size = 0

        def received(event: Any) -> None:
            nonlocal size
            size += event["dataLength"]

        def frame(event: Any) -> None:
            nonlocal size
            size += len(event["response"]["payloadData"])

        channel = context.new_cdp_session(page)
        channel.send("Network.enable")
        channel.on("Network.dataReceived", received)
        channel.on("Network.webSocketFrameReceived", frame)
        begun = time.perf_counter()
        page.goto(url, wait_until="commit", timeout=_LONGEST)
        page.locator(".noUi-handle").first.wait_for(timeout=_LONGEST)
        usable = time.perf_counter() - begun
        page.evaluate(ANSWER, _KEYS[0])
        answered = time.perf_counter() - begun
        paint = page.evaluate("window.painted")
        page.wait_for_timeout(2000)
        megabytes = size / 1e6
        answers = []
        for key in _KEYS[1:]:
            answers.append(page.evaluate(ANSWER, key))
            page.wait_for_timeout(_PAUSE)
    return Load(paint / 1000, usable, answered, megabytes, answers)


def _wait_for_port(url: str) -> None:
    host, port = url.split("/")[2].split(":")
    for _ in range(100 * _LONGEST // 1000):
        with suppress(OSError), socket.create_connection((host, int(port))):
            return
        time.sleep(0.01)


def paint_after(browser: Any, url: str, begun: float) -> float:
    """The seconds from `begun`, by time.time(), until a page that is opened now paints.

    The server may still be starting, and a page that hangs is opened again.
    """
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.add_init_script(_NOTE_PAINT)
        # A browser that was refused takes up to a second to ask again.
        _wait_for_port(url)
        while True:
            try:
                page.goto(url, wait_until="commit", timeout=_LONGEST)
                page.wait_for_function("window.painted", timeout=_LONGEST)
                break
            except Error:
                if time.time() - begun > 3 * _LONGEST / 1000:
                    raise
        at: float = page.evaluate("performance.timeOrigin + window.painted")
    return at / 1000 - begun
