"""Problems behind the app: viewers get a reference number, the log has the details under it.

Kernels report what failed through a datagram socket in the workplace, so that the details never
take the way on which messages reach viewers. The log names cells and lines but repeats no source:
a Space that crashes shows the end of its log to visitors.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from .masking import Mask

log = logging.getLogger("nb2space")

# A kernel's report is one datagram; what is longer is cut by the kernel.
_DATAGRAM = 65536


def new_reference() -> str:
    """A short number that a viewer can read out, such as 4F2A9C."""
    return secrets.token_hex(3).upper()


def note(details: str) -> str:
    """Write `details` to the log under a new reference number, and give the number."""
    reference = new_reference()
    log.warning("Problem %s: %s", reference, details)
    return reference


class Reports:
    """Receives the kernels' reports and writes them to the log, after `mask` went over them."""

    def __init__(self, address: Path, mask: Callable[[str], str]) -> None:
        self.mask = mask
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(str(address))

    def listen(self) -> None:
        """Begin to receive, on the running event loop."""
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self._receive)

    def _receive(self) -> None:
        try:
            report = json.loads(self.socket.recv(_DATAGRAM))
            reference, text = str(report["reference"])[:16], str(report["text"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        log.warning("Problem %s: %s", reference, self.mask(text))


class NoSource(logging.Filter):
    """Takes from log records what repeats the notebook's source.

    Voila logs a failing cell whole, and nbclient's errors hold the cell; the kernel's own report
    says the same without the source.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """False for records that hold a cell."""
        text = record.getMessage()
        kind = record.exc_info[0] if record.exc_info else None
        return not (
            "executing cell" in text
            or "------------------" in text
            or (kind is not None and kind.__module__.startswith("nbclient"))
        )


class NoAlarm(logging.Filter):
    """Tells what happens to viewers' kernels in a line, and not at all what is no fault.

    A viewer who leaves takes the kernel along, at any time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """False for records of what is usual."""
        text = record.getMessage()
        if "restarted failed" in text:
            record.msg, record.args = "A viewer's kernel ended; the page asks for another.", ()
        if record.exc_info and text.startswith("Uncaught exception"):
            kind, error, _ = record.exc_info
            what = f"{kind.__name__}: {error}" if kind else ""
            record.msg, record.args = f"{text.splitlines()[0]} {what}", ()
            record.exc_info = None
        return not (
            "Kernel died while waiting for execute reply" in text
            or "Kernel does not exist" in text
            or "POST /voila/api/shutdown/" in text
        )


class NoSecrets(logging.Filter):
    """Takes the secret values out of log records, and out of the errors that they tell of."""

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self.mask = mask
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """True, for every record; its text is masked."""
        if self.mask:
            record.msg, record.args = self.mask.text(record.getMessage()), ()
            if record.exc_info and not record.exc_text:
                record.exc_text = self._formatter.formatException(record.exc_info)
            # A handler's formatter writes this text rather than the error itself.
            record.exc_text = record.exc_text and self.mask.text(record.exc_text)
            record.stack_info = record.stack_info and self.mask.text(record.stack_info)
        return True


def keep_clean(logger: logging.Logger, mask: Mask) -> None:
    """Let what `logger` writes tell neither of the notebook's source nor of its secret values."""
    for handler in logger.handlers:
        handler.addFilter(NoSource())
        handler.addFilter(NoAlarm())
        handler.addFilter(NoSecrets(mask))
