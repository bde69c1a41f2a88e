"""The front counts, delays and refuses as it is told, and its faults are those of their names."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from . import raw
from .dialogue import DIALOGUES, Speaker
from .faults import FAULTS, OTHER_FAULTS, parse_hello
from .front import Front
from .options import TlsServer
from .python_ssl import ROOT
from .raw import ask, client_hello

StartTls = Callable[..., TlsServer]

_GREASE = bytes.fromhex("0a0a0000")
_LONG = b"\x00\x15\x06\x00" + bytes(1536)
_PLAIN = raw.SERVER_NAME + raw.GROUPS + raw.SIGNATURES
_VERSIONS = bytes.fromhex("002b0003020303")
_SHARE = b"\x00\x33\x05\x04\x05\x02\x00\x1d\x04\xfe" + bytes(0x4FE)

OFFENDING = {
    "hangs-on-long-hello": (_PLAIN + _LONG, "silence"),
    "resets-long-hello": (_PLAIN + _LONG, "reset"),
    "grease-intolerant": (_PLAIN + _GREASE, (2, 47)),
    "extension-intolerant": (_PLAIN + _VERSIONS, (2, 50)),
    "tls13-intolerant": (_PLAIN + _VERSIONS, "eof"),
    "key-share-intolerant": (_PLAIN + _SHARE, (2, 80)),
    "name-required": (raw.GROUPS + raw.SIGNATURES, (2, 112)),
}
ALWAYS = {"alerts": (2, 40), "hangs": "silence", "closes": "eof", "resets": "reset", "not-tls": "eof"}


def _outcome(flight: raw.Flight) -> object:
    fatal = [alert for alert in flight.alerts if alert[0] == 2]
    return fatal[0] if fatal else flight.ended


def test_every_fault_has_a_test() -> None:
    text = Path(__file__).read_text()
    assert [name for name in (*FAULTS, *OTHER_FAULTS) if f'"{name}"' not in text] == []


@pytest.mark.parametrize("fault", OFFENDING)
def test_what_offends_is_answered_ill_and_the_rest_is_not(start_tls: StartTls, fault: str) -> None:
    server = start_tls("python-ssl", fault=fault)
    extensions, outcome = OFFENDING[fault]
    assert _outcome(ask(server, client_hello([0xC02F], extensions=extensions), quiet_s=1.0)) == outcome
    sound = ask(server, client_hello([0xC02F], extensions=_PLAIN))
    assert sound.message(raw.HELLO_DONE) is not None


@pytest.mark.parametrize("fault", ALWAYS)
def test_every_hello_is_answered_ill(start_tls: StartTls, fault: str) -> None:
    flight = ask(start_tls("python-ssl", fault=fault), client_hello([0xC02F], extensions=_PLAIN), quiet_s=1.0)
    assert _outcome(flight) == ALWAYS[fault]
    assert flight.octets.startswith(b"554") == (fault == "not-tls")


def test_a_split_hello(start_tls: StartTls) -> None:
    server = start_tls("python-ssl", fault="hangs-on-split-hello")
    hello = client_hello([0xC02F], extensions=_PLAIN)
    assert ask(server, hello).hello is not None
    with raw.connect(server) as stream:
        stream.sendall(hello[:40])
        time.sleep(0.2)
        stream.sendall(hello[40:])
        assert raw.receive(stream, quiet_s=1.0).ended == "silence"


def test_a_version_above_1_0(start_tls: StartTls) -> None:
    server = start_tls("python-ssl", fault="version-intolerant")
    assert ask(server, client_hello([0xC013], extensions=_PLAIN)).alerts == ((2, 40),)
    assert ask(server, client_hello([0xC013], extensions=_PLAIN, version=0x0301)).hello is not None


def test_octets_that_come_one_by_one(start_tls: StartTls) -> None:
    server = start_tls("python-ssl", fault="drips")
    with raw.connect(server) as stream:
        stream.sendall(client_hello([0xC02F], extensions=_PLAIN))
        sizes = [len(stream.recv(4096)) for _ in range(50)]
    assert max(sizes) < 20
    assert ask(server, client_hello([0xC02F], extensions=_PLAIN)).message(raw.HELLO_DONE) is not None


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("hello-then-alert", (2, 80)), ("hello-then-close", "eof"), ("half-hello", "silence")],
)
def test_a_broken_off_handshake(start_tls: StartTls, fault: str, outcome: object) -> None:
    server = start_tls("python-ssl", fault=fault)
    flight = ask(server, client_hello([0xC02F], extensions=_PLAIN), quiet_s=1.0)
    assert _outcome(flight) == outcome
    assert flight.message(raw.CERTIFICATE) is None
    assert (flight.hello is None) == (fault == "half-hello")
    assert flight.octets[:1] == b"\x16"


def test_a_warning_before_the_hello(start_tls: StartTls) -> None:
    flight = ask(start_tls("python-ssl", fault="warns-first"), client_hello([0xC02F], extensions=_PLAIN))
    assert flight.alerts == ((1, 112),)
    assert flight.message(raw.HELLO_DONE) is not None


def test_faults_before_any_tls(start_tls: StartTls) -> None:
    server = start_tls("python-ssl", fault="greets-slowly")
    with socket.create_connection((server.host, server.port), timeout=5) as stream:
        assert [stream.recv(10) for _ in range(3)] == [b"2", b"2", b"0"]
    server = start_tls("python-ssl", fault="never-greets")
    with (
        socket.create_connection((server.host, server.port), timeout=0.5) as stream,
        pytest.raises(TimeoutError),
    ):
        stream.recv(1)
    server = start_tls("python-ssl", fault="resets-on-connect")
    with (
        pytest.raises(ConnectionResetError),  # while connecting, where the reset is that quick
        socket.create_connection((server.host, server.port), timeout=5) as stream,
    ):
        stream.recv(1)
    with pytest.raises(AssertionError, match="454"):
        raw.connect(start_tls("python-ssl", fault="bad-starttls"))


def test_a_round_trip_is_added_where_the_client_waits(start_tls: StartTls) -> None:
    """Connecting, greeting, EHLO, STARTTLS and the hello: five round trips of 0.1 s."""
    server = start_tls("python-ssl", delay_s=0.1)
    began = time.monotonic()
    assert ask(server, client_hello([0xC02F], extensions=_PLAIN)).hello is not None
    assert 0.5 <= time.monotonic() - began < 1.5


def test_the_front_counts_and_refuses(start_tls: StartTls) -> None:
    server = start_tls("python-ssl", per_minute=3)
    for _ in range(3):
        assert ask(server, client_hello([0xC02F], extensions=_PLAIN)).hello is not None
    with socket.create_connection((server.host, server.port), timeout=5) as stream:
        assert stream.recv(4096) == b"421 4.7.0 mx.tls.test Too many connections\r\n"
        assert stream.recv(4096) == b""
    counts = server.front.counts
    assert (counts.connections, counts.refused, counts.started) == (4, 1, 3)
    server = start_tls("python-ssl", at_once=1)
    with raw.connect(server), socket.create_connection((server.host, server.port), timeout=5) as second:
        assert second.recv(4096).startswith(b"421")
    assert server.front.counts.most_at_once == 2


async def _through(front: Front) -> bytes:
    async with front:
        reader, writer = await asyncio.open_connection(front.host, front.port)
        writer.write(b"x" * 200_000)
        writer.write_eof()
        octets = await reader.read()
        writer.close()
        return octets


@pytest.mark.parametrize("delay_s", [0.0, 0.02])
def test_octets_go_through_unchanged_both_ways(delay_s: float) -> None:
    async def run() -> tuple[bytes, Front]:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read())[::-1])
            writer.close()

        async with await asyncio.start_server(echo, "127.0.0.1", 0, limit=1 << 20) as backend:
            front = Front(backend.sockets[0].getsockname()[1], None, delay_s=delay_s)
            return await _through(front), front

    octets, front = asyncio.run(run())
    assert octets == b"x" * 200_000
    assert (front.counts.octets_in, front.counts.octets_out) == (200_000, 200_000)


def test_the_front_as_a_process(start_tls: StartTls) -> None:
    server = start_tls("python-ssl")
    command = [sys.executable, "-m", "tests.tls.front", "--backend", f"127.0.0.1:{server.tls_port}"]
    with subprocess.Popen(
        [*command, "--protocol", "imap"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
            assert stream.recv(4096) == b"* OK mx.tls.test IMAP ready\r\n"
        said, _ = process.communicate(timeout=10)
    assert json.loads(said)["connections"] == 1


@pytest.mark.parametrize("protocol", DIALOGUES)
def test_a_dialogue_is_the_same_however_it_is_cut(protocol: str) -> None:
    told = DIALOGUES[protocol]  # type: ignore[index]
    tag = "a1 " if told.tagged else ""
    octets = f"{tag}noop\r\n{tag}what\n{tag}{told.start.lower()}\r\nBEHIND".encode()
    whole = Speaker(told, secured=False).feed(octets)
    assert whole[1:] == ("start TLS", b"BEHIND")
    for cut in range(len(octets) - 6):
        speaker = Speaker(told, secured=False)
        said, turn, _ = speaker.feed(octets[:cut])
        assert turn == "go on"
        rest = speaker.feed(octets[cut:])
        assert (said + rest[0], *rest[1:]) == whole
    assert Speaker(told, secured=False).feed(b"x" * 9000)[1] == "close"


def test_a_hello_is_read_from_its_records() -> None:
    octets = client_hello([0xC02F], extensions=_PLAIN)
    body = octets[5:]
    split = raw.record(22, body[:50]) + raw.record(22, body[50:])
    for form in (octets, split):
        found = parse_hello(form)
        assert found.version == raw.TLS12
        assert found.suites == (0xC02F,)
        assert found.extension(0) == raw.SERVER_NAME[4:]
        assert not found.has_grease
    assert parse_hello(b"\x80\x2e\x01").version is None
