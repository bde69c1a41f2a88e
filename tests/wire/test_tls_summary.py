"""What events come to: each kind of event in its place, for any version."""

from waxseal.facts import Deviation
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_events import (
    AlertReceived,
    CertificateRequestSeen,
    CertificatesShown,
    CertificateStatusSeen,
    Closed,
    Deviated,
    EncryptedExtensionsSeen,
    HandshakeCompleted,
    HelloRetry,
    Resumption,
    ServerHelloSeen,
    ServerKeyExchangeSeen,
    SessionTicketSeen,
    TicketSeen,
)
from waxseal.wire.tls_extensions import Extension, ServerExtensions
from waxseal.wire.tls_key_exchange import KeyExchange, ServerKeyExchange
from waxseal.wire.tls_server_certificates import (
    CertificateEntry,
    CertificateMessage,
    CertificateRequest,
    CertificateStatus,
)
from waxseal.wire.tls_server_flight import NewSessionTicket
from waxseal.wire.tls_server_hello import RETRY_RANDOM, EncryptedExtensions, ServerHello
from waxseal.wire.tls_summary import HandshakeSummary, Ticket, summarize, version_name


def hello(version: int, *raw: int, random: bytes = b"r" * 32, **decoded: object) -> ServerHello:
    extensions = ServerExtensions(raw=tuple(Extension(n, b"x") for n in raw), **decoded)  # type: ignore[arg-type]
    return ServerHello(b"", version, random, b"id", 0xC02F, 0, extensions)


def test_nothing_seen_is_nothing_said() -> None:
    assert summarize([]) == HandshakeSummary()
    assert summarize([]).resumed is None


def test_tls13() -> None:
    status = (1, b"ocsp")
    leaf = CertificateEntry(b"leaf", ServerExtensions(status=status, timestamps=(b"sct",)))
    above = CertificateEntry(b"ca", ServerExtensions(status=(1, b"other")))
    ticket = NewSessionTicket(b"", 7200, b"t" * 9, extensions=ServerExtensions(max_early_data_octets=5))
    resumption = Resumption(b"t" * 9, 0x1301, 0, 7200, 5, b"sesame")
    got = summarize(
        [
            HelloRetry(hello(0x0303, reg.KEY_SHARE, random=RETRY_RANDOM, group=24)),
            ServerHelloSeen(hello(0x0303, reg.KEY_SHARE, selected_version=0x0304, group=24, share=b"s" * 97)),
            EncryptedExtensionsSeen(
                EncryptedExtensions(b"", ServerExtensions(protocol=b"smtp", groups=(24, 29)))
            ),
            CertificateRequestSeen(CertificateRequest(b"", schemes=(0x0403,), authorities=(b"dn",))),
            CertificatesShown(CertificateMessage(b"", (leaf, above), compression=1)),
            HandshakeCompleted(0x1301, 24, resumed=False),
            TicketSeen(ticket, resumption),
            AlertReceived(1, 90, encrypted=True),
            Deviated(Deviation("rule", "source")),
            Closed(in_order=True),
        ]
    )
    assert (got.version, got.suite, got.group, got.retry_group) == (0x0304, 0xC02F, 24, 24)
    assert (got.share_octets, got.protocol, got.server_groups) == (97, b"smtp", (24, 29))
    assert (got.certificates, got.certificate_compression) == ((b"leaf", b"ca"), 1)
    assert (got.staple, got.timestamps) == (b"ocsp", (b"sct",))
    assert got.request is not None
    assert got.request.authorities == (b"dn",)
    assert got.tickets == [Ticket(7200, 9, 5)]
    assert got.sessions == [resumption]
    assert got.alerts == [(1, 90)]
    assert got.deviations == [Deviation("rule", "source")]
    assert (got.completed, got.resumed, got.closed_in_order) == (True, False, True)
    assert got.extended_main_secret is got.encrypt_then_mac is got.secure_renegotiation is None
    assert [(e.message, e.number) for e in got.extensions] == [("HelloRetryRequest", 51), ("ServerHello", 51)]
    assert "sesame" not in repr(got)


def test_tls12() -> None:
    exchange = ServerKeyExchange(
        b"", KeyExchange.DHE, public=b"y" * 256, prime=b"\x7f" + b"p" * 255, scheme=0x0401, signature=b"s"
    )
    got = summarize(
        [
            ServerHelloSeen(hello(0x0302, reg.EXTENDED_MASTER_SECRET, random=b"r" * 24 + b"DOWNGRD\x00")),
            CertificateStatusSeen(CertificateStatus(b"", 1, b"ocsp")),
            ServerKeyExchangeSeen(exchange, b"signed"),
            HandshakeCompleted(0xC02F, None, resumed=True),
            SessionTicketSeen(NewSessionTicket(b"", 0, b""), None),
        ]
    )
    assert (got.version, got.share_octets, got.prime_bits) == (0x0302, 256, 2047)
    assert (got.scheme, got.signature, got.signed) == (0x0401, b"s", b"signed")
    assert (got.extended_main_secret, got.encrypt_then_mac, got.secure_renegotiation) == (True, False, False)
    assert (got.downgrade_sentinel, got.staple, got.resumed) == (0x0302, b"ocsp", True)
    assert (got.tickets, got.sessions) == ([Ticket(0, 0, None)], [])


def test_versions_have_names() -> None:
    assert version_name(0x0304) == "TLSv1.3"
    assert version_name(0x7F1C) == "0x7f1c"
