"""A client of SSL 3.0 to TLS 1.3, sans-IO: one hello offers them all, and the ServerHello says how to go on.

The hello is sent once; what the server answers is kept until its version is known, and then read by the
client of that version: ``wire.tls13`` or ``wire.tls12``, which hold everything else. What is offered is made
with ``wire.tls_client_offer``.
"""

from collections.abc import Sequence
from typing import Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_agreement import offered_versions
from waxseal.wire.tls12_suites import Suite12
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_groups import Entropy, KeyShare
from waxseal.wire.tls13_keys import Suite
from waxseal.wire.tls_client_hello import TLS_1_3, ClientHello
from waxseal.wire.tls_connection import RecordReader
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_events import Event, Resumption, Resumption12
from waxseal.wire.tls_record import MAX_SERVER_HELLO_OCTETS
from waxseal.wire.tls_server_hello import ServerHello, parse_server_hello

MAX_UNDECIDED_OCTETS: Final = 64 * 1024
"""Octets of an answer that are kept while its version is not known."""


class TlsClient:
    """One connection: `start`, then `receive` what comes and write what `to_send` gives.

    Octets may come cut anywhere; they give the same events and never raise.
    """

    def __init__(
        self,
        hello: ClientHello,
        shares: Sequence[KeyShare],
        entropy: Entropy,
        *,
        resume: Resumption | Resumption12 | None = None,
        age_ms: int = 0,
        early_data: bool = False,
        credentials: ClientCredentials | None = None,
        answer_retry: bool = True,
        stop_after: int | None = None,
    ) -> None:
        """Prepare a connection.

        Args:
            hello: What is offered, see `waxseal.wire.tls_client_offer.ClientOffer`; with `resume`, a session
                is added.
            shares: The private halves of the hello's key shares.
            entropy: Gives the octets of keys and secrets.
            resume: A session to offer, of TLS 1.3 or below.
            age_ms: The age of a ticket of TLS 1.3.
            early_data: Whether early data is announced, where a ticket of TLS 1.3 allows any; a server that
                then chooses less cannot be gone on with (RFC 8446 appendix D.3).
            credentials: A client certificate, shown when the server asks for one.
            answer_retry: Whether a HelloRetryRequest is answered; else looking ends there.
            stop_after: Type of the message after which looking ends; None for a whole handshake.
        """
        older = resume if isinstance(resume, Resumption12) else None
        newer = resume if isinstance(resume, Resumption) else None
        self._below = Tls12Client(
            hello, entropy, resume=older, credentials=credentials, stop_after=stop_after
        )
        self._tls13 = Tls13Client(
            self._below.hello,
            shares,
            entropy,
            answer_retry=answer_retry,
            stop_after=stop_after,
            resume=newer,
            age_ms=age_ms,
            early_data=early_data,
            credentials=credentials,
        )
        offered = offered_versions(hello)
        self._client: Tls13Client | Tls12Client = self._tls13 if TLS_1_3 in offered else self._below
        self._decided = TLS_1_3 not in offered or min(offered) == TLS_1_3
        self._kept = bytearray()
        self._records = RecordReader()
        self._handshake = bytearray()

    @property
    def hello(self) -> ClientHello:
        """The ClientHello as sent last."""
        return self._client.hello

    @property
    def server_hello(self) -> ServerHello | None:
        """The ServerHello; None before it."""
        return self._client.server_hello

    @property
    def version(self) -> int | None:
        """The negotiated version; None before ServerHello."""
        return None if self._client.server_hello is None else self._client.server_hello.version

    @property
    def suite(self) -> Suite | Suite12 | None:
        """The suite; None before ServerHello, and where this version does not know it."""
        return self._client.suite

    @property
    def group(self) -> int | None:
        """Number of the group of the key exchange; None before it, and where there is none."""
        return self._client.group

    @property
    def resumed(self) -> bool:
        """Whether the server took up the session that was offered."""
        return self._client.resumed

    @property
    def completed(self) -> bool:
        """Whether the handshake is completed."""
        return self._client.completed

    @property
    def ended(self) -> bool:
        """Whether nothing more is read: closed, failed, refused by an alert, or stopped."""
        return self._client.ended

    @property
    def below(self) -> Tls12Client | None:
        """The client of TLS 1.2 and below, for what only that can do; None before it is chosen."""
        return self._client if isinstance(self._client, Tls12Client) else None

    def start(self) -> bytes:
        """The ClientHello in records; call it once, and first."""
        if self._client is self._below:
            return self._below.start()
        octets = self._tls13.start()
        self._below.begin(self._tls13.hello)
        return octets

    def receive(self, data: bytes) -> list[Event]:
        """Take in octets from the server, cut anywhere; `to_send` may have an answer afterwards.

        Nothing is told before the version is known.
        """
        if self._decided or self._client.ended:
            return self._client.receive(data)
        self._kept += data
        self._records.feed(data)
        return self._go_on() if self._decide() else []

    def receive_eof(self) -> list[Event]:
        """The stream ended; without close_notify before, that is not in order (RFC 8446 §6.1)."""
        events = [] if self._decided else self._go_on()
        return events + self._client.receive_eof()

    def to_send(self) -> bytes:
        """Everything that is to go out now; it counts as sent."""
        return self._client.to_send()

    def send(self, data: bytes) -> bytes:
        """Records that carry this data, and whatever waited before them.

        Raises:
            RuntimeError: The handshake is not completed, or the connection was closed or failed.
        """
        return self._client.send(data)

    def close(self) -> bytes:
        """Say good-bye once, where there is somebody to say it to; see the clients of each version."""
        return self._client.close()

    def key_log(self) -> tuple[str, ...]:
        """Lines for an SSLKEYLOGFILE, as far as the secrets are known. Secret."""
        return self._client.key_log()

    def _go_on(self) -> list[Event]:
        """Hand all that was kept to the client that reads on."""
        self._decided = True
        octets = bytes(self._kept)
        self._kept.clear()
        return self._client.receive(octets)

    def _decide(self) -> bool:
        """Look for the ServerHello, which names the version; whatever else comes, TLS 1.3's client judges.

        An alert of level 1 before it decides nothing, and servers of TLS 1.2 send such (RFC 6066 §3).
        """
        while (record := self._records.next()) is not None:
            if record.at > MAX_UNDECIDED_OCTETS:
                return True
            if record.kind == reg.ALERT and record.payload[:1] == b"\x01" and record.payload[1:] != b"\x00":
                continue
            if record.kind != reg.HANDSHAKE:
                return True
            self._handshake += record.payload
            octets = bytes(self._handshake)
            if octets[:1] not in (b"", bytes([reg.SERVER_HELLO])):
                return True
            end = 4 + int.from_bytes(octets[1:4], "big")
            if len(octets) >= 4 and end > MAX_SERVER_HELLO_OCTETS:
                return True
            if len(octets) >= max(end, 4):
                hello = parse_server_hello(octets[:end])
                if isinstance(hello, ServerHello) and hello.version != TLS_1_3:
                    self._client = self._below
                return True
        return self._records.broken is not None
