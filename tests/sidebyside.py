"""Two pages of one notebook in Chromium, moved alike: what each shows after every move."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A page is compared once its kernel has answered all that it was sent.
_AGREE_SECONDS = 8.0
_WIDE = {"width": 1200, "height": 1000}

_SCRIPT = Path(__file__).with_suffix(".js").read_text()
_KEYS = ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "PageUp", "PageDown", "Home", "End")


@dataclass
class Side:
    """One of the two pages, with what went wrong in it."""

    page: Any
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def controls(self) -> list[dict[str, Any]]:
        """What a person can operate now."""
        found: list[dict[str, Any]] = self.page.evaluate("side.controls()")
        return found

    def operate(self, place: int, word: Any) -> None:
        """Do something to one control."""
        self.page.evaluate("([place, word]) => side.operate(place, word)", [place, word])

    def settle(self) -> None:
        """Wait for all that comes of what was done."""
        self.page.evaluate("side.settled()")

    def shown(self) -> list[str]:
        """All that can be seen of the outputs."""
        seen: list[str] = self.page.evaluate("side.shown()")
        return seen


@contextmanager
def side(chromium: Any, url: str) -> Iterator[Side]:
    """Open a page and wait until its widgets are there."""
    context = chromium.new_context(viewport=_WIDE)
    context.add_init_script("window.addEventListener('load', () => {" + _SCRIPT + "})")
    page = context.new_page()
    opened = Side(page)
    page.on("request", lambda request: opened.hosts.add(request.url.split("/")[2]))
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.goto(url)
    page.wait_for_function("window.side?.isReady()", timeout=60_000)
    page.locator(".jp-OutputArea-output .jupyter-widgets").first.wait_for()
    page.evaluate("side.settled()")
    yield opened
    context.close()


def _word(control: dict[str, Any], chance: random.Random) -> Any:
    """What to do with a control of this kind."""
    if control["kind"] == "slider":
        return chance.choice(_KEYS)
    if control["kind"] == "choose":
        count = chance.randint(0, control["size"]) if control["several"] else 1
        return sorted(chance.sample(range(control["size"]), min(count, control["size"])))
    if control["kind"] in ("typed", "number"):
        return chance.choice(["-3", "0", "1", "2", "2.4", "3.5", "7", "99", "1 - 3", "x"])
    return None


def differences(one: Side, other: Side, moves: int, seed: int) -> list[str]:
    """Where the pages show different things, after each of `moves` random moves of a control."""
    chance = random.Random(seed)
    found = _compared(one, other, "at first")
    for number in range(moves):
        controls = one.controls()
        assert controls, "no control is left to operate"
        if controls != other.controls():
            return [*found, f"move {number}: other controls: {controls} for {other.controls()}"]
        place = chance.randrange(len(controls))
        word = _word(controls[place], chance)
        # The one works while the other is waited for.
        one.operate(place, word)
        other.operate(place, word)
        one.settle()
        other.settle()
        found += _compared(
            one, other, f"move {number}: {controls[place]['kind']} {place} to {word}"
        )
        if len(found) > 5:
            break
    return found


def _compared(one: Side, other: Side, when: str) -> list[str]:
    deadline = time.monotonic() + _AGREE_SECONDS
    while (here := one.shown()) != (there := other.shown()):
        if time.monotonic() > deadline:
            place = next(
                (n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b),
                min(len(here), len(there)),
            )
            return [f"{when}: {here[place : place + 3]} for {there[place : place + 3]}"]
        time.sleep(0.05)
    return []
