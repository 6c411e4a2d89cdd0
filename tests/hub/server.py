"""The Hub over HTTP on loopback: one thread per connection, one request at a time."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import files, repos, spaces, uploads
from .faults import Cut, ForgetCommit, LoseAnswer, Refuse
from .log import LoggedRequest
from .state import HubState
from .wire import HubError, Request, Response, Router

_ROUTER: Router[HubState] = Router()
# The repo info pattern is the shortest, and a full match; so the order does not matter.
for _module in (uploads, files, spaces, repos):
    _ROUTER.extend(_module.router)


class HubServer(HubState):
    """A Hub that the unmodified client talks to::

        with HubServer() as hub:
            hub.add_user("ana", token="hf_test_ana_write", plan="pro")
            api = HfApi(endpoint=hub.url, token="hf_test_ana_write")

    For a client in a subprocess set ``HF_ENDPOINT`` to ``hub.url``. Either way the client must
    have been imported with ``HF_HUB_DISABLE_XET=1``, or it uploads binary files through Xet.
    """

    def __init__(self) -> None:
        super().__init__()
        self._http: _HttpServer | None = None
        self._thread: threading.Thread | None = None
        self._port = 0
        self._busy = 0
        self._quiet = threading.Condition()
        self.stopping = threading.Event()

    def start(self) -> HubServer:
        """Listen on a free port of 127.0.0.1, or on the same one as before."""
        if self._http is not None:
            raise RuntimeError("The Hub is running already")
        self.stopping.clear()
        self._http = _HttpServer(("127.0.0.1", self._port), self)
        self._port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="test hub"
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and end every connection. The state stays, for reading or a restart."""
        http, thread = self._http, self._thread
        if http is None or thread is None:
            return
        self._http = self._thread = None
        self.stopping.set()
        http.shutdown()
        thread.join()
        http.end_connections()
        http.server_close()  # Waits for the threads of the connections.

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Around each request that is being served."""
        with self._quiet:
            self._busy += 1
        try:
            yield
        finally:
            with self._quiet:
                self._busy -= 1
                self._quiet.notify_all()

    def wait_until_idle(self) -> None:
        """Wait until no request is being served, as it may be after its client has gone."""
        with self._quiet:
            self._quiet.wait_for(lambda: self._busy == 0, 60)

    def __enter__(self) -> HubServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def arrived(self, request: Request) -> LoggedRequest:
        """Write a request into the log."""
        with self.lock:
            entry = LoggedRequest(
                ordinal=len(self.log) + 1,
                method=request.method,
                path=request.path,
                query=request.query,
                body=request.parsed(),
                raw=request.body,
                headers=request.headers,
                token=request.token,
            )
            self.log.append(entry)
        return entry

    def forget_commits(self) -> None:
        """Lose the newest commit of each Space, all but the first."""
        with self.lock:
            for repo in self.repos.values():
                del repo.commits[max(1, len(repo.commits) - 1) :]

    def perform(self, request: Request, entry: LoggedRequest) -> Response:
        """Find the handler and run it, under the lock: requests change the state one by one."""
        with self.lock:
            try:
                handler, parts = _ROUTER.find(request)
                answer = handler(self, request, parts)
            except HubError as error:
                answer = error.response()
            except Exception:
                # A bug of this test Hub. 500 would make the client wait and try again.
                entry.error = traceback.format_exc()
                answer = Response(599, entry.error.encode(), {"Content-Type": "text/plain"})
            entry.status = answer.status
        return answer


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], hub: HubServer) -> None:
        self.hub = hub
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # HTTPServer.server_bind looks up the host's name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def opened(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def end_connections(self) -> None:
        """Wake the threads that wait for a next request on a kept-alive connection."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; failures of handlers are in the log."""


class _Connection(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    # One packet per answer: small unbuffered writes meet delayed acknowledgements, 40 ms each.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        try:
            with contextlib.suppress(OSError):
                super().finish()
        finally:
            self.server.closed(self.connection)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: requests are in ``hub.log``."""

    def version_string(self) -> str:
        return "test-hub"

    def _serve(self) -> None:
        with self.server.hub.serving():
            self._answer(self._read())

    def _answer(self, request: Request) -> None:
        hub = self.server.hub
        entry = hub.arrived(request)
        seconds, fault = hub.faults.pick(entry)
        if seconds:
            hub.stopping.wait(seconds)
        if isinstance(fault, Cut):
            entry.delivered = False
            self._cut()
        elif isinstance(fault, LoseAnswer):
            entry.delivered = False
            hub.perform(request, entry)
            self._cut()
        elif isinstance(fault, Refuse):
            answer = HubError(fault.status, fault.message, headers=fault.headers).response()
            if fault.body is not None:
                answer.body = fault.body
            entry.status = answer.status
            self._send(request, answer)
        elif isinstance(fault, ForgetCommit):
            answer = hub.perform(request, entry)
            hub.forget_commits()
            self._send(request, answer)
        else:
            self._send(request, hub.perform(request, entry))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self._read_chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return Request(
            self.command,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            body,
            parts.query,
        )

    def _read_chunks(self) -> bytes:
        """A body without a known length (httpx sends file objects that way at times)."""
        data = bytearray()
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            data += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return bytes(data)

    def _send(self, request: Request, answer: Response) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.hold_open:
            # Without a length the body ends with the connection.
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if request.method != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
        if answer.hold_open:
            self.server.hub.stopping.wait(answer.hold_open)

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
