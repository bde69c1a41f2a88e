import asyncio
import smtplib
import ssl
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.lab.handshakes import curious_context, verifying_context
from waxseal.facts import Stage
from waxseal.lab.behaviour import KEYWORDS, Behaviour, Break, reply
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import LeafOrder, TlsOrder, alert_record
from waxseal.lab.smtp_server import SmtpServer

T = TypeVar("T")
HOST = "mx.example.test"
CA = CertificateAuthority()
HELLO = bytes((0x16, 0x03, 0x01, 0x00, 0x04)) + b"\x01\x00\x00\x00"
"""A TLS record that ends where it says, which is all that a scripted handshake looks at."""


def behaviour(**changes: Any) -> Behaviour:
    return Behaviour(host=HOST, **changes)


def with_server(how: Behaviour, work: Callable[[int], T]) -> T:
    """Run a blocking client in a thread against a server, which is stopped behind it."""

    async def run() -> T:
        server = SmtpServer(how, CA)
        server.start()
        try:
            return await asyncio.wait_for(asyncio.to_thread(work, server.port), 20)
        finally:
            await server.stop()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not others

    return asyncio.run(run())


def exchange(how: Behaviour, *sends: bytes, wait_s: float = 2.0) -> bytes:
    """Send each piece once something has come since the last one; everything that came until the end.

    The end is the server's; a reset shows as ``<reset>``, silence for `wait_s` as ``<silence>``.
    """

    async def run() -> bytes:
        server = SmtpServer(how, CA)
        server.start()
        heard = b""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for piece in (*sends, b""):
                try:
                    data = await asyncio.wait_for(reader.read(200_000), wait_s)
                except TimeoutError:
                    return heard + b"<silence>"
                heard += data
                if not data:
                    break
                writer.write(piece)
            while data := await asyncio.wait_for(reader.read(200_000), wait_s):
                heard += data
        except TimeoutError:
            heard += b"<silence>"
        except ConnectionError:
            heard += b"<reset>"
        finally:
            writer.close()
            await server.stop()
        return heard

    return asyncio.run(run())


def dialogue(port: int) -> tuple[list[Any], str | None]:
    """A whole conversation by smtplib, verifying; replies and version."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="probe.example.net", timeout=5) as client:
        client._host = HOST  # type: ignore[attr-defined]  # the name that is sent and verified
        heard: list[Any] = [client.ehlo(), client.starttls(context=verifying_context(CA)), client.ehlo()]
        assert isinstance(client.sock, ssl.SSLSocket)
        version = client.sock.version()
        heard += [client.noop(), client.docmd("MAIL", "FROM:<>"), client.docmd("STARTTLS"), client.quit()]
    return heard, version


def test_a_sound_server() -> None:
    heard, version = with_server(behaviour(), dialogue)
    assert [code for code, _ in heard] == [250, 220, 250, 250, 250, 503, 221]
    assert heard[0][1].decode().splitlines() == [HOST, *KEYWORDS]
    assert heard[2][1].decode().splitlines() == [HOST, *KEYWORDS[:-1]]
    assert version == "TLSv1.3"


def test_the_envelope() -> None:
    def envelope(port: int) -> list[int]:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="probe.example.net", timeout=5) as client:
            client.ehlo()
            recipient = "RCPT TO:<postmaster@example.test>"
            lines = (recipient, "MAIL FROM:<>", recipient, "DATA", "RSET", recipient)
            return [client.docmd(line)[0] for line in lines]

    assert with_server(behaviour(), envelope) == [503, 250, 250, 554, 250, 503]
    refusing = behaviour(mail=b"530 5.7.0 Must issue a STARTTLS command first\r\n")
    assert with_server(refusing, envelope)[:3] == [503, 530, 503]
    greylisting = behaviour(recipient=b"451 4.7.1 Later\r\n")
    assert with_server(greylisting, envelope)[1:3] == [250, 451]


def test_implicit_tls() -> None:
    def work(port: int) -> tuple[int, bytes]:
        context = curious_context()
        with smtplib.SMTP_SSL("127.0.0.1", port, context=context, timeout=5) as client:
            return client.ehlo()

    code, text = with_server(behaviour(implicit=True, keywords=("AUTH PLAIN",)), work)
    assert (code, text) == (250, f"{HOST}\nAUTH PLAIN".encode())


def test_octets_behind_starttls_are_forgotten() -> None:
    def work(port: int) -> bytes:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.ehlo()
            client.send(b"STARTTLS\r\nNOOP\r\nQUIT\r\n")
            assert client.getreply()[0] == 220
            assert client.sock is not None
            with curious_context().wrap_socket(client.sock) as sealed:
                sealed.sendall(b"EHLO probe.example.net\r\n")
                return sealed.recv(4096)

    assert with_server(behaviour(), work).startswith(b"250-" + HOST.encode())


def test_commands_in_one_segment_and_in_pieces() -> None:
    heard = exchange(behaviour(), b"EHLO a\r\nNOOP\r\nQU", b"IT\r\n")
    assert heard.endswith(b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n")


@pytest.mark.parametrize(
    ("how", "sends", "heard"),
    [
        (behaviour(greeting=b"SSH-2.0-x\r\n"), (b"QUIT\r\n",), b"SSH-2.0-x\r\n221 2.0.0 Bye\r\n"),
        (behaviour(greeting=reply(421, "busy")), (), b"421 busy\r\n"),
        (
            behaviour(greeting=reply(554, "no")),
            (b"EHLO a\r\n", b"QUIT\r\n"),
            b"554 no\r\n503 5.5.1 Bad sequence of commands\r\n221 2.0.0 Bye\r\n",
        ),
        (behaviour(breaks={Stage.GREETING: Break.CLOSE}), (), b""),
        (behaviour(breaks={Stage.GREETING: Break.RESET}), (), b"<reset>"),
        (behaviour(breaks={Stage.GREETING: Break.STALL}), (), b"<silence>"),
        (behaviour(breaks={Stage.EHLO: Break.CLOSE}), (b"EHLO a\r\n",), b"220 mx.example.test ESMTP\r\n"),
        (
            behaviour(breaks={Stage.EHLO: Break.STALL}),
            (b"EHLO a\r\n",),
            b"220 mx.example.test ESMTP\r\n<silence>",
        ),
        (
            behaviour(breaks={Stage.EHLO: Break.RESET}),
            (b"EHLO a\r\n",),
            b"220 mx.example.test ESMTP\r\n<reset>",
        ),
        (
            behaviour(ehlo=reply(502, "no"), keywords=()),
            (b"EHLO a\r\n", b"HELO a\r\n", b"STARTTLS\r\n", b"QUIT\r\n"),
            b"220 mx.example.test ESMTP\r\n502 no\r\n250 mx.example.test\r\n"
            b"502 5.5.1 Command not implemented\r\n221 2.0.0 Bye\r\n",
        ),
        (
            behaviour(starttls=reply(454, "later"), quit=b""),
            (b"STARTTLS x\r\n", b"STARTTLS\r\n", b"QUIT\r\n"),
            b"220 mx.example.test ESMTP\r\n501 5.5.4 Syntax error, no parameters allowed\r\n454 later\r\n",
        ),
        (
            behaviour(tls=TlsOrder(leaves=(LeafOrder(names=(HOST,)),), answer=alert_record(40))),
            (b"STARTTLS\r\n", HELLO),
            b"220 mx.example.test ESMTP\r\n220 2.0.0 Ready to start TLS\r\n\x15\x03\x03\x00\x02\x02\x28",
        ),
        (
            behaviour(breaks={Stage.HANDSHAKE: Break.CLOSE}),
            (b"STARTTLS\r\n", HELLO),
            b"220 mx.example.test ESMTP\r\n220 2.0.0 Ready to start TLS\r\n",
        ),
        (
            behaviour(breaks={Stage.HANDSHAKE: Break.STALL}),
            (b"STARTTLS\r\n", HELLO),
            b"220 mx.example.test ESMTP\r\n220 2.0.0 Ready to start TLS\r\n<silence>",
        ),
        (
            behaviour(starttls=reply(220, "go") + b"250 early\r\n", breaks={Stage.HANDSHAKE: Break.RESET}),
            (b"STARTTLS\r\n", HELLO),
            b"220 mx.example.test ESMTP\r\n220 go\r\n250 early\r\n<reset>",
        ),
        (
            behaviour(teaser=b"220-wait\r\n", teaser_wait_s=0.2),
            (),
            b"220-wait\r\n220 mx.example.test ESMTP\r\n<silence>",
        ),
        (
            behaviour(teaser=b"220-wait\r\n", teaser_wait_s=5.0),
            (b"EHLO a\r\n",),
            b"220-wait\r\n521 5.5.1 Protocol error\r\n",
        ),
    ],
)
def test_behaviours(how: Behaviour, sends: tuple[bytes, ...], heard: bytes) -> None:
    assert exchange(how, *sends, wait_s=0.6) == heard


def test_delays() -> None:
    began = time.monotonic()
    heard = exchange(behaviour(delays={Stage.GREETING: 0.3, Stage.QUIT: 0.3}), b"QUIT\r\n")
    assert time.monotonic() - began > 0.55
    assert heard.endswith(b"221 2.0.0 Bye\r\n")


def test_stages_under_tls() -> None:
    def work(port: int) -> bytes:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            client.starttls(context=curious_context())
            assert client.sock is not None
            client.send(b"EHLO a\r\n")
            return client.sock.recv(100)

    cut = behaviour(breaks={Stage.EHLO_TLS: Break.CLOSE})
    assert with_server(cut, work) == b""
    again = behaviour(keywords_tls=("STARTTLS",))
    assert with_server(again, work) == b"250-mx.example.test\r\n250 STARTTLS\r\n"
    refusing = behaviour(ehlo_tls=reply(550, "no"))
    assert with_server(refusing, work) == b"550 no\r\n"


def test_clients_that_vanish_leave_nothing_behind() -> None:
    async def run() -> int:
        server = SmtpServer(behaviour(greeting=b"220-x\r\n" * 100_000), CA)
        server.start()
        try:
            for abort in (True, False) * 5:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                if abort:
                    writer.transport.abort()
                else:
                    writer.close()
            await asyncio.sleep(0.1)
        finally:
            await server.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return server.connections

    assert asyncio.run(run()) == 10
