"""A record of what went between a viewer and an app, and its pieces for the search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from nb2space.audit.messages import Message, Widgets, message_of, share_of_message, type_of
from nb2space.audit.search import Piece
from nb2space.audit.shown import share_of_page
from nb2space.audit.static import is_shown

# Addresses below which libraries' files lie; where those are not the installed ones, a word in
# them is still no sign of the author's code.
_LIBRARIES = ("/voila/static/", "/voila/labextensions/", "/voila/templates/", "/voila/themes/")
_SCRIPT_TYPES = ("javascript", "text/css", "font", "application/wasm")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: to what, its type, and its bytes with its headers before them."""

    channel: str
    where: str
    kind: str
    headers: bytes
    body: bytes


@dataclass(frozen=True)
class Frame:
    """A WebSocket frame and the channel it went on.

    After code was sent to be run, outputs are no more the app's own, so they count as not shown.
    """

    channel: str
    where: str
    content: bytes
    after_code: bool = False


@dataclass
class Log:
    """What was exchanged until now.

    `after_code` is set when the first request to run code is sent. `moved` counts the controls
    that were moved; `notes` and `unseen` are those of a `Report`.
    """

    after_code: bool = False
    answers: list[Answer] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    moved: int = 0
    last: float = 0.0

    def answer(self, answer: Answer) -> None:
        """Add an HTTP answer."""
        self.answers.append(answer)
        self.last = time.monotonic()

    def frame(self, channel: str, content: str | bytes, where: str = "frame") -> Message | None:
        """Add a frame; give the kernel message in it."""
        raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
        message = message_of(raw)
        number = len(self.frames) + 1
        name = f"{where} {number}" + (f" ({type_of(message)})" if message else "")
        self.frames.append(Frame(channel, name, raw, self.after_code))
        self.last = time.monotonic()
        return message

    def is_quiet(self, seconds: float) -> bool:
        """True when nothing came for that long."""
        return time.monotonic() - self.last > seconds

    def widgets(self) -> Widgets:
        """The widgets that all messages until now tell of."""
        messages = (_trusted(frame) for frame in self.frames)
        return Widgets((message for message in messages if message), self._viewed())

    def check_widgets(self) -> None:
        """Note of the page's widgets what could not be looked at."""
        displayed = {name: self.widgets().states[name] for name in self.widgets().displayed}
        if self._viewed() and not displayed:
            self.unseen.append("The page displays widgets, but none of them answered.")
        foreign = sorted(
            {
                f"{state['_view_name']} of {state['_view_module']}"
                for state in displayed.values()
                if state.get("_view_name")
                and not str(state.get("_view_module")).startswith("@jupyter-widgets/")
            }
        )
        if foreign:
            self.notes.append(
                f"Not moved, since only their own front ends know how: {', '.join(foreign)}."
            )

    def _viewed(self) -> set[str]:
        viewed: set[str] = set()
        for answer in self.answers:
            if _is_page(answer):
                viewed |= share_of_page(_text(answer.body))[1]
        return viewed

    def pieces(self) -> Iterator[Piece]:
        """Everything, in pieces for the search."""
        for answer in self.answers:
            yield Piece(answer.channel, f"headers of {answer.where}", answer.headers)
            yield Piece(
                answer.channel,
                answer.where,
                answer.body,
                share_of_page(_text(answer.body))[0] if _is_page(answer) else None,
                loose=_is_library(answer) or _is_table(answer),
            )
        widgets = self.widgets()
        for frame in self.frames:
            message = _trusted(frame)
            share = share_of_message(message, widgets) if message else None
            yield Piece(frame.channel, frame.where, frame.content, share)
            for buffer in (message_of(frame.content) or {}).get("buffers") or ():
                yield Piece(frame.channel, f"a buffer of {frame.where}", bytes(buffer))


def _trusted(frame: Frame) -> Message | None:
    """The kernel message in a frame, if it may tell what the app shows."""
    message = message_of(frame.content)
    if message and frame.after_code and not type_of(message).startswith("comm_"):
        return None
    return message


def _is_page(answer: Answer) -> bool:
    return "html" in answer.kind


def _is_library(answer: Answer) -> bool:
    path = answer.where.partition(" ")[2]
    return any(part in path for part in _LIBRARIES) or answer.kind.startswith(_SCRIPT_TYPES)


def _is_table(answer: Answer) -> bool:
    """True for the recorded states, which are shown as controls are moved, as in the folder."""
    _, below, name = answer.where.partition("?")[0].rpartition("/page/")
    return "json" in answer.kind and is_shown(f"{below[1:]}{name}")


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")
