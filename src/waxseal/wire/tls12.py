"""A client of SSL 3.0 to TLS 1.2 for looking, sans-IO (RFC 5246): sees the whole flight, finishes, goes on.

It trusts nobody: certificates are handed over as octets and the signature in ServerKeyExchange is not
verified; the server's Finished is, since it tells a handshake from noise. What is offered is a `ClientHello`
made by the caller. The hellos are in ``wire.tls12_agreement``, records and alerts in
``wire.tls12_connection``, the key exchange in ``wire.tls12_exchange``, secrets in ``wire.tls12_keys``.
SSL 3.0 is RFC 6101.
"""

import hmac
from dataclasses import replace
from typing import Final

from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12_agreement import (
    DECODE_ERROR,
    Handshake12,
    Tls12Agreement,
    again,
)
from waxseal.wire.tls12_connection import HANDSHAKE_FAILURE, MAX_FRAGMENT_OCTETS
from waxseal.wire.tls12_credentials import ECDSA_SHA1, RSA_MD5_SHA1
from waxseal.wire.tls12_exchange import (
    ExchangeError,
    exchange_dhe,
    exchange_ecdhe,
    exchange_rsa,
    rsa_key_of,
)
from waxseal.wire.tls12_keys import SSL_3_0, Secrets12
from waxseal.wire.tls12_suites import Suite12, cipher_works
from waxseal.wire.tls13_groups import Entropy
from waxseal.wire.tls_client_hello import RANDOM_OCTETS, TLS_1_2, ClientHello
from waxseal.wire.tls_connection import UNEXPECTED_MESSAGE, WARNING
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_events import (
    CertificateRequestSeen,
    CertificatesShown,
    CertificateStatusSeen,
    Deviated,
    HandshakeCompleted,
    HelloRequestSeen,
    RenegotiationCompleted,
    Resumption12,
    ServerHelloDoneSeen,
    ServerKeyExchangeSeen,
    SessionTicketSeen,
)
from waxseal.wire.tls_fields import message, number, vector
from waxseal.wire.tls_key_exchange import KeyExchange, ServerKeyExchange, key_exchange_of
from waxseal.wire.tls_server_certificates import CertificateMessage, CertificateRequest, CertificateStatus
from waxseal.wire.tls_server_flight import NewSessionTicket, ServerHelloDone, parse_message
from waxseal.wire.tls_server_hello import Unreadable

DECRYPT_ERROR: Final = 51
NO_CERTIFICATE: Final = 41
NO_RENEGOTIATION: Final = 100
MAX_TRANSCRIPT_OCTETS: Final = 512 * 1024
"""The longest handshake that is read."""

_FLIGHT: Final = frozenset(
    {
        reg.CERTIFICATE,
        reg.CERTIFICATE_STATUS,
        reg.SERVER_KEY_EXCHANGE,
        reg.CERTIFICATE_REQUEST,
        reg.SERVER_HELLO_DONE,
    }
)
_NEXT: Final = {
    reg.CERTIFICATE: _FLIGHT - {reg.CERTIFICATE},
    reg.CERTIFICATE_STATUS: _FLIGHT - {reg.CERTIFICATE, reg.CERTIFICATE_STATUS},
    reg.SERVER_KEY_EXCHANGE: frozenset({reg.CERTIFICATE_REQUEST, reg.SERVER_HELLO_DONE}),
    reg.CERTIFICATE_REQUEST: frozenset({reg.SERVER_HELLO_DONE}),
    reg.SERVER_HELLO_DONE: frozenset({reg.NEW_SESSION_TICKET}),
}
"""What may follow each message of a server before ChangeCipherSpec (RFC 5246 §7.3, RFC 5077 §3.1)."""


class Tls12Client(Tls12Agreement):
    """One connection: `start`, then `receive` what comes and write what `to_send` gives.

    Octets may come cut anywhere; they give the same events and never raise.

    Attributes:
        hello: The ClientHello as sent last.
        server_hello: The ServerHello; None before it.
        version: The negotiated version; None before ServerHello.
        suite: The suite; None before ServerHello, and where this version does not know it.
        group: Number of the group of the key exchange; None before it, and where it names none.
        resumed: Whether the server resumed the session that was offered.
        completed: Whether the first handshake is completed.
        ended: Whether nothing more is read: closed, failed, refused by an alert, or stopped.
        secure_renegotiation: Whether the server said that it knows RFC 5746.
        extended_main_secret: Whether RFC 7627 was agreed to.
        encrypt_then_mac: Whether RFC 7366 was agreed to.
    """

    def __init__(
        self,
        hello: ClientHello,
        entropy: Entropy,
        *,
        resume: Resumption12 | None = None,
        credentials: ClientCredentials | None = None,
        stop_after: int | None = None,
        max_fragment_octets: int = MAX_FRAGMENT_OCTETS,
    ) -> None:
        """Prepare a connection.

        Args:
            hello: What is offered; with `resume`, session id and ticket are added.
            entropy: Gives the octets of keys, of secrets and of explicit IVs.
            resume: A session to offer.
            credentials: A client certificate, shown when the server asks for one; without, an empty list is.
            stop_after: Type of the message after which looking ends, such as Certificate or ServerHelloDone;
                None for a whole handshake.
            max_fragment_octets: The longest content of a record that we send.
        """
        super().__init__(hello, entropy, resume, max_fragment_octets)
        self._credentials = credentials
        self._stop_after = stop_after
        self._expected = frozenset({reg.SERVER_HELLO})
        self._change_due = False
        self._in_flight = False
        self._before: tuple[ClientHello, Handshake12] | None = None
        self._main_secrets: list[tuple[bytes, bytes]] = []

    @property
    def session(self) -> Resumption12 | None:
        """All that it takes to resume this session; None before it is completed, and where it cannot be."""
        secrets, hello, ticket = self._now.secrets, self.server_hello, self._now.ticket
        if not self.completed or secrets is None or hello is None:
            return None
        if self.resumed and self._resume is not None:
            made = self._resume
        else:
            extended = self.extended_main_secret
            made = Resumption12(hello.session_id, b"", 0, hello.suite, hello.version, extended, secrets.main)
        if ticket is not None:
            made = replace(made, ticket=ticket.ticket, lifetime_s=ticket.lifetime_s)
        return made if made.ticket or made.session_id else None

    def key_log(self) -> tuple[str, ...]:
        """Lines for an SSLKEYLOGFILE, one for each handshake with a main secret. Secret."""
        return tuple(f"CLIENT_RANDOM {random.hex()} {main.hex()}" for random, main in self._main_secrets)

    @property
    def renegotiating(self) -> bool:
        """Whether a further handshake is begun, and neither completed nor refused yet."""
        return self._before is not None

    def renegotiate(self, *, bound: bool | None = None) -> bytes:
        """Begin a further handshake on this connection; events tell what comes of it.

        That is `RenegotiationCompleted`, an alert (100, no_renegotiation, leaves all as it was), or the end.

        Args:
            bound: Whether renegotiation_info names the handshake before (RFC 5746 §3.5); None for whether the
                server knows it.

        Raises:
            RuntimeError: No handshake is completed, one is under way, or the connection has ended.
        """
        if not (self.completed and self._may_write) or self._before is not None or self.ended:
            raise RuntimeError("no handshake can be begun now")
        self._verified = self._now.verify
        self._before = self.hello, self._now
        bound = self.secure_renegotiation if bound is None else bound
        self.hello = again(self.hello, self._entropy(RANDOM_OCTETS), self._verified[0] if bound else None)
        self._now = Handshake12(bytearray(self.hello.message()))
        self._expected = frozenset({reg.SERVER_HELLO})
        self._emit(reg.HANDSHAKE, bytes(self._now.transcript))
        return self.to_send()

    def _warned(self, description: int) -> None:
        """no_renegotiation gives up a renegotiation that has not begun (RFC 5246 §7.2.2)."""
        if description == NO_RENEGOTIATION and self._before and self._expected == {reg.SERVER_HELLO}:
            self.hello, self._now = self._before
            self._before = None
            self._expected = frozenset()

    def _message(self, octets: bytes, at: int) -> None:
        """One whole handshake message; out of order, it is read where that makes sense (RFC 5246 §7.3)."""
        kind = octets[0]
        if kind == reg.HELLO_REQUEST:  # it is no part of the transcript (RFC 5246 §7.4.1.1)
            self._events.extend(Deviated(deviation) for deviation in parse_message(octets).deviations)
            self._events.append(HelloRequestSeen())
            return
        if kind not in self._expected:
            deviation = self._flag("message-out-of-order", "RFC 5246 §7.3", octets, at)
            if kind not in _FLIGHT or not self._in_flight:
                self._fail(deviation, UNEXPECTED_MESSAGE)
                return
        if len(self._now.transcript) + len(octets) > MAX_TRANSCRIPT_OCTETS:
            self._broken("handshake-too-long", "limit of waxseal", octets, UNEXPECTED_MESSAGE, at)
            return
        if kind == reg.SERVER_HELLO:
            self._on_server_hello(octets)
            self._now.transcript += octets
            if not self.ended:
                self._after_server_hello()
        elif kind == reg.FINISHED:
            self._on_finished(octets)
        else:
            self._on_flight(kind, octets)
        if kind == self._stop_after and not self.ended and not self.completed:
            self._stop("asked")

    def _after_server_hello(self) -> None:
        """What comes next: resumed, ChangeCipherSpec with or without a ticket before (RFC 5246 §7.3)."""
        self._in_flight = True
        if self.resumed:
            self._change_due = True
            self._expected = frozenset({reg.NEW_SESSION_TICKET})
            self._prepare_keys()
        elif self.suite is not None and not self.suite.authentication:
            self._expected = frozenset({reg.SERVER_KEY_EXCHANGE})
        else:
            self._expected = frozenset({reg.CERTIFICATE})

    def _on_flight(self, kind: int, octets: bytes) -> None:
        """A message between ServerHello and ChangeCipherSpec: read it, tell it, keep it."""
        suite = self.server_hello.suite if self.server_hello is not None else 0
        seen = parse_message(octets, self.version or TLS_1_2, key_exchange_of(suite))
        self._events.extend(Deviated(deviation) for deviation in seen.deviations)
        if kind in _FLIGHT:
            self.resumed = self._change_due = False
        if isinstance(seen, Unreadable):
            if kind in (reg.SERVER_HELLO_DONE, reg.NEW_SESSION_TICKET):
                self._fail(seen.deviations[-1], DECODE_ERROR)
                return
        elif isinstance(seen, CertificateMessage):
            self._now.certificates = seen
            self._events.append(CertificatesShown(seen))
        elif isinstance(seen, ServerKeyExchange):
            self._now.exchange, self.group = seen, seen.group
            self._events.append(ServerKeyExchangeSeen(seen, self._signed(seen)))
            self._judge_group(seen)
        elif isinstance(seen, CertificateRequest):
            self._now.request = seen
            self._events.append(CertificateRequestSeen(seen))
        elif isinstance(seen, CertificateStatus):
            self._events.append(CertificateStatusSeen(seen))
        elif isinstance(seen, NewSessionTicket):
            self._on_ticket(seen)
        self._now.transcript += octets
        self._expected = _NEXT.get(kind, frozenset())
        if isinstance(seen, ServerHelloDone):
            self._events.append(ServerHelloDoneSeen())
            if kind != self._stop_after or self.completed:
                self._on_done(octets)

    def _judge_group(self, seen: ServerKeyExchange) -> None:
        """A server uses a curve that we offered (RFC 8422 §5.4)."""
        offered = self.hello.extension(reg.SUPPORTED_GROUPS)
        groups = offered.octets[2:] if offered is not None else b""
        pairs = {groups[at : at + 2] for at in range(0, len(groups), 2)}
        if seen.group is not None and offered is not None and number(seen.group, 2) not in pairs:
            self._flag("group-not-offered", "RFC 8422 §5.4", number(seen.group, 2), 5)

    def _signed(self, seen: ServerKeyExchange) -> bytes:
        """What the signature is over: randoms and parameters (RFC 5246 §7.4.3)."""
        if seen.exchange is KeyExchange.ECDHE and seen.group is not None:
            size = 4 + len(seen.public)
        elif seen.exchange in (KeyExchange.DHE, KeyExchange.RSA):
            size = 4 + len(seen.prime) + len(seen.generator)
            size += 2 + len(seen.public) if seen.exchange is KeyExchange.DHE else 0
        else:
            return b""
        return b"".join(self._randoms) + seen.octets[4 : 4 + size] if seen.signature else b""

    def _on_ticket(self, seen: NewSessionTicket) -> None:
        secrets, hello = self._now.secrets, self.server_hello
        resumption = None
        if seen.ticket and secrets is not None and hello is not None:
            self._now.ticket = seen
            resumption = Resumption12(
                b"",
                seen.ticket,
                seen.lifetime_s,
                hello.suite,
                hello.version,
                self.extended_main_secret,
                secrets.main,
            )
        if hello is not None and not hello.extensions.has(reg.SESSION_TICKET):
            self._flag("ticket-not-announced", "RFC 5077 §3.3", seen.octets)
        self._events.append(SessionTicketSeen(seen, resumption))

    def _on_done(self, octets: bytes) -> None:
        """The server's first flight is whole: exchange keys, and send ours (RFC 5246 §7.3)."""
        self._in_flight = False
        suite, secrets = self.suite, self._now.secrets
        if suite is None or secrets is None or not cipher_works(suite.cipher):
            self._broken("suite-not-spoken", "limit of waxseal", octets, HANDSHAKE_FAILURE)
            return
        if self.server_hello is not None and self.server_hello.compression:
            self._broken("compression-not-spoken", "limit of waxseal", octets, HANDSHAKE_FAILURE)
            return
        try:
            body, premain = self._exchange(suite, secrets.version)
        except ExchangeError as error:
            self._broken(error.rule, error.source, octets, HANDSHAKE_FAILURE)
            return
        shown = self._show_certificate(secrets.version)
        self._say(message(reg.CLIENT_KEY_EXCHANGE, body))
        if self.extended_main_secret:
            secrets.derive_extended(premain, bytes(self._now.transcript))
        else:
            secrets.derive(premain, b"".join(self._randoms))
        self._main_secrets.append((self.hello.random, secrets.main))
        if shown is not None:
            self._prove(*shown, secrets)
        self._prepare_keys()
        self._finish(secrets)
        self._change_due = True

    def _exchange(self, suite: Suite12, version: int) -> tuple[bytes, bytes]:
        """ClientKeyExchange's body, and the premain secret.

        Raises:
            ExchangeError: With what the server sent that cannot be.
        """
        if suite.exchange is KeyExchange.RSA:
            sent = self._now.certificates.certificates if self._now.certificates is not None else ()
            key = rsa_key_of(sent[0]) if sent else None
            if key is None:
                raise ExchangeError("rsa-key-missing", "RFC 5246 §7.4.2")
            return exchange_rsa(key, version, self.hello.legacy_version, self._entropy)
        seen = self._now.exchange
        if seen is None:
            raise ExchangeError("server-key-exchange-missing", "RFC 5246 §7.4.3")
        exchange = exchange_dhe if suite.exchange is KeyExchange.DHE else exchange_ecdhe
        return exchange(seen, self._entropy)

    def _say(self, octets: bytes) -> None:
        """Queue a handshake message, which counts as said."""
        self._now.transcript += octets
        self._emit(reg.HANDSHAKE, octets)

    def _show_certificate(self, version: int) -> tuple[ClientCredentials, int] | None:
        """Answer a CertificateRequest; what to prove and with which scheme, if a certificate was shown."""
        request, credentials = self._now.request, self._credentials
        if request is None:
            return None
        scheme = None if credentials is None else _scheme(credentials, request, version)
        if credentials is not None and credentials.chain and scheme is not None:
            chain = b"".join(vector(der, 3) for der in credentials.chain)
            self._say(message(reg.CERTIFICATE, vector(chain, 3)))
            return credentials, scheme
        if version == SSL_3_0:  # an alert stands for no certificate (RFC 6101 §5.6.6)
            self._emit(reg.ALERT, bytes([WARNING, NO_CERTIFICATE]))
        else:
            self._say(message(reg.CERTIFICATE, vector(b"", 3)))
        return None

    def _prove(self, credentials: ClientCredentials, scheme: int, secrets: Secrets12) -> None:
        """CertificateVerify, over all messages so far (RFC 5246 §7.4.8)."""
        octets = bytes(self._now.transcript)
        signature = credentials.sign(scheme, secrets.to_sign(octets) if scheme == RSA_MD5_SHA1 else octets)
        named = number(scheme, 2) if secrets.version >= TLS_1_2 else b""
        self._say(message(reg.CERTIFICATE_VERIFY, named + vector(signature, 2)))

    def _finish(self, secrets: Secrets12) -> None:
        """ChangeCipherSpec and our Finished (RFC 5246 §7.1, §7.4.9)."""
        if self._now.keys is None:
            return
        self._emit(reg.CHANGE_CIPHER_SPEC, b"\x01")
        self._writing = self._now.keys[0]
        ours = secrets.finished(bytes(self._now.transcript), client=True)
        self._now.verify = ours, self._now.verify[1]
        self._say(message(reg.FINISHED, ours))

    def _take_change(self, fragment: bytes, at: int) -> None:
        """The server goes on to the new keys, between whole messages (RFC 5246 §7.1)."""
        if fragment != b"\x01" or not self._change_due or self._handshake or self._now.keys is None:
            self._broken("change-cipher-spec", "RFC 5246 §7.1", fragment, UNEXPECTED_MESSAGE, at)
            return
        hello = self.server_hello
        announced = hello is not None and hello.extensions.has(reg.SESSION_TICKET)
        if announced and reg.NEW_SESSION_TICKET in self._expected:
            # A server that says so must send one, if only an empty one (RFC 5077 §3.3).
            self._flag("ticket-missing", "RFC 5077 §3.3", b"", at)
        self._reading = self._now.keys[1]
        self._change_due = self._in_flight = False
        self._expected = frozenset({reg.FINISHED})

    def _on_finished(self, octets: bytes) -> None:
        """Compare the server's Finished; resumed, ours follows (RFC 5246 §7.4.9)."""
        secrets, suite = self._now.secrets, self.suite
        if secrets is None or suite is None:
            return
        right = secrets.finished(bytes(self._now.transcript), client=False)
        if not hmac.compare_digest(octets[4:], right):
            self._broken("finished-wrong", "RFC 5246 §7.4.9", octets, DECRYPT_ERROR)
            return
        self._now.verify = self._now.verify[0], right
        self._now.transcript += octets
        if self.resumed:
            self._main_secrets.append((self.hello.random, secrets.main))
            self._finish(secrets)
        self._expected = frozenset()
        self._now.transcript.clear()
        if self._before is not None:
            bound = self.hello.extension(reg.RENEGOTIATION_INFO) is not None
            self._before = None
            self._events.append(RenegotiationCompleted(suite.number, self.group, bound))
            return
        self.completed = True
        self._events.append(HandshakeCompleted(suite.number, self.group, self.resumed))


def _scheme(credentials: ClientCredentials, request: CertificateRequest, version: int) -> int | None:
    """The scheme to prove a client certificate with; None where the server takes none of ours."""
    if version >= TLS_1_2:
        return credentials.scheme(request.schemes)
    if RSA_MD5_SHA1 in credentials.schemes:
        return RSA_MD5_SHA1
    return ECDSA_SHA1 if version > SSL_3_0 and ECDSA_SHA1 in credentials.schemes else None
