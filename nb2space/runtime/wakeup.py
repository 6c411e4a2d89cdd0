"""A cure for a lost wake-up in jupyter_client that leaves a notebook's execution waiting for ever.

`Session.send` on a zmq.asyncio socket sends through a shadow of the raw socket. That can swallow
the edge of the socket's event descriptor while a reply is already queued, after which a pending
`await socket.poll()` never wakes. nbclient meets it when its Output widget answers the kernel
while it waits for the cell's reply (jupyter_client.session.Session.send,
nbclient.output_widget.OutputWidget.sync_state). After each send, the socket is told to look again.
"""

from __future__ import annotations

import functools
from typing import Any


def cure_lost_wakeup() -> None:
    """Make every Session of this process reschedule an asyncio socket's events after a send."""
    import zmq.asyncio
    from jupyter_client.session import Session

    plain_send: Any = Session.send
    if hasattr(plain_send, "__wrapped__"):
        return

    @functools.wraps(plain_send)
    def send(self: Any, stream: Any, *args: Any, **kwargs: Any) -> Any:
        message = plain_send(self, stream, *args, **kwargs)
        if isinstance(stream, zmq.asyncio.Socket) and not stream.closed:
            reschedule: Any = stream._schedule_remaining_events
            reschedule()
        return message

    Session.send = send  # type: ignore[method-assign]
