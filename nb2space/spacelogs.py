"""The logs of a Space: read while they grow, and what they say of a failure."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nb2space.hub import explained

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_END_LINES = 15
# For how long the rest of a log is waited for, in seconds, when its time is over.
_REST_SECONDS = 2

# What terminals take for orders: colours, the moves of progress bars, and the rest.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# The known causes of a failure, and what to do about each; the first that is found counts.
_CAUSES = (
    (
        re.compile(
            r"No matching distribution found for (?P<what>[^\s;]+)"
            r"|satisfies the requirement (?P<that>[^\s;]+)"
        ),
        "No package index has {what} for the Space's Python. Declare a version that exists in a "
        "requirements.txt beside the notebook, convert again, and publish again.",
    ),
    (
        re.compile(r"ResolutionImpossible|conflicting dependencies"),
        "The packages do not go together. Declare others in a requirements.txt beside the "
        "notebook, convert again, and publish again.",
    ),
    (
        re.compile(r"Unable to locate package (?P<what>\S+)"),
        "Debian has no package {what}. Correct apt.txt beside the notebook, convert again, and "
        "publish again.",
    ),
    (
        re.compile(r"Failed building wheel for (?P<what>[^\s;,]+)"),
        "{what} has to be compiled, and the image has no compiler. Declare a version that need not "
        "be, or put build-essential into apt.txt beside the notebook, convert again, and publish "
        "again.",
    ),
    (
        re.compile(r"ModuleNotFoundError: No module named '(?P<what>[^'.]+)"),
        "The Space has no module {what}. Declare the package that has it in a requirements.txt "
        "beside the notebook, convert again, and publish again.",
    ),
    (
        re.compile(r"No space left on device"),
        "The image is too large for the Hub's disk. Leave out large packages or data files.",
    ),
    (
        re.compile(
            r"(?i)memory limit exceeded|\bOOM|out of memory|MemoryError|exit code: 137\b"
            r"|cannot allocate memory"
        ),
        "It ran out of memory. Let the notebook read less at once, or choose larger hardware, "
        "which is paid: nb2space publish DIR --hardware cpu-upgrade",
    ),
    (
        re.compile(r"(?i)launch timed out|not healthy after|startup.{0,20}time[d -]*out"),
        "It took too long to start. The Hub waits 30 minutes; the app itself answers within "
        "seconds, so look in the log for what it waits for, and restart it: nb2space restart",
    ),
    (
        re.compile(r"(?i)address already in use|app_port|no application.{0,30}port"),
        "The Hub looks for the app at port 7860, where it listens unless something else in the "
        "image does. Let the notebook's code not listen there, and leave app_port as it is.",
    ),
    (
        re.compile(r"NB2SPACE_KEY"),
        "The Space does not have the key of this version. Publish again from the machine that "
        "converted the notebook.",
    ),
)
_ERROR = re.compile(r"(?i)\berror\b|\bfailed\b|exception|traceback|killed")


def plain_line(line: str) -> str:
    """A line of a log as a terminal may show it."""
    # A progress bar writes over itself; what it wrote last is what it says.
    return _CONTROL.sub("", line.rstrip().rpartition("\r")[2]).rstrip()


def hint_for(lines: Sequence[str]) -> str:
    """What to do about a failure whose log has these lines; "" for a cause that is not known."""
    for pattern, advice in _CAUSES:
        for line in lines:
            found = pattern.search(line)
            if found:
                return advice.format(what=found[found.lastindex or 0])
    return ""


def decisive_lines(lines: Sequence[str]) -> list[str]:
    """The end of a log, and before it the place of the cause when that lies further up."""
    end = list(lines[-_END_LINES:])
    causes = [pattern for pattern, _ in _CAUSES]
    for pattern in (*causes, _ERROR):
        places = [place for place, line in enumerate(lines) if pattern.search(line)]
        if places and places[0] < len(lines) - len(end):
            first = places[0]
            around = list(lines[max(0, first - 1) : first + 4])
            return [*around, "…", *end[-(_END_LINES - len(around)) :]]
        if places:
            break
    return end


READER = "log of the Space"
"""The name of the threads that read logs."""


class LogStream:
    """A log of a Space, read in the background; what it said so far is in `lines`."""

    def __init__(self, api: HfApi, target: str, *, build: bool) -> None:
        self.lines: list[str] = []
        self._new: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._read, args=(api, target, build), name=READER, daemon=True
        )
        self._thread.start()

    def _read(self, api: HfApi, target: str, build: bool) -> None:
        try:
            for line in _lines(api.fetch_space_logs(target, build=build, follow=True)):
                self._new.put(line)
        except Exception:  # the log is a help, not the news
            return

    def tell(self, log: Callable[[str], None]) -> None:
        """Pass on what has come since the last time."""
        for line in self._arrived():
            self.lines.append(line)
            log(line)

    def end(self, log: Callable[[str], None]) -> None:
        """Pass on the rest, which may take a moment to come."""
        self._thread.join(_REST_SECONDS)
        self.tell(log)

    def _arrived(self) -> Iterator[str]:
        while True:
            try:
                yield self._new.get_nowait()
            except queue.Empty:
                return


def fetched_lines(api: HfApi, target: str, *, build: bool) -> list[str]:
    """What a log holds by now. Raises RemoteError."""
    with explained("reading the log"):
        return list(_lines(api.fetch_space_logs(target, build=build)))


def followed_lines(api: HfApi, target: str, *, build: bool) -> Iterator[str]:
    """What a log holds, and what is added, until the Hub ends it. Raises RemoteError."""
    with explained("reading the log"):
        yield from _lines(api.fetch_space_logs(target, build=build, follow=True))


def _lines(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from map(plain_line, text.splitlines() or [""])
