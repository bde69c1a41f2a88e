"""The TLS 1.3 client against servers of other makes on loopback: early data, finite fields, hybrids."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import LeafOrder
from waxseal.trust.handshake_signature import verify_certificate_verify
from waxseal.wire import tls13_ffdhe
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13 import Tls13Client
from waxseal.wire.tls13_ffdhe import FFDHE_GROUPS, prime, public_value, shared_secret
from waxseal.wire.tls13_groups import ShareError, available_groups, key_share
from waxseal.wire.tls13_offer import Tls13Offer
from waxseal.wire.tls_events import (
    ApplicationData,
    CertificatesShown,
    CertificateVerifySeen,
    Deviated,
    Event,
    HandshakeCompleted,
    HelloRetry,
    Resumption,
    TicketSeen,
)

pytestmark = pytest.mark.real

HOST = "mx.example.test"
OPENSSL, GNUTLS = shutil.which("openssl"), shutil.which("gnutls-serv")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl here")
needs_gnutls = pytest.mark.skipif(GNUTLS is None, reason="no gnutls-serv here")
WAIT_S = 10.0


@dataclass
class Server:
    """A running server: its port, and the file that takes what it prints."""

    port: int
    log: Path

    def printed(self, wanted: bytes) -> bool:
        """Whether it prints this within some time."""
        end = time.monotonic() + WAIT_S
        while wanted not in self.log.read_bytes():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, command: list[str], port: int) -> Iterator[Server]:
    log = folder / f"{port}.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT) as process,
    ):
        try:
            end = time.monotonic() + WAIT_S
            while process.poll() is None and time.monotonic() < end:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.02)
            yield Server(port, log)
        finally:
            process.terminate()


def identity(folder: Path) -> list[Path]:
    """Files with a certificate and its key."""
    path = folder / "server.pem"
    path.write_bytes(CertificateAuthority().leaf(LeafOrder(names=(HOST,))).pem())
    return [path, path]


@contextmanager
def openssl(folder: Path, *options: str) -> Iterator[Server]:
    port, (certificate, key) = free_port(), identity(folder)
    command = [str(OPENSSL), "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_3"]
    with running(folder, [*command, "-cert", str(certificate), "-key", str(key), *options], port) as server:
        yield server


@contextmanager
def gnutls(folder: Path, priority: str, *options: str) -> Iterator[Server]:
    port, (certificate, key) = free_port(), identity(folder)
    command = [str(GNUTLS), "--port", str(port), "--echo", "--priority", priority]
    files = ["--x509certfile", str(certificate), "--x509keyfile", str(key)]
    with running(folder, [*command, *files, *options], port) as server:
        yield server


def talk(
    server: Server,
    offer: Tls13Offer,
    early: bytes = b"",
    send: bytes = b"",
    await_ticket: bool = False,
    await_answer: bool = False,
    resume: Resumption | None = None,
    age_ms: int = 0,
) -> tuple[Tls13Client, list[Event]]:
    """One connection: early data, handshake, data; until what was awaited came."""
    hello, shares = offer.hello(os.urandom)
    client = Tls13Client(hello, shares, os.urandom, resume=resume, age_ms=age_ms, early_data=bool(early))
    events: list[Event] = []
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as stream:
        stream.sendall(client.start() + (client.send_early(early) if early else b""))
        sent = False
        while True:
            done = client.completed
            done &= not await_ticket or any(isinstance(event, TicketSeen) for event in events)
            done &= not await_answer or any(isinstance(event, ApplicationData) for event in events)
            if client.ended or done:
                break
            data = stream.recv(65536)
            events += client.receive(data) if data else client.receive_eof()
            stream.sendall(client.to_send())
            if client.completed and not client.ended and not sent:
                stream.sendall(client.send(send) if send else b"")
                sent = True
        if not client.ended:
            stream.sendall(client.close())
    return client, events


def completed(events: list[Event]) -> HandshakeCompleted:
    assert not [event for event in events if isinstance(event, Deviated)]
    (found,) = [event for event in events if isinstance(event, HandshakeCompleted)]
    return found


def ticket_of(events: list[Event]) -> Resumption:
    return next(event.resumption for event in events if isinstance(event, TicketSeen))


@needs_openssl
@pytest.mark.parametrize("suite", [0x1301, 0x1302, 0x1303])
def test_early_data_that_openssl_takes_once(tmp_path: Path, suite: int) -> None:
    offer = Tls13Offer(HOST, (suite,))
    with openssl(tmp_path, "-early_data", "-max_early_data", "1000") as server:
        _, events = talk(server, offer, await_ticket=True)
        ticket = ticket_of(events)
        assert ticket.max_early_data_octets == 1000
        client, events = talk(
            server, offer, b"EHLO early.test\r\n", b"NOOP late.test\r\n", resume=ticket, age_ms=20
        )
        told = completed(events)
        assert (told.resumed, told.early_data_accepted) == (True, True)
        assert client.early_data_accepted is True
        assert server.printed(b"EHLO early.test")
        assert server.printed(b"NOOP late.test")
        # The same ticket again is a replay, which this server takes for no ticket at all.
        client, events = talk(server, offer, b"EHLO again.test\r\n", b"NOOP refused.test\r\n", resume=ticket)
        told = completed(events)
        assert (told.resumed, told.early_data_accepted) == (False, False)
        assert server.printed(b"NOOP refused.test")
        assert b"EHLO again.test" not in server.log.read_bytes()


@needs_openssl
def test_early_data_that_openssl_refuses_with_the_ticket_taken(tmp_path: Path) -> None:
    offer = Tls13Offer(HOST)
    with openssl(tmp_path, "-early_data", "-max_early_data", "1000") as server:
        _, events = talk(server, offer, await_ticket=True)
        wrong_age = talk(
            server, offer, b"EHLO old.test\r\n", b"NOOP old.test\r\n", resume=ticket_of(events), age_ms=10**6
        )
        told = completed(wrong_age[1])
        assert (told.resumed, told.early_data_accepted) == (True, False)
        assert server.printed(b"NOOP old.test")
        assert b"EHLO old.test" not in server.log.read_bytes()


@needs_openssl
def test_early_data_and_a_retry_of_openssl(tmp_path: Path) -> None:
    offer = Tls13Offer(HOST)
    with openssl(tmp_path, "-early_data", "-max_early_data", "1000", "-groups", "P-384") as server:
        _, events = talk(server, offer, await_ticket=True)
        again = talk(server, offer, b"EHLO retry.test\r\n", b"NOOP retry.test\r\n", resume=ticket_of(events))
        assert [event for event in again[1] if isinstance(event, HelloRetry)]
        told = completed(again[1])
        assert (told.early_data_accepted, told.group) == (False, reg.SECP384R1)
        assert server.printed(b"NOOP retry.test")
        assert b"EHLO retry.test" not in server.log.read_bytes()


@needs_openssl
@pytest.mark.parametrize("group", FFDHE_GROUPS)
def test_primes_are_those_of_openssl(group: int) -> None:
    name = reg.GROUP_NAMES[group]
    command = [str(OPENSSL), "genpkey", "-algorithm", "DH", "-pkeyopt", f"group:{name}", "-outform", "DER"]
    der = subprocess.run(command, capture_output=True, check=True).stdout
    size = tls13_ffdhe.size_octets(group)
    assert b"\x02\x82" + (size + 1).to_bytes(2, "big") + b"\x00" + prime(group).to_bytes(size, "big") in der


@needs_openssl
@pytest.mark.parametrize("group", FFDHE_GROUPS)
@pytest.mark.parametrize("retry", [False, True])
def test_finite_fields_with_openssl(tmp_path: Path, group: int, retry: bool) -> None:
    offer = Tls13Offer(HOST, groups=FFDHE_GROUPS, share_groups=() if retry else (group,))
    with openssl(tmp_path, "-groups", reg.GROUP_NAMES[group]) as server:
        _, events = talk(server, offer, send=b"NOOP\r\n")
        assert completed(events).group == group
        assert bool([event for event in events if isinstance(event, HelloRetry)]) is retry
        assert server.printed(b"NOOP")


@needs_gnutls
@pytest.mark.parametrize("group", FFDHE_GROUPS)
def test_finite_fields_with_gnutls(tmp_path: Path, group: int) -> None:
    named = reg.GROUP_NAMES[group].upper()
    offer = Tls13Offer(HOST, groups=(group,), share_groups=(group,))
    with gnutls(tmp_path, f"NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-{named}") as server:
        _, events = talk(server, offer, send=b"NOOP\n", await_answer=True)
        assert completed(events).group == group
        assert [e for e in events if isinstance(e, ApplicationData)] == [ApplicationData(b"NOOP\n")]


@needs_gnutls
def test_early_data_that_gnutls_takes(tmp_path: Path) -> None:
    offer = Tls13Offer(HOST)
    early = ["--earlydata", "--maxearlydata", "1000"]
    with gnutls(tmp_path, "NORMAL:-VERS-ALL:+VERS-TLS1.3", *early) as server:
        _, events = talk(server, offer, await_ticket=True)
        ticket = ticket_of(events)
        assert ticket.max_early_data_octets == 1000
        _, events = talk(server, offer, b"EHLO early\n", b"NOOP\n", resume=ticket, await_answer=True)
        told = completed(events)
        assert (told.resumed, told.early_data_accepted) == (True, True)
        assert ApplicationData(b"NOOP\n") in events


@needs_gnutls
def test_gnutls_proves_its_key(tmp_path: Path) -> None:
    with gnutls(tmp_path, "NORMAL:-VERS-ALL:+VERS-TLS1.3") as server:
        _, events = talk(server, Tls13Offer(HOST))
        (shown,) = [event for event in events if isinstance(event, CertificatesShown)]
        (proof,) = [event for event in events if isinstance(event, CertificateVerifySeen)]
        leaf = shown.message.certificates[0]
        assert verify_certificate_verify(proof, leaf) is True
        assert verify_certificate_verify(replace(proof, signed=proof.signed[:-1]), leaf) is False


@pytest.mark.parametrize("group", FFDHE_GROUPS)
def test_values_outside_the_group_are_refused(group: int) -> None:
    assert group in available_groups()
    size = tls13_ffdhe.size_octets(group)
    ours = key_share(group, os.urandom)
    assert len(ours.public) == size
    for wrong in (0, 1, prime(group) - 1, prime(group), 2 ** (8 * size) - 1):
        with pytest.raises(ShareError):
            ours.secret(wrong.to_bytes(size, "big"))
    with pytest.raises(ShareError):
        ours.secret((2**1000).to_bytes(size - 1, "big"))
    # 2^2 = 4 and (p - 2)^2 = 4: zeros stand to the left.
    assert shared_secret(group, b"\x02", (2).to_bytes(size, "big")) == (4).to_bytes(size, "big")
    assert shared_secret(group, b"\x02", (prime(group) - 2).to_bytes(size, "big")) == (4).to_bytes(
        size, "big"
    )
    assert public_value(group, b"\x03") == (8).to_bytes(size, "big")
