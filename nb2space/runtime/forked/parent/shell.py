"""The shell in which the shared cells run, and which every kernel inherits.

It is made before there is a socket, a thread or a database, since none of these survives a fork;
what a cell shows is recorded instead of sent.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

# What a kernel loads when it starts; loaded here, no kernel has to.
_OF_KERNELS = (
    "IPython.core.completer", "IPython.extensions.storemagic", "IPython.core.payloadpage",
    "asyncio.selector_events", "comm", "ipykernel.datapub", "ipykernel.debugger",
    "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.parentpoller",
    "ipykernel.subshell_manager", "jupyter_client.localinterfaces", "psutil",
    "tornado.platform.asyncio", "zmq.eventloop.zmqstream",
)  # fmt: skip
# As ipykernel sets it when a kernel starts, which is too late for what was imported before.
_PLOTS = "module://matplotlib_inline.backend_inline"


class Recorder:
    """Keeps the messages that cells send: type, content, metadata and topic of each."""

    def __init__(self) -> None:
        self._messages: list[tuple[str, dict[str, Any], Any, bytes | None]] = []

    def add(self, kind: str, content: dict[str, Any], metadata: Any, topic: bytes | None) -> None:
        """Record one message; what is printed in a row becomes one."""
        if kind == "stream" and self._messages:
            last_kind, last, *_ = self._messages[-1]
            if last_kind == kind and last["name"] == content["name"]:
                last["text"] += content["text"]
                return
        self._messages.append((kind, content, metadata, topic))

    def take(self) -> list[tuple[str, dict[str, Any], Any, bytes | None]]:
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
        topic = f"stream.{self._name}".encode()
        self._recorder.add("stream", {"name": self._name, "text": text}, None, topic)
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


def make_shell(recorder: Recorder) -> Any:
    """The shell of this process, with what kernels need already imported."""
    for name in _OF_KERNELS:
        # Not every version of ipykernel has each of them.
        with suppress(ImportError):
            importlib.import_module(name)
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from jupyter_client.session import Session
    from traitlets.config import Config

    class RecordingSession(Session):
        """A session whose messages go to the recorder, whatever socket they are for."""

        def send(
            self,
            stream: Any,
            msg_or_type: Any,
            content: Any = None,
            parent: Any = None,
            ident: Any = None,
            buffers: Any = None,
            track: bool = False,
            header: Any = None,
            metadata: Any = None,
        ) -> None:
            kind = msg_or_type
            if isinstance(msg_or_type, dict):
                kind = msg_or_type["header"]["msg_type"]
                content, metadata = msg_or_type["content"], msg_or_type.get("metadata")
            # As it would arrive, so that it is compared and sent as that.
            recorder.add(kind, self.unpack(self.pack(content)), metadata, ident)

    settings = Config()
    settings.HistoryManager.enabled = False  # its database has a thread and a connection
    shell: Any = ZMQInteractiveShell.instance(
        config=settings, user_ns={}, compiler_class=XCachingCompiler
    )
    # `%matplotlib inline` asks for the kernel's event loop, which needs none.
    shell.__dict__["enable_gui"] = lambda gui=None: None
    shell.displayhook.session = shell.display_pub.session = RecordingSession()
    shell.displayhook.topic = b"execute_result"
    os.environ.setdefault("MPLBACKEND", _PLOTS)
    sys.stdout = RecordedStream(recorder, "stdout")
    sys.stderr = RecordedStream(recorder, "stderr")
    return shell


def run_startup(shell: Any, files: Sequence[str]) -> None:
    """Run the files that kernels run before the author's code; raises what they raise."""
    for path in files:
        shell.safe_execfile(path, shell.user_ns, raise_exceptions=True)
