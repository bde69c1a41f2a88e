"""Writing to a stream later, as far away as a round trip makes the peer."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Self


class Delayed:
    """Writes in order, each piece no sooner than a delay after it was handed over.

    Attributes:
        reset: Whether the connection is to end by a reset, as the other side's did.
    """

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        delay_s: float,
        count: Callable[[int], None] = lambda octets: None,
        segment_octets: int | None = None,
    ) -> None:
        self._writer = writer
        self._delay_s = delay_s
        self._count = count
        self._segment_octets = segment_octets
        self._queue: deque[tuple[float, bytes]] = deque()
        self._more = asyncio.Event()
        self._over = False
        self._task: asyncio.Task[None] | None = None
        self.reset = False

    async def __aenter__(self) -> Self:
        if self._delay_s or self._segment_octets:
            self._task = asyncio.create_task(self._send())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._more.set()
        if self._task is not None:
            if kind is not None:
                self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.reset:
            plug = self._writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # so that it is RST
            self._writer.transport.abort()

    def write(self, octets: bytes) -> None:
        if not octets:
            return
        self._count(len(octets))
        if self._task is None:
            self._writer.write(octets)
        else:
            self._queue.append((time.monotonic() + self._delay_s, octets))
            self._more.set()

    def room(self) -> Awaitable[None]:
        """Waits while the peer does not take what was written."""
        return self._writer.drain()

    async def _send(self) -> None:
        while True:
            while self._queue:
                due, octets = self._queue.popleft()
                if (wait := due - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                await self._write_out(octets)
            if self._over:
                return
            self._more.clear()
            await self._more.wait()

    async def _write_out(self, octets: bytes) -> None:
        size = self._segment_octets or len(octets)
        for start in range(0, len(octets), size):
            self._writer.write(octets[start : start + size])
            await self._writer.drain()
            if self._segment_octets:
                await asyncio.sleep(0.0005)  # lets each piece leave by itself
