"""Secrets that are printed in pieces: what may be the beginning of one waits for what follows.

One object serves one page's socket. The gate has masked whole values in each text that is printed;
their pieces are masked here, when it is known what follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .masking import Mask

Message = dict[str, Any]


class Unbroken:
    """Passes messages of a kernel's iopub channel on, printed texts without a broken secret."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held: Message | None = None

    def pass_on(self, message: Message) -> Iterator[Message]:
        """What the page gets now in the place of `message`; the rest comes with the next ones.

        The last message about a request says that the kernel is idle, so that nothing is lost.
        """
        if message["header"]["msg_type"] != "stream":
            if not _leaves_outputs_alone(message):
                yield from self._rest()
            yield message
            return
        if self._held and _parent(self._held) != _parent(message):
            yield from self._rest()
        before = self._held["content"]["text"] if self._held else ""
        text = self._mask.whole(before + message["content"]["text"])
        end = len(text) - self._mask.begun(text)
        self._held = _with_text(message, text[end:]) if end < len(text) else None
        if end:
            yield self._masked(_with_text(message, text[:end]))

    def _rest(self) -> Iterator[Message]:
        if self._held:
            held, self._held = self._held, None
            yield self._masked(held)

    def _masked(self, message: Message) -> Message:
        return _with_text(message, self._mask.text(message["content"]["text"]))


def _leaves_outputs_alone(message: Message) -> bool:
    """True for a widget's change, unless an output area begins or ends to take outputs in."""
    data = message["content"].get("data")
    state = data.get("state") if isinstance(data, dict) else None
    is_widgets = message["header"]["msg_type"].startswith("comm_")
    return is_widgets and not (isinstance(state, dict) and "msg_id" in state)


def _parent(message: Message) -> Any:
    return message["parent_header"].get("msg_id")


def _with_text(message: Message, text: str) -> Message:
    return {**message, "content": {**message["content"], "text": text}}
