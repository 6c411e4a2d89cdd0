"""Who gets a kernel now and who waits: as many as there is memory for, in a fair order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .memory import free_memory, own_memory

# Before a kernel was measured, it is taken to need so many bytes (pandas, matplotlib and their
# widgets), and so many are started at a time: they may need much more.
_USUAL = 300_000_000
_UNKNOWN = 2
# A kernel is taken to need so much at least: one that has still to be used takes nearly nothing.
_LEAST = 50_000_000
# What is kept free for the server itself, and for kernels that grow while they are used.
_RESERVE = 200_000_000
_GROWTH = 1.25
# The last kernels whose size tells what the next will take.
_REMEMBERED = 20

# So many may wait, and so many of one client; each of them keeps a connection open.
_LONGEST_QUEUE = 500
_LONGEST_OF_ONE = 50

# Seconds for which the free memory is taken as known.
_KNOWN = 0.5


class QueueFullError(Exception):
    """So many wait, of all or of one client, that no more are taken."""


@dataclass(eq=False)
class Ticket:
    """A viewer's place in the queue, and then their kernel.

    `kernel_id` is "" while there is none; `memory`, in bytes, is None while the kernel executes
    the notebook.
    """

    client: str
    kernel_id: str = ""
    memory: int | None = None


class Admission:
    """The queue of viewers, and those who have left it for a kernel.

    `per_client` is the most kernels that one client may have; `free` gives the bytes that kernels
    can still take, `own` those that the kernel with a process id takes.
    """

    def __init__(
        self,
        per_client: int,
        free: Callable[[], int] = free_memory,
        own: Callable[[int], int] = own_memory,
    ) -> None:
        self._per_client = per_client
        self._free = free
        self._own = own
        self._waiting: list[Ticket] = []
        self._admitted: list[Ticket] = []
        self._measured: deque[int] = deque(maxlen=_REMEMBERED)
        self._turn = asyncio.Lock()
        self._known = (0, -_KNOWN)

    def ask(self, client: str) -> Ticket:
        """A place at the end of the queue. Raises QueueFullError."""
        own = sum(ticket.client == client for ticket in self._waiting)
        if own >= _LONGEST_OF_ONE or len(self._waiting) >= _LONGEST_QUEUE:
            raise QueueFullError
        ticket = Ticket(client)
        self._waiting.append(ticket)
        return ticket

    async def may_start(self, ticket: Ticket) -> bool:
        """True when the ticket's kernel may be started; one who waits asks again and again."""
        async with self._turn:
            while (first := self._next()) and await self._has_room():
                if first in self._waiting:  # it may have left meanwhile
                    self._waiting.remove(first)
                    self._admitted.append(first)
        return ticket in self._admitted

    def place(self, ticket: Ticket) -> int:
        """How many are served before the ticket, itself included."""
        return self._order().index(ticket) + 1

    async def measure(self, ticket: Ticket, pid: int) -> None:
        """Note what the ticket's kernel, with the process id `pid`, takes after its start."""
        memory = await asyncio.to_thread(self._own, pid)
        ticket.memory = memory
        if memory:
            self._measured.append(memory)

    def is_starting(self, kernel_id: str) -> bool:
        """True while a kernel executes the notebook."""
        return any(t.kernel_id == kernel_id and t.memory is None for t in self._admitted)

    def leave(self, ticket: Ticket) -> None:
        """Give up a ticket, wherever it is."""
        for group in (self._waiting, self._admitted):
            if ticket in group:
                group.remove(ticket)

    def ended(self, kernel_id: str) -> None:
        """Give up the ticket of a kernel that is gone."""
        self._admitted = [ticket for ticket in self._admitted if ticket.kernel_id != kernel_id]

    def _next(self) -> Ticket | None:
        """The first in the queue who may have one more kernel."""
        order = self._order()
        return order[0] if order and self._count(order[0].client) < self._per_client else None

    def _order(self) -> list[Ticket]:
        """Those who wait: clients with fewer kernels first, and then who came first."""
        return sorted(self._waiting, key=lambda ticket: self._count(ticket.client))

    def _count(self, client: str) -> int:
        return sum(ticket.client == client for ticket in self._admitted)

    async def _has_room(self) -> bool:
        """True when one kernel more fits into memory. One always may try."""
        if not self._admitted:
            return True
        starting = sum(ticket.memory is None for ticket in self._admitted)
        if not self._measured and starting >= _UNKNOWN:
            return False
        need = max(_LEAST, *self._measured) * _GROWTH if self._measured else _USUAL
        return await self._free_now() >= _RESERVE + (starting + 1) * need

    async def _free_now(self) -> int:
        free, since = self._known
        if time.monotonic() - since > _KNOWN:
            free = await asyncio.to_thread(self._free)
            self._known = (free, time.monotonic())
        return free
