"""Moving every control of a page in a browser, also those that only a move makes appear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nb2space.audit.exchange import Log

SECOND = 1000
"""Playwright's times are in milliseconds."""

_MOVE_SECONDS = 2
_QUIET_SECONDS = 0.5
_LONGEST_QUIET = 20
_MOST_SECONDS = 900
_MOST_CONTROLS = 400
_MOST_OPTIONS = 12
_MOST_TIMES = 3

# What each kind of control is, by the elements of HTML and of ipywidgets, in the order in which
# they are moved: tabs hide what they do not show, and buttons may end things.
_KINDS = {
    "slider": ".noUi-target:not([disabled]) .noUi-handle, input[type=range]",
    "list": "select",
    "switch": ".widget-toggle-button, .widget-toggle-buttons button, input[type=checkbox], "
    "input[type=radio]",
    "date": "input:is([type=date], [type=time], [type=datetime-local], [type=month], [type=week])",
    "colour": "input[type=color]",
    "tags": ".jupyter-widget-tagsinput",
    "text": "textarea, input:not(.jupyter-widget-taginput):is(:not([type]), [type=text], "
    "[type=number], [type=password], [type=search], [type=email], [type=url], [type=tel])",
    "upload": ".widget-upload, input[type=file]",
    "player": ".widget-play button",
    "tab": ".lm-TabBar-tab, .jupyter-widget-Collapse-header, .jp-Collapse-header, summary",
    "button": "button, input:is([type=button], [type=submit], [type=reset])",
}

# What the kinds of input elements for dates and times take.
_DATES = {
    "date": ("2024-02-29", "1900-01-01"),
    "time": ("23:59", "00:00"),
    "datetime-local": ("2024-02-29T23:59", "1900-01-01T00:00"),
    "month": ("2024-02", "1900-01"),
    "week": ("2024-W09", "1900-W01"),
}
_TEXTS = ("0", "-1", "1000000", "")
# Of texts, numbers and colours, each sort of tags takes one.
_TAGS = ("nb2space", "1", "#ff0000")

# Finds the next control that is seen and was not moved yet. What a move makes anew in the same
# place under the same name is moved again, but not for ever.
_NEXT = """({kinds, most}) => {
  const moved = window.nb2spaceMoved ??= new Map();
  const selectors = Object.entries(kinds);
  const place = (element) => {
    const steps = [];
    for (let at = element; at.parentElement; at = at.parentElement) {
      steps.push([...at.parentElement.children].indexOf(at));
    }
    return steps.join(".");
  };
  const name = (element) => {
    const label = element.closest(".jupyter-widgets")?.querySelector(".widget-label, span");
    const own = element.matches("select") ? "" : element.innerText;
    const said = [own, label?.innerText, element.getAttribute("aria-label"), element.name];
    return said.map((text) => (text ?? "").replaceAll("\\u200b", "").trim()).find(Boolean) ?? "";
  };
  document.querySelectorAll("[data-nb2space-next]").forEach(
    (element) => element.removeAttribute("data-nb2space-next"));
  for (const [index, [kind, selector]] of selectors.entries()) {
    for (const element of document.querySelectorAll(selector)) {
      if (element.disabled || element.dataset.nb2spaceMoved || !element.checkVisibility(
            {visibilityProperty: true, checkVisibilityCSS: true})
          || selectors.slice(0, index).some(([, other]) => element.matches(other))) { continue; }
      const called = name(element).slice(0, 40);
      const key = [kind, called, place(element)].join(" ");
      const times = (moved.get(key) ?? 0) + 1;
      if (times > most) { continue; }
      moved.set(key, times);
      element.dataset.nb2spaceMoved = element.dataset.nb2spaceNext = kind;
      return {kind, name: called};
    }
  }
  return null;
}"""


@dataclass(frozen=True)
class Control:
    """A control of the page: its kind, the text beside or on it, and its element."""

    kind: str
    name: str
    element: Any


def move_everything(page: Any, log: Log) -> None:
    """Move each control of `page` to its ends; `log` keeps how many and which could not be moved.

    After each move it is looked for controls again, until there is none that was not moved.
    """
    from playwright.sync_api import Error

    deadline = time.monotonic() + _MOST_SECONDS
    for control in _controls(page):
        if log.moved >= _MOST_CONTROLS or time.monotonic() > deadline:
            log.unseen.append(
                f"The page has more controls than could be moved; {log.moved} of them were."
            )
            return
        try:
            for _ in _MOVES[control.kind](page, control.element):
                quiet(page, log)
        except Error:
            # One that goes while it is moved was moved.
            if control.element.count():
                called = f"{control.kind} '{control.name}'".replace(" ''", "")
                log.notes.append(f"A control could not be moved: {called}.")
                continue
        log.moved += 1
    quiet(page, log, 1.0)


def quiet(page: Any, log: Log, seconds: float = _QUIET_SECONDS) -> None:
    """Wait until nothing came for `seconds`, at most for `_LONGEST_QUIET`."""
    deadline = time.monotonic() + _LONGEST_QUIET
    log.last = time.monotonic()
    while not log.is_quiet(seconds) and time.monotonic() < deadline:
        page.wait_for_timeout(50)


def _controls(page: Any) -> Iterator[Control]:
    while found := page.evaluate(_NEXT, {"kinds": _KINDS, "most": _MOST_TIMES}):
        yield Control(found["kind"], found["name"], page.locator("[data-nb2space-next]"))


def _slide(page: Any, element: Any) -> Iterator[None]:
    for key in ("End", "Home", "ArrowRight", "PageUp"):
        element.focus(timeout=_MOVE_SECONDS * SECOND)
        page.keyboard.press(key)
        yield


def _choose(page: Any, element: Any) -> Iterator[None]:
    count = element.locator("option").count()
    for number in range(min(count, _MOST_OPTIONS)):
        element.select_option(index=number, timeout=_MOVE_SECONDS * SECOND)
        yield
    if element.evaluate("(list) => list.multiple"):
        everything = list(range(min(count, _MOST_OPTIONS)))
        element.select_option(index=everything, timeout=_MOVE_SECONDS * SECOND)
        yield


def _switch(page: Any, element: Any) -> Iterator[None]:
    for _ in range(2):
        element.click(timeout=_MOVE_SECONDS * SECOND)
        yield


def _write_date(page: Any, element: Any) -> Iterator[None]:
    for date in _DATES[element.get_attribute("type")]:
        element.fill(date, timeout=_MOVE_SECONDS * SECOND)
        element.blur()
        yield


def _add_tags(page: Any, element: Any) -> Iterator[None]:
    for tag in _TAGS:
        # Where it has tags it shows a place to write in only after a click.
        element.dispatch_event("click")
        place = element.locator(".jupyter-widget-taginput")
        place.fill(tag, timeout=_MOVE_SECONDS * SECOND)
        place.press("Enter")
        yield


def _colour(page: Any, element: Any) -> Iterator[None]:
    for colour in ("#ff0000", "#00ff7f"):
        element.fill(colour, timeout=_MOVE_SECONDS * SECOND)
        yield


def _write(page: Any, element: Any) -> Iterator[None]:
    for text in _TEXTS:
        element.fill(text, timeout=_MOVE_SECONDS * SECOND)
        element.press("Enter")
        yield
    element.blur()
    yield


def _upload(page: Any, element: Any) -> Iterator[None]:
    file = {"name": "nb2space.txt", "mimeType": "text/plain", "buffer": b"nb2space"}
    with page.expect_file_chooser(timeout=_MOVE_SECONDS * SECOND) as chooser:
        element.click(timeout=_MOVE_SECONDS * SECOND)
    chooser.value.set_files(file)
    yield


def _play(page: Any, element: Any) -> Iterator[None]:
    # The first click starts what the second one ends.
    element.click(timeout=_MOVE_SECONDS * SECOND)
    page.wait_for_timeout(_QUIET_SECONDS * SECOND)
    element.click(timeout=_MOVE_SECONDS * SECOND)
    yield


def _click(page: Any, element: Any) -> Iterator[None]:
    element.click(timeout=_MOVE_SECONDS * SECOND)
    yield


_MOVES: dict[str, Callable[[Any, Any], Iterator[None]]] = {
    "slider": _slide,
    "list": _choose,
    "switch": _switch,
    "date": _write_date,
    "colour": _colour,
    "tags": _add_tags,
    "text": _write,
    "upload": _upload,
    "player": _play,
    "tab": _click,
    "button": _click,
}
