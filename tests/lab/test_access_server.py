"""IMAP, POP3, ManageSieve and LMTP servers of the lab, sound and as they are told."""

import asyncio
import base64
import imaplib
import poplib
import smtplib
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.lab.handshakes import curious_context, verifying_context
from tests.lab.raw_client import CA, HOST, RawClient, server_of, talk, with_listener
from waxseal.facts import MailProtocol, Stage
from waxseal.lab.behaviour import Break
from waxseal.lab.common_behaviour import ACCOUNT
from waxseal.lab.listener import Listener

IMAP, POP3, SIEVE, LMTP = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE, MailProtocol.LMTP
USER, PASSWORD = ACCOUNT
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
MADE_UP = base64.b64encode(b"\0n0nce\0n0nce")


def asked(protocol: MailProtocol, *lines: bytes, **changes: Any) -> list[bytes]:
    """The answers to lines said one after the other, in clear or with implicit TLS."""
    return talk(protocol, lambda c: [c.ask(line + b"\r\n") for line in lines], **changes)


def test_imap_by_the_standard_library() -> None:
    def work(server: Listener) -> tuple[tuple[str, ...], tuple[str, ...], list[Any]]:
        client = imaplib.IMAP4("127.0.0.1", server.port, timeout=5)
        clear = client.capabilities
        client.host = HOST
        client.starttls(verifying_context(CA))
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login("n0nce", "n0nce")
        client.login(USER, PASSWORD)
        opened = client.select("INBOX", readonly=True)
        counted = client.status("INBOX", "(MESSAGES UNSEEN)")
        fetched = client.fetch("1:10", "(ENVELOPE)")
        client.logout()
        return clear, client.capabilities, [opened, counted, fetched]

    clear, sealed, (opened, counted, fetched) = with_listener(lambda: server_of(IMAP), work)
    assert {"IMAP4REV1", "STARTTLS", "LOGINDISABLED"} <= set(clear)
    assert "AUTH=PLAIN" in sealed
    assert not {"STARTTLS", "LOGINDISABLED"} & set(sealed)
    assert opened == ("OK", [b"3"])
    assert counted == ("OK", [b"INBOX (MESSAGES 3 UNSEEN 1)"])
    assert fetched[0] == "OK"
    assert fetched[1][1][1] == b"Subject with a\r\nbreak"


def test_imap_in_clear() -> None:
    heard = asked(
        IMAP,
        b"a CAPABILITY",
        b"b NOOP",
        b"c LOGIN n0nce n0nce",
        b"d AUTHENTICATE PLAIN",
        b"e EXAMINE INBOX",
        b"f LOGOUT",
    )
    assert heard[0] == (
        b"* CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL+ SASL-IR STARTTLS LOGINDISABLED\r\n"
        b"a OK CAPABILITY completed\r\n"
    )
    assert heard[1:4] == [
        b"b OK Done\r\n",
        b"c NO [PRIVACYREQUIRED] Not without TLS\r\n",
        b"d NO Unknown mechanism\r\n",
    ]
    assert heard[4].startswith(b"e BAD ")
    assert heard[5] == b"* BYE Logging out\r\nf OK LOGOUT completed\r\n"


def test_imap_literals() -> None:
    def work(client: RawClient) -> list[bytes]:
        user, password = USER.encode(), PASSWORD.encode()
        waits = [
            client.ask(b"a LOGIN {%d}\r\n" % len(user)),
            client.ask(user + b" {%d}\r\n" % len(password)),
            client.ask(password + b"\r\n"),
        ]
        return [*waits, client.ask(b'b LOGIN {%d+}\r\n%s "x"\r\n' % (len(user), user))]

    heard = talk(IMAP, work, implicit=True)
    assert heard[:2] == [b"+ Go on\r\n"] * 2
    assert heard[2].startswith(b"a OK [CAPABILITY IMAP4rev2 ")
    assert heard[3] == b"b BAD LOGIN takes user and password, once\r\n"


def test_pop3_by_the_standard_library() -> None:
    def work(server: Listener) -> list[Any]:
        client = poplib.POP3("127.0.0.1", server.port, timeout=5)
        client.host = HOST
        clear = client.capa()
        refused = []
        for wrong in (client.noop, lambda: client.user("n0nce"), lambda: client.pass_("n0nce")):
            with pytest.raises(poplib.error_proto) as caught:
                wrong()
            refused.append(caught.value.args[0])
        client.stls(verifying_context(CA))
        sealed = client.capa()
        client.user(USER)
        return [clear, refused, sealed, client.pass_(PASSWORD), client.noop(), client.stat(), client.quit()]

    clear, refused, sealed, *rest = with_listener(lambda: server_of(POP3), work)
    assert "STLS" in clear
    assert "USER" not in clear
    assert "SASL" not in clear
    assert refused[1:] == [b"-ERR Not without TLS", b"-ERR Say USER first"]
    assert sealed["SASL"] == ["PLAIN"]
    assert "USER" in sealed
    assert "STLS" not in sealed
    assert rest == [b"+OK Logged in", b"+OK Done", (0, 0), b"+OK Bye"]


def test_sieve() -> None:
    def work(client: RawClient) -> list[bytes]:
        clear = [client.ask(b"STARTTLS\r\n")]
        client.start_tls()
        return [
            *clear,
            client.hear(),
            client.ask(b'NOOP "a b"\r\n'),
            client.ask(b"NOOP {5+}\r\nn0nce\r\n"),
            client.ask(b"NOOP\r\n"),
            client.ask(b'AUTHENTICATE "PLAIN" "' + MADE_UP + b'"\r\n'),
            client.ask(b'AUTHENTICATE "PLAIN"\r\n'),
            client.ask(b"{%d+}\r\n%s\r\n" % (len(PLAIN), PLAIN)),
            client.ask(b"LOGOUT\r\n"),
        ]

    greeting = talk(SIEVE, lambda c: c.greeting)
    common = (
        b'"IMPLEMENTATION" "lab of waxseal"\r\n"SIEVE" "fileinto"\r\n"VERSION" "1.0"\r\n'  # the same in both
    )
    assert greeting == common + b'"STARTTLS"\r\n"SASL" ""\r\nOK "Ready"\r\n'
    assert talk(SIEVE, work) == [
        b'OK "Begin TLS"\r\n',
        common + b'"SASL" "PLAIN"\r\nOK "TLS stands"\r\n',
        b'OK (TAG "a b") "Done"\r\n',
        b'OK (TAG "n0nce") "Done"\r\n',
        b'OK "Done"\r\n',
        b'NO "Authentication failed"\r\n',
        b'""\r\n',
        b'OK "Logged in"\r\n',
        b'OK "Bye"\r\n',
    ]


def test_lmtp() -> None:
    def work(server: Listener) -> list[int]:
        with smtplib.LMTP("127.0.0.1", server.port, local_hostname="probe.test") as client:
            heard = [client.ehlo()[0], client.docmd("EHLO", "a")[0], client.docmd("HELO", "a")[0]]
            client.starttls(context=curious_context())
            client.ehlo()
            return [*heard, client.docmd("MAIL", "FROM:<>")[0]]

    assert with_listener(lambda: server_of(LMTP), work) == [250, 500, 500, 250]
    assert talk(LMTP, lambda c: c.greeting) == b"220 mx.example.test LMTP\r\n"
    assert asked(MailProtocol.SMTP, b"LHLO a") == [b"500 5.5.2 Command unrecognized\r\n"]


def test_a_unix_socket(tmp_path: Path) -> None:
    async def run() -> bytes:
        server = server_of(LMTP)
        server.start(tmp_path / "lmtp")
        try:
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "lmtp"))
            writer.write(b"LHLO a\r\nQUIT\r\n")
            heard = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return heard
        finally:
            await server.stop()

    heard = asyncio.run(run())
    assert heard.startswith(b"220 mx.example.test LMTP\r\n250-")
    assert heard.endswith(b"221 2.0.0 Bye\r\n")


@pytest.mark.parametrize("protocol", [IMAP, POP3, SIEVE])
def test_implicit_tls(protocol: MailProtocol) -> None:
    hello = {IMAP: b"a CAPABILITY", POP3: b"CAPA", SIEVE: b"CAPABILITY"}[protocol]
    starttls = {IMAP: b"a STARTTLS", POP3: b"STLS", SIEVE: b"STARTTLS"}[protocol]
    listed, refused = asked(protocol, hello, starttls, implicit=True)
    assert b"PLAIN" in listed
    assert refused.startswith({IMAP: b"a BAD ", POP3: b"-ERR ", SIEVE: b"NO "}[protocol])


@pytest.mark.parametrize(
    ("protocol", "changes", "lines", "heard"),
    [
        (IMAP, {"greeting": b"* PREAUTH hi\r\n"}, (b"a STARTTLS",), [b"a BAD Not behind a login\r\n"]),
        (IMAP, {"greeting": b"* BYE no\r\n"}, (b"a NOOP",), [b""]),
        (SIEVE, {"greeting": b'BYE "no"\r\n'}, (b"NOOP",), [b""]),
        (POP3, {"greeting": b"-ERR no\r\n"}, (b"CAPA",), [b""]),
        (IMAP, {"unsolicited": b"* 3 EXISTS\r\n"}, (b"a NOOP",), [b"* 3 EXISTS\r\na OK Done\r\n"]),
        (IMAP, {"extra": b"* OK early\r\n"}, (b"a STARTTLS",), [b"a OK Begin TLS\r\n* OK early\r\n"]),
        (IMAP, {"capabilities": ("IMAP4rev1",)}, (b"a STARTTLS",), [b"a BAD Unknown command\r\n"]),
        (IMAP, {"capability": "BAD No"}, (b"a CAPABILITY",), [b"a BAD No\r\n"]),
        (POP3, {"breaks": {Stage.EHLO: Break.CLOSE}}, (b"CAPA",), [b""]),
        (
            POP3,
            {"user_in_clear": True},
            (b"USER a", b"PASS b"),
            [b"+OK Say PASS\r\n", b"-ERR Not without TLS\r\n"],
        ),
        (
            POP3,
            {"login_in_clear": True},
            (b"USER a", b"PASS b"),
            [b"+OK Say PASS\r\n", b"-ERR [AUTH] Authentication failed\r\n"],
        ),
        (
            IMAP,
            {"login_in_clear": True},
            (b"a LOGIN b c",),
            [b"a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"],
        ),
        (
            IMAP,
            {"implicit": True, "referral": "imap://other.test/"},
            (b"a LOGIN b c",),
            [b"a NO [REFERRAL imap://other.test/] The account is elsewhere\r\n"],
        ),
        (
            SIEVE,
            {"implicit": True, "referral": "sieve://other.test/"},
            (b'AUTHENTICATE "PLAIN" "' + MADE_UP + b'"',),
            [b'BYE (REFERRAL "sieve://other.test/") "The account is elsewhere"\r\n'],
        ),
        (
            POP3,
            {"implicit": True, "lets_anyone_in": True},
            (b"AUTH PLAIN " + MADE_UP,),
            [b"+OK Logged in\r\n"],
        ),
        (POP3, {"implicit": True}, (b"AUTH PLAIN", b"*"), [b"+ \r\n", b"-ERR Authentication cancelled\r\n"]),
        (
            POP3,
            {"implicit": True},
            (b"AUTH PLAIN " + MADE_UP,),
            [b"-ERR [AUTH] Authentication failed\r\n"],
        ),
    ],
)
def test_behaviours(
    protocol: MailProtocol, changes: dict[str, Any], lines: tuple[bytes, ...], heard: list[bytes]
) -> None:
    assert asked_gently(protocol, *lines, **changes) == heard


def asked_gently(protocol: MailProtocol, *lines: bytes, **changes: Any) -> list[bytes]:
    """The same as `asked`, of a server that may have gone."""

    def work(client: RawClient) -> list[bytes]:
        heard = []
        for line in lines:
            try:
                heard.append(client.ask(line + b"\r\n"))
            except (ConnectionError, ssl.SSLError):
                heard.append(b"")
        return heard

    return talk(protocol, work, **changes)


def test_no_capabilities_after_tls() -> None:
    def work(client: RawClient) -> tuple[bytes, bytes]:
        client.ask(b"STARTTLS\r\n")
        client.start_tls()
        return client.anything(), client.ask(b"NOOP\r\n")

    assert talk(SIEVE, work, silent_after_tls=True) == (b"", b'OK "Done"\r\n')


def test_capabilities_as_told() -> None:
    (heard,) = asked(POP3, b"CAPA", capabilities=("SASL CRAM-MD5",), mechanisms=("PLAIN",))
    assert heard == b"+OK Capabilities\r\nSASL CRAM-MD5\r\nSASL PLAIN\r\n.\r\n"
    assert talk(IMAP, lambda c: c.greeting, greeting_capabilities=False) == b"* OK mx.example.test IMAP\r\n"


def test_a_literal_without_end_is_turned_away() -> None:
    assert asked(IMAP, b"a LOGIN {999999+}") == [b"* BYE Literal too long\r\n"]


def test_clients_that_vanish_leave_nothing_behind() -> None:
    async def run() -> None:
        server = server_of(IMAP)
        server.start()
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(b"a LOGIN {5}\r\n")
        await asyncio.sleep(0.1)
        await server.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
