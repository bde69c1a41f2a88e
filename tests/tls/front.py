"""A TCP front on loopback that speaks a mail protocol up to STARTTLS, then relays octets to any TLS server.

It counts connections and octets, can be as far away as a round trip says, and can refuse like a busy server.
`Front` lives in the event loop that starts it. For measurements it runs as a process of its own:

    python -m tests.tls.front --backend 127.0.0.1:4433 --protocol smtp --delay 0.05

prints one JSON line with its port, and ends when its input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .delayed import Delayed
from .dialogue import DIALOGUES, Protocol, Speaker, lines
from .names import LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

CHUNK_OCTETS: Final = 16384
_BACKEND_LIMIT_S: Final = 10.0

Address = tuple[str, int] | str
"""Host and port, or the path of a Unix socket."""


@dataclass
class Counts:
    """What a front has seen.

    Attributes:
        connections: Taken, those refused with a busy reply included.
        refused: Answered with the busy reply.
        started: Went on to TLS.
        most_at_once: The highest number of connections open together.
        octets_in: From clients, the clear part included.
        octets_out: To clients, the clear part included.
        taken_at: `time.monotonic()` of each connection.
    """

    connections: int = 0
    refused: int = 0
    started: int = 0
    most_at_once: int = 0
    octets_in: int = 0
    octets_out: int = 0
    taken_at: list[float] = field(default_factory=list)


class Front:
    """The front; `async with` starts and ends it, and everything it holds.

    Args:
        backend: The TLS server: its port on 127.0.0.1, its address, or the path of its Unix socket.
        protocol: What is spoken up to STARTTLS; None relays from the first octet (implicit TLS).
        delay_s: The round trip to add. Connecting cannot be delayed, so the greeting bears it too.
        per_minute: More connections within `window_s` are answered by the busy reply and closed.
        at_once: More connections at a time are answered by the busy reply and closed.
        window_s: The minute of `per_minute`.
        segment_octets: The most to hand on to the client in one write; None as it comes.
        port: To listen on; 0 for any.

    Attributes:
        host, port: Where clients connect.
        counts: What it has seen.
    """

    def __init__(
        self,
        backend: int | Address,
        protocol: Protocol | None = "smtp",
        *,
        delay_s: float = 0.0,
        per_minute: int | None = None,
        at_once: int | None = None,
        window_s: float = 60.0,
        segment_octets: int | None = None,
        port: int = 0,
    ) -> None:
        self._backend: Address = (LOOPBACK, backend) if isinstance(backend, int) else backend
        self._dialogue = DIALOGUES[protocol] if protocol else None
        self._delay_s = delay_s
        self._per_minute = per_minute
        self._at_once = at_once
        self._window_s = window_s
        self._segment_octets = segment_octets
        self._open: set[asyncio.Task[None]] = set()
        self._recent: deque[float] = deque()
        self._server: asyncio.Server | None = None
        self.host = LOOPBACK
        self.port = port
        self.counts = Counts()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, self.host, self.port, backlog=512)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        counts = self.counts
        busy = self._note_connection()
        self._open.add(task)
        counts.most_at_once = max(counts.most_at_once, len(self._open))
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                # The client's end of the line, as far away as the delay says.
                out = Delayed(writer, self._delay_s / 2, self._count_out, self._segment_octets)
                async with out:
                    await self._talk(reader, out, busy=busy)
        finally:
            self._open.discard(task)
            writer.close()

    def _note_connection(self) -> bool:
        """Counts one, and says whether it is one too many."""
        now = time.monotonic()
        self.counts.connections += 1
        self.counts.taken_at.append(now)
        while self._recent and self._recent[0] <= now - self._window_s:
            self._recent.popleft()
        too_many = self._per_minute is not None and len(self._recent) >= self._per_minute
        too_many = too_many or (self._at_once is not None and len(self._open) >= self._at_once)
        if too_many:
            self.counts.refused += 1
        else:
            self._recent.append(now)
        return too_many

    def _count_out(self, octets: int) -> None:
        self.counts.octets_out += octets

    async def _talk(self, reader: asyncio.StreamReader, out: Delayed, *, busy: bool) -> None:
        await asyncio.sleep(self._delay_s)  # the round trip that connecting would have taken
        rest = b""
        if busy:
            if self._dialogue is not None:
                out.write(lines(self._dialogue.busy))
            return
        if self._dialogue is not None:
            speaker = self._speaker()
            await asyncio.sleep(self._delay_s / 2)
            out.write(speaker.greeting)
            while True:
                octets = await self._read(reader)
                if not octets:
                    return
                if self._delay_s:
                    await asyncio.sleep(self._delay_s / 2)
                said, turn, rest = speaker.feed(octets)
                out.write(said)
                if turn == "close":
                    return
                if turn == "start TLS":
                    break
        self.counts.started += 1
        await self._relay(reader, out, rest)

    def _speaker(self, refused: str = "") -> Speaker:
        assert self._dialogue is not None
        return Speaker(self._dialogue, secured=False, refused=refused)

    async def _relay(self, reader: asyncio.StreamReader, out: Delayed, first: bytes) -> None:
        back_reader, back_writer = await asyncio.wait_for(self._connect(), _BACKEND_LIMIT_S)

        async def upwards() -> None:
            async with Delayed(back_writer, self._delay_s / 2) as up:
                up.write(first)
                while octets := await self._read(reader):
                    up.write(octets)
                    await up.room()
            with contextlib.suppress(OSError, RuntimeError):
                back_writer.write_eof()

        task = asyncio.ensure_future(upwards())
        try:
            while octets := await back_reader.read(CHUNK_OCTETS):
                out.write(octets)
                await out.room()
        except ConnectionResetError:
            out.reset = True
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            back_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._backend, str):
            return await asyncio.open_unix_connection(self._backend)
        return await asyncio.open_connection(*self._backend)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        octets = await reader.read(CHUNK_OCTETS)
        self.counts.octets_in += len(octets)
        return octets


async def _main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", required=True, help="HOST:PORT, or the path of a Unix socket")
    parser.add_argument("--protocol", choices=[*DIALOGUES, "tls"], default="smtp")
    parser.add_argument("--delay", type=float, default=0.0, help="round trip in seconds")
    parser.add_argument("--per-minute", type=int)
    parser.add_argument("--at-once", type=int)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    host, _, port = given.backend.rpartition(":")
    front = Front(
        (host, int(port)) if port.isdecimal() else given.backend,
        None if given.protocol == "tls" else given.protocol,
        delay_s=given.delay,
        per_minute=given.per_minute,
        at_once=given.at_once,
        port=given.port,
    )
    async with front:
        sys.stdout.write(json.dumps({"port": front.port}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.buffer.read)
        sys.stdout.write(json.dumps(vars(front.counts)) + "\n")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
