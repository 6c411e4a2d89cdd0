"""A viewer without a browser: fetches the page and its files, and talks to its kernel."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from nb2space.audit.exchange import Answer, Log
from nb2space.audit.messages import controls
from nb2space.errors import RemoteError
from nb2space.space import MANIFEST, version_of

_KERNEL = re.compile(r'"kernelId":\s*"([0-9a-zA-Z-]+)"|/api/kernels/([0-9a-f-]{36})')
_LINK = re.compile(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)|import\(["']([^"']+)""")
MOST_BYTES = 200_000_000
"""The largest answer or frame that is taken."""

NO_KERNEL = "The page names no kernel, so none could be asked and no control moved."
"""What is said of an app that gives no live session."""

_LIVE = "nb2space/live"
_LONGEST_NAME = 100
_PAGE_SECONDS = 300
_FILE_SECONDS = 60
_MOST_OPTIONS = 12

# Traits that hold a control's options, its choice of one, or its choice of several.
_ONE_OF = {"Dropdown", "RadioButtons", "Select", "SelectionSlider", "ToggleButtons"}
_TEXTS = ("nb2space", "", "0", "-1", "[")


class Client:
    """Asks the app at `url` and keeps all answers in `log`."""

    def __init__(self, url: str, log: Log) -> None:
        self.url = url
        self.log = log
        # A token against forgery need only be the same in both places, so anyone can make one up.
        self._xsrf = uuid.uuid4().hex

    def cookies(self) -> dict[str, str]:
        """The headers with which a page shows that it comes from the app."""
        return {"Cookie": f"_xsrf={self._xsrf}", "X-XSRFToken": self._xsrf}

    async def ask(
        self, channel: str, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of an answer; 0 when none came. Redirects are answers too."""
        from tornado.httpclient import HTTPClientError, HTTPRequest
        from tornado.simple_httpclient import SimpleAsyncHTTPClient

        base = urlsplit(self.url)
        # Not urljoin: the address is to reach the server with its ".." and all.
        where = path if "://" in path else f"{base.scheme}://{base.netloc}{path}"
        client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=MOST_BYTES)
        body = "" if method in ("POST", "PUT", "PATCH") else None
        request = HTTPRequest(
            where,
            method=method,
            headers={**self.cookies(), **(headers or {})},
            body=body,
            follow_redirects=False,
            allow_nonstandard_methods=True,
            request_timeout=_PAGE_SECONDS if _is_slow(path, base.path) else _FILE_SECONDS,
            connect_timeout=_FILE_SECONDS,
        )
        name = f"{method} {path}"[:_LONGEST_NAME]
        try:
            answer = await client.fetch(request, raise_error=False)
        except (OSError, ValueError, HTTPClientError) as error:
            # The last is raised for what ends in the middle of an answer, or is late.
            self._check_answered(path, error)
            self.log.answer(Answer(channel, name, "error", b"", str(error).encode()))
            return 0, b""
        finally:
            client.close()
        lines = "\n".join(f"{k}: {v}" for k, v in answer.headers.get_all())
        kind = answer.headers.get("Content-Type", "")
        content = answer.body or b""
        self.log.answer(Answer(channel, name, kind, f"{answer.reason}\n{lines}".encode(), content))
        return answer.code, content

    def _check_answered(self, path: str, error: object) -> None:
        """Raise RemoteError when the app's page itself cannot be had."""
        if not self.log.answers and _is_root(path, urlsplit(self.url).path):
            raise RemoteError(f"{self.url} does not answer: {error}.")

    async def page(self, channel: str, query: str = "") -> str:
        """Fetch the page and begin a live session; the id of its kernel, "" when there is none."""
        root = urlsplit(self.url).path or "/"
        _, body = await self.ask(channel, "GET", root + query)
        kernel = kernel_of(body)
        if kernel:
            return kernel
        _, body = await self.ask(channel, "POST", f"{root}{_LIVE}{query}")
        return kernel_of(body)

    async def files(self, channel: str, body: bytes) -> None:
        """Fetch the files that the page names, from the app itself only."""
        base = urlsplit(self.url)
        found = (a or b for a, b in _LINK.findall(body.decode("utf-8", errors="replace")))
        for link in dict.fromkeys(urljoin(self.url, link) for link in found):
            parts = urlsplit(link)
            if parts.netloc == base.netloc and parts.path != base.path:
                query = f"?{parts.query}" if parts.query else ""
                await self.ask(channel, "GET", f"{parts.path}{query}")

    async def leave(self, kernel: str) -> None:
        """Tell the server that the page is closed, as the page itself does."""
        path = urljoin(urlsplit(self.url).path or "/", f"voila/api/shutdown/{kernel}")
        await self.ask("answers by hand", "POST", path)


async def problem_of_app(client: Client, version: str) -> str:
    """Why the app of this version cannot be looked at, as a sentence; "" when it can.

    Raises RemoteError when nothing answers.
    """
    status, body = await client.ask("page", "GET", urlsplit(client.url).path or "/")
    problem = _problem_of_page(client.url, status, body)
    if not problem and f'<meta name="nb2space-version" content="{version}"'.encode() not in body:
        return f"{client.url} serves another version than that of the folder."
    return problem


async def problem_of_static(client: Client, version: str) -> str:
    """The same of a page without a kernel, which tells its version by its manifest only."""
    root = urlsplit(client.url).path or "/"
    status, body = await client.ask("page", "GET", root)
    problem = _problem_of_page(client.url, status, body)
    if not problem:
        _, manifest = await client.ask("files of the page", "GET", urljoin(root, MANIFEST))
        if version_of(manifest) != version:
            return f"{client.url} serves another version than that of the folder."
    return problem


def _problem_of_page(url: str, status: int, body: bytes) -> str:
    if status in (401, 403):
        return f"{url} lets only those in who log in; an audit goes where any viewer can."
    if 300 <= status < 400:
        return f"{url} sends its visitors elsewhere; name the app's own address with --url."
    if status != 200:
        return f"{url} answers with {status} instead of the app's page."
    if b'<meta name="nb2space-version" content="' not in body:
        return (
            f"The page at {url} is none of nb2space's, perhaps a login or a page around the app; "
            "name the app's own address with --url."
        )
    return ""


def _is_root(path: str, base: str) -> bool:
    return path.partition("?")[0] == (base or "/")


def _is_slow(path: str, base: str) -> bool:
    """True for what is answered when the notebook was executed."""
    return _is_root(path, base) or path.partition("?")[0].endswith(_LIVE)


def kernel_of(body: bytes) -> str:
    """The id of the kernel that a page was given."""
    match = _KERNEL.search(body.decode("utf-8", errors="replace"))
    return (match[1] or match[2]) if match else ""


async def visit(client: Client) -> None:
    """Load the page and move every control, by messages as the page sends them."""
    from nb2space.audit.sockets import KernelSocket

    kernel = await client.page("page")
    await client.files("files of the page", client.log.answers[0].body)
    if not kernel:
        client.log.unseen.append(NO_KERNEL)
        return
    async with KernelSocket(client, kernel, received="from the kernel", sent="to the kernel") as s:
        if not s.is_open:
            client.log.unseen.append("The kernel's socket was refused, so no control was moved.")
            return
        await s.send("shell", "kernel_info_request", {})
        await s.dealt_with(await s.request_states())
        await s.quiet()
        moved: set[str] = set()
        # A callback may show further controls.
        for _ in range(4):
            new = [(n, st) for n, st in controls(client.log.widgets()) if n not in moved]
            if not new:
                break
            for name, state in new:
                moved.add(name)
                moves = list(changes(state))
                client.log.moved += bool(moves)
                for data in moves:
                    content = {"comm_id": name, "data": data}
                    await s.dealt_with(await s.send("shell", "comm_msg", content))
                    await s.quiet(0.25)
        await s.quiet()
    await client.leave(kernel)


def changes(state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a page would send for the moves of one control, its ends among them."""
    for values in _values(state):
        yield {"method": "update", "state": values, "buffer_paths": []}
    model = _model(state)
    if model == "Button":
        yield {"method": "custom", "content": {"event": "click"}}
    elif model in ("Text", "Combobox", "Password"):
        yield {"method": "custom", "content": {"event": "submit"}}


def _model(state: Mapping[str, Any]) -> str:
    return str(state.get("_model_name") or state.get("model_name") or "").removesuffix("Model")


def _values(state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    model, value = _model(state), state.get("value")
    low, high = state.get("min"), state.get("max")
    labels = state.get("_options_labels") or ()
    if model in _ONE_OF:
        yield from ({"index": n} for n in range(min(len(labels), _MOST_OPTIONS)))
    elif model in ("SelectMultiple", "SelectionRangeSlider") and labels:
        yield from ({"index": pair} for pair in ([0, len(labels) - 1], [0, 0]))
    elif model == "FloatLogSlider" and isinstance(low, int | float):
        yield from ({"value": state.get("base", 10) ** end} for end in (low, high or 0))
    elif "Progress" in model or model in ("HTML", "HTMLMath", "Label", "Valid", "Image"):
        return
    elif isinstance(low, int | float) and isinstance(high, int | float):
        if isinstance(value, list | tuple):
            ends = itertools.product((low, high), repeat=2)
            yield from ({"value": [a, b]} for a, b in ends if a <= b)
        else:
            yield from ({"value": end} for end in (low, (low + high) // 2, high))
    elif isinstance(value, bool):
        yield from ({"value": truth} for truth in (not value, value))
    elif model in ("IntText", "FloatText"):
        yield from ({"value": number} for number in (0, -1, 10**9))
    elif model in ("Text", "Textarea", "Combobox", "Password"):
        yield from ({"value": text} for text in _TEXTS)
    elif model in ("Tab", "Accordion", "Stack"):
        yield from ({"selected_index": n} for n in range(len(state.get("children") or ())))
