"""Mail servers that mean harm: the lab's sound ones, but for one answer that an attack stands in for.

Where an attack strikes is told by what the client said last (`Spot`); what it is, by a name of `ATTACKS`.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.probes.scripted import CA
from waxseal.facts import MailProtocol
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_server import AccessServer
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.listener import LabStream, Listener, PeerGone
from waxseal.lab.smtp_server import SmtpServer

MAIL = (MailProtocol.SMTP, MailProtocol.LMTP)
HOST = "mail.example.test"
ACCOUNT = ("user@example.test", "plum-tart-4711")
GREETING, HANDSHAKE, ANYTHING = b"(greeting)", b"(handshake)", b"(anything)"
PAUSE_S = 0.002
_SERVER_HELLO = b"\x16\x03\x03\x00\x2c\x02\x00\x00\x28\x03\x03" + bytes(32) + b"\x00\x13\x01\x00\x00\x00"
"""The beginning of a handshake, without extensions."""
_KEYWORDS = ("STARTTLS", "PIPELINING", "AUTH PLAIN LOGIN", "SIZE 1000")
_ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x85\u202etxet\r\x08".encode()


class Spot(NamedTuple):
    """The answer that is attacked: what it answers, and whether that was said under TLS."""

    word: bytes
    in_tls: bool = False

    def __str__(self) -> str:
        """For names of tests."""
        return f"{self.word.decode()}{' tls' if self.in_tls else ''}"


class HostileStream(LabStream):
    """A server's end whose answer at one spot is an attack."""

    def __init__(self, inner: LabStream, protocol: MailProtocol, spot: Spot, attack: "Attack") -> None:
        super().__init__(inner._socket)
        self.protocol = protocol
        self.tag = b"*"
        self._spot = spot
        self._attack = attack
        self._words: tuple[bytes, ...] = (GREETING,)

    async def read_line(self, limit_s: float = 60.0) -> bytes:
        """Take note of the command."""
        line = await super().read_line(limit_s)
        words = line.upper().split(b" ")
        if self.protocol is MailProtocol.IMAP and len(words) > 1:
            self.tag = line.split(b" ")[0]
        self._words = tuple(words[:2])
        return line

    async def write(self, data: bytes) -> None:
        """An answer, or the attack in its place."""
        if self._spot.in_tls is self.in_tls and self._spot.word in (*self._words, ANYTHING):
            await self._attack(self, data)
        else:
            await super().write(data)

    async def say(self, data: bytes) -> None:
        """Octets of an attack."""
        await super().write(data)

    async def put_below(self, data: bytes) -> None:
        """Octets that no TLS protects."""
        await self._send(data)

    async def start_tls(self, context: ssl.SSLContext, limit_s: float = 60.0) -> None:
        """As ever, but for an attack on the handshake."""
        if self._spot.word == HANDSHAKE:
            await self.read_client_hello(limit_s)
            await self._attack(self, _SERVER_HELLO)
        await super().start_tls(context, limit_s)


Attack = Callable[[HostileStream, bytes], Awaitable[None]]


async def close(_: HostileStream, __: bytes) -> None:
    """The end of the stream."""
    raise PeerGone


async def reset(stream: HostileStream, _: bytes) -> None:
    """The end of the stream, out of order."""
    stream.reset()
    raise PeerGone


async def half(stream: HostileStream, octets: bytes) -> None:
    """Half an answer, and the end."""
    await stream.say(octets[: len(octets) // 2])
    raise PeerGone


async def stall(stream: HostileStream, _: bytes) -> None:
    """Not a word."""
    await stream.swallow()


async def drip(stream: HostileStream, octets: bytes) -> None:
    """An octet at a time."""
    for octet in octets * 10:
        await stream.say(bytes((octet,)))
        await asyncio.sleep(0.5)


async def endless_line(stream: HostileStream, octets: bytes) -> None:
    """A line without an end."""
    await stream.say(octets[:5])
    await _again_and_again(stream, b"a" * 4096)


async def endless_answers(stream: HostileStream, _: bytes) -> None:
    """One whole answer after the other."""
    lines = {
        MailProtocol.IMAP: b"b7 OK so\r\n",
        MailProtocol.POP3: b"+OK so\r\n",
        MailProtocol.SIEVE: b"NO\r\n",
    }
    await _again_and_again(stream, lines.get(stream.protocol, b"250 so\r\n") * 100)


async def endless_answer(stream: HostileStream, _: bytes) -> None:
    """Line after line of one answer."""
    lines = {
        MailProtocol.IMAP: b"* 1 EXISTS\r\n",
        MailProtocol.SIEVE: b'"A" "B"\r\n',
        MailProtocol.POP3: b"A\r\n",
    }
    if stream.protocol is MailProtocol.POP3:
        await stream.say(b"+OK\r\n")
    await _again_and_again(stream, lines.get(stream.protocol, b"250-so\r\n") * 100)


async def literal(stream: HostileStream, octets: bytes) -> None:
    """A literal of 4 GiB is announced, and begun."""
    start = {MailProtocol.IMAP: b"* LIST ", MailProtocol.SIEVE: b'"A" '}.get(stream.protocol, octets[:4])
    await stream.say(start + b"{4294967296}\r\n" + b"x" * 4000)
    await stream.swallow()


async def capabilities(stream: HostileStream, octets: bytes) -> None:
    """Ten thousand of them in front of the answer."""
    line = {MailProtocol.IMAP: b"* CAPABILITY A%d\r\n", MailProtocol.SIEVE: b'"A%d" "B"\r\n'}
    if stream.protocol is MailProtocol.POP3:
        await stream.say(b"+OK\r\n" + b"".join(b"A%d\r\n" % number for number in range(10_000)) + b".\r\n")
        return
    form = line.get(stream.protocol, b"250-A%d\r\n")
    await stream.say(b"".join(form % number for number in range(10_000)) + octets)


async def odd_octets(stream: HostileStream, octets: bytes) -> None:
    """NUL, 0xFF, and line ends that are none."""
    await stream.say(octets.replace(b" ", b" \0\xff\r", 1).replace(b"\r\n", b"\xfe\n"))


async def escapes(stream: HostileStream, octets: bytes) -> None:
    """What a terminal would obey, in every line, and in a capability."""
    more = {MailProtocol.IMAP: b"* CAPABILITY X%s AUTH=%s\r\n", MailProtocol.SIEVE: b'"X%s" "%s"\r\n'}
    await stream.say(
        more.get(stream.protocol, b"").replace(b"%s", _ESCAPES)
        + octets.replace(b"\r\n", b" " + _ESCAPES + b"\r\n")
    )


async def out_of_order(stream: HostileStream, octets: bytes) -> None:
    """Every kind of answer, and the due one in the middle."""
    before = b"a99 OK so\r\n* BAD so\r\n+ \r\n-ERR so\r\n354 so\r\nOK\r\n)\r\n"
    await stream.say(before + octets + before[::-1] + b"\r\n250 so\r\n* BYE\r\n")


async def challenges(stream: HostileStream, _: bytes) -> None:
    """One challenge more, whatever is said."""
    line = {MailProtocol.SIEVE: b'"AAAA"\r\n'}.get(stream.protocol, b"+ AAAA\r\n")
    for _number in range(10_000):
        await stream.say(b"334 AAAA\r\n" if stream.protocol in MAIL else line)
        await stream.read_line()


async def referral(stream: HostileStream, _: bytes) -> None:
    """Go elsewhere, in 60,000 octets."""
    place = b"/" + b"a" * 60_000
    answers = {
        MailProtocol.IMAP: stream.tag + b" NO [REFERRAL imap://elsewhere.test" + place + b"] gone\r\n",
        MailProtocol.SIEVE: b'BYE (REFERRAL "sieve://elsewhere.test' + place + b'") "gone"\r\n',
        MailProtocol.POP3: b"-ERR [REFERRAL " + place + b"] gone\r\n",
    }
    await stream.say(answers.get(stream.protocol, b"551 5.7.1 try <b@elsewhere.test" + place + b">\r\n"))


async def alert(stream: HostileStream, octets: bytes) -> None:
    """A fatal alert that nothing protects, and the answer."""
    await stream.put_below(b"\x15\x03\x03\x00\x02\x02\x28")
    await stream.say(octets)


async def garbage(stream: HostileStream, _: bytes) -> None:
    """Octets that are neither records nor lines."""
    await stream.put_below(bytes(range(255, -1, -1)) * 16)


async def hello_again(stream: HostileStream, octets: bytes) -> None:
    """HelloRequest, as for a renegotiation, that nothing protects, and the answer."""
    await stream.put_below(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 20)
    await stream.say(octets)


async def _again_and_again(stream: HostileStream, octets: bytes) -> None:
    while True:
        await stream.say(octets)
        await asyncio.sleep(PAUSE_S)


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        close,
        reset,
        half,
        stall,
        drip,
        endless_line,
        endless_answers,
        endless_answer,
        literal,
        capabilities,
        odd_octets,
        escapes,
        out_of_order,
        challenges,
        referral,
        alert,
        garbage,
        hello_again,
    )
}


class HostileMailServer(SmtpServer):
    """SMTP and LMTP."""

    def __init__(self, how: Behaviour, spot: Spot, attack: Attack) -> None:
        super().__init__(how, CA)
        self._spot = spot
        self._attack = attack

    async def _converse(self, stream: LabStream) -> None:
        await super()._converse(HostileStream(stream, self.behaviour.protocol, self._spot, self._attack))


class HostileAccessServer(AccessServer):
    """IMAP, POP3 and ManageSieve."""

    def __init__(self, how: AccessBehaviour, spot: Spot, attack: Attack) -> None:
        super().__init__(how, CA)
        self._spot = spot
        self._attack = attack

    async def _converse(self, stream: LabStream) -> None:
        await super()._converse(HostileStream(stream, self.behaviour.protocol, self._spot, self._attack))


def hostile(protocol: MailProtocol, spot: Spot, attack: str, *, implicit: bool = False) -> Listener:
    """A server of that protocol."""
    if protocol in MAIL:
        mail = Behaviour(
            protocol=protocol,
            host=HOST,
            implicit=implicit,
            takes_for=f"me@{HOST}",
            keywords=_KEYWORDS,
            account=ACCOUNT,
        )
        return HostileMailServer(mail, spot, ATTACKS[attack])
    access = AccessBehaviour(protocol=protocol, host=HOST, implicit=implicit, account=ACCOUNT)
    return HostileAccessServer(access, spot, ATTACKS[attack])


_CLEAR = (Spot(GREETING), Spot(HANDSHAKE))
SPOTS: dict[MailProtocol, tuple[Spot, ...]] = {
    MailProtocol.SMTP: (
        *_CLEAR,
        *map(Spot, (b"EHLO", b"STARTTLS", b"MAIL", b"AUTH")),
        *(
            Spot(w, True)
            for w in (
                ANYTHING,
                b"EHLO",
                b"MAIL",
                b"RCPT",
                b"VRFY",
                b"POST",
                b"NOOP",
                b"AUTH",
                b"DATA",
                b"RSET",
                b"QUIT",
            )
        ),
    ),
    MailProtocol.LMTP: (
        *_CLEAR,
        *map(Spot, (b"LHLO", b"STARTTLS", b"MAIL")),
        *(Spot(w, True) for w in (ANYTHING, b"LHLO", b"VRFY", b"POST", b"NOOP", b"AUTH", b"QUIT")),
    ),
    MailProtocol.IMAP: (
        *_CLEAR,
        *map(Spot, (b"CAPABILITY", b"STARTTLS", b"LOGIN", b"AUTHENTICATE")),
        *(
            Spot(w, True)
            for w in (
                ANYTHING,
                b"CAPABILITY",
                b"NOOP",
                b"POST",
                b"AUTHENTICATE",
                b"STATUS",
                b"EXAMINE",
                b"FETCH",
                b"LOGOUT",
            )
        ),
    ),
    MailProtocol.POP3: (
        *_CLEAR,
        *map(Spot, (b"CAPA", b"STLS", b"USER", b"AUTH")),
        *(Spot(w, True) for w in (ANYTHING, b"CAPA", b"POST", b"USER", b"PASS", b"AUTH", b"STLS", b"QUIT")),
    ),
    MailProtocol.SIEVE: (
        *_CLEAR,
        *map(Spot, (b"STARTTLS", b"CAPABILITY", b"AUTHENTICATE")),
        *(Spot(w, True) for w in (ANYTHING, b"NOOP", b"POST", b"CAPABILITY", b"AUTHENTICATE", b"LOGOUT")),
    ),
}
"""What each protocol's servers are asked: by the main conversation, then by what is around it."""
