"""A loopback proxy that makes a server as far away as one likes, and counts what passes.

It runs as a process of its own (``python -m benchmarks.tls.delay_proxy``). Every piece is handed on half a
round trip after it came, in order; a connection behaves as if its handshake had taken one round trip. What a
real path adds beyond that, such as loss, slow start and the sizes of segments, is not modelled.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import socket
import subprocess
import sys
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import cast

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Counts:
    """What passed since the last `DelayedServer.take`.

    Attributes:
        connections: Accepted.
        octets_out: From clients to the server.
        octets_in: From the server to clients.
        most_open: The greatest number of connections open at once, as the clients see it.
        cpu_s: User and system seconds of the proxy itself.
    """

    connections: int = 0
    octets_out: int = 0
    octets_in: int = 0
    most_open: int = 0
    cpu_s: float = 0.0


class Line:
    """One direction of a connection: pieces in order, each due at its time; None is the end of the stream."""

    def __init__(self, loop: asyncio.AbstractEventLoop, delay_s: float) -> None:
        self._loop = loop
        self._delay_s = delay_s
        self._pieces: deque[tuple[float, bytes | None]] = deque()
        self._waiting = False
        self.to: asyncio.Transport | None = None

    def put(self, piece: bytes | None, not_before: float = 0.0) -> None:
        """Take a piece that is sent now, or at `not_before` where that is later."""
        if not self._delay_s and not self._pieces and self.to is not None:
            _hand_over(self.to, piece)
            return
        due = max(self._loop.time(), not_before) + self._delay_s
        self._pieces.append((due, piece))
        self._wait()

    def connect(self, to: asyncio.Transport) -> None:
        """Know where the pieces go."""
        self.to = to
        self._wait()

    def _wait(self) -> None:
        if self._pieces and not self._waiting and self.to is not None:
            self._waiting = True
            self._loop.call_at(self._pieces[0][0], self._flush)

    def _flush(self) -> None:
        self._waiting = False
        now = self._loop.time() + 0.0002
        while self._pieces and self._pieces[0][0] <= now and self.to is not None:
            _hand_over(self.to, self._pieces.popleft()[1])
        self._wait()


def _hand_over(to: asyncio.Transport, piece: bytes | None) -> None:
    if to.is_closing():
        return
    if piece is not None:
        to.write(piece)
        return
    with contextlib.suppress(OSError):  # the other side may be gone, which `connection_lost` will tell
        to.write_eof()
    cast(Side, to.get_protocol()).eof_written()


class Side(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, proxy: "Proxy", link: "Link", *, is_client: bool) -> None:
        self._proxy, self._link, self._is_client = proxy, link, is_client
        self.line = link.to_server if is_client else link.to_client
        self.transport: asyncio.Transport | None = None
        self._ends = 0
        self._left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._is_client:
            self._proxy.opened(self._link, self.transport)
        else:
            self._link.to_server.connect(self.transport)

    def data_received(self, data: bytes) -> None:
        counts = self._proxy.counts
        if self._is_client:
            counts.octets_out += len(data)
        else:
            counts.octets_in += len(data)
        self.line.put(data, self._link.begins_at if self._is_client else 0.0)

    def eof_received(self) -> bool:
        self.line.put(None, self._link.begins_at if self._is_client else 0.0)
        self._leave()
        self._end()
        return True

    def eof_written(self) -> None:
        """The other side's end was handed on."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._proxy.lost(self._link, is_client=self._is_client)

    def _leave(self) -> None:
        """A client has ended its side: it holds the connection no more."""
        if self._is_client and not self._left:
            self._left = True
            self._proxy.open -= 1

    def _end(self) -> None:
        """Both directions have to end before the socket is closed."""
        self._ends += 1
        if self._ends == 2 and self.transport is not None:
            self.transport.close()


class Link:
    """A connection of a client and its counterpart to the server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rtt_s: float) -> None:
        self.begins_at = loop.time() + rtt_s  # when a distant client would have its connection
        self.to_server = Line(loop, rtt_s / 2)
        self.to_client = Line(loop, rtt_s / 2)
        self.sides: list[Side] = []
        self.ends = 0


class Proxy:
    """All connections to one server."""

    def __init__(self, host: str, port: int, rtt_s: float) -> None:
        self.host, self.port, self.rtt_s = host, port, rtt_s
        self.loop = asyncio.get_running_loop()
        self.counts = Counts()
        self.open = 0
        self._cpu_before = cpu_s()
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self) -> Side:
        link = Link(self.loop, self.rtt_s)
        return Side(self, link, is_client=True)

    def opened(self, link: Link, client: asyncio.Transport) -> None:
        self.counts.connections += 1
        self.open += 1
        self.counts.most_open = max(self.counts.most_open, self.open)
        link.to_client.connect(client)
        task = self.loop.create_task(self._reach(link, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reach(self, link: Link, client: asyncio.Transport) -> None:
        """The server sees the connection when the third segment of its handshake has come."""
        if self.rtt_s:
            await asyncio.sleep(1.5 * self.rtt_s)
        try:
            _, side = await self.loop.create_connection(
                lambda: Side(self, link, is_client=False), self.host, self.port
            )
        except OSError:
            client.abort()
            return
        link.sides.append(side)
        if link.ends and side.transport is not None:
            side.transport.abort()

    def lost(self, link: Link, *, is_client: bool) -> None:
        """One side is gone altogether; the other follows half a round trip later."""
        link.ends += 1
        other = link.to_server.to if is_client else link.to_client.to
        if other is not None:
            self.loop.call_later(self.rtt_s / 2 + 0.001, other.close)

    def take(self) -> Counts:
        counts, self.counts = self.counts, Counts(most_open=self.open)
        now = cpu_s()
        counts.cpu_s, self._cpu_before = now - self._cpu_before, now
        return counts


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def serve(host: str, port: int, rtt_s: float) -> None:
    """Serve until standard input ends; each line there is answered with the counts since the one before."""
    proxy = Proxy(host, port, rtt_s)
    server = await proxy.loop.create_server(proxy.accept, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    orders = asyncio.StreamReader()
    await proxy.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while await orders.readline():
        print(json.dumps(asdict(proxy.take())), flush=True)


class DelayedServer:
    """A server as seen over a path: starts the proxy's process, asks it for its counts, ends it.

    Attributes:
        port: On 127.0.0.1.
    """

    def __init__(self, host: str, port: int, rtt_s: float) -> None:
        command = [sys.executable, "-m", "benchmarks.tls.delay_proxy", host, str(port), str(rtt_s)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def take(self) -> Counts:
        """Counts since the last call."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counts(**json.loads(self._line()))

    def __enter__(self) -> "DelayedServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # closes its input, which ends it


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("rtt_s", type=float)
    given = parser.parse_args()
    asyncio.run(serve(given.host, given.port, given.rtt_s))
