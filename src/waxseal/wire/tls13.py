"""A TLS 1.3 client for looking, sans-IO (RFC 8446): sees a server's whole flight, finishes, and goes on.

It trusts nobody: certificates are handed over as octets and the signature of CertificateVerify is not
verified; the server's Finished is, since it tells a handshake from noise. What is offered is a `ClientHello`
made by the caller, with the key shares that belong to it. The way to the shared secret is in
``wire.tls13_agreement``, records and alerts are in ``wire.tls13_connection``, the key schedule is in
``wire.tls13_keys``.

Early data goes out only through `send_early`. A client certificate is shown only where the caller gives one
and the server asks; else the list is empty (``wire.tls13_client_auth``).
"""

import hmac
from collections.abc import Sequence
from typing import Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_agreement import DECODE_ERROR, Tls13Agreement
from waxseal.wire.tls13_client_auth import answer
from waxseal.wire.tls13_groups import Entropy, KeyShare
from waxseal.wire.tls13_keys import SUITES, KeySchedule, Suite, finished, ticket_secret
from waxseal.wire.tls13_protection import RecordProtection
from waxseal.wire.tls_client_hello import TLS_1_3, ClientHello
from waxseal.wire.tls_connection import UNEXPECTED_MESSAGE
from waxseal.wire.tls_credentials import ClientCredentials
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
from waxseal.wire.tls_fields import message
from waxseal.wire.tls_server_certificates import CertificateMessage, CertificateRequest, CertificateVerify
from waxseal.wire.tls_server_flight import KeyUpdate, NewSessionTicket, parse_message
from waxseal.wire.tls_server_hello import EncryptedExtensions, Unreadable

DECRYPT_ERROR: Final = 51
MAX_KEY_UPDATES: Final = 64
"""KeyUpdates of one connection that are obeyed."""
MAX_LATE_REQUESTS: Final = 8
"""CertificateRequests after the handshake of one connection that are answered."""
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
_LATE_REQUEST = frozenset({reg.CERTIFICATE_REQUEST})
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
        early_data_accepted: Whether the server took early data; None where none was announced, and before
            that is known.
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
        early_data: bool = False,
        credentials: ClientCredentials | None = None,
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
            early_data: Whether early data is announced, where the ticket allows any.
            credentials: What a CertificateRequest is answered with; one after the handshake is only allowed
                where the hello has post_handshake_auth (RFC 8446 §4.6.2).
        """
        super().__init__(
            hello,
            shares,
            entropy,
            answer_retry=answer_retry,
            resume=resume,
            age_ms=age_ms,
            early_data=early_data,
        )
        self._credentials = credentials
        self._late_requests = 0
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
        known: dict[str, bytes] = {}
        if self._early is not None:
            known["CLIENT_EARLY_TRAFFIC_SECRET"] = self._early.client_early(self._early_hash)
        if self._schedule is not None:
            known |= {
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
            late = self.hello.extension(reg.POST_HANDSHAKE_AUTH) is not None
            return _NEXT[reg.FINISHED] | _LATE_REQUEST if late else _NEXT[reg.FINISHED]
        if kind == reg.ENCRYPTED_EXTENSIONS and self.resumed:
            return frozenset({reg.FINISHED})
        return _NEXT.get(kind, frozenset())

    def _under_keys(self, kind: int, octets: bytes, schedule: KeySchedule, suite: Suite) -> None:
        """A message under encryption: read it, tell it, act on it."""
        seen = parse_message(octets, TLS_1_3)
        if seen.deviations:
            self._events.extend(Deviated(deviation) for deviation in seen.deviations)
        if isinstance(seen, Unreadable) and (self.completed or kind == reg.FINISHED):
            self._fail(seen.deviations[-1], DECODE_ERROR)
        elif kind == reg.FINISHED:
            self._on_finished(octets, schedule, suite)
        elif isinstance(seen, NewSessionTicket):
            self._on_ticket(seen, schedule, suite)
        elif isinstance(seen, KeyUpdate):
            self._on_key_update(seen)
        elif isinstance(seen, CertificateRequest) and self.completed:
            self._on_late_request(seen)
        else:
            self._on_flight(seen)
            self._transcript.update(octets)

    def _on_flight(self, seen: object) -> None:
        """A message between ServerHello and Finished; an unreadable one has told its deviations already."""
        event: Event | None = None
        if isinstance(seen, EncryptedExtensions):
            event = EncryptedExtensionsSeen(seen)
            self._judge_early(seen)
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

    def _judge_early(self, seen: EncryptedExtensions) -> None:
        """Whether the server takes the early data (RFC 8446 §4.2.10)."""
        if not seen.extensions.has(reg.EARLY_DATA):
            self._refuse_early()
        elif self._early is None or self.early_data_accepted is False:
            self._flag("early-data-not-offered", "RFC 8446 §4.2.10", seen.octets)
        else:
            self.early_data_accepted = True
            if self._resume is not None and self.suite != SUITES[self._resume.suite]:
                self._flag("early-data-of-another-suite", "RFC 8446 §4.2.10", seen.octets)

    def _on_finished(self, octets: bytes, schedule: KeySchedule, suite: Suite) -> None:
        """Compare the server's Finished, send ours, and change keys on both sides (RFC 8446 §4.4.4)."""
        hash_name = suite.hash_name
        right = finished(hash_name, schedule.server_handshake, self._transcript.digest())
        if not hmac.compare_digest(octets[4:], right):
            self._broken("finished-wrong", "RFC 8446 §4.4.4", octets, DECRYPT_ERROR)
            return
        self._transcript.update(octets)
        schedule.complete(self._transcript.digest())
        self._end_early(schedule, suite)
        self._be_compatible()
        flight = b""
        if self._request is not None:
            flight = answer(self._request, self._credentials, self._transcript)
        ours = finished(hash_name, schedule.client_handshake, self._transcript.digest())
        last = message(reg.FINISHED, ours)
        self._emit(reg.HANDSHAKE, flight + last)
        self._transcript.update(last)
        schedule.remember(self._transcript.digest())
        self._reading = RecordProtection(suite, schedule.server_application)
        self._writing = RecordProtection(suite, schedule.client_application)
        self.completed = True
        self._events.append(
            HandshakeCompleted(suite.number, self.group, self.resumed, self.early_data_accepted)
        )

    def _end_early(self, schedule: KeySchedule, suite: Suite) -> None:
        """EndOfEarlyData under the early keys, where the server took such data (RFC 8446 §4.5)."""
        self._refuse_early()  # which a server without EncryptedExtensions has left open
        if self.early_data_accepted:
            last = message(reg.END_OF_EARLY_DATA, b"")
            self._emit(reg.HANDSHAKE, last)
            self._transcript.update(last)
            self._writing = RecordProtection(suite, schedule.client_handshake)

    def _on_late_request(self, seen: CertificateRequest) -> None:
        """Answer a CertificateRequest after the handshake, each by itself (RFC 8446 §4.4, §4.6.2)."""
        self._events.append(CertificateRequestSeen(seen, after_handshake=True))
        self._late_requests += 1
        if self._late_requests > MAX_LATE_REQUESTS or self._writing is None:
            self._broken("too-many-certificate-requests", "limit of waxseal", seen.octets, UNEXPECTED_MESSAGE)
            return
        transcript = self._transcript.copy()
        transcript.update(seen.octets)
        flight = answer(seen, self._credentials, transcript)
        self._emit(reg.HANDSHAKE, flight + message(reg.FINISHED, self._writing.finished(transcript.digest())))

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
