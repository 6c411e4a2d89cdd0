"""What crosses the wire: requests, answers, refusals, and the routing of paths to handlers.

Error answers carry what ``huggingface_hub.utils._http.hf_raise_for_status`` reads: the headers
``X-Error-Code`` and ``X-Error-Message``, and a JSON body ``{"error": ...}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, unquote


@dataclass
class Request:
    """One request as the server read it; header names are in lower case."""

    method: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    raw_query: str = ""

    @property
    def path(self) -> str:
        """The path without its query, percent-decoded: for people and for fault patterns."""
        return unquote(self.raw_path)

    @property
    def token(self) -> str | None:
        """The bearer token, as ``huggingface_hub.utils.build_hf_headers`` sends it."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value if scheme.lower() == "bearer" and value else None

    def flag(self, name: str) -> bool:
        """A boolean query parameter (httpx sends ``true``, older clients ``True`` or ``1``)."""
        return self.query.get(name, ["0"])[-1].lower() in {"1", "true"}

    def parsed(self) -> Any:
        """The body as JSON values: a dict, a list for NDJSON, a dict for a form, else None."""
        kind = self.headers.get("content-type", "").split(";")[0].strip()
        if not self.body:
            return None
        try:
            if kind.endswith("x-ndjson"):
                return [json.loads(line) for line in self.body.splitlines() if line.strip()]
            if kind.endswith("json"):
                return json.loads(self.body)
            if kind == "application/x-www-form-urlencoded":
                return parse_qs(self.body.decode())
        except ValueError:
            return None
        return None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; anything else is refused with 400, as the Hub does."""
        value = self.parsed()
        if not isinstance(value, dict):
            raise HubError(400, "Invalid JSON body")
        return value


@dataclass
class Response:
    """One answer. ``hold_open`` keeps the connection open after the body (live log streams)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hold_open: float = 0.0


def json_response(value: object, status: int = 200, **headers: str) -> Response:
    """An answer with a JSON body; underscores in header names become hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return Response(status, body, {"Content-Type": "application/json", **named})


class HubError(Exception):
    """A refusal: raised by handlers, turned into an answer by the server."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def response(self) -> Response:
        """The answer, with the headers ``hf_raise_for_status`` looks at."""
        answer = json_response({"error": self.message, **self.extra}, self.status)
        # Header values are latin-1 on the wire; the body keeps the full text.
        answer.headers["X-Error-Message"] = self.message.encode("ascii", "replace").decode()
        if self.code is not None:
            answer.headers["X-Error-Code"] = self.code
        answer.headers.update(self.headers)
        return answer


def repo_not_found(anonymous: bool) -> HubError:
    """A repo that is missing or hidden: 404, or 401 for a caller without a token.

    The real Hub sends the 401 without a code and the client recognises it by an ``https://``
    URL pattern (``REPO_API_REGEX``), which loopback HTTP can never match. The code is sent here
    so that the client raises ``RepositoryNotFoundError`` as it does in production.
    """
    if anonymous:
        return HubError(401, "Invalid username or password.", code="RepoNotFound")
    return HubError(404, "Repository not found", code="RepoNotFound")


HubT = TypeVar("HubT")
Handler = Callable[[HubT, Request, Mapping[str, str]], Response]


class Router(Generic[HubT]):
    """Handlers by method and path pattern, tried in the order they were added.

    Patterns match the raw path, because the client quotes a revision into one segment
    (``refs%2Fpr%2F1``); the captured parts are decoded before the handler sees them.
    """

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler[HubT]]] = []

    def on(self, method: str, pattern: str) -> Callable[[Handler[HubT]], Handler[HubT]]:
        """Register the decorated handler; ``{space}`` stands for a namespace and a name."""
        full = pattern.replace("{space}", r"(?P<space>[^/]+/[^/]+?)")
        compiled = re.compile(full + r"/?\Z")

        def register(handler: Handler[HubT]) -> Handler[HubT]:
            self._routes.append((method, compiled, handler))
            return handler

        return register

    def extend(self, other: Router[HubT]) -> None:
        """Add every route of another router."""
        self._routes.extend(other._routes)

    def find(self, request: Request) -> tuple[Handler[HubT], dict[str, str]]:
        """The handler for a request and its decoded path parts; 404 or 405 when there is none."""
        method = "GET" if request.method == "HEAD" else request.method
        known = False
        for route_method, pattern, handler in self._routes:
            match = pattern.match(request.raw_path)
            if match is None:
                continue
            known = True
            if route_method in (method, "*"):
                parts = {k: unquote(v) for k, v in match.groupdict().items() if v is not None}
                return handler, parts
        if known:
            raise HubError(405, "Method not allowed")
        raise HubError(404, "Sorry, we can't find the page you are looking for.")
