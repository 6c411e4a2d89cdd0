"""Faults to inject: refuse, delay, cut before, or perform and lose the answer.

The client sees a cut as ``httpx2.RemoteProtocolError``; which of its calls try again by
themselves is decided in ``huggingface_hub.utils._http.http_backoff`` (1 s, 2 s, 4 s ... apart).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .log import LoggedRequest


@dataclass(frozen=True)
class Refuse:
    """Answer with this status instead of doing anything."""

    status: int
    message: str = "Injected failure"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Delay:
    """Wait, then go on (with the next matching rule, if there is one)."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """Close the connection without an answer; the request is not performed."""


@dataclass(frozen=True)
class LoseAnswer:
    """Perform the request, then close the connection without an answer."""


@dataclass(frozen=True)
class ForgetCommit:
    """Perform the request and answer; then lose each Space's newest commit, all but the first."""


Fault = Refuse | Delay | Cut | LoseAnswer | ForgetCommit


@dataclass
class FaultRule:
    """When a fault strikes. All the given conditions must hold."""

    fault: Fault
    path: str = ""
    """Regular expression searched for in the decoded path without its query."""
    method: str | None = None
    ordinals: frozenset[int] | None = None
    """Absolute request numbers, as in ``LoggedRequest.ordinal`` (the first request is 1)."""
    skip: int = 0
    """How many matching requests to let through first."""
    times: int | None = 1
    """How many times to strike; None for always."""
    struck: int = 0
    seen: int = 0

    def strikes(self, request: LoggedRequest) -> bool:
        """Whether the rule strikes this request; counts it."""
        if self.method is not None and self.method != request.method:
            return False
        if self.ordinals is not None and request.ordinal not in self.ordinals:
            return False
        if re.search(self.path, request.path) is None:
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The faults of one Hub: rules in order, and an optional callable asked first."""

    def __init__(self) -> None:
        self.rules: list[FaultRule] = []
        self.hook: Callable[[LoggedRequest], Fault | None] | None = None
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault,
        path: str = "",
        *,
        method: str | None = None,
        ordinals: Iterable[int] | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> FaultRule:
        """Add a rule; its ``struck`` counter tells afterwards whether it was met."""
        numbers = None if ordinals is None else frozenset(ordinals)
        # Requests named by number are struck each time, unless told otherwise.
        limit = None if numbers is not None and times == 1 else times
        rule = FaultRule(fault, path, method, numbers, skip, limit)
        with self._lock:
            self.rules.append(rule)
        return rule

    def refuse(
        self,
        status: int,
        path: str = "",
        *,
        message: str = "Injected failure",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        method: str | None = None,
        ordinals: Iterable[int] | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> FaultRule:
        """Add a rule that answers ``status`` without performing the request."""
        fault = Refuse(status, message, headers or {}, body)
        return self.add(fault, path, method=method, ordinals=ordinals, skip=skip, times=times)

    def clear(self) -> None:
        """Forget every rule and the hook."""
        with self._lock:
            self.rules.clear()
            self.hook = None

    def pick(self, request: LoggedRequest) -> tuple[float, Fault | None]:
        """Seconds to wait first, and the fault that strikes (never a Delay)."""
        seconds = 0.0
        # Not under the lock: what the hook does may lead to further requests.
        asked = self.hook(request) if self.hook is not None else None
        candidates: list[Fault] = [] if asked is None else [asked]
        with self._lock:
            # Rules after the striking one must not be used up by this request.
            for rule in self.rules:
                if candidates and not isinstance(candidates[-1], Delay):
                    break
                if rule.strikes(request):
                    candidates.append(rule.fault)
        for fault in candidates:
            if not isinstance(fault, Delay):
                return seconds, fault
            seconds += fault.seconds
        return seconds, None
