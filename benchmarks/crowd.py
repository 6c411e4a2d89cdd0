"""A load run: viewers come one after the other over two minutes, move a slider, and leave."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field

import psutil
from pages import ANSWER
from playwright.async_api import Browser, async_playwright
from processes import memory_of, server_of

from browsing import kernels_below  # isort: skip
from conftest import CHROMIUM, CHROMIUM_OPTIONS  # isort: skip

# Seconds: over which viewers come, how long each stays, between two moves of the slider, and after
# which the kernels of all must be gone.
_ARRIVALS = 120
_STAY = 30
_PAUSE = 2
_GONE = 60

_LONGEST = 120_000
_LIVE = "document.body.dataset.nb2space === 'live'"


@dataclass
class LoadRun:
    """Seconds until each viewer's page was live, milliseconds of each answer, what went wrong,
    the most kernels and bytes (PSS) at a time, and the kernels that were left at the end."""

    live: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    kernels: int = 0
    memory: int = 0
    left: int = 0

    def __str__(self) -> str:
        return (
            f"{len(self.live)} viewers, {len(self.answers)} moves, {len(self.errors)} errors; "
            f"live after {_spread(self.live, 's')}; answers {_spread(self.answers, 'ms')}; "
            f"at most {self.kernels} kernels and {self.memory / 1e6:.0f} MB; "
            f"{self.left} kernels left. {self.errors[:3] or ''}"
        )


def _spread(values: list[float], unit: str) -> str:
    if not values:
        return "never"
    ordered = sorted(values)
    most = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{statistics.median(values):.2f} {unit} (95 %: {most:.2f}, most {ordered[-1]:.2f})"


async def load_run(url: str, viewers: int) -> LoadRun:
    """Let `viewers` come to the app at `url`, which is served by a process below this one."""
    run = LoadRun()
    server = server_of(url)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        watching = asyncio.create_task(_watch(server, run))
        await asyncio.gather(
            *(_visit(browser, url, number, viewers, run) for number in range(viewers))
        )
        watching.cancel()
        await browser.close()
    until = time.monotonic() + _GONE
    while (left := len(kernels_below(server.pid))) and time.monotonic() < until:
        await asyncio.sleep(1)
    run.left = left
    return run


async def _visit(browser: Browser, url: str, number: int, viewers: int, run: LoadRun) -> None:
    await asyncio.sleep(number * _ARRIVALS / viewers)
    context = await browser.new_context(extra_http_headers={"X-Forwarded-For": f"192.0.2.{number}"})
    try:
        page = await context.new_page()
        page.on("pageerror", lambda error: run.errors.append(f"script: {error}"))
        begun = time.monotonic()
        await page.goto(url, timeout=_LONGEST)
        await page.wait_for_function(_LIVE, timeout=_LONGEST)
        run.live.append(time.monotonic() - begun)
        leaves = time.monotonic() + _STAY
        keys = ("ArrowRight", "ArrowLeft")
        for move in range(10**6):
            if time.monotonic() > leaves:
                break
            run.answers.append(await page.evaluate(ANSWER, keys[move % 2]))
            await asyncio.sleep(_PAUSE)
        if not await page.evaluate(_LIVE):
            run.errors.append("a page was not live at its end")
    except Exception as error:  # what went wrong is a result
        run.errors.append(f"{type(error).__name__}: {str(error)[:200]}")
    finally:
        await context.close()


async def _watch(server: psutil.Process, run: LoadRun) -> None:
    while True:
        run.kernels = max(run.kernels, len(kernels_below(server.pid)))
        run.memory = max(run.memory, memory_of(server))
        await asyncio.sleep(3)
