"""Streams of octets with nothing read ahead: what has not been asked for stays in the kernel.

A stream counts its octets and raises `NetError` without a phase; the conversation that uses it knows the
stage and the deadline (``net.peer``). TLS over a stream is in ``net.tls_stream``.
"""

import asyncio
import contextlib
import errno
import math
import os
import socket
from typing import Protocol

from waxseal.facts.address import UNIX
from waxseal.net.errors import from_os_error

READ_OCTETS = 65536
_TICK_S = 1.0
_IN_LINE_S = 0.05


class ByteStream(Protocol):
    """A connected, ordered stream of octets."""

    @property
    def octets_in(self) -> int:
        """Octets read."""
        ...

    @property
    def octets_out(self) -> int:
        """Octets written."""
        ...

    @property
    def local_address(self) -> str:
        """The address that we speak from; "" where there is none."""
        ...

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """What is there, at most so many octets, at least one; empty at the end of the stream.

        Raises:
            NetError: RESET and other causes, without a phase.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Hand all of it over in one call, so that it goes out in one segment where it fits.

        Raises:
            NetError: RESET and other causes, without a phase.
        """
        ...

    async def close_writing(self) -> None:
        """End our side in order; what the peer still sends can be read. Never raises."""
        ...

    async def close(self) -> None:
        """End in order. Never raises; may be called twice."""
        ...

    def abort(self) -> None:
        """Let go at once. Never raises."""
        ...


class Waiter(Protocol):
    """Who waits for a socket: a future, or a conversation that goes on at once."""

    def done(self) -> bool:
        """Whether nothing is waited for any more."""
        ...

    def set_result(self, result: bytes, /) -> None:
        """Octets came; empty for the end of the stream, and where connecting came to its end."""
        ...

    def set_exception(self, exception: Exception, /) -> None:
        """An `OSError`, or a plain `TimeoutError` where nothing came in time."""
        ...


class SocketStream:
    """A `ByteStream` over a non-blocking TCP socket, for the loop that runs.

    The socket is registered with the loop from the first reading on, not anew for each, and one timer serves
    all time limits: thousands of short conversations a second pass here. Whoever reads gets what one call to
    the kernel gives, and while nobody does, nothing is taken from it.

    Args:
        sock: Not connected yet; `connect` comes first.

    Attributes:
        local_port: The port that we speak from; 0 where there is none.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._descriptor = sock.fileno()
        self._watched = False
        self._waiter: Waiter | None = None
        self._limit_octets = READ_OCTETS
        self._called_off = b""
        self._timer: asyncio.TimerHandle | None = None
        self._strikes_at = 0.0
        self._due_at = math.inf
        self._local_address = ""
        self.local_port = 0
        self.octets_in = 0
        self.octets_out = 0

    @property
    def local_address(self) -> str:
        """The address that we speak from."""
        return self._local_address

    async def connect(self, address: str, port: int, limit_s: float = math.inf) -> None:
        """Connect to an address, no name, or to ``unix:/path``.

        Raises:
            TimeoutError: It took longer; its errno is None.
            OSError: What the system says.
        """
        place = address.removeprefix(UNIX) if address.startswith(UNIX) else (address, port)
        code = self._socket.connect_ex(place)
        if code == errno.EAGAIN and self._socket.family == socket.AF_UNIX:
            code = await self._wait_in_line(place, limit_s)
        if code in (errno.EINPROGRESS, errno.EINTR):
            waiter = self._waiter = self._loop.create_future()
            self._loop.add_writer(self._descriptor, self._on_writable)
            self._limit(limit_s)
            try:
                await waiter
            finally:
                self._waiter = None
                if self._descriptor >= 0:
                    self._loop.remove_writer(self._descriptor)
        elif code:
            raise OSError(code, os.strerror(code))
        self._note_address()

    async def _wait_in_line(self, place: str | tuple[str, int], limit_s: float) -> int:
        """Try again while the queue of a UNIX socket is full, which the system says with EAGAIN.

        Raises:
            TimeoutError: It stayed full.
        """
        until = self._loop.time() + limit_s
        while self._loop.time() < until:
            await asyncio.sleep(_IN_LINE_S)
            code = self._socket.connect_ex(place)
            if code != errno.EAGAIN:
                return code
        raise TimeoutError

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`."""
        return await self._read(limit_octets, math.inf)

    async def read_within(self, limit_s: float) -> bytes:
        """Read as `read` does, and wait for so many seconds at most.

        Raises:
            TimeoutError: Nothing came.
            NetError: As in `read`.
        """
        return await self._read(READ_OCTETS, limit_s)

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        sent = self.write_now(data)
        if sent < len(data):
            try:
                await self._loop.sock_sendall(self._socket, memoryview(data)[sent:])
            except OSError as error:
                raise from_os_error(error) from error
            self.octets_out += len(data) - sent

    def write_now(self, data: bytes) -> int:
        """Hand over what fits without waiting; how many octets that is, all of them as a rule.

        Raises:
            NetError: As in `write`.
        """
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            raise from_os_error(error) from error
        self.octets_out += sent
        return sent

    def await_octets(self, waiter: Waiter, limit_s: float) -> None:
        """Tell a waiter, once, what comes next; no coroutine is needed for it.

        Args:
            waiter: Is told within the loop, later.
            limit_s: Seconds after which it is told that nothing came.

        Raises:
            NetError: The stream is closed.
        """
        if self._waiter is not None:
            raise RuntimeError("two readings of one stream at once")
        if not self._watched:
            if self._descriptor < 0:
                raise from_os_error(OSError(errno.EBADF, os.strerror(errno.EBADF)))
            self._loop.add_reader(self._descriptor, self._on_readable)
            self._watched = True
        self._waiter = waiter
        self._limit(limit_s)

    def forget(self, waiter: Waiter) -> None:
        """Tell the waiter nothing more."""
        if self._waiter is waiter:
            self._waiter = None

    async def close_writing(self) -> None:
        """See `ByteStream.close_writing`."""
        self.end_writing()

    def end_writing(self) -> None:
        """The same as `close_writing`, which never has to wait here."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    async def close(self) -> None:
        """See `ByteStream.close`."""
        self.end_writing()
        self.abort()

    def abort(self) -> None:
        """See `ByteStream.abort`; a reading that is under way ends as one after it does."""
        if self._descriptor < 0:
            return
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._descriptor = -1
        self._socket.close()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(OSError(errno.EBADF, os.strerror(errno.EBADF)))

    async def _read(self, limit_octets: int, limit_s: float) -> bytes:
        if self._called_off:
            data, self._called_off = self._called_off[:limit_octets], self._called_off[limit_octets:]
            return data
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        self._limit_octets = limit_octets
        self.await_octets(waiter, limit_s)
        try:
            # Octets come by way of the loop even where they wait already: a peer that is faster than we are
            # must not keep time limits from striking.
            return await waiter
        except OSError as error:
            raise told(error) from error
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._called_off = waiter.result()
            raise
        finally:
            self._limit_octets = READ_OCTETS
            self.forget(waiter)

    def _on_readable(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            self._unwatch()  # not asked for: it stays in the kernel, without calling again and again
            return
        try:
            data = self._socket.recv(self._limit_octets)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._waiter = None
            waiter.set_exception(error)
            return
        self.octets_in += len(data)
        self._waiter = None
        waiter.set_result(data)

    def _on_writable(self) -> None:
        self._loop.remove_writer(self._descriptor)
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        if code:
            waiter.set_exception(OSError(code, os.strerror(code)))
        else:
            waiter.set_result(b"")

    def _note_address(self) -> None:
        """While it is connected: behind a reset the system would not know any more."""
        with contextlib.suppress(OSError):
            name = self._socket.getsockname()
            if isinstance(name, tuple):
                self._local_address, self.local_port = str(name[0]), int(name[1])

    def _unwatch(self) -> None:
        if self._watched:
            self._watched = False
            self._loop.remove_reader(self._descriptor)

    def _limit(self, limit_s: float) -> None:
        """Let the timer see to it that what is waited for now has an end.

        It strikes every second while something is waited for, so that it is rarely set anew.
        """
        if limit_s == math.inf:
            self._due_at = math.inf
            return
        now = self._loop.time()
        self._due_at = due_at = now + limit_s
        if self._timer is None or due_at < self._strikes_at:
            if self._timer is not None:
                self._timer.cancel()
            self._strikes_at = min(due_at, now + _TICK_S)
            self._timer = self._loop.call_at(self._strikes_at, self._strike)

    def _strike(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done() or self._due_at == math.inf:
            return
        left_s = self._due_at - self._loop.time()
        if left_s > 0:
            self._limit(left_s)
        else:
            self._waiter = None
            waiter.set_exception(TimeoutError())


def told(error: OSError) -> Exception:
    """What came of the `OSError` that a waiter was told: a `NetError`, or a plain `TimeoutError` as it is."""
    return error if isinstance(error, TimeoutError) and error.errno is None else from_os_error(error)


async def read_within(stream: ByteStream, limit_s: float) -> bytes:
    """Read what is there of any stream, at least one octet; empty at the end.

    Args:
        stream: To read from.
        limit_s: How long to wait, in seconds.

    Raises:
        TimeoutError: Nothing came within the limit.
        NetError: As in `ByteStream.read`.
    """
    if isinstance(stream, SocketStream):
        return await stream.read_within(limit_s)
    async with asyncio.timeout(limit_s):
        return await stream.read()
