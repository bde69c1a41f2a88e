"""The console of ``waxseal tls -i``: what is typed goes out line by line, what comes is shown; nothing else.

No letter is a command: a line goes out as it is, with CRLF in place of its line end. Lines are taken one at a
time: the next one waits until the server has answered, or has had `ANSWER_WAIT_S` to do so, so that a pasted
or piped dialogue neither loses a line nor runs ahead of a server that forbids it. When the input ends, what
the server still says is waited for. On a terminal it is shown with a mark and escaped; elsewhere its octets
go to standard output as they came.
"""

import asyncio
import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

import click

from waxseal.net.errors import NetError
from waxseal.net.stream import ByteStream
from waxseal.wire.smtp_reply import decode_text

ANSWER_WAIT_S = 1.0
"""How long a line waits for the answer to the one before."""
SETTLE_S = 0.05
"""How long the server has to be quiet for its answer to be over."""
SETTLE_LIMIT_S = 10.0
"""How long a line waits for a server that does not stop talking."""
LINGER_LIMIT_S = 60.0
"""How long a server that does not stop is listened to after the input's end."""
MAX_WAITING_LINES = 64
MAX_SHOWN_OCTETS = 16 * 1024
"""A line of the server's that is longer is shown in pieces of about that size."""
_INPUT_OCTETS = 64 * 1024
_MARK = "< "


class Screen:
    """Shows what the server says: escaped lines with a mark, or octets as they are.

    Args:
        out: Where to.
        marked: Whether lines are marked and escaped.
    """

    def __init__(self, out: BinaryIO, *, marked: bool) -> None:
        self._out = out
        self._marked = marked
        self._line = b""

    def show(self, data: bytes) -> None:
        """Octets that came."""
        if not self._marked:
            self._write(data)
            return
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._write_line(line)
        if len(self._line) > MAX_SHOWN_OCTETS:
            self.settle()

    def settle(self) -> None:
        """The server pauses: show what it said so far of a line."""
        if self._line:
            self._write_line(self._line)
            self._line = b""

    def _write_line(self, line: bytes) -> None:
        text = decode_text(line.removesuffix(b"\r"))
        self._write(f"{_MARK}{text}\n".encode(errors="backslashreplace"))

    def _write(self, octets: bytes) -> None:
        self._out.write(octets)
        self._out.flush()


class Console:
    """One conversation over a stream, from a source of lines.

    Args:
        stream: Under TLS.
        source: Lines to send, octets.
        screen: Where answers go.
        quiet_s: After the input's end, how long the server has to be quiet before we leave.
        greeted: Whether the server's greeting came already; else the first line waits for it.
    """

    def __init__(
        self, stream: ByteStream, source: BinaryIO, screen: Screen, *, quiet_s: float, greeted: bool
    ) -> None:
        self._stream = stream
        self._source = source
        self._screen = screen
        self._quiet_s = quiet_s
        self._greeted = greeted
        self._pieces = 0
        self._closed = False
        self._news = asyncio.Event()
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING_LINES)

    async def run(self) -> NetError | None:
        """Talk until the input has ended and the server is quiet, or the server has gone; then close.

        Returns:
            How the connection broke off, where it did not end in order.
        """
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read_input, args=(loop,), daemon=True).start()
        hearing = asyncio.create_task(self._hear())
        sending = asyncio.create_task(self._send())
        try:
            await asyncio.wait({hearing, sending}, return_when=asyncio.FIRST_COMPLETED)
            await self._until_quiet(self._quiet_s, LINGER_LIMIT_S)
            self._screen.settle()
            return hearing.result() if hearing.done() else None
        finally:
            for task in (hearing, sending):
                task.cancel()
            await asyncio.gather(hearing, sending, return_exceptions=True)
            await self._stream.close()

    def _read_input(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own: every line of the input, in order, then None."""
        with contextlib.suppress(RuntimeError, OSError, ValueError):  # the run is over, or the input is gone
            for line in _lines(self._source):
                asyncio.run_coroutine_threadsafe(self._lines.put(line), loop).result()
            asyncio.run_coroutine_threadsafe(self._lines.put(None), loop).result()

    async def _send(self) -> None:
        """Each line in its turn; a server that does not answer is not waited for until it speaks again."""
        wait, patient, seen = not self._greeted, True, 0
        while (line := await self._lines.get()) is not None:
            if wait:
                patient = await self._more_than(seen, ANSWER_WAIT_S if patient else 0.0)
            if patient:
                await self._until_quiet(SETTLE_S if wait else 0.0, SETTLE_LIMIT_S)
                self._screen.settle()
            if self._closed:
                return
            seen, wait = self._pieces, True
            await self._stream.write(line.removesuffix(b"\n").removesuffix(b"\r") + b"\r\n")

    async def _more_than(self, pieces: int, limit_s: float) -> bool:
        """Wait until more came, at most so long; False where nothing did."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._pieces <= pieces and not self._closed:
                    self._news.clear()
                    await self._news.wait()
        return self._pieces > pieces

    async def _until_quiet(self, quiet_s: float, limit_s: float) -> None:
        """Return when nothing came for so long, the server has gone, or the limit is reached."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not self._closed and await self._more_than(self._pieces, quiet_s):
                    pass

    async def _hear(self) -> NetError | None:
        """Show what comes, to the end of the stream."""
        try:
            while data := await self._stream.read():
                self._screen.show(data)
                self._pieces += 1
                self._news.set()
        except NetError as error:
            return error
        finally:
            self._closed = True
            self._news.set()
        return None


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines of the input as they come, the last one perhaps without its end.

    Read without the buffer of standard input: a thread that still waits in it when waxseal ends would hold
    its lock, and the interpreter aborts over that.
    """
    raw = getattr(source, "raw", source)
    kept = bytearray()
    while octets := raw.read(_INPUT_OCTETS):
        searched = len(kept)
        kept += octets
        end = kept.rfind(b"\n", searched) + 1
        if not end:
            continue
        yield from bytes(kept[: end - 1]).split(b"\n")
        del kept[:end]
    if kept:
        yield bytes(kept)


async def converse(stream: ByteStream, *, quiet_s: float, greeted: bool) -> None:
    """Run a `Console` between standard input and standard output."""
    screen = Screen(sys.stdout.buffer, marked=sys.stdout.isatty())
    broken = await Console(stream, sys.stdin.buffer, screen, quiet_s=quiet_s, greeted=greeted).run()
    if broken is not None:
        click.echo(f"waxseal: the connection broke off: {broken}", err=True)
