"""The mail protocols as far as a TLS test needs them: greeting, capabilities, STARTTLS, the end.

One `Dialogue` is the whole behaviour of a server that takes no mail, as data, so that the asyncio front, the
Python servers and the Node servers all say the same. Lines carry no CRLF here.

SMTP RFC 5321 and RFC 3207, LMTP RFC 2033, IMAP RFC 9051, POP3 RFC 1939 and RFC 2595, ManageSieve RFC 5804.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Final, Literal

from .names import HOST_NAME

Protocol = Literal["smtp", "lmtp", "imap", "pop3", "sieve"]
Turn = Literal["go on", "start TLS", "close"]

MAX_LINE_OCTETS: Final = 8192
"""A longer line ends the connection: no server here keeps more."""


@dataclass(frozen=True)
class Dialogue:
    """What a server of one protocol says.

    Attributes:
        protocol: Its name.
        greeting: The first reply, in the clear and with implicit TLS.
        resumed: What the server sends unasked once TLS has started; ManageSieve repeats its capabilities.
        clear, secured: Replies by verb before and within TLS; "{tag}" stands for the command's tag.
        start: The verb that starts TLS.
        ready: The reply to `start`.
        end: The verb that ends the session, after its reply.
        unknown: The reply to every other verb.
        tagged: Whether commands begin with a tag.
        busy: Sent instead of the greeting where there are too many connections.
    """

    protocol: Protocol
    greeting: tuple[str, ...]
    start: str
    ready: str
    end: str
    unknown: str
    busy: str
    clear: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secured: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resumed: tuple[str, ...] = ()
    tagged: bool = False

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def _extended(protocol: Protocol, verb: str) -> Dialogue:
    """SMTP and LMTP, which differ in the word of greeting."""
    shared = {"NOOP": ("250 2.0.0 OK",), "RSET": ("250 2.0.0 OK",), "QUIT": ("221 2.0.0 Bye",)}
    keywords = ("250-PIPELINING", "250-8BITMIME")
    return Dialogue(
        protocol=protocol,
        greeting=(f"220 {HOST_NAME} {'LMTP' if verb == 'LHLO' else 'ESMTP'} ready",),
        start="STARTTLS",
        ready="220 2.0.0 Go ahead",
        end="QUIT",
        unknown="502 5.5.1 Command not implemented",
        busy=f"421 4.7.0 {HOST_NAME} Too many connections",
        clear={**shared, verb: (f"250-{HOST_NAME}", *keywords, "250 STARTTLS")},
        secured={**shared, verb: (f"250-{HOST_NAME}", *keywords, "250 SIZE 10240000")},
    )


_SIEVE = ('"IMPLEMENTATION" "waxseal test server"', '"SASL" ""', '"SIEVE" "fileinto"', '"VERSION" "1.0"')

DIALOGUES: Final[dict[Protocol, Dialogue]] = {
    "smtp": _extended("smtp", "EHLO"),
    "lmtp": _extended("lmtp", "LHLO"),
    "imap": Dialogue(
        protocol="imap",
        greeting=(f"* OK {HOST_NAME} IMAP ready",),
        start="STARTTLS",
        ready="{tag} OK Begin TLS negotiation now",
        end="LOGOUT",
        unknown="{tag} BAD Unknown command",
        busy="* BYE Too many connections",
        clear={
            "CAPABILITY": ("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED", "{tag} OK Done"),
            "NOOP": ("{tag} OK Done",),
            "LOGOUT": ("* BYE Logging out", "{tag} OK Done"),
        },
        secured={
            "CAPABILITY": ("* CAPABILITY IMAP4rev1 AUTH=PLAIN", "{tag} OK Done"),
            "NOOP": ("{tag} OK Done",),
            "LOGOUT": ("* BYE Logging out", "{tag} OK Done"),
        },
        tagged=True,
    ),
    "pop3": Dialogue(
        protocol="pop3",
        greeting=(f"+OK {HOST_NAME} POP3 ready",),
        start="STLS",
        ready="+OK Begin TLS negotiation now",
        end="QUIT",
        unknown="-ERR Unknown command",
        busy="-ERR [SYS/TEMP] Too many connections",
        clear={"CAPA": ("+OK", "STLS", "UIDL", "."), "NOOP": ("+OK",), "QUIT": ("+OK Bye",)},
        secured={"CAPA": ("+OK", "USER", "UIDL", "."), "NOOP": ("+OK",), "QUIT": ("+OK Bye",)},
    ),
    "sieve": Dialogue(
        protocol="sieve",
        greeting=(*_SIEVE, '"STARTTLS"', 'OK "ready"'),
        start="STARTTLS",
        ready='OK "Begin TLS negotiation now"',
        end="LOGOUT",
        unknown='NO "Unknown command"',
        busy='BYE (TRYLATER) "Too many connections"',
        clear={
            "CAPABILITY": (*_SIEVE, '"STARTTLS"', 'OK "done"'),
            "NOOP": ('OK "done"',),
            "LOGOUT": ('OK "bye"',),
        },
        secured={"CAPABILITY": (*_SIEVE, 'OK "done"'), "NOOP": ('OK "done"',), "LOGOUT": ('OK "bye"',)},
        resumed=(*_SIEVE, 'OK "secured"'),
    ),
}
"""Every protocol there is."""


class Speaker:
    """One session of a dialogue, fed with octets in any pieces.

    Args:
        dialogue: What to say.
        secured: Whether TLS is already there.
        refused: The reply to the command that starts TLS, instead of starting it.
    """

    def __init__(self, dialogue: Dialogue, *, secured: bool, refused: str = "") -> None:
        self._refused = refused
        self._dialogue = dialogue
        self._secured = secured
        self._buffer = b""

    @property
    def greeting(self) -> bytes:
        """Sent when the connection begins."""
        return lines(*self._dialogue.greeting)

    @property
    def resumed(self) -> bytes:
        """Sent when TLS has started by command."""
        return lines(*self._dialogue.resumed)

    def feed(self, octets: bytes) -> tuple[bytes, Turn, bytes]:
        """What to send, what to do then, and the octets behind the line that decided it."""
        self._buffer += octets
        said = b""
        while b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            answer, turn = self._answer(line.decode("latin-1").strip())
            said += answer
            if turn != "go on":
                rest, self._buffer = self._buffer, b""
                return said, turn, rest
        if len(self._buffer) > MAX_LINE_OCTETS:
            return said, "close", b""
        return said, "go on", b""

    def _answer(self, line: str) -> tuple[bytes, Turn]:
        told = self._dialogue
        words = line.split()
        tag = words.pop(0) if told.tagged and words else "*"
        verb = words[0].upper() if words else ""
        if verb == told.start and not self._secured:
            said = lines((self._refused or told.ready).replace("{tag}", tag))
            return said, "go on" if self._refused else "start TLS"
        replies = (told.secured if self._secured else told.clear).get(verb, (told.unknown,))
        said = lines(*(reply.replace("{tag}", tag) for reply in replies))
        return said, "close" if verb == told.end else "go on"


def lines(*texts: str) -> bytes:
    """Each with its CRLF."""
    return b"".join(text.encode() + b"\r\n" for text in texts)
