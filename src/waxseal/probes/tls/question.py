"""One question to a server: octets to send where the ClientHello is due, and what comes of them.

A `Talk` is sans-IO and holds the question's answer in the end. A strand is a generator that yields questions
and is sent the answers; it never sees a connection (``probes.tls.pool`` does), so it runs as well against a
server that is only a function.
"""

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import pairwise

from waxseal.facts import Cause, Reaction
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_events import (
    AlertReceived,
    CertificateRequestSeen,
    CertificatesShown,
    CertificateVerifySeen,
    EncryptedExtensionsSeen,
    Event,
    Failed,
    HelloRetry,
    ServerHelloSeen,
)
from waxseal.wire.tls_first_flight import FirstFlight
from waxseal.wire.tls_server_certificates import CertificateRequest
from waxseal.wire.tls_server_hello import ServerHello

FIRST_OCTETS = 64
entropy = os.urandom


class Talk:
    """What is said on one connection from the ClientHello on, and how that ended.

    Attributes:
        done: Whether nothing more is awaited.
        cause: COMPLETED where the server gave an answer of the kind asked for; else why there is none.
        alert: Number of the alert that came.
        detail: More about the end, in words.
        elapsed_s: From the hello to the end.
        pieces: Places at which the start is cut into segments.
        pause_s: Time between the segments.
        quiet_s: Silence for so long counts as an answer; None where it does not.
    """

    pieces: tuple[int, ...] = ()
    pause_s = 0.0
    quiet_s: float | None = None

    def __init__(self) -> None:
        self.done = False
        self.cause = Cause.BUDGET_SPENT
        self.alert: int | None = None
        self.detail = ""
        self.elapsed_s = 0.0
        self.first = b""

    def start(self) -> bytes:
        """What to send first."""
        raise NotImplementedError

    def segments(self) -> tuple[bytes, ...]:
        """The same in the segments wanted."""
        octets = self.start()
        return tuple(octets[a:b] for a, b in pairwise((0, *self.pieces, len(octets))) if a < b)

    def receive(self, data: bytes) -> bytes:
        """Take in octets; give those to send now."""
        raise NotImplementedError

    def silence(self) -> bytes:
        """Nothing came for `quiet_s`; give what is to be sent now. Without it, the talk is done."""
        self.done = True
        return b""

    def end(self, cause: Cause, detail: str = "") -> None:
        """The connection ended, or its time did."""
        self.cause, self.detail = cause, detail
        self.done = True

    def follow(self) -> "Talk | None":
        """What else is tried on the same connection, once the answer is known; None for nothing."""
        return None

    def farewell(self) -> bytes:
        """What to send before the connection is closed.

        Nothing in the middle of a handshake: close_notify there ends the whole of Node 0.10's server.
        """
        return b""

    def reaction(self) -> Reaction:
        """The end as a fact."""
        alert = self.alert if self.cause is Cause.ALERT else None
        return Reaction(self.cause, alert, self.first[:FIRST_OCTETS], self.detail[:200], self.elapsed_s)


Chooser = Callable[["HelloTalk"], Talk | None]
"""Chooses what else to try on a connection whose first flight is known."""


class HelloTalk(Talk):
    """A hello and the server's first flight in clear.

    Attributes:
        hello: What was offered.
        flight: What came.
    """

    def __init__(self, hello: ClientHello, chooser: Chooser | None = None) -> None:
        super().__init__()
        self.hello = hello
        self.flight = FirstFlight()
        self._chooser = chooser

    def start(self) -> bytes:
        """The hello in one record."""
        return self.hello.records(min(self.hello.legacy_version, 0x0301))

    def follow(self) -> Talk | None:
        """What the chooser has for a flight that is whole."""
        return self._chooser(self) if self._chooser is not None and self.flight.whole else None

    def receive(self, data: bytes) -> bytes:
        """Read on until the flight is done."""
        if self.flight.feed(data):
            self._judge()
        return b""

    def end(self, cause: Cause, detail: str = "") -> None:
        """Only a whole flight counts: a ServerHello alone is not a working server."""
        super().end(cause, detail)
        self.first = self.flight.first
        if self.flight.whole:
            self.cause = Cause.COMPLETED

    def _judge(self) -> None:
        flight = self.flight
        self.done = True
        self.first = flight.first
        self.alert = flight.alert
        if flight.alert is not None:
            self.cause = Cause.ALERT
        elif flight.not_tls:
            self.cause = Cause.NOT_TLS
        elif flight.hello is not None:
            self.cause = Cause.COMPLETED
        else:
            self.cause = Cause.TLS_FAILED
            self.detail = flight.deviations[-1].rule if flight.deviations else ""

    @property
    def selected(self) -> ServerHello | None:
        """The server's hello, where the handshake was not ended by an alert."""
        return self.flight.hello if self.cause is Cause.COMPLETED else None

    @property
    def group(self) -> int | None:
        """The named group of the key exchange."""
        return self.flight.group

    @property
    def scheme(self) -> int | None:
        """The scheme of the key exchange's signature."""
        return self.flight.scheme


class Tls13Talk(Talk):
    """A handshake of TLS 1.3 by our own client, read as far as CertificateVerify.

    Attributes:
        hello: What was offered first.
        client: The client, for what it knows.
        events: What it saw.
    """

    def __init__(self, hello: ClientHello, client: Tls13Client) -> None:
        super().__init__()
        self.hello = hello
        self.client = client
        self.events: list[Event] = []

    def start(self) -> bytes:
        """The hello."""
        return self.client.start()

    def receive(self, data: bytes) -> bytes:
        """Hand it to the client."""
        self.first = (self.first + data)[:FIRST_OCTETS] if len(self.first) < FIRST_OCTETS else self.first
        self.events += self.client.receive(data)
        if self.client.ended:
            self._judge()
        return self.client.to_send()

    def end(self, cause: Cause, detail: str = "") -> None:
        """A hello that came counts even where its rest did not."""
        super().end(cause, detail)
        if any(isinstance(event, ServerHelloSeen | HelloRetry) for event in self.events):
            self.cause = Cause.COMPLETED

    def farewell(self) -> bytes:
        """The client's own good-bye."""
        return self.client.close()

    def _judge(self) -> None:
        self.done = True
        last = self.events[-1] if self.events else None
        failed = next((e for e in self.events if isinstance(e, Failed)), None)
        if isinstance(last, AlertReceived):  # one that came before the end was a warning
            self.cause, self.alert = Cause.ALERT, last.description
        elif self._hellos():
            self.cause = Cause.COMPLETED
        elif failed is not None:
            self.cause = Cause.NOT_TLS if failed.alert is None else Cause.TLS_FAILED
            self.detail = failed.deviation.rule
        else:
            self.cause = Cause.CLOSED

    def _hellos(self) -> list[ServerHello]:
        return [e.hello for e in self.events if isinstance(e, ServerHelloSeen | HelloRetry)]

    @property
    def selected(self) -> ServerHello | None:
        """The server's last hello, where the handshake was not ended by an alert."""
        hellos = self._hellos()
        return hellos[-1] if hellos and self.cause is Cause.COMPLETED else None

    @property
    def retry(self) -> ServerHello | None:
        """The HelloRetryRequest."""
        return next((e.hello for e in self.events if isinstance(e, HelloRetry)), None)

    @property
    def group(self) -> int | None:
        """The group of the key exchange."""
        return None if self.selected is None else self.selected.extensions.group

    @property
    def scheme(self) -> int | None:
        """The scheme of CertificateVerify."""
        seen = next((e.message for e in self.events if isinstance(e, CertificateVerifySeen)), None)
        return None if seen is None else seen.scheme

    @property
    def encrypted_extensions(self) -> EncryptedExtensionsSeen | None:
        """EncryptedExtensions, where it was read."""
        return next((e for e in self.events if isinstance(e, EncryptedExtensionsSeen)), None)

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """DER of each certificate shown, leaf first."""
        seen = next((e.message for e in self.events if isinstance(e, CertificatesShown)), None)
        return () if seen is None else seen.certificates

    @property
    def request(self) -> CertificateRequest | None:
        """The CertificateRequest."""
        return next((e.message for e in self.events if isinstance(e, CertificateRequestSeen)), None)


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask on one connection.

    Attributes:
        about: What it asks, such as ``suites TLSv1.2``: for what could not be asked.
        talk: Makes the talk, when a connection is there.
        more: How many questions are sure to follow it, as far as one can tell, so that connections may be
            made ready for them.
        until: Not a question, but a wait for other strands: until this holds. It takes no connection.
    """

    about: str
    talk: Callable[[], Talk] = Talk
    more: int = 0
    until: Callable[[], bool] | None = None


Strand = Generator[Question, Talk, None]
"""Questions that depend on one another."""


def wait(about: str, until: Callable[[], bool]) -> Strand:
    """Wait for other strands, with a question about this to come."""
    yield Question(about, until=until)
