"""A stream over a program whose standard input and output are the connection, as of ``ssh -W %h:%p gateway``.

One process for each connection, started without a shell, in a session of its own so that it can ask nobody
for a password. Both directions are sockets, so that nothing is read ahead and each side ends by itself. What
the program complains of is kept, bounded, and told where it fails: its faults are not the server's.
"""

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field

from waxseal.errors import UsageError
from waxseal.facts import Cause, Stage
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, SocketStream

MAX_COMPLAINT_OCTETS = 2048
"""Octets of the program's standard error that are kept: the last ones."""
_SHOWN_CHARACTERS = 300
_END_LIMIT_S = 1.0
"""How long a program may take to end behind the end of its stream."""
_POLL_S = 0.02
_FORM = "write it as command:ssh -W %h:%p gateway; %h and %p become the server's address and port"


@dataclass(frozen=True)
class StreamCommand:
    """A program that connects to a server, with the words it is started with.

    Attributes:
        words: ``%h`` and ``%p`` stand for address and port, ``%%`` for a percent sign.
    """

    words: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        """For people and the record: the program's name alone, for its words may hold a secret."""
        return f"command:{os.path.basename(self.words[0])}"

    def started_for(self, address: str, port: int) -> list[str]:
        """The words for one server. An IPv6 address gets brackets where a colon follows it."""
        return [_filled(word, address, port) for word in self.words]


def parse_command(text: str) -> StreamCommand:
    """Read the command line behind ``command:``, in the shell's quoting.

    Raises:
        UsageError: It is none; the text does not repeat it, for it may hold a secret.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"the command of --via cannot be read: {str(error).lower()}", _FORM) from None
    if not words:
        raise UsageError("the command of --via is empty", _FORM)
    if not any("%h" in word.replace("%%", "") for word in words[1:]):
        raise UsageError("the command of --via does not say where the server's address goes (%h)", _FORM)
    if shutil.which(words[0]) is None:
        raise UsageError(f"the program {words[0][:80]!r} of --via is not here", "give its full path")
    return StreamCommand(words)


def _filled(word: str, address: str, port: int) -> str:
    parts = []
    for part in word.split("%%"):
        bracketed = part.replace("%h:", f"[{address}]:") if ":" in address and "[%h]" not in part else part
        parts.append(bracketed.replace("%p", str(port)).replace("%h", address))
    return "%".join(parts)


class CommandDialer:
    """A `Dialer` that starts the program for each connection."""

    def __init__(self, command: StreamCommand) -> None:
        self._command = command

    async def dial(self, address: str, port: int) -> "CommandStream":
        """See `Dialer.dial`. The program does not say when its connection stands, so this never waits.

        Raises:
            NetError: BLOCKED_HERE where the program cannot be started.
        """
        return CommandStream(str(self._command), self._command.started_for(address, port))


class CommandStream:
    """A `ByteStream` over a program that runs.

    Args:
        name: What the program is called in errors.
        words: The program and its arguments.

    Raises:
        NetError: BLOCKED_HERE at `Stage.CONNECT` where it cannot be started.
    """

    def __init__(self, name: str, words: list[str]) -> None:
        self._name = name
        self._complaint = b""
        self._loop = asyncio.get_running_loop()
        ours: list[socket.socket] = []
        theirs: list[socket.socket] = []
        try:
            for _ in range(3):
                near, far = socket.socketpair()
                ours.append(near)
                theirs.append(far)
                near.setblocking(False)
            stdin, stdout, stderr = (sock.fileno() for sock in theirs)
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  # the user's own program
                words, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
            )
        except (OSError, ValueError) as error:
            for sock in ours:
                sock.close()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise self._failed(f"cannot be started: {reason}", Stage.CONNECT) from error
        finally:
            for sock in theirs:
                sock.close()
        self._to, self._from, self._errors = SocketStream(ours[0]), SocketStream(ours[1]), ours[2]
        self._loop.add_reader(self._errors.fileno(), self._note_complaint)

    @property
    def octets_in(self) -> int:
        """Octets read."""
        return self._from.octets_in

    @property
    def octets_out(self) -> int:
        """Octets written."""
        return self._to.octets_out

    @property
    def local_address(self) -> str:
        """Nothing: where the connection begins is known to the program alone."""
        return ""

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`.

        Raises:
            NetError: BLOCKED_HERE where the program failed, at `Stage.CONNECT` if nothing had come before.
        """
        data = await self._from.read(limit_octets)
        if not data:
            await self._expect_success()
        return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`; a program that has failed is told of as in `read`."""
        try:
            await self._to.write(data)
        except NetError:
            await self._expect_success()
            raise

    async def close_writing(self) -> None:
        """See `ByteStream.close_writing`."""
        self._to.end_writing()

    async def close(self) -> None:
        """See `ByteStream.close`; a program that does not end by itself is killed."""
        self._to.end_writing()
        try:
            await self._status()
        finally:
            self.abort()

    def abort(self) -> None:
        """See `ByteStream.abort`; the program and what it started is killed, and reaped."""
        self._to.abort()
        self._from.abort()
        if self._errors.fileno() < 0:
            return
        self._loop.remove_reader(self._errors.fileno())
        self._errors.close()
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_LIMIT_S)

    async def _status(self) -> int | None:
        """The program's exit status; None where it goes on."""
        until = self._loop.time() + _END_LIMIT_S
        while self._process.poll() is None and self._loop.time() < until:  # noqa: ASYNC110  # as subprocess does
            await asyncio.sleep(_POLL_S)
        return self._process.returncode

    async def _expect_success(self) -> None:
        status = await self._status()
        if not status:
            return  # the end of the stream is the connection's own
        self._note_complaint()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        words = self._complaint.decode("utf-8", "backslashreplace").split()
        said = "".join(c if c.isprintable() else "?" for c in " ".join(words))
        text = f"{how}: {said[-_SHOWN_CHARACTERS:]}" if said else how
        raise self._failed(text, None if self.octets_in else Stage.CONNECT)

    def _failed(self, text: str, phase: Stage | None) -> NetError:
        return NetError(Cause.BLOCKED_HERE, f"{self._name} {text}", phase=phase)

    def _note_complaint(self) -> None:
        if self._errors.fileno() < 0:
            return
        try:
            data = self._errors.recv(READ_OCTETS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._errors.fileno())
        self._complaint = (self._complaint + data)[-MAX_COMPLAINT_OCTETS:]
