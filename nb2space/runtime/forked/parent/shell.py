"""The shell in which the shared cells run, and which every kernel inherits.

It is made before there is a socket, a thread or a database, since none of these survives a fork;
what a cell shows is recorded instead of sent.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from .recorder import Message, RecordedStream, Recorder
from .widgets import Standin, record_widgets

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
            content = self.unpack(self.pack(content))
            copied = tuple(bytes(buffer) for buffer in buffers or ())
            recorder.add(Message(kind, content, metadata, ident, copied))

    settings = Config()
    settings.HistoryManager.enabled = False  # its database has a thread and a connection
    shell: Any = ZMQInteractiveShell.instance(
        config=settings, user_ns={}, compiler_class=XCachingCompiler
    )
    # `%matplotlib inline` asks for the kernel's event loop, which needs none.
    shell.__dict__["enable_gui"] = lambda gui=None: None
    session = shell.displayhook.session = shell.display_pub.session = RecordingSession()
    shell.kernel = Standin()
    record_widgets(session, shell.kernel)
    shell.displayhook.topic = b"execute_result"
    os.environ.setdefault("MPLBACKEND", _PLOTS)
    sys.stdout = RecordedStream(recorder, "stdout")
    sys.stderr = RecordedStream(recorder, "stderr")
    return shell


def run_startup(shell: Any, files: Sequence[str]) -> None:
    """Run the files that kernels run before the author's code; raises what they raise."""
    for path in files:
        shell.safe_execfile(path, shell.user_ns, raise_exceptions=True)
