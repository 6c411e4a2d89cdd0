"""Auditing a running app: everything that a viewer's machine is sent, and can make it send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nb2space.audit import browser
from nb2space.audit.byhand import ask_by_hand
from nb2space.audit.client import Client, problem_of_app, problem_of_static, visit
from nb2space.audit.exchange import Log
from nb2space.audit.known import Known
from nb2space.audit.needles import Needles
from nb2space.audit.report import Report
from nb2space.audit.search import search

Result = TypeVar("Result")


def leaks_in_traffic(
    url: str, needles: Needles, known: Known, *, use_browser: bool, version: str
) -> Report:
    """Visit the app at `url` as a viewer and as someone who wants its code; search all of it.

    With `use_browser` Chromium is used where there is one. What is not the app of this `version`
    is left alone, but for its page; "" takes any app. Raises RemoteError when the app does not
    answer.
    """
    first, asked = Log(), Log()
    if version:
        problem = _aside(lambda: asyncio.run(problem_of_app(Client(url, first), version)))
        if problem:
            return Report(search(first.pieces(), needles, known), unseen=(problem,))
    names = [needle.text for needle in needles.items if needle.kind == "name"]
    # Both wait for answers most of the time.
    with ThreadPoolExecutor(1) as beside:
        asking = beside.submit(asyncio.run, ask_by_hand(Client(url, asked), names))
        visited = visit_app(url, use_browser=use_browser)
        asking.result()
    channels = search([*visited.pieces(), *asked.pieces()], needles, known)
    return Report(
        channels,
        (*visited.notes, *asked.notes),
        unseen=tuple(dict.fromkeys([*visited.unseen, *asked.unseen])),
        moved=visited.moved,
    )


def leaks_in_static(url: str, needles: Needles, known: Known, version: str) -> Report:
    """Search the page without a kernel at `url`, which must be of this `version`.

    Raises RemoteError when nothing answers.
    """
    log = Log()
    problem = _aside(lambda: asyncio.run(problem_of_static(Client(url, log), version)))
    return Report(search(log.pieces(), needles, known), unseen=(problem,) if problem else ())


def visit_app(url: str, *, use_browser: bool) -> Log:
    """What is exchanged while a viewer loads the app's page and moves all of its controls."""
    log = Log()
    missing = browser.is_available() if use_browser else ""
    if missing:
        log.notes.append(missing)
    if use_browser and not missing:
        _aside(lambda: browser.visit(url, log))
    else:
        _aside(lambda: asyncio.run(visit(Client(url, log))))
    log.check_widgets()
    return log


def _aside(work: Callable[[], Result]) -> Result:
    """Do `work` in a thread of its own: the caller's may have an event loop already."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()
