"""What the shared cells send and print, kept for the kernels that show it again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """What a cell sent, as the Jupyter messaging protocol has it; `kind` is the message's type."""

    kind: str
    content: dict[str, Any]
    metadata: Any = None
    topic: bytes | None = None
    buffers: tuple[bytes, ...] = ()


class Recorder:
    """Keeps the messages that cells send."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def add(self, message: Message) -> None:
        """Record one message; what is printed in a row becomes one."""
        if message.kind == "stream" and self._messages:
            last = self._messages[-1]
            if last.kind == "stream" and last.content["name"] == message.content["name"]:
                last.content["text"] += message.content["text"]
                return
        self._messages.append(message)

    def take(self) -> list[Message]:
        """The messages since the last time."""
        taken, self._messages = self._messages, []
        return taken


class RecordedStream(io.TextIOBase):
    """Standard output or error of shared cells.

    Objects that were made by shared cells may keep it, so in a kernel it passes on what is written
    to the kernel's own stream, the one that `kernels_own` then is.
    """

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self._name = name
        self._descriptor: int = {"stdout": 1, "stderr": 2}[name]
        self.kernels_own: Any = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What a terminal would be asked for."""
        return "UTF-8"

    def write(self, text: str) -> int:
        """Record `text`, or print it in the kernel."""
        if self.kernels_own is not None:
            return int(self.kernels_own.write(text))
        content = {"name": self._name, "text": text}
        self._recorder.add(Message("stream", content, topic=f"stream.{self._name}".encode()))
        return len(text)

    def flush(self) -> None:
        """In a kernel, let the page have what was written."""
        if self.kernels_own is not None:
            self.kernels_own.flush()

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """The system's own descriptor, which is not recorded."""
        return self._descriptor
