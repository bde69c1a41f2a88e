"""A whole handshake up to TLS 1.2 as a talk: with a hello of its own, or going on behind a flight that came.

The client is ``wire.tls12``. What is tried on a connection once its handshake stands belongs to those who
try it (``sessions``, ``flaws``): they take up events in `FullTalk12.saw`.
"""

from dataclasses import replace

from waxseal.facts import Cause, Reaction
from waxseal.probes.tls.hellos import FINITE_FIELDS, HelloMaker
from waxseal.probes.tls.question import FIRST_OCTETS, HelloTalk, Talk
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_exchange import exchange_groups
from waxseal.wire.tls12_suites import cipher_works, parse_suite
from waxseal.wire.tls_client_hello import TLS_1_2, ClientHello
from waxseal.wire.tls_events import (
    AlertReceived,
    Closed,
    Event,
    Failed,
    HandshakeCompleted,
    ServerHelloSeen,
    Stopped,
)
from waxseal.wire.tls_fields import records
from waxseal.wire.tls_server_hello import ServerHello


def spoken(suites: list[int] | tuple[int, ...]) -> tuple[int, ...]:
    """Those suites that our client can finish a handshake with, in the same order."""
    found = ((number, parse_suite(number)) for number in suites)
    return tuple(number for number, suite in found if suite is not None and cipher_works(suite.cipher))


def whole_hello(
    maker: HelloMaker,
    version: int,
    suites: tuple[int, ...],
    *,
    ticket: bool = True,
    encrypt_then_mac: bool = True,
) -> ClientHello:
    """A hello up to TLS 1.2 that offers only what our client can go through with.

    Args:
        maker: Names the server.
        version: The highest version offered.
        suites: Suites offered.
        ticket: Whether tickets are taken (RFC 5077 §3.2).
        encrypt_then_mac: Whether RFC 7366 is offered.
    """
    groups = tuple(dict.fromkeys((*exchange_groups(), *FINITE_FIELDS)))
    hello = replace(maker.up_to_12(version, suites, groups), compressions=(0,))
    if hello.extensions is None:
        return hello
    hello = hello.with_extension(ext.point_formats()).without_extension(reg.HEARTBEAT)
    if not ticket:
        hello = hello.without_extension(reg.SESSION_TICKET)
    return hello if encrypt_then_mac else hello.without_extension(reg.ENCRYPT_THEN_MAC)


class FullTalk12(Talk):
    """A handshake up to TLS 1.2, to its end.

    Attributes:
        client: The client, for what it knows.
        events: What it saw.
    """

    def __init__(self, client: Tls12Client, behind: HelloTalk | None = None) -> None:
        """Prepare one.

        Args:
            client: Makes the handshake; its hello is what goes out, unless there is a talk before.
            behind: A talk whose flight came whole: the handshake goes on behind it, with its hello.
        """
        super().__init__()
        self.client = client
        self.events: list[Event] = []
        self._behind = behind

    def start(self) -> bytes:
        """The hello; or what follows the flight that came."""
        if self._behind is None:
            return self.client.start()
        flight = self._behind.flight
        self.client.begin(self._behind.hello)
        hello = b"" if flight.hello is None else flight.hello.octets
        octets = b"".join((hello, *(message for _, message in flight.messages)))
        return self._take(self.client.receive(records(reg.HANDSHAKE, octets, flight.version or TLS_1_2)))

    def receive(self, data: bytes) -> bytes:
        """Hand it to the client."""
        self.first = (self.first + data)[:FIRST_OCTETS] if len(self.first) < FIRST_OCTETS else self.first
        return self._take(self.client.receive(data))

    def end(self, cause: Cause, detail: str = "") -> None:
        """A handshake that stood stays completed, however the connection ended."""
        super().end(cause, detail)
        if self.completed:
            self.cause = Cause.COMPLETED

    def farewell(self) -> bytes:
        """The client's own good-bye."""
        return self.client.close()

    @property
    def completed(self) -> bool:
        """Whether the handshake was completed."""
        return self.client.completed

    @property
    def server_hello(self) -> ServerHello | None:
        """The first ServerHello."""
        return next((e.hello for e in self.events if isinstance(e, ServerHelloSeen)), None)

    def saw(self, event: Event) -> bytes:
        """An event came; give what is to be sent for it. Here: the talk is done with the handshake."""
        if isinstance(event, HandshakeCompleted):
            self.done, self.cause = True, Cause.COMPLETED
        return b""

    def stopped(self, how: Reaction) -> None:
        """The client reads no further."""
        self.done = True
        if not self.completed:
            self.cause, self.alert, self.detail = how.cause, how.alert, how.detail

    def _take(self, events: list[Event]) -> bytes:
        self.events += events
        out = b"".join([self.saw(event) for event in events])
        out += self.client.to_send()
        if self.client.ended:
            self.stopped(self._how())
        return out

    def _how(self) -> Reaction:
        """What ended the reading."""
        last = next((e for e in reversed(self.events) if isinstance(e, _ENDS)), None)
        if isinstance(last, AlertReceived):
            return Reaction(Cause.ALERT, last.description)
        if isinstance(last, Failed):
            cause = Cause.NOT_TLS if last.alert is None else Cause.TLS_FAILED
            return Reaction(cause, detail=last.deviation.rule)
        if isinstance(last, Closed):
            return Reaction(Cause.CLOSED, detail="close_notify")
        return Reaction(Cause.TLS_FAILED, detail="another version was selected")


_ENDS = (AlertReceived, Failed, Closed, Stopped)
