"""A TLS 1.3 client for looking, sans-IO (RFC 8446): sees a server's whole flight, finishes, and goes on.

It trusts nobody: certificates are handed over as octets and the signature of CertificateVerify is not
verified; the server's Finished is, since it tells a handshake from noise. What is offered is a `ClientHello`
made by the caller, with the key shares that belong to it. The way to the shared secret is in
``wire.tls13_agreement``, records and alerts are in ``wire.tls13_connection``, the key schedule is in
``wire.tls13_keys``.

Early data is never sent, and a client certificate never shown: when asked for one, it sends an empty list.
"""

import hmac
from collections.abc import Sequence
from typing import Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_agreement import DECODE_ERROR, Tls13Agreement
from waxseal.wire.tls13_connection import UNEXPECTED_MESSAGE
from waxseal.wire.tls13_groups import Entropy, KeyShare
from waxseal.wire.tls13_keys import KeySchedule, Suite, finished, ticket_secret
from waxseal.wire.tls13_protection import RecordProtection
from waxseal.wire.tls_client_hello import TLS_1_3, ClientHello
from waxseal.wire.tls_events import (
    CertificateRequestSeen,
    CertificatesShown,
    CertificateVerifySeen,
    Deviated,
    EncryptedExtensionsSeen,
    Event,
    HandshakeCompleted,
    KeyUpdated,
    Resumption,
    TicketSeen,
)
from waxseal.wire.tls_fields import message, vector
from waxseal.wire.tls_server_certificates import CertificateMessage, CertificateRequest, CertificateVerify
from waxseal.wire.tls_server_flight import KeyUpdate, NewSessionTicket, parse_message
from waxseal.wire.tls_server_hello import EncryptedExtensions, Unreadable

DECRYPT_ERROR: Final = 51
MAX_KEY_UPDATES: Final = 64
"""KeyUpdates of one connection that are obeyed."""
MIN_FRAGMENT_OCTETS: Final = 64
"""The smallest record_size_limit that a server may ask for (RFC 8449 §4)."""

SIGNED_BEFORE: Final = b" " * 64 + b"TLS 1.3, server CertificateVerify\x00"
"""What stands before the transcript's hash in the octets that a server signs (RFC 8446 §4.4.3)."""

_CERTIFICATES = frozenset({reg.CERTIFICATE, reg.COMPRESSED_CERTIFICATE})
_FLIGHT = _CERTIFICATES | {
    reg.ENCRYPTED_EXTENSIONS,
    reg.CERTIFICATE_REQUEST,
    reg.CERTIFICATE_VERIFY,
    reg.FINISHED,
}
_NEXT: Final = {
    reg.SERVER_HELLO: frozenset({reg.ENCRYPTED_EXTENSIONS}),
    reg.ENCRYPTED_EXTENSIONS: _CERTIFICATES | {reg.CERTIFICATE_REQUEST},
    reg.CERTIFICATE_REQUEST: _CERTIFICATES,
    reg.CERTIFICATE: frozenset({reg.CERTIFICATE_VERIFY}),
    reg.COMPRESSED_CERTIFICATE: frozenset({reg.CERTIFICATE_VERIFY}),
    reg.CERTIFICATE_VERIFY: frozenset({reg.FINISHED}),
    reg.FINISHED: frozenset({reg.NEW_SESSION_TICKET, reg.KEY_UPDATE}),
}
"""What may follow each message of a server (RFC 8446 §4)."""


class Tls13Client(Tls13Agreement):
    """One connection: `start`, then `receive` what comes and write what `to_send` gives.

    Octets may come cut anywhere; they give the same events and never raise.

    Attributes:
        hello: The ClientHello as sent last: after a HelloRetryRequest, the second one.
        server_hello: The ServerHello; None before it.
        suite: The suite; None before ServerHello.
        group: Number of the group of the key exchange; None before it, and with a pre-shared key alone.
        resumed: Whether the server took the ticket.
        completed: Whether the handshake is completed.
        ended: Whether nothing more is read: closed, failed, refused by an alert, or stopped.
    """

    def __init__(
        self,
        hello: ClientHello,
        shares: Sequence[KeyShare],
        entropy: Entropy,
        *,
        answer_retry: bool = True,
        stop_after: int | None = None,
        resume: Resumption | None = None,
        age_ms: int = 0,
    ) -> None:
        """Prepare a connection.

        Args:
            hello: What is offered; with `resume`, without pre_shared_key, which is added.
            shares: The private halves of the hello's key shares.
            entropy: Gives the octets of a further key share, when the server asks for one.
            answer_retry: Whether a HelloRetryRequest is answered; else looking ends there.
            stop_after: Type of the message after which looking ends, such as Certificate (which stands for
                the compressed one too); None for a whole handshake.
            resume: A ticket to offer (RFC 8446 §4.2.11); the hello needs psk_key_exchange_modes.
            age_ms: The ticket's age.
        """
        super().__init__(hello, shares, entropy, answer_retry=answer_retry, resume=resume, age_ms=age_ms)
        self._stop_after = stop_after
        self._request: CertificateRequest | None = None
        self._expected = frozenset({reg.SERVER_HELLO})
        self._key_updates = 0

    def start(self) -> bytes:
        """The ClientHello in records; call it once, and first."""
        self._may_write = True
        self._send_hello(b"")
        return self.to_send()

    def key_log(self) -> tuple[str, ...]:
        """Lines for an SSLKEYLOGFILE, as far as the secrets are known. Secret."""
        if self._schedule is None:
            return ()
        known = {
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET": self._schedule.client_handshake,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET": self._schedule.server_handshake,
            "CLIENT_TRAFFIC_SECRET_0": self._schedule.client_application,
            "SERVER_TRAFFIC_SECRET_0": self._schedule.server_application,
            "EXPORTER_SECRET": self._schedule.exporter,
        }
        random = self.hello.random.hex()
        return tuple(f"{label} {random} {secret.hex()}" for label, secret in known.items() if secret)

    def _message(self, octets: bytes, at: int) -> None:
        """One whole handshake message; out of order, it is read where that makes sense (RFC 8446 §4)."""
        kind = octets[0]
        if kind not in self._expected:
            deviation = self._flag("message-out-of-order", "RFC 8446 §4", octets, at)
            if kind not in _FLIGHT or self._schedule is None or self.completed:
                self._fail(deviation, UNEXPECTED_MESSAGE)
                return
        if kind == reg.SERVER_HELLO:
            self._on_server_hello(octets)
        elif self._schedule is not None and self.suite is not None:
            self._under_keys(kind, octets, self._schedule, self.suite)
        if self.ended or (kind == reg.SERVER_HELLO and self.server_hello is None):
            return  # after a HelloRetryRequest, the ServerHello is still to come
        self._expected = self._following(kind)
        stop = reg.CERTIFICATE if kind == reg.COMPRESSED_CERTIFICATE else kind
        if stop == self._stop_after:
            self._stop("asked")

    def _following(self, kind: int) -> frozenset[int]:
        if self.completed:
            return _NEXT[reg.FINISHED]
        if kind == reg.ENCRYPTED_EXTENSIONS and self.resumed:
            return frozenset({reg.FINISHED})
        return _NEXT.get(kind, frozenset())

    def _under_keys(self, kind: int, octets: bytes, schedule: KeySchedule, suite: Suite) -> None:
        """A message under encryption: read it, tell it, act on it."""
        seen = parse_message(octets, TLS_1_3)
        self._events.extend(Deviated(deviation) for deviation in seen.deviations)
        if isinstance(seen, Unreadable) and (self.completed or kind == reg.FINISHED):
            self._fail(seen.deviations[-1], DECODE_ERROR)
        elif kind == reg.FINISHED:
            self._on_finished(octets, schedule, suite)
        elif isinstance(seen, NewSessionTicket):
            self._on_ticket(seen, schedule, suite)
        elif isinstance(seen, KeyUpdate):
            self._on_key_update(seen)
        else:
            self._on_flight(seen)
            self._transcript.update(octets)

    def _on_flight(self, seen: object) -> None:
        """A message between ServerHello and Finished; an unreadable one has told its deviations already."""
        event: Event | None = None
        if isinstance(seen, EncryptedExtensions):
            event = EncryptedExtensionsSeen(seen)
            limit = seen.extensions.record_size_limit
            if limit is not None and limit >= MIN_FRAGMENT_OCTETS:
                # The limit counts the content type (RFC 8449 §4).
                self._fragment_octets = min(self._fragment_octets, limit - 1)
        elif isinstance(seen, CertificateRequest):
            self._request = seen
            event = CertificateRequestSeen(seen)
        elif isinstance(seen, CertificateMessage):
            event = CertificatesShown(seen)
        elif isinstance(seen, CertificateVerify):
            event = CertificateVerifySeen(seen, SIGNED_BEFORE + self._transcript.digest())
        if event is not None:
            self._events.append(event)

    def _on_finished(self, octets: bytes, schedule: KeySchedule, suite: Suite) -> None:
        """Compare the server's Finished, send ours, and change keys on both sides (RFC 8446 §4.4.4)."""
        hash_name = suite.hash_name
        right = finished(hash_name, schedule.server_handshake, self._transcript.digest())
        if not hmac.compare_digest(octets[4:], right):
            self._broken("finished-wrong", "RFC 8446 §4.4.4", octets, DECRYPT_ERROR)
            return
        self._transcript.update(octets)
        schedule.complete(self._transcript.digest())
        self._be_compatible()
        flight = b""
        if self._request is not None:
            # Without a certificate the list is empty, and no CertificateVerify follows (RFC 8446 §4.4.2).
            body = vector(self._request.context, 1) + vector(b"", 3)
            flight = message(reg.CERTIFICATE, body)
            self._transcript.update(flight)
        ours = finished(hash_name, schedule.client_handshake, self._transcript.digest())
        last = message(reg.FINISHED, ours)
        self._emit(reg.HANDSHAKE, flight + last)
        self._transcript.update(last)
        schedule.remember(self._transcript.digest())
        self._reading = RecordProtection(suite, schedule.server_application)
        self._writing = RecordProtection(suite, schedule.client_application)
        self.completed = True
        self._events.append(HandshakeCompleted(suite.number, self.group, self.resumed))

    def _on_ticket(self, seen: NewSessionTicket, schedule: KeySchedule, suite: Suite) -> None:
        secret = ticket_secret(suite.hash_name, schedule.resumption, seen.nonce)
        resumption = Resumption(
            seen.ticket, suite.number, seen.age_add or 0, seen.lifetime_s, seen.max_early_data_octets, secret
        )
        self._events.append(TicketSeen(seen, resumption))

    def _on_key_update(self, seen: KeyUpdate) -> None:
        """Follow the server to its next key, and go on to ours where it asks for that (RFC 8446 §4.6.3)."""
        self._key_updates += 1
        if self._key_updates > MAX_KEY_UPDATES or self._reading is None or self._writing is None:
            self._broken("too-many-key-updates", "limit of waxseal", seen.octets, UNEXPECTED_MESSAGE)
            return
        self._reading.update()
        if seen.requested:
            self._emit(reg.HANDSHAKE, message(reg.KEY_UPDATE, b"\x00"))
            self._writing.update()
        self._events.append(KeyUpdated(seen.requested))
