"""Each set-up of the real servers does what its name says, as seen by smtplib and by openssl s_client."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from . import opensmtpd, servers
from .sandbox import StartError
from .servers import HOST_NAME, SET_UPS, RealServer, RealServers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.real

_SOUND = ("default", "tls12-only", "dual", "implicit", "submission")


def _every(*names: str, but: tuple[str, ...] = ("opensmtpd",)) -> pytest.MarkDecorator:
    chosen = [at for at in SET_UPS if at[1] in names and at[0] not in but]
    return pytest.mark.parametrize("real_server", chosen, indirect=True, ids="-".join)


def _context(server: RealServer) -> ssl.SSLContext:
    """Verifies the chain; the name is compared by the test, as the connection is made by address."""
    context = ssl.create_default_context(cafile=str(server.root_pem))
    context.check_hostname = False
    return context


def _connect(server: RealServer) -> smtplib.SMTP:
    if server.mode == "implicit":
        return smtplib.SMTP_SSL(server.host, server.port, HOST_NAME, timeout=10, context=_context(server))
    return smtplib.SMTP(server.host, server.port, HOST_NAME, timeout=10)


def _secured(server: RealServer) -> smtplib.SMTP:
    smtp = _connect(server)
    if server.mode == "starttls":
        code, _ = smtp.starttls(context=_context(server))
        assert code == 220
    return smtp


def _s_client(server: RealServer, *options: str) -> str:
    """What openssl says of a connection: output and errors."""
    starttls = ["-starttls", "smtp"] if server.mode == "starttls" else []
    where = [
        "-connect",
        f"{server.host}:{server.port}",
        "-servername",
        server.name,
        "-verify_hostname",
        server.name,
    ]
    done = subprocess.run(
        ["openssl", "s_client", *where, *starttls, "-showcerts", "-CAfile", str(server.root_pem), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=20,
        check=False,
    )
    return done.stdout.decode(errors="replace")


def _sent(said: str) -> list[x509.Certificate]:
    pems = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", said, re.DOTALL)
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in pems]


def _verdict(said: str) -> int:
    """OpenSSL's verify return code; 0 is sound (X509_V_OK)."""
    found = re.search(r"Verify return code: (\d+)", said)
    assert found, said
    return int(found[1])


def _listens(server: RealServer) -> bool:
    try:
        with socket.create_connection((server.host, server.port), timeout=2):
            return True
    except OSError:
        return False


def test_postfix_has_every_set_up() -> None:
    assert {set_up for software, set_up in SET_UPS if software == "postfix"} == {
        "default",
        "tls12-only",
        "dual",
        "no-starttls",
        "expired",
        "self-signed",
        "missing-intermediate",
        "implicit",
        "submission",
    }


@pytest.mark.parametrize("real_server", SET_UPS, indirect=True, ids="-".join)
def test_it_says_where_it_is(real_server: RealServer) -> None:
    assert (real_server.software, real_server.set_up) in SET_UPS
    assert re.fullmatch(r"\d+(\.\d+)+(p\d+)?", real_server.version)
    assert real_server.host.startswith("127.")
    assert real_server.port >= 1024
    assert real_server.name == "mx.real.test"
    assert real_server.root_pem.read_bytes().count(b"BEGIN CERTIFICATE") == 1


@pytest.mark.parametrize(
    "real_server", [at for at in SET_UPS if at[1] != "implicit"], indirect=True, ids="-".join
)
def test_it_greets_in_the_clear_with_its_name(real_server: RealServer) -> None:
    with socket.create_connection((real_server.host, real_server.port), timeout=10) as connection:
        greeting = connection.makefile("rb").readline().decode()
    assert greeting.startswith(f"220 {real_server.name} ") or real_server.software == "dovecot"
    assert greeting.startswith("220 ")
    assert {"postfix": "Postfix", "exim": "Exim", "dovecot": "Dovecot", "opensmtpd": "OpenSMTPD"}[
        real_server.software
    ] in greeting


@_every(*_SOUND)
def test_a_sound_one_verifies(real_server: RealServer) -> None:
    with _secured(real_server) as smtp:
        assert smtp.ehlo()[0] == 250
        assert not smtp.has_extn("starttls")
        assert isinstance(smtp.sock, ssl.SSLSocket)
        assert smtp.sock.version() == ("TLSv1.2" if real_server.set_up == "tls12-only" else "TLSv1.3")
        peer = smtp.sock.getpeercert()
        assert peer
        assert peer["subjectAltName"] == (("DNS", real_server.name),)


@_every(*_SOUND)
def test_a_sound_one_sends_leaf_and_intermediate(real_server: RealServer, real_servers: RealServers) -> None:
    said = _s_client(real_server)
    leaf, intermediate = _sent(said)
    assert _verdict(said) == 0
    assert leaf in (real_servers.certificates.sound.certificate, real_servers.certificates.ecdsa.certificate)
    assert intermediate == real_servers.pki.intermediate


@_every("tls12-only")
def test_tls12_only_refuses_tls13(real_server: RealServer) -> None:
    assert "New, TLSv1.2" in _s_client(real_server, "-tls1_2")
    refused = _s_client(real_server, "-tls1_3")
    assert "New, (NONE)" in refused
    alert = {"exim": "alert handshake failure"}.get(real_server.software, "alert protocol version")
    assert alert in refused


@_every("default")
def test_default_has_both_tls12_and_tls13(real_server: RealServer) -> None:
    assert "New, TLSv1.2" in _s_client(real_server, "-tls1_2")
    assert "New, TLSv1.3" in _s_client(real_server, "-tls1_3")


@_every("dual")
@pytest.mark.parametrize(
    ("cipher", "key"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", rsa.RSAPublicKey),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", ec.EllipticCurvePublicKey),
    ],
    ids=["rsa", "ecdsa"],
)
def test_dual_serves_both_keys(real_server: RealServer, cipher: str, key: type[object]) -> None:
    said = _s_client(real_server, "-tls1_2", "-cipher", cipher)
    assert f"Cipher is {cipher}" in said
    assert isinstance(_sent(said)[0].public_key(), key)
    assert _verdict(said) == 0


@_every("default")
def test_default_holds_no_ecdsa(real_server: RealServer) -> None:
    assert "New, (NONE)" in _s_client(real_server, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")


@_every("no-starttls", but=())
def test_no_starttls_neither_offers_nor_takes_it(real_server: RealServer) -> None:
    with _connect(real_server) as smtp:
        assert smtp.ehlo()[0] == 250
        assert not smtp.has_extn("starttls")
        assert smtp.docmd("STARTTLS")[0] in range(500, 560)


@_every("expired")
def test_expired_is_over(real_server: RealServer) -> None:
    said = _s_client(real_server)
    leaf, _ = _sent(said)
    assert leaf.not_valid_after_utc < datetime.now(UTC)
    assert _verdict(said) == 10  # X509_V_ERR_CERT_HAS_EXPIRED
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        _secured(real_server)


@_every("self-signed")
def test_self_signed_is_its_own_issuer(real_server: RealServer) -> None:
    said = _s_client(real_server)
    (leaf,) = _sent(said)
    leaf.verify_directly_issued_by(leaf)
    assert _verdict(said) == 18  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT


@_every("missing-intermediate")
def test_missing_intermediate_sends_the_leaf_alone(
    real_server: RealServer, real_servers: RealServers
) -> None:
    said = _s_client(real_server)
    (leaf,) = _sent(said)
    assert _verdict(said) in (20, 21)  # no local issuer, or no first signature
    leaf.verify_directly_issued_by(real_servers.pki.intermediate)
    real_servers.pki.intermediate.verify_directly_issued_by(real_servers.pki.root)


@_every("missing-intermediate")
def test_missing_intermediate_says_where_it_is(real_server: RealServer, real_servers: RealServers) -> None:
    (leaf,) = _sent(_s_client(real_server))
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    (place,) = access
    assert place.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    with urllib.request.urlopen(place.access_location.value, timeout=10) as response:
        assert x509.load_der_x509_certificate(response.read()) == real_servers.pki.intermediate
    assert real_servers.issuer_site.requests[-1] == "/intermediate.cer"


@_every("implicit")
def test_implicit_greets_inside_tls(real_server: RealServer) -> None:
    assert real_server.mode == "implicit"
    with _connect(real_server) as smtp:
        assert smtp.ehlo()[0] == 250
        assert not smtp.has_extn("starttls")


@pytest.mark.parametrize(
    "real_server",
    [*(at for at in SET_UPS if at[1] == "submission"), ("dovecot", "default")],
    indirect=True,
    ids="-".join,
)
def test_submission_offers_auth_only_after_tls(real_server: RealServer) -> None:
    with _connect(real_server) as smtp:
        smtp.ehlo()
        assert smtp.has_extn("starttls")
        # Dovecot 2.3 says AUTH without a mechanism until TLS is on
        assert not smtp.esmtp_features.get("auth", "").split()
        smtp.starttls(context=_context(real_server))
        smtp.ehlo()
        assert "PLAIN" in smtp.esmtp_features["auth"].upper()


@pytest.mark.parametrize(
    "real_server", [("opensmtpd", "default"), ("opensmtpd", "implicit")], indirect=True, ids="-".join
)
def test_opensmtpd_6_breaks_off_after_server_hello(real_server: RealServer) -> None:
    if real_server.can_handshake:
        assert _verdict(_s_client(real_server)) == 0
        return
    with pytest.raises(ssl.SSLError, match="INTERNAL_ERROR"):
        _secured(real_server)
    said = _s_client(real_server, "-msg")
    assert "ServerHello" in said
    assert "fatal internal_error" in said


@_every("self-made")
def test_self_made_is_exims_own(real_server: RealServer) -> None:
    said = _s_client(real_server)
    (leaf,) = _sent(said)
    assert "Exim Developers" in leaf.issuer.rfc4514_string()
    assert _verdict(said) == 18


def _wait_until_gone(server: RealServer) -> None:
    until = time.monotonic() + 5
    while _listens(server):
        assert time.monotonic() < until, f"{server} still listens"
        time.sleep(0.02)


@pytest.mark.parametrize("software", ["postfix", "exim", "dovecot", "opensmtpd"])
def test_two_run_at_once_and_the_second_leaves_nothing_behind(
    software: str,
    start_real: Callable[[str, str], RealServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = start_real(software, "default")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with RealServers() as others:
        second = others.server(software, "default")
        assert _listens(first)
        assert _listens(second)
    assert not _listens(second)
    assert _listens(first)
    assert list(tmp_path.iterdir()) == []


def test_killing_the_recorded_process_ends_the_daemon(start_real: Callable[[str, str], RealServer]) -> None:
    start_real("postfix", "default")
    with RealServers() as others:
        server = others.server("postfix", "default")
        os.kill(others.pid("postfix"), signal.SIGKILL)
        _wait_until_gone(server)


def test_killing_the_tests_ends_the_daemon(
    start_real: Callable[[str, str], RealServer], tmp_path: Path
) -> None:
    start_real("postfix", "default")
    script = f"""
import time
from {__package__}.servers import RealServers
with RealServers() as servers:
    server = servers.server("postfix", "default")
    print(server.host, server.port, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        host, port = owner.stdout.readline().split()
        server = dataclasses.replace(start_real("postfix", "default"), host=host, port=int(port))
        assert _listens(server)
        owner.kill()
    _wait_until_gone(server)


def test_a_daemon_that_does_not_come_up_shows_its_log(
    start_real: Callable[[str, str], RealServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_real("opensmtpd", "default")
    broken = dataclasses.replace(opensmtpd.RECIPE, configure=lambda _: {"start": "echo no such luck; exit 3"})
    monkeypatch.setitem(servers.RECIPES, "opensmtpd", broken)
    with (
        RealServers() as others,
        pytest.raises(StartError, match=r"(?s)the daemon ended; its log:.*no such luck.*status 3"),
    ):
        others.server("opensmtpd", "default")
