"""A session that nobody sees, so that the first viewer waits no longer than those who follow."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.httpclient import HTTPError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from .connection import kernel_of
from .forked.forkserver import ForkError
from .sessions import LIVE

# Seconds. Nothing is executed, but the server has still to load what makes a page of outputs.
_LONGEST = 120


async def rehearse(server: Any, url: str) -> None:
    """Ask `server`, which answers at `url`, for a session, and end its kernel.

    Only where sessions can be repeated: there, a session executes nothing of the author's. One
    that fails is left to the first viewer.
    """
    if not await _can_be_repeated(server) or server.repeats.is_ready:
        return
    client = SimpleAsyncHTTPClient(force_instance=True)
    try:
        answer = await client.fetch(
            # A client of its own, which takes no kernel from any viewer's share.
            HTTPRequest(
                url + LIVE,
                method="POST",
                body=b"",
                headers={"X-Forwarded-For": "rehearsal"},
                request_timeout=_LONGEST,
            ),
            raise_error=False,
        )
    except (OSError, HTTPError):
        return
    finally:
        client.close()
    manager = server.kernel_manager
    kernel_id = kernel_of((answer.body or b"").decode("utf-8", "replace"))
    if kernel_id in manager:
        # Half an end leaves sockets for which the server would wait at its own.
        await asyncio.shield(ensure_async(manager.shutdown_kernel(kernel_id, now=True)))


async def _can_be_repeated(server: Any) -> bool:
    forks = server.kernel_manager.forks
    try:
        return bool(forks and server.repeats.fits(await forks.parent()))
    except ForkError:
        return False
