"""A listening socket of the lab on loopback, and the server's end of each connection to it.

Raw sockets and memory buffers, so that a scripted server decides on every octet: what it leaves unread,
whether it ends a stream in order or breaks it off, and where TLS begins. Who talks over it is in
``lab.conversation``
and ``lab.sts_host``.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

LOOPBACK = "127.0.0.1"
READ_LIMIT_S = 60.0
LINGER_S = 2.0
MAX_LINE_OCTETS = 16 * 1024
_READ_OCTETS = 64 * 1024
_ACCEPT_PAUSE_S = 0.05
_ABORT = struct.pack("ii", 1, 0)


class PeerGone(Exception):  # noqa: N818  # ends a conversation; no error of the lab
    """The client has closed or broken off, or has said nothing for too long."""


class LabStream:
    """The server's end of one connection.

    Attributes:
        in_tls: Whether `start_tls` has been done.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._buffer = bytearray()

    @property
    def in_tls(self) -> bool:
        """Whether TLS stands."""
        return self._tls is not None

    async def write(self, data: bytes) -> None:
        """Send octets, under TLS where that stands.

        Raises:
            PeerGone: The client has broken off.
        """
        if self._tls is None:
            await self._send(data)
            return
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise PeerGone from error
        await self._flush()

    async def read_line(self, limit_s: float = READ_LIMIT_S) -> bytes:
        """The next line without its line end; what came behind it stays in the buffer.

        Raises:
            PeerGone: There is none: the client has closed, or waits, or sends no line end.
        """
        async with self._limit(limit_s):
            while b"\n" not in self._buffer:
                if len(self._buffer) > MAX_LINE_OCTETS:
                    raise PeerGone
                self._buffer += await self._receive()
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        return line.removesuffix(b"\r")

    async def wait_for_octets(self, limit_s: float) -> bool:
        """Whether the client says something within so many seconds; it stays in the buffer.

        Raises:
            PeerGone: The client has closed or broken off.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                if not self._buffer:
                    self._buffer += await self._receive()
        return bool(self._buffer)

    def discard_buffer(self) -> bytes:
        """Forget what came in behind the last line, as RFC 3207 §4.2 has a server do; it is returned."""
        discarded = bytes(self._buffer)
        self._buffer.clear()
        return discarded

    @property
    def has_octets(self) -> bool:
        """Whether octets are in the buffer."""
        return bool(self._buffer)

    @property
    def has_line(self) -> bool:
        """Whether a whole line is in the buffer."""
        return b"\n" in self._buffer

    def take_in(self) -> None:
        """Move what has come so far into the buffer, without waiting; in clear only."""
        with contextlib.suppress(OSError):
            while self._tls is None and len(self._buffer) <= MAX_LINE_OCTETS:
                data = self._socket.recv(_READ_OCTETS)
                if not data:
                    return
                self._buffer += data

    def put_back(self, octets: bytes) -> None:
        """Have octets read before all others."""
        self._buffer[:0] = octets

    async def read_exactly(self, count: int, limit_s: float = READ_LIMIT_S) -> bytes:
        """So many octets.

        Raises:
            PeerGone: They did not come.
        """
        async with self._limit(limit_s):
            while len(self._buffer) < count:
                self._buffer += await self._receive()
        octets = bytes(self._buffer[:count])
        del self._buffer[:count]
        return octets

    async def read_until(self, ends: tuple[bytes, ...], most: int, limit_s: float = READ_LIMIT_S) -> bytes:
        """All up to the first of several sequences of octets, that one included.

        Raises:
            PeerGone: None of them came, within so many octets or at all.
        """
        async with self._limit(limit_s):
            while True:
                found = [at + len(end) for end in ends if (at := self._buffer.find(end)) >= 0]
                if found:
                    break
                if len(self._buffer) > most:
                    raise PeerGone
                self._buffer += await self._receive()
        octets = bytes(self._buffer[: min(found)])
        del self._buffer[: min(found)]
        return octets

    def drop_line_feed_behind(self, octets: bytes) -> None:
        """Where these ended with a CR, drop the LF that is next: the two are one line end."""
        if octets.endswith(b"\r") and self._buffer.startswith(b"\n"):
            del self._buffer[:1]

    async def read_client_hello(self, limit_s: float = READ_LIMIT_S) -> bytes:
        """Take in the first TLS record in clear, give it, and leave it unanswered in the buffer.

        Raises:
            PeerGone: It did not come.
        """
        async with self._limit(limit_s):
            while len(self._buffer) < 5 or len(self._buffer) < 5 + int.from_bytes(self._buffer[3:5], "big"):
                self._buffer += await self._receive()
        return bytes(self._buffer[: 5 + int.from_bytes(self._buffer[3:5], "big")])

    async def start_tls(self, context: ssl.SSLContext, limit_s: float = READ_LIMIT_S) -> None:
        """Shake hands as the server; octets already in the buffer are taken as TLS records.

        Raises:
            PeerGone: The handshake came to nothing, for whatever reason.
        """
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._incoming.write(self.discard_buffer())
        async with self._limit(limit_s):
            while True:
                try:
                    tls.do_handshake()
                except ssl.SSLWantReadError:
                    await self._flush()
                    await self._fill()
                except (ssl.SSLError, OSError) as error:
                    await self._flush()
                    raise PeerGone from error
                else:
                    break
        self._tls = tls
        await self._flush()

    async def swallow(self, limit_s: float = READ_LIMIT_S) -> None:
        """Read and forget until the client closes, or so long."""
        with contextlib.suppress(PeerGone, TimeoutError):
            async with asyncio.timeout(limit_s):
                while True:
                    await self._read_socket()

    async def close(self) -> None:
        """End in order: close_notify, FIN, then read what the client still sends, so that no RST follows."""
        with contextlib.suppress(PeerGone, OSError):
            if self._tls is not None:
                with contextlib.suppress(ssl.SSLError):
                    self._tls.unwrap()
                await self._flush()
            self._socket.shutdown(socket.SHUT_WR)
            await self.swallow(LINGER_S)
        self._socket.close()

    def reset(self) -> None:
        """Break the stream off with RST."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._socket.close()

    @contextlib.asynccontextmanager
    async def _limit(self, limit_s: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(limit_s):
                yield
        except TimeoutError as error:
            raise PeerGone from error

    async def _receive(self) -> bytes:
        """Octets of the conversation, at least one."""
        if self._tls is None:
            return await self._read_socket()
        while True:
            try:
                data = self._tls.read(_READ_OCTETS)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError as error:
                raise PeerGone from error
            else:
                if not data:
                    raise PeerGone
                return data

    async def _fill(self) -> None:
        self._incoming.write(await self._read_socket())

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._send(self._outgoing.read())

    async def _read_socket(self) -> bytes:
        try:
            data = await asyncio.get_running_loop().sock_recv(self._socket, _READ_OCTETS)
        except OSError as error:
            raise PeerGone from error
        if not data:
            raise PeerGone
        return data

    async def _send(self, data: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
        except OSError as error:
            raise PeerGone from error


Talk = Callable[[LabStream], Awaitable[None]]


class Listener:
    """One listening socket, and a task for each connection to it.

    Args:
        talk: Holds one conversation; may end with `PeerGone`. The stream is closed in order behind it, unless
            it was reset.

    Attributes:
        port: On 127.0.0.1, once started; 0 for a UNIX socket.
        connections: How many were accepted so far.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        return LOOPBACK, self.port

    def start(self, path: Path | None = None) -> None:
        """Listen on a free port, or on a UNIX socket at this path. A running event loop is needed."""
        sock = socket.socket(socket.AF_INET if path is None else socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.bind((LOOPBACK, 0) if path is None else str(path))
            sock.listen(128)
        except BaseException:
            sock.close()
            raise
        self._socket = sock
        self.port = sock.getsockname()[1] if path is None else 0
        self._keep(asyncio.get_running_loop().create_task(self._accept(sock)))

    async def stop(self) -> None:
        """Stop listening, and break off what is open."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listening)
            except OSError:
                # The client had gone before it was accepted, or this process has too many files open.
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            self.connections += 1
            sock.setblocking(False)
            self._keep(loop.create_task(self._serve(sock)))

    async def _serve(self, sock: socket.socket) -> None:
        stream = LabStream(sock)
        try:
            with contextlib.suppress(OSError):  # macOS says EINVAL of a client that has gone
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(PeerGone):
                await self._talk(stream)
            await stream.close()
        finally:
            sock.close()
