"""One client for all versions: OpenSSL in memory, its command-line server for renegotiation, and breaches."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from tests.wire.tls12_pair import CA, EC_LEAF, HOST, RSA_LEAF, Pair, context
from tests.wire.tls12_peer import Peer12, octets_of
from waxseal.lab.orders import LeafOrder
from waxseal.lab.tls import speaks_old_versions
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_agreement import offered_versions
from waxseal.wire.tls12_credentials import credentials_of_key
from waxseal.wire.tls12_suites import spoken_suites
from waxseal.wire.tls_client import MAX_UNDECIDED_OCTETS, TlsClient
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_client_offer import ALL_VERSIONS, ClientOffer, default_suites
from waxseal.wire.tls_events import (
    AlertReceived,
    ApplicationData,
    CertificatesShown,
    Closed,
    Deviated,
    Event,
    Failed,
    HandshakeCompleted,
    HelloRetry,
    RenegotiationCompleted,
    ServerHelloDoneSeen,
    SessionTicketSeen,
    Stopped,
    TicketSeen,
)
from waxseal.wire.tls_fields import message, records

OLD = pytest.mark.skipif(not speaks_old_versions(), reason="this OpenSSL does not speak TLS 1.0 and 1.1")
HIGHEST = [
    pytest.param("TLSv1", 0x0301, marks=OLD),
    pytest.param("TLSv1.1", 0x0302, marks=OLD),
    ("TLSv1.2", 0x0303),
    ("TLSv1.3", 0x0304),
]
FROM_TLS10 = ALL_VERSIONS[:4]
ALL = ClientOffer(HOST, FROM_TLS10)


def client(offer: ClientOffer = ALL, **options: object) -> TlsClient:
    made, shares = offer.hello(os.urandom)
    return TlsClient(made, shares, os.urandom, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("highest", "version"), HIGHEST)
def test_one_hello_for_every_version(highest: str, version: int) -> None:
    ours = client()
    pair = Pair(context(highest=highest), ours).shake()
    pair.talks()
    assert ours.version == version
    assert ours.suite is not None
    assert ours.group == reg.X25519
    assert (ours.below is not None) is (version < 0x0304)
    assert pair.of(HandshakeCompleted) == [HandshakeCompleted(ours.suite.number, ours.group, resumed=False)]
    assert not pair.rules()
    assert ours.server_hello is not None
    assert ours.hello.random.hex() in ours.key_log()[0]
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.unwrap()
    assert pair.hear() == [Closed(in_order=True)]
    pair.incoming.write(ours.close())
    pair.server.unwrap()


@pytest.mark.parametrize(
    "versions", [(0x0304,), (0x0303,), (0x0302,), (0x0301,), (0x0304, 0x0303), (0x0303, 0x0302, 0x0301)]
)
def test_any_subset(versions: tuple[int, ...]) -> None:
    if max(versions) < 0x0303 and not speaks_old_versions():
        pytest.skip("this OpenSSL does not speak TLS 1.0 and 1.1")
    pair = Pair(context(highest="TLSv1.3"), client(ClientOffer(HOST, versions))).shake()
    pair.talks()
    assert pair.client.version == max(versions)
    assert not pair.rules()


@pytest.mark.parametrize(("highest", "version"), HIGHEST)
def test_resumption(highest: str, version: int) -> None:
    server = context(highest=highest)
    first = client()
    pair = Pair(server, first).shake()
    pair.talks()
    resume = first.below.session if first.below is not None else None
    for event in pair.events:
        if isinstance(event, TicketSeen):
            resume = event.resumption  # type: ignore[assignment]
    assert resume is not None
    assert bool(pair.of(SessionTicketSeen)) is (version < 0x0304)
    again = client(resume=resume)
    pair = Pair(server, again).shake()
    pair.talks()
    assert again.resumed
    assert pair.server.session_reused
    assert not pair.of(CertificatesShown)


@pytest.mark.parametrize(("highest", "version"), HIGHEST)
def test_a_client_certificate(highest: str, version: int) -> None:
    server = context(highest=highest)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=CA.root_der)
    leaf = CA.leaf(LeafOrder(names=("client.example.test",), key=RSA_LEAF.key, client_only=True))
    pair = Pair(server, client(credentials=credentials_of_key(leaf.sent, leaf.key))).shake()
    pair.talks()
    assert pair.client.version == version
    assert pair.server.getpeercert(binary_form=True) == leaf.der


def test_closed_before_anything_came() -> None:
    ours = started()
    assert ours.close() == b"\x15\x03\x03\x00\x02\x01\x5a\x15\x03\x03\x00\x02\x01\x00"
    assert (ours.receive(RECORDED), ours.receive_eof(), ours.to_send()) == ([], [], b"")
    assert (ours.version, ours.suite, ours.group, ours.below) == (None, None, None, None)
    with pytest.raises(RuntimeError):
        ours.send(b"x")


def test_a_retry() -> None:
    server = context(highest="TLSv1.3")
    server.set_ecdh_curve("secp384r1")
    pair = Pair(server, client()).shake()
    assert pair.of(HelloRetry)
    assert pair.client.group == reg.SECP384R1
    pair.talks()
    last = Pair(server, client(answer_retry=False)).shake()
    assert last.events[-1] == Stopped("asked")


def test_what_is_asked_for_is_in_the_hello() -> None:
    offer = ClientOffer(
        HOST,
        ALL_VERSIONS,
        protocols=(b"smtp",),
        status_request=True,
        timestamps=True,
        heartbeat=1,
        certificate_compressions=(1,),
        renegotiation="extension",
        further=(ext.record_size_limit(16385),),
    )
    hello, shares = offer.hello(octets_of)
    assert {extension.number for extension in hello.extensions or ()} == {
        reg.SERVER_NAME,
        reg.STATUS_REQUEST,
        reg.SUPPORTED_GROUPS,
        reg.EC_POINT_FORMATS,
        reg.SIGNATURE_ALGORITHMS,
        reg.HEARTBEAT,
        reg.ALPN,
        reg.SIGNED_CERTIFICATE_TIMESTAMP,
        reg.ENCRYPT_THEN_MAC,
        reg.EXTENDED_MASTER_SECRET,
        reg.COMPRESS_CERTIFICATE,
        reg.RECORD_SIZE_LIMIT,
        reg.SESSION_TICKET,
        reg.SUPPORTED_VERSIONS,
        reg.PSK_KEY_EXCHANGE_MODES,
        reg.KEY_SHARE,
        reg.RENEGOTIATION_INFO,
    }
    assert reg.EMPTY_RENEGOTIATION_INFO_SCSV not in hello.suites
    assert [share.group for share in shares] == [reg.X25519]
    assert offered_versions(hello) == ALL_VERSIONS
    pair = Pair(context(highest="TLSv1.3"), client(offer)).shake()
    pair.talks()


def test_what_is_not_asked_for_is_not() -> None:
    bare = ClientOffer(
        versions=(0x0303,),
        suites=(0x002F,),
        groups=(),
        schemes=(),
        tickets=False,
        extended_main_secret=False,
        encrypt_then_mac=False,
        renegotiation="",
        point_formats=False,
    )
    hello, shares = bare.hello(octets_of)
    assert (hello.suites, hello.extensions, hello.session_id, shares) == ((0x002F,), (), b"", ())
    old, _ = ClientOffer(versions=(0x0300,)).hello(octets_of)
    assert (old.legacy_version, old.extensions, old.suites[-1]) == (0x0300, None, 0x00FF)
    assert offered_versions(old) == (0x0300,)


def test_suites_by_default() -> None:
    assert default_suites((0x0304,)) == (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)
    assert default_suites((0x0303,)) == spoken_suites()
    assert set(default_suites((0x0301,))) < set(spoken_suites())
    assert 0xC02F not in default_suites((0x0302, 0x0301))
    assert default_suites(ALL_VERSIONS)[5:] == spoken_suites()


def started() -> TlsClient:
    hello, shares = ALL.hello(octets_of)
    ours = TlsClient(hello, shares, octets_of)
    ours.start()
    return ours


def heard(parts: list[bytes]) -> tuple[list[Event], bytes, bool]:
    ours = started()
    events = [event for part in parts for event in ours.receive(part)]
    return events + ours.receive_eof(), ours.to_send(), ours.ended


class Recorded(Tls12Client):
    """Starts with a hello that `TlsClient` sent."""

    def __init__(self, hello: ClientHello) -> None:
        super().__init__(hello, octets_of)

    def start(self) -> bytes:
        super().start()
        return b"\x16\x03\x01\x00\x00" + self.hello.message()


def recorded() -> bytes:
    hello, _ = ALL.hello(octets_of)
    return records(21, b"\x01\x70", 0x0303) + Peer12().first(Recorded(hello))


RECORDED = recorded()


@given(cut_places)
def test_cut_anywhere(cuts: list[int]) -> None:
    whole = heard([RECORDED])
    assert whole[0][0] == AlertReceived(1, 112, encrypted=False)
    assert whole[0][-2:] == [ServerHelloDoneSeen(), Closed(in_order=False)]
    assert heard(pieces(RECORDED, cuts)) == whole


@given(
    st.lists(st.tuples(st.integers(0, len(RECORDED) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(RECORDED)),
    cut_places,
)
def test_mutated_octets_never_raise(changes: list[tuple[int, int]], end: int, cuts: list[int]) -> None:
    octets = bytearray(RECORDED)
    for place, value in changes:
        octets[place] = value
    cut = bytes(octets[:end])
    assert heard([cut]) == heard(pieces(cut, cuts))


@given(st.binary(max_size=300), cut_places)
def test_random_octets_never_raise(octets: bytes, cuts: list[int]) -> None:
    assert heard([octets]) == heard(pieces(octets, cuts))


@pytest.mark.parametrize(
    ("octets", "last"),
    [
        (records(21, b"\x02\x46"), AlertReceived(2, 70, encrypted=False)),
        (records(21, b"\x01\x00"), Closed(in_order=True)),
        (b"", Closed(in_order=False)),
    ],
)
def test_answers_that_decide_nothing(octets: bytes, last: Event) -> None:
    events, sent, ended = heard([octets])
    assert (events, sent, ended) == ([last], b"", True)


@pytest.mark.parametrize(
    "octets",
    [
        b"220 mx ESMTP\r\n",
        records(23, b"x"),
        records(22, message(11, b"x")),
        records(22, b"\x02\xff\xff\xff"),
        records(22, message(2, b"short")),
    ],
)
def test_what_is_no_server_hello_fails(octets: bytes) -> None:
    events, _, ended = heard([octets])
    assert isinstance(events[-1], (Failed, Closed))
    assert any(isinstance(event, Deviated) for event in events) or len(octets) == 9
    assert ended


def test_warnings_without_end_are_not_kept_for_ever() -> None:
    ours = started()
    one = records(21, b"\x01\x70")
    told = 0
    for _ in range(2 * MAX_UNDECIDED_OCTETS // len(one)):
        told += len(ours.receive(one))
        if ours._decided:
            break
    assert told > MAX_UNDECIDED_OCTETS // len(one)
    assert not ours._kept


def test_a_version_that_was_not_offered() -> None:
    hello, shares = ClientOffer(HOST).hello(octets_of)  # TLS 1.2 and 1.3 alone
    ours = TlsClient(hello, shares, octets_of)
    ours.start()
    said = Peer12(0xC013, 0x0302).hello(hello.message())
    events = ours.receive(records(22, said, 0x0302))
    assert isinstance(events[-1], Failed)
    assert (events[-1].deviation.rule, events[-1].alert) == ("version-not-offered", 70)


OPENSSL = shutil.which("openssl")


@contextmanager
def s_server(*options: str) -> Iterator[socket.socket]:
    """A connection to OpenSSL's own server, which prints what it hears."""
    assert OPENSSL is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "leaf.pem")
        pem.write_bytes(CA.leaf(RSA_LEAF).pem())
        command = [OPENSSL, "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(pem), "-rev", *options]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield connected(port)
            finally:
                process.terminate()
                process.wait(10)


def connected(port: int) -> socket.socket:
    for _ in range(100):
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        time.sleep(0.05)
    raise AssertionError("the server does not answer")


def until(ours: TlsClient, stream: socket.socket, *kinds: type[Event]) -> list[Event]:
    """Events up to one of these kinds, or the end."""
    events: list[Event] = []
    while not any(isinstance(event, kinds) for event in events) and not ours.ended:
        octets = stream.recv(65536)
        events += ours.receive(octets) if octets else ours.receive_eof()
        stream.sendall(ours.to_send())
    return events


TAKES = "-client_renegotiation"


@pytest.mark.skipif(OPENSSL is None, reason="there is no openssl command")
@pytest.mark.parametrize(
    ("options", "signal", "bound", "secure"),
    [
        ((TAKES,), "scsv", None, True),
        ((TAKES,), "extension", None, True),
        ((TAKES,), "scsv", False, None),
        ((TAKES,), "", None, None),
        ((TAKES, "-legacy_renegotiation"), "", None, False),
    ],
)
def test_renegotiation_with_openssl(
    options: tuple[str, ...], signal: str, bound: bool | None, secure: bool | None
) -> None:
    """It takes one that is bound, and one that is not only where it is told to (RFC 5746 §3.7, §4.4)."""
    with s_server("-tls1_2", *options) as stream, stream:
        ours = client(ClientOffer(HOST, (0x0303,), renegotiation=signal))
        stream.sendall(ours.start())
        until(ours, stream, HandshakeCompleted)
        assert ours.below is not None
        assert ours.below.secure_renegotiation is bool(signal)
        stream.sendall(ours.below.renegotiate(bound=bound))
        events = until(ours, stream, RenegotiationCompleted, AlertReceived)
        if secure is None:
            refusal = (
                AlertReceived(2, 40, encrypted=True) if signal else AlertReceived(1, 100, encrypted=True)
            )
            assert events[-1] == refusal
            return
        assert isinstance(events[-1], RenegotiationCompleted)
        assert events[-1].secure is secure
        assert len(ours.key_log()) == 2
        stream.sendall(ours.send(b"abc\n"))
        assert until(ours, stream, ApplicationData)[-1] == ApplicationData(b"cba\n")


@pytest.mark.skipif(OPENSSL is None, reason="there is no openssl command")
def test_renegotiation_that_openssl_refuses() -> None:
    with s_server("-tls1_2") as stream, stream:
        ours = client(ClientOffer(HOST, (0x0303,)))
        stream.sendall(ours.start())
        until(ours, stream, HandshakeCompleted)
        assert ours.below is not None
        stream.sendall(ours.below.renegotiate())
        assert until(ours, stream, AlertReceived)[-1] == AlertReceived(1, 100, encrypted=True)
        assert not ours.ended
        stream.sendall(ours.send(b"abc\n"))
        assert until(ours, stream, ApplicationData)[-1] == ApplicationData(b"cba\n")


def test_the_leaf_follows_the_suites() -> None:
    for suite, leaf in ((0xC02F, RSA_LEAF), (0xC02B, EC_LEAF)):
        pair = Pair(context(), client(ClientOffer(HOST, (0x0303,), (suite,)))).shake()
        (shown,) = pair.of(CertificatesShown)
        assert isinstance(shown, CertificatesShown)
        assert shown.message.certificates == CA.leaf(leaf).sent
