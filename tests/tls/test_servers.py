"""Each real test server runs, and speaks what README.md says of it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable

import pytest

from waxseal.wire.ssl2 import Ssl2ClientHello, Ssl2ServerHello, parse_ssl2_answer

from . import raw
from .npm import NodeRelease
from .openssl_node import RELEASES
from .options import TlsServer
from .process import StartError
from .raw import ask, client_hello
from .servers import KINDS, TlsServers, serving

pytestmark = pytest.mark.real

StartTls = Callable[..., TlsServer]

_EVERY_REAL = [kind for kind in KINDS if kind != "flawed"]
_SSL2 = {"openssl-1.0.0m": 6, "openssl-1.0.1e": 7}
_RSA_AES = 0x002F
_FALLBACK = 0x5600
_EXPORT = (0x0003, 0x0006, 0x0008)
_NULL = (0x0001, 0x0002)
_DHE = (0x0033, 0x0039, 0x0067, 0x009E)
_HIGHEST = {
    "openssl-1.0.0m": "-tls1",
    **dict.fromkeys(
        (
            "openssl-1.0.1e",
            "openssl-1.0.1u",
            "openssl-1.0.2g",
            "openssl-1.0.2o",
            "openssl-1.1.0h",
            "openssl-1.1.1k",
        ),
        "-tls1_2",
    ),
}


def _s_client(server: TlsServer, *options: str, said: bytes = b"EHLO client.test\r\nQUIT\r\n") -> str:
    """What openssl shows of a connection: output and errors."""
    starttls = [] if server.implicit else ["-starttls", server.protocol]
    command = ["openssl", "s_client", "-connect", f"{server.host}:{server.port}", *starttls]
    done = subprocess.run(
        [*command, "-CAfile", str(server.root_pem), "-servername", server.name, "-ign_eof", *options],
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=20,
        check=False,
    )
    return done.stdout.decode(errors="replace")


def _cipher(said: str) -> str:
    found = re.search(r"^New, \S+ Cipher is (\S+)$", said, re.MULTILINE)
    assert found, said
    return found[1]


def _lowest_level(*suites: str) -> list[str]:
    return ["-cipher", f"{':'.join(suites) or 'ALL'}:@SECLEVEL=0", "-min_protocol", "TLSv1"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "openssl-s_server"])
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
def test_it_shakes_hands_and_speaks_smtp(start_tls: StartTls, kind: str, implicit: bool) -> None:
    server = start_tls(kind, implicit=implicit)
    said = _s_client(server, *_lowest_level())
    assert "Verification: OK" in said
    assert "250 SIZE 10240000" in said
    assert "221 2.0.0 Bye" in said
    assert ("220 mx.tls.test ESMTP" in said) == implicit
    assert server.front.counts.connections == 1
    assert server.front.counts.octets_in > 300
    assert server.front.counts.octets_out > 2000


@pytest.mark.parametrize("kind", RELEASES)
def test_the_version_is_that_of_the_kind(start_tls: StartTls, kind: str) -> None:
    assert (
        start_tls(kind).version_text
        == f"Node v{RELEASES[kind].version} with OpenSSL {RELEASES[kind].openssl}"
    )


@pytest.mark.parametrize("kind", _EVERY_REAL)
def test_the_highest_version(start_tls: StartTls, kind: str) -> None:
    server = start_tls(kind)
    said = _s_client(server, *_lowest_level(), *_ends(kind), **_said(kind))
    highest = {"-tls1": "TLSv1.0", "-tls1_2": "TLSv1.2"}.get(_HIGHEST.get(kind, ""), "TLSv1.3")
    found = re.search(r"Protocol *: (\S+)|New, (TLSv1\.[23]),", said)
    assert found, said
    assert (found[1] or found[2]).replace("TLSv1", "TLSv1.0") in (
        highest,
        highest.replace("TLSv1", "TLSv1.0"),
    )


@pytest.mark.parametrize("kind", RELEASES)
def test_ssl2(start_tls: StartTls, kind: str) -> None:
    server = start_tls(kind)
    with raw.connect(server) as stream:
        stream.sendall(Ssl2ClientHello(os.urandom(16)).record())
        octets = b""
        while parse_ssl2_answer(octets) is None and (more := stream.recv(4096)):
            octets += more
    answer = parse_ssl2_answer(octets)
    if kind in _SSL2:
        assert isinstance(answer, Ssl2ServerHello)
        assert len(answer.kinds) == _SSL2[kind]
        assert b"mx.tls.test" in answer.certificate
    else:
        assert not isinstance(answer, Ssl2ServerHello)


@pytest.mark.parametrize("kind", RELEASES)
def test_ssl3(start_tls: StartTls, kind: str) -> None:
    hello = ask(start_tls(kind), client_hello([_RSA_AES], version=0x0300)).hello
    assert (hello is not None and hello.version == 0x0300) == (
        kind in ("openssl-1.0.0m", "openssl-1.0.1e", "openssl-1.0.1u")
    )


@pytest.mark.parametrize("kind", RELEASES)
def test_the_heartbeat_extension(start_tls: StartTls, kind: str) -> None:
    hello = ask(start_tls(kind), client_hello([_RSA_AES], extensions=raw.HEARTBEAT)).hello
    assert hello is not None
    assert (15 in hello.extensions) == (kind == "openssl-1.0.1e")


@pytest.mark.parametrize("kind", RELEASES)
def test_null_suites(start_tls: StartTls, kind: str) -> None:
    assert ask(start_tls(kind), client_hello(_NULL)).hello is not None


@pytest.mark.parametrize("kind", ["openssl-1.0.0m", "openssl-1.0.1e"])
def test_export_suites_come_with_a_key_of_512_bits(start_tls: StartTls, kind: str) -> None:
    assert ask(start_tls(kind), client_hello(_EXPORT)).hello is None
    hello = ask(start_tls(kind, leaves=("rsa-512",)), client_hello(_EXPORT)).hello
    assert hello is not None
    assert hello.suite in _EXPORT


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("openssl-1.0.0m", "eof at once"),
        ("openssl-1.0.1e", "silence"),
        ("openssl-1.0.1u", "alert"),
        ("openssl-1.0.2g", "alert"),
        ("openssl-1.1.1k", "alert"),
        ("openssl-3.0.16", "alert"),
    ],
)
def test_an_early_change_cipher_spec(start_tls: StartTls, kind: str, way: str) -> None:
    """1.0.1e takes it in silence and ends on the second, as CVE-2014-0224 has it."""
    with raw.connect(start_tls(kind)) as stream:
        stream.sendall(client_hello([_RSA_AES], version=0x0301))
        assert raw.receive(stream).message(raw.HELLO_DONE) is not None
        change = raw.record(20, b"\x01", version=0x0301)
        stream.sendall(change)
        first = raw.receive(stream, quiet_s=1.0)
        if way == "silence":
            assert (first.octets, first.ended) == (b"", "silence")
            stream.sendall(change)
            second = raw.receive(stream)
            assert (second.octets, second.ended) == (b"", "eof")
        elif way == "alert":
            assert first.alerts == ((2, 10),)
        else:
            assert (first.octets, first.ended) == (b"", "eof")


@pytest.mark.parametrize("kind", RELEASES)
def test_fallback_scsv(start_tls: StartTls, kind: str) -> None:
    """1.0.0m and 1.0.1e are older than RFC 7507."""
    flight = ask(start_tls(kind), client_hello([_RSA_AES, _FALLBACK], version=0x0301))
    heeded = (2, 86) in flight.alerts
    assert heeded == (kind not in ("openssl-1.0.0m", "openssl-1.0.1e"))
    assert (flight.hello is None) == heeded


@pytest.mark.parametrize(
    ("kind", "group", "bits"),
    [
        ("openssl-1.0.1u", "dh-768", 768),
        ("openssl-1.0.1u", "dh-1024", 1024),
        ("openssl-1.0.2o", "dh-1024", 1024),
        ("openssl-1.1.1k", "dh-not-safe", 1024),
        ("openssl-1.1.1k", "dh-composite", 1024),
        ("openssl-3.0.16", "dh-2048", 2048),
        ("python-ssl", "dh-1024", 1024),
        ("python-ssl", "dh-composite", 1024),
        ("python-ssl", "dh-not-safe", 1024),
        ("flawed", "dh-512", 512),
        ("flawed", "dh-768", 768),
        ("flawed", "dh-composite", 1024),
    ],
)
def test_the_diffie_hellman_group_is_the_one_asked_for(
    start_tls: StartTls, kind: str, group: str, bits: int
) -> None:
    exchange = ask(start_tls(kind, dh=group), client_hello(_DHE, extensions=raw.SIGNATURES)).message(
        raw.KEY_EXCHANGE
    )
    assert exchange is not None
    size = int.from_bytes(exchange[:2], "big")
    prime = int.from_bytes(exchange[2 : 2 + size], "big")
    assert prime.bit_length() == bits
    assert (prime % 3 == 0) == (group == "dh-composite")


def test_suites_and_versions_can_be_chosen(start_tls: StartTls) -> None:
    server = start_tls("openssl-1.0.1e", suites="AES128-SHA", lowest="TLSv1.1", highest="TLSv1.1")
    assert ask(server, client_hello([_RSA_AES])).hello is not None
    assert ask(server, client_hello([0x0035])).hello is None
    assert ask(server, client_hello([_RSA_AES], version=0x0301)).hello is None
    hello = ask(server, client_hello([_RSA_AES])).hello
    assert hello is not None
    assert hello.version == 0x0302


def test_the_servers_order_can_decide(start_tls: StartTls) -> None:
    chosen = []
    for decides in (False, True):
        server = start_tls("openssl-1.0.2o", suites="AES256-SHA:AES128-SHA", server_order=decides)
        hello = ask(server, client_hello([0x002F, 0x0035])).hello
        assert hello is not None
        chosen.append(hello.suite)
    assert chosen == [0x002F, 0x0035]


@pytest.mark.parametrize(
    "kind", ["openssl-1.0.2o", "openssl-3.0.16", "python-ssl", "openssl-s_server", "gnutls"]
)
def test_two_certificates(start_tls: StartTls, kind: str) -> None:
    server = start_tls(kind, leaves=("rsa-2048", "ec-p256"))
    for suite in (0xC02F, 0xC02B):
        flight = ask(server, client_hello([suite], extensions=raw.GROUPS + raw.SIGNATURES))
        assert flight.hello is not None
        assert flight.hello.suite == suite


@pytest.mark.parametrize("kind", ["openssl-1.0.1e", "openssl-1.1.1v", "python-ssl"])
def test_another_certificate_for_another_name(
    start_tls: StartTls, kind: str, tls_servers: TlsServers
) -> None:
    server = start_tls(kind, names=(("other.tls.test", "rsa-1024"),))
    shown = [
        _s_client(server, *_lowest_level(), "-servername", name) for name in (server.name, "other.tls.test")
    ]
    assert ["Server public key is 2048 bit" in said for said in shown] == [True, False]
    assert "Server public key is 1024 bit" in shown[1]


@pytest.mark.parametrize(
    "kind", ["openssl-1.0.1u", "openssl-1.0.2o", "openssl-3.5.8", "gnutls", "openssl-s_server"]
)
def test_a_staple(start_tls: StartTls, kind: str) -> None:
    said = _s_client(start_tls(kind, staple=True), *_lowest_level(), "-status", *_ends(kind), **_said(kind))
    assert "Cert Status: good" in said
    assert "Verification: OK" in said


def _ends(kind: str) -> list[str]:
    return ["-no_ign_eof"] if kind == "openssl-s_server" else []


def _said(kind: str) -> dict[str, bytes]:
    """s_server never closes first, so the client has to."""
    return {"said": b"Q\n"} if kind == "openssl-s_server" else {}


def test_openssl_3_5_has_ml_kem(start_tls: StartTls) -> None:
    """X25519MLKEM768 (0x11EC) without a key share: the server asks for one by HelloRetryRequest."""
    versions = bytes.fromhex("002b0003020304")
    groups = bytes.fromhex("000a0004000211ec")
    share = bytes.fromhex("003300020000")
    hello = client_hello([0x1301, 0x1302], extensions=versions + groups + raw.SIGNATURES + share)
    for kind, has in (("openssl-3.5.8", True), ("openssl-3.0.16", False)):
        with raw.connect(start_tls(kind)) as stream:
            stream.sendall(hello)
            flight = raw.receive(stream, enough=lambda flight: bool(flight.messages or flight.alerts))
        assert (flight.hello is not None) == has
        if flight.hello is not None:
            assert flight.hello.extensions[51] == b"\x11\xec"
        else:
            assert flight.alerts == ((2, 40),)


def test_alpn_tickets_and_client_certificates(start_tls: StartTls) -> None:
    server = start_tls("openssl-1.1.1k", alpn=("smtp",), tickets=False, client_certificate="ask")
    said = _s_client(server, *_lowest_level(), "-alpn", "smtp")
    assert "ALPN protocol: smtp" in said
    assert "TLS session ticket:" not in said
    assert "Acceptable client certificate CA names" in said
    other = _s_client(start_tls("openssl-1.1.1k"), *_lowest_level())
    assert "TLS session ticket:" in other
    assert "No client certificate CA names sent" in other


def test_gnutls_heartbeat_record_size_and_early_data(start_tls: StartTls) -> None:
    server = start_tls("gnutls", extra=("heartbeat", "record-1024"), early_data_octets=1234)
    hello = ask(
        server, client_hello([_RSA_AES], extensions=raw.HEARTBEAT + bytes.fromhex("001c00024001"))
    ).hello
    assert hello is not None
    assert 15 in hello.extensions
    assert hello.extensions[28] == (1024).to_bytes(2, "big")
    assert re.search(r"Max Early Data: 1234", _s_client(server, "-tls1_3"))


def test_gnutls_raw_public_key(start_tls: StartTls) -> None:
    """server_certificate_type RawPublicKey (RFC 7250) is answered, and the key comes bare."""
    server = start_tls("gnutls", extra=("rawpk",))
    asks = bytes.fromhex("001400020102") + raw.GROUPS + raw.SIGNATURES
    flight = ask(server, client_hello([0xC02F], extensions=asks))
    assert flight.hello is not None
    assert flight.hello.extensions[20] == b"\x02"
    certificate = flight.message(raw.CERTIFICATE)
    assert certificate is not None
    assert len(certificate) < 320  # the chain has more than a thousand


def test_s_server_takes_early_data_and_legacy_renegotiation(start_tls: StartTls) -> None:
    server = start_tls("openssl-s_server", early_data_octets=1000, extra=("-legacy_renegotiation",))
    said = _s_client(server, "-tls1_3", "-no_ign_eof", said=b"EHLO client.test\r\n")
    assert "Verification: OK" in said
    assert server.speaks
    with raw.connect(server) as stream:
        stream.sendall(client_hello([_RSA_AES]))
        assert raw.receive(stream).hello is not None


@pytest.mark.parametrize("protocol", ["smtp", "lmtp", "imap", "pop3", "sieve"])
def test_every_protocol_up_to_starttls_and_within(start_tls: StartTls, protocol: str) -> None:
    end = {"imap": b"a CAPABILITY\r\nb LOGOUT\r\n", "sieve": b"CAPABILITY\r\nLOGOUT\r\n"}.get(
        protocol, b"LHLO x\r\nQUIT\r\n" if protocol == "lmtp" else b"CAPA\r\nQUIT\r\n"
    )
    server = start_tls("openssl-1.1.1v", behind=protocol)
    said = _s_client(server, said=end)
    assert "Verification: OK" in said
    wanted = {
        "smtp": "221 2.0.0 Bye",
        "lmtp": "250 SIZE 10240000",
        "imap": "* CAPABILITY IMAP4rev1 AUTH=PLAIN",
        "pop3": "+OK Bye",
        "sieve": 'OK "secured"',
    }
    assert wanted[protocol] in said


def test_what_a_kind_cannot_do_is_refused(tls_servers: TlsServers) -> None:
    with pytest.raises(ValueError, match="'dh'"):
        tls_servers.start("openssl-1.0.0m", dh="dh-1024")
    with pytest.raises(ValueError, match="one certificate"):
        tls_servers.start("openssl-1.0.1e", leaves=("rsa-2048", "ec-p256"))
    with pytest.raises(ValueError, match="no test server"):
        tls_servers.start("openssl-0.9.7")


def test_a_server_that_does_not_come_up_shows_its_log(tls_servers: TlsServers) -> None:
    with pytest.raises(StartError, match="No cipher can be selected"):
        tls_servers.start("python-ssl", suites="NOTHING")


def test_equal_servers_are_shared_and_fronts_are_not(start_tls: StartTls) -> None:
    one, same, fresh = (start_tls("openssl-1.1.1k", fresh=fresh) for fresh in (False, False, True))
    assert one.tls_port == same.tls_port != fresh.tls_port
    assert one.port != same.port
    assert one.pid == same.pid


def test_servers_end_with_their_session(start_tls: StartTls) -> None:
    start_tls("openssl-1.0.1e")  # skips where there is no such server
    with TlsServers() as servers:
        server = servers.start("openssl-1.0.1e", delay_s=0.01)
        assert server.pid is not None
        with raw.connect(server):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=2)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


async def _serve_and_ask() -> int:
    async with serving("python-ssl", implicit=True) as server:
        hello = ask(server, client_hello([_RSA_AES])).hello
        assert hello is not None
        return hello.version


def test_serving_in_an_event_loop() -> None:
    import asyncio

    assert asyncio.run(_serve_and_ask()) == raw.TLS12


def test_integrities_are_those_of_npm() -> None:
    for release in RELEASES.values():
        assert isinstance(release, NodeRelease)
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", release.integrity)
