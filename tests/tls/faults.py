"""Fronts before a sound TLS server that make it an intolerant or broken one, each fault asked for by name.

The ClientHello is read whole before anything is decided, so a hello without what offends meets the sound
server behind. Scripted, since the middle boxes and servers that do so are not to be had as packages.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from .front import CHUNK_OCTETS, Front

if TYPE_CHECKING:
    from collections.abc import Callable

    from .delayed import Delayed

Action = Literal["hang", "close", "reset", "alert", "text"]

_HELLO_LIMIT_S: Final = 10.0
_HANG_LIMIT_S: Final = 120.0
_MOST_HELLO_OCTETS: Final = 65536
_LONG_HELLO_OCTETS: Final = 1500
_DRIP_S: Final = 0.5
_SERVER_NAME: Final = 0
_SUPPORTED_GROUPS: Final = 10
_SUPPORTED_VERSIONS: Final = 43
_KEY_SHARE: Final = 51
_KNOWN_IN_2011: Final = frozenset((0, 1, 5, 10, 11, 13, 15, 16, 21, 22, 23, 35, 0xFF01))


@dataclass(frozen=True)
class Hello:
    """What a client sent first.

    Attributes:
        octets: All of it.
        reads: In how many pieces it came.
        version: legacy_version; None where it is no ClientHello of TLS.
        suites: By number.
        extensions: Their contents by number.
    """

    octets: bytes
    reads: int
    version: int | None = None
    suites: tuple[int, ...] = ()
    extensions: tuple[tuple[int, bytes], ...] = ()

    def extension(self, number: int) -> bytes | None:
        """The content of one; None where it is not there."""
        return dict(self.extensions).get(number)

    @property
    def has_grease(self) -> bool:
        """Whether a reserved value (RFC 8701 §2) stands among suites, extensions or groups."""
        groups = _pairs((self.extension(_SUPPORTED_GROUPS) or b"")[2:])
        return any(
            number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF
            for number in (*self.suites, *(number for number, _ in self.extensions), *groups)
        )


@dataclass(frozen=True)
class Fault:
    """What offends, and what comes of it.

    Attributes:
        what: In words.
        offends: Whether a hello sets it off.
        action: What the client gets then.
        alert: The number, for the action "alert".
    """

    what: str
    offends: Callable[[Hello], bool]
    action: Action
    alert: int = 0


def _always(_: Hello) -> bool:
    return True


FAULTS: Final = {
    "hangs-on-long-hello": Fault(
        f"a hello of more than {_LONG_HELLO_OCTETS} octets is never answered",
        lambda hello: len(hello.octets) > _LONG_HELLO_OCTETS,
        "hang",
    ),
    "resets-long-hello": Fault(
        f"a hello of more than {_LONG_HELLO_OCTETS} octets ends in a reset",
        lambda hello: len(hello.octets) > _LONG_HELLO_OCTETS,
        "reset",
    ),
    "hangs-on-split-hello": Fault(
        "a hello that comes in several segments is never answered", lambda hello: hello.reads > 1, "hang"
    ),
    "grease-intolerant": Fault(
        "a reserved value of RFC 8701 is answered by illegal_parameter",
        lambda hello: hello.has_grease,
        "alert",
        47,
    ),
    "extension-intolerant": Fault(
        "an extension younger than 2011 is answered by decode_error",
        lambda hello: any(number not in _KNOWN_IN_2011 for number, _ in hello.extensions),
        "alert",
        50,
    ),
    "tls13-intolerant": Fault(
        "supported_versions closes the connection",
        lambda hello: hello.extension(_SUPPORTED_VERSIONS) is not None,
        "close",
    ),
    "version-intolerant": Fault(
        "a legacy_version above TLS 1.0 is answered by handshake_failure",
        lambda hello: (hello.version or 0) > 0x0301,
        "alert",
        40,
    ),
    "key-share-intolerant": Fault(
        "a key_share of more than 1024 octets is answered by internal_error",
        lambda hello: len(hello.extension(_KEY_SHARE) or b"") > 1024,
        "alert",
        80,
    ),
    "name-required": Fault(
        "a hello without server_name is answered by unrecognized_name",
        lambda hello: hello.extension(_SERVER_NAME) is None,
        "alert",
        112,
    ),
    "alerts": Fault("every hello is answered by handshake_failure", _always, "alert", 40),
    "hangs": Fault("no hello is ever answered", _always, "hang"),
    "closes": Fault("every hello closes the connection", _always, "close"),
    "resets": Fault("every hello resets the connection", _always, "reset"),
    "not-tls": Fault("a hello is answered by a line of text", _always, "text"),
}
"""Faults that the hello sets off."""

OTHER_FAULTS: Final = {
    "drips": "the server's octets come one by one",
    "hello-then-alert": "the server's first record, then internal_error",
    "hello-then-close": "the server's first record, then the end of the connection",
    "half-hello": "half of the server's first record, then nothing",
    "warns-first": "a warning unrecognized_name before the ServerHello, which then goes on soundly",
    "greets-slowly": "the greeting comes an octet every half second",
    "never-greets": "nothing comes after connecting",
    "resets-on-connect": "the connection is reset at once",
    "bad-starttls": "STARTTLS is announced, then refused",
}
"""Faults that nothing sets off: they are always there."""


class FaultyFront(Front):
    """A front with a fault; arguments as for `Front`."""

    def __init__(self, *given: Any, fault: str, **named: Any) -> None:
        if fault not in FAULTS and fault not in OTHER_FAULTS:
            raise ValueError(f"there is no fault {fault!r}")
        if fault == "drips":
            named["segment_octets"] = 1
        super().__init__(*given, **named)
        self._name = fault
        self._fault = FAULTS.get(fault)

    async def _talk(self, reader: asyncio.StreamReader, out: Delayed, *, busy: bool) -> None:
        if self._name == "never-greets":
            await self._swallow(reader)
        elif self._name == "resets-on-connect":
            out.reset = True
        elif self._name == "greets-slowly" and self._dialogue is not None:
            greeting = "\r\n".join(self._dialogue.greeting).encode()
            for octet in greeting:
                out.write(bytes([octet]))
                await out.room()
                await asyncio.sleep(_DRIP_S)
        elif self._name == "bad-starttls" and self._dialogue is not None:
            await self._refuse_start(reader, out)
        else:
            await super()._talk(reader, out, busy=busy)

    async def _refuse_start(self, reader: asyncio.StreamReader, out: Delayed) -> None:
        assert self._dialogue is not None
        told = self._dialogue
        refusals = {
            "smtp": "454 4.7.0 TLS not available due to temporary reason",
            "lmtp": "454 4.7.0 TLS not available due to temporary reason",
            "imap": "{tag} BAD TLS is not available",
            "pop3": "-ERR TLS is not available",
            "sieve": 'NO "TLS is not available"',
        }
        speaker = self._speaker(refused=refusals[told.protocol])
        out.write(speaker.greeting)
        while octets := await self._read(reader):
            said, turn, _ = speaker.feed(octets)
            out.write(said)
            if turn == "close":
                return

    async def _relay(self, reader: asyncio.StreamReader, out: Delayed, first: bytes) -> None:
        hello = await self._hello(reader, first)
        fault = self._fault
        if fault is not None and fault.offends(hello):
            await self._act(fault, reader, out)
            return
        if self._name == "warns-first":
            out.write(b"\x15\x03\x01\x00\x02\x01\x70")
        if self._name in ("hello-then-alert", "hello-then-close", "half-hello"):
            await self._break_off(hello, reader, out)
            return
        await super()._relay(reader, out, hello.octets)

    async def _act(self, fault: Fault, reader: asyncio.StreamReader, out: Delayed) -> None:
        if fault.action == "hang":
            await self._swallow(reader)
        elif fault.action == "reset":
            out.reset = True
        elif fault.action == "alert":
            out.write(bytes([0x15, 3, 3, 0, 2, 2, fault.alert]))
        elif fault.action == "text":
            out.write(b"554 5.7.3 Unable to initialize security subsystem\r\n")

    async def _break_off(self, hello: Hello, reader: asyncio.StreamReader, out: Delayed) -> None:
        """The server's first record, or half of it, and the end."""
        back_reader, back_writer = await self._connect()
        try:
            back_writer.write(hello.octets)
            header = await back_reader.readexactly(5)
            record = header + await back_reader.readexactly(int.from_bytes(header[3:], "big"))
        finally:
            back_writer.close()
        if self._name == "half-hello":
            out.write(record[: len(record) // 2])
            await self._swallow(reader)
            return
        out.write(record)
        if self._name == "hello-then-alert":
            out.write(b"\x15\x03\x03\x00\x02\x02\x50")

    async def _hello(self, reader: asyncio.StreamReader, first: bytes) -> Hello:
        """Reads until the ClientHello is whole, or the client stops sending."""
        octets, reads = first, 1 if first else 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HELLO_LIMIT_S):
                while not _is_whole(octets) and len(octets) < _MOST_HELLO_OCTETS:
                    more = await self._read(reader)
                    if not more:
                        break
                    octets, reads = octets + more, reads + 1
        return parse_hello(octets, reads)

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HANG_LIMIT_S):
                while await reader.read(CHUNK_OCTETS):
                    pass


def parse_hello(octets: bytes, reads: int = 1) -> Hello:
    """A ClientHello from its records; what is not one has no version."""
    message = _message(octets)
    if message is None or len(message) < 39 or message[0] != 1:
        return Hello(octets, reads)
    at = 39 + message[38]  # behind type, length, version, random and session identifier
    size = int.from_bytes(message[at : at + 2], "big")
    suites = _pairs(message[at + 2 : at + 2 + size])
    at += 2 + size
    at += 1 + int.from_bytes(message[at : at + 1], "big") + 2
    extensions = []
    while at + 4 <= len(message):
        number, size = _pairs(message[at : at + 4])
        extensions.append((number, message[at + 4 : at + 4 + size]))
        at += 4 + size
    return Hello(octets, reads, int.from_bytes(message[4:6], "big"), suites, tuple(extensions))


def _is_whole(octets: bytes) -> bool:
    if octets[:1] and octets[0] != 0x16:
        return True  # SSL 2.0, or nothing of ours
    return _message(octets) is not None


def _message(octets: bytes) -> bytes | None:
    """The first handshake message, put together from its records; None where it is not whole."""
    message, at = b"", 0
    while at + 5 <= len(octets) and octets[at] == 0x16:
        size = int.from_bytes(octets[at + 3 : at + 5], "big")
        message += octets[at + 5 : at + 5 + size]
        at += 5 + size
    if len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        return None
    return message[: 4 + int.from_bytes(message[1:4], "big")]


def _pairs(octets: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets) - 1, 2))
