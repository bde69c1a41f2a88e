"""Simulated clients against real TLS servers, and against what the real clients negotiate there."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probes.scripted import SETTINGS, SUBJECT, DialerTo, network
from waxseal.facts import Cause, ClientSimulation, Deviation, MailProtocol, TlsMode
from waxseal.lab.listener import LOOPBACK
from waxseal.net.clock import SystemClock
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder, attempt
from waxseal.probes.tls.pool import Pool
from waxseal.probes.tls.simulation import (
    NOT_ASKED,
    ShapeTalk,
    Simulation,
    UnknownClientError,
    chosen_shapes,
)
from waxseal.wire.client_shapes import ClientShape, client_shapes
from waxseal.wire.tls_fields import message, number, records, vector
from waxseal.wire.tls_registry import group_name
from waxseal.wire.tls_suites import suite_name

OPENSSL = shutil.which("openssl") or ""
GNUTLS = shutil.which("gnutls-cli") or ""
NAME = "mx.example.test"
openssl = pytest.mark.skipif(not OPENSSL, reason="no openssl on this machine")


class Server:
    """`openssl s_server` on loopback."""

    def __init__(self, folder: Path, *options: str, key: str = "rsa:2048") -> None:
        certificate, private = folder / "c.pem", folder / "k.pem"
        extra = ["-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else []
        subprocess.run(
            [
                *(OPENSSL, "req", "-x509", "-newkey", key, *extra, "-nodes", "-subj", f"/CN={NAME}"),
                *("-keyout", str(private), "-out", str(certificate), "-days", "2"),
            ],
            check=True,
            capture_output=True,
        )
        with socket.create_server((LOOPBACK, 0)) as found:
            self.port: int = found.getsockname()[1]
        self._process = subprocess.Popen(
            [
                *(OPENSSL, "s_server", "-accept", f"{LOOPBACK}:{self.port}", "-cert", str(certificate)),
                *("-key", str(private), "-quiet", *options),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("s_server does not listen")

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def simulate(port: int, *ids: str, connections: int = 100) -> dict[str, ClientSimulation]:
    """Simulate through the real pool."""

    async def run() -> tuple[ClientSimulation, ...]:
        outside = network(DialerTo(port))
        peer = Peer(outside, LOOPBACK, 465, time_limit_s=30, connection_limit=connections)
        simulation = Simulation(chosen_shapes(ids), NAME)
        recorder = Recorder(SystemClock())
        async with attempt(recorder, (SUBJECT,), "tls.simulated", SystemClock()) as started:
            pool = Pool(peer, started, MailProtocol.SMTP, TlsMode.IMPLICIT, SETTINGS.ehlo_name)
            await pool.ask(*simulation.strands())
        assert peer.connections <= min(connections, simulation.connections)
        return simulation.facts(pool.not_asked)

    return {fact.client: fact for fact in asyncio.run(run())}


@openssl
def test_every_client_against_a_modern_server(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        seen = simulate(server.port, "all")
    assert set(seen) == {shape.id for shape in client_shapes()}
    for fact in seen.values():
        assert fact.reaction.cause is Cause.COMPLETED, fact
        assert fact.version == fact.offered[-1]
        assert fact.suite is not None
        assert fact.group is not None
        assert fact.deviations == ()
        assert (fact.scheme is None) is (fact.version == "TLSv1.3")


@openssl
def test_a_group_that_few_have_is_asked_for(tmp_path: Path) -> None:
    with Server(tmp_path, "-groups", "P-521", "-tls1_3") as server:
        seen = simulate(server.port, "postfix-3.7", "exim-4.96", "nodemailer-node-10")
    assert seen["postfix-3.7"].retried
    assert seen["postfix-3.7"].group == 25
    old = seen["nodemailer-node-10"]
    assert (old.reaction.cause, old.reaction.alert, old.version) == (Cause.ALERT, 70, "")


@openssl
def test_an_old_version_is_selected_though_not_offered(tmp_path: Path) -> None:
    with Server(tmp_path, "-tls1", "-cipher", "ALL:@SECLEVEL=0") as server:
        seen = simulate(server.port, "postfix-3.7", "nodemailer-node-24")
    assert seen["postfix-3.7"].version == "TLSv1"
    assert seen["nodemailer-node-24"].version == ""
    assert seen["nodemailer-node-24"].reaction.cause is Cause.ALERT


@openssl
def test_same_hellos_share_a_connection_and_the_budget_is_kept(tmp_path: Path) -> None:
    alike = ("msmtp-1.8", "mpop-1.4", "gnutls-cli-3.7")
    with Server(tmp_path) as server:
        shared = simulate(server.port, *alike, connections=1)
        short = simulate(server.port, "msmtp-1.8", "exim-4.96", connections=1)
    assert {fact.reaction.cause for fact in shared.values()} == {Cause.COMPLETED}
    assert shared["msmtp-1.8"].shared_with == ("gnutls-cli-3.7", "mpop-1.4")
    causes = sorted(fact.reaction.cause for fact in short.values())
    assert causes == [Cause.BUDGET_SPENT, Cause.COMPLETED]
    unasked = next(f for f in short.values() if f.reaction.cause is Cause.BUDGET_SPENT)
    assert "connections are spent" in unasked.reaction.detail


def test_an_unknown_client_is_named() -> None:
    with pytest.raises(UnknownClientError, match="nobody-1"):
        chosen_shapes(["postfix-3.7", "nobody-1"])


def test_what_was_never_asked_says_so() -> None:
    (fact,) = Simulation(chosen_shapes(["exim-4.96"]), NAME).facts()
    assert (fact.reaction.cause, fact.reaction.detail) == (Cause.BUDGET_SPENT, NOT_ASKED)


def answered(shape: ClientShape, hello: bytes) -> tuple[Deviation, ...]:
    """The deviations of a client's simulation when the server sends this ServerHello."""
    simulation = Simulation([shape], NAME)
    (strand,) = simulation.strands()
    talk = next(strand).talk()
    assert isinstance(talk, ShapeTalk)
    talk.receive(records(22, hello + message(14, b"")))
    if not talk.done:
        talk.end(Cause.CLOSED)
    with contextlib.suppress(StopIteration):
        strand.send(talk)
    (fact,) = simulation.facts()
    return fact.deviations


def server_hello(
    suite: int, extensions: bytes = b"", random: bytes = bytes(32), compression: int = 0
) -> bytes:
    body = b"\x03\x03" + random + b"\x00" + number(suite, 2) + bytes([compression])
    return message(2, body + (vector(extensions, 2) if extensions else b""))


@pytest.mark.parametrize(
    ("hello", "rule"),
    [
        (server_hello(0x0005), "suite-not-offered"),
        (server_hello(0xC02F, b"\x00\x0f\x00\x01\x01"), "extension-not-offered"),
        (server_hello(0xC02F, random=bytes(24) + b"DOWNGRD\x01"), "downgrade-sentinel"),
        (server_hello(0xC02F, compression=1), "compression-not-offered"),
        (server_hello(0x1301, bytes.fromhex("002b00020304 00330006 0015 0002 0000")), "group-not-offered"),
    ],
)
def test_what_the_client_did_not_offer_is_noted(hello: bytes, rule: str) -> None:
    (shape,) = chosen_shapes(["postfix-3.7"])
    assert [deviation.rule for deviation in answered(shape, hello)] == [rule]


def test_a_sound_answer_has_no_deviation() -> None:
    (shape,) = chosen_shapes(["postfix-3.7"])
    assert answered(shape, server_hello(0xC02F, bytes.fromhex("ff01000100"))) == ()


CONFIGURATIONS = [
    ("modern", "rsa:2048", ()),
    ("modern ECDSA", "ec", ()),
    ("TLS 1.2 only", "rsa:2048", ("-tls1_2",)),
    ("TLS 1.2, server's order", "rsa:2048", ("-tls1_2", "-serverpref", "-cipher", "AES128-SHA:ECDHE+AESGCM")),
    ("static RSA", "rsa:2048", ("-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA")),
    ("one group", "rsa:2048", ("-groups", "P-384")),
    ("one group, TLS 1.2", "ec", ("-groups", "P-384:P-256", "-tls1_2")),
    ("one suite", "rsa:2048", ("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-no_tls1_2")),
]


@pytest.fixture(params=CONFIGURATIONS, ids=[name for name, _, _ in CONFIGURATIONS])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    _, key, options = request.param
    with Server(tmp_path, *options, key=key) as started:
        yield started


@openssl
def test_openssl_itself_negotiates_the_same(server: Server) -> None:
    """The recorded hello of s_client, and s_client."""
    release = subprocess.run([OPENSSL, "version"], capture_output=True, text=True, check=True).stdout
    if not release.startswith("OpenSSL 3.0."):
        pytest.skip(f"the hello was recorded from OpenSSL 3.0, here is {release}")
    seen = simulate(server.port, "openssl-s_client-3.0")["openssl-s_client-3.0"]
    address = f"{LOOPBACK}:{server.port}"
    said = subprocess.run(
        [OPENSSL, "s_client", "-connect", address, "-servername", NAME, "-trace"],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    ).stdout
    # "New" names the oldest version of the suite; the session's line has the version, up to TLS 1.2 always.
    version = re.search(r"^ +Protocol +: (TLSv1\.\d)$|^New, (TLSv1\.3), ", said, re.MULTILINE)
    assert version is not None
    assert seen.version in version.groups()
    chosen = re.findall(r"ServerHello.*?cipher_suite \{0x(..), 0x(..)\}", said, re.DOTALL)[-1]
    assert seen.suite == int("".join(chosen), 16)
    assert seen.suite is not None
    if seen.group is not None:
        temporary = re.search(r"^Server Temp Key: (\S+?),(?: (\S+),)?", said, re.MULTILINE)
        assert temporary is not None
        names = {"X25519": "x25519", "prime256v1": "secp256r1", "P-256": "secp256r1"}
        found = temporary.group(2) if temporary.group(1) == "ECDH" else temporary.group(1)
        assert group_name(seen.group) == names.get(found, found)


@openssl
@pytest.mark.skipif(not GNUTLS, reason="no gnutls-cli on this machine")
def test_gnutls_itself_negotiates_the_same(server: Server) -> None:
    """The recorded hello of gnutls-cli, and gnutls-cli."""
    release = subprocess.run([GNUTLS, "--version"], capture_output=True, text=True, check=True).stdout
    if " 3.7." not in release.splitlines()[0]:
        pytest.skip(f"the hello was recorded from GnuTLS 3.7, here is {release.splitlines()[0]}")
    seen = simulate(server.port, "gnutls-cli-3.7")["gnutls-cli-3.7"]
    said = subprocess.run(
        [GNUTLS, "--insecure", "--sni-hostname", NAME, f"--port={server.port}", LOOPBACK],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    ).stdout
    described = re.search(r"^- Description: \((TLS1\.\d)[^)]*\)(.*)$", said, re.MULTILINE)
    assert described is not None, said
    assert seen.version == described.group(1).replace("TLS", "TLSv")
    parts = described.group(2)
    assert seen.suite is not None
    cipher = re.search(r"AES-(128|256)-(GCM|CBC)|CHACHA20-POLY1305", parts)
    assert cipher is not None
    assert cipher.group(0).replace("-", "_") in suite_name(seen.suite)
    if seen.group is not None:
        assert group_name(seen.group).upper() in parts.upper()
