"""The log of requests, in the order they arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class LoggedRequest:
    """One request that reached the Hub, and what became of it."""

    ordinal: int
    method: str
    path: str
    """Decoded, without the query."""
    query: dict[str, list[str]]
    body: Any
    """JSON values; a list of objects for NDJSON (commits); None for anything else."""
    raw: bytes = field(repr=False, default=b"")
    headers: dict[str, str] = field(repr=False, default_factory=dict)
    token: str | None = field(repr=False, default=None)
    status: int | None = None
    """The status of the answer, also of one that was lost; None when nothing was performed."""
    delivered: bool = True
    """False when a fault kept the answer from the client."""
    error: str | None = None
    """The server's own failure, if the test Hub itself crashed (status 500)."""


class RequestLog(list[LoggedRequest]):
    """A list of requests that can be searched."""

    def matching(self, path: str = "", method: str | None = None) -> list[LoggedRequest]:
        """Requests whose path contains this regular expression, and of this method."""
        return [
            entry
            for entry in self
            if re.search(path, entry.path) and method in (None, entry.method)
        ]

    @property
    def commits(self) -> list[LoggedRequest]:
        """The requests to the commit endpoint, whatever became of them."""
        return self.matching(r"^/api/spaces/[^/]+/[^/]+/commit/", "POST")

    @property
    def writes(self) -> list[LoggedRequest]:
        """The requests that may change something: everything but GET, HEAD and plain queries."""
        asking = re.compile(r"/(paths-info/|preupload/)|^/api/validate-yaml|/objects/batch$")
        return [
            entry
            for entry in self
            if entry.method not in ("GET", "HEAD") and asking.search(entry.path) is None
        ]
