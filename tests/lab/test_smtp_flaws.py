"""Relaying, messages, users and logins of the lab's SMTP server, sound and as it is told."""

import base64
from typing import Any

import pytest

from tests.lab.raw_client import CA, HOST, RawClient, talk, with_listener
from waxseal.facts import MailProtocol
from waxseal.lab.behaviour import ACCOUNT, KEYWORDS, Behaviour, RelayForm
from waxseal.lab.smtp_server import Message, SmtpServer

SMTP = MailProtocol.SMTP
OWN = "me@example.test"
MADE_UP = base64.b64encode(b"\0n0nce\0n0nce")
KNOWN = base64.b64encode(f"\0{ACCOUNT[0]}\0{ACCOUNT[1]}".encode())


def codes(*lines: bytes, **changes: Any) -> list[int]:
    """The reply codes to lines, behind EHLO."""

    def work(client: RawClient) -> list[int]:
        client.ask(b"EHLO a\r\n", 0.05)
        return [int(client.ask(line + b"\r\n", 0.05)[:3]) for line in lines]

    return talk(SMTP, work, **changes)


RECIPIENTS = (
    b"RCPT TO:<postmaster@example.test>",
    b"RCPT TO:<n0nce@example.test>",
    b"RCPT TO:<user@example.org>",
    b"RCPT TO:<user%example.org@example.test>",
    b"RCPT TO:<@example.test:user@example.org>",
    b'RCPT TO:<"user@example.org"@example.test>',
)


@pytest.mark.parametrize(
    ("changes", "heard"),
    [
        ({}, [250, 550, 554, 554, 554, 554]),
        ({"catch_all": True}, [250, 250, 554, 250, 554, 250]),
        ({"relays": tuple(RelayForm)}, [250, 550, 250, 250, 250, 250]),
        ({"relays": (RelayForm.PERCENT,)}, [250, 550, 554, 250, 554, 554]),
        ({"relays": (RelayForm.SOURCE_ROUTE,)}, [250, 550, 554, 554, 250, 554]),
        ({"relays": (RelayForm.QUOTED,)}, [250, 550, 554, 554, 554, 250]),
        ({"recipient": b"550 5.7.1 No\r\n"}, [550] * 6),
        ({"local_domains": ("example.org",)}, [250, 550, 550, 554, 550, 554]),
    ],
)
def test_whom_it_takes_mail_for(changes: dict[str, Any], heard: list[int]) -> None:
    assert codes(b"MAIL FROM:<a@b.test>", *RECIPIENTS, **changes) == [250, *heard]


@pytest.mark.parametrize(
    ("form", "sender", "code"),
    [
        (RelayForm.NULL_SENDER, b"", 250),
        (RelayForm.NULL_SENDER, b"a@b.test", 554),
        (RelayForm.LOCAL_SENDER, b"a@example.test", 250),
        (RelayForm.LOCAL_SENDER, b"a@b.test", 554),
    ],
)
def test_relaying_for_senders(form: RelayForm, sender: bytes, code: int) -> None:
    heard = codes(b"MAIL FROM:<" + sender + b">", RECIPIENTS[2], relays=(form,))
    assert heard == [250, code]


def test_domains_of_the_lab() -> None:
    def work(server: SmtpServer) -> bytes:
        with RawClient(server.port) as client:
            client.ask(b"EHLO a\r\n")
            return client.ask(b"MAIL FROM:<>\r\nRCPT TO:<postmaster@hosted.test>\r\n")

    heard = with_listener(lambda: SmtpServer(Behaviour(host=HOST), CA, ("hosted.test",)), work)
    assert heard == b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"


def deliver(end: bytes, **changes: Any) -> tuple[bytes, list[Message], bool]:
    """One message with a doubtful end in its middle and NOOP behind it: replies behind 354, and messages."""

    def work(server: SmtpServer) -> tuple[bytes, bool]:
        with RawClient(server.port) as client:
            client.ask(b"EHLO a\r\n")
            client.ask(f"MAIL FROM:<>\r\nRCPT TO:<{OWN}>\r\n".encode())
            assert client.ask(b"DATA\r\n").startswith(b"354 ")
            heard = client.ask(b"Subject: a\r\n\r\nb" + end + b"NOOP\r\nc\r\n.\r\nQUIT\r\n")
            return heard, client.closed

    async_messages: list[Message] = []

    def watched(server: SmtpServer) -> tuple[bytes, bool]:
        found = work(server)
        async_messages.extend(server.messages)
        return found

    behaviour = Behaviour(host=HOST, takes_for=OWN, **changes)
    heard, closed = with_listener(lambda: SmtpServer(behaviour, CA), watched)
    return heard, async_messages, closed


ENDS = (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r", b"\n.\r", b"\r.\n", b"\r.\r\n")


@pytest.mark.parametrize("end", ENDS)
def test_doubtful_ends(end: bytes) -> None:
    heard, messages, _ = deliver(end)
    assert heard == b"250 2.0.0 Ok, taken\r\n221 2.0.0 Bye\r\n"
    assert messages == [Message("", (OWN,), b"Subject: a\r\n\r\nb" + end + b"NOOP\r\nc")]
    heard, messages, _ = deliver(end, ends_at=(end,))
    assert heard.startswith(b"250 2.0.0 Ok, taken\r\n250 2.0.0 Ok\r\n500 5.5.2")
    assert messages[0].octets == b"Subject: a\r\n\r\nb"
    if b"\r\n" not in end:
        heard, messages, closed = deliver(end, refuses_bare_lf=True)
        assert heard.startswith(b"521 ")
        assert (messages, closed) == ([], True)


def test_data_for_others_is_refused() -> None:
    postmaster = b"RCPT TO:<postmaster@example.test>"
    assert codes(b"MAIL FROM:<>", b"DATA", postmaster, b"DATA", takes_for=OWN) == [250, 503, 250, 554]


def test_lmtp_answers_for_each_recipient() -> None:
    def work(client: RawClient) -> bytes:
        client.ask(b"LHLO a\r\n")
        client.ask(f"MAIL FROM:<>\r\nRCPT TO:<{OWN}>\r\nRCPT TO:<{OWN}>\r\n".encode())
        client.ask(b"DATA\r\n")
        return client.ask(b".\r\n")

    assert talk(MailProtocol.LMTP, work, takes_for=OWN) == b"250 2.0.0 Ok, taken\r\n" * 2


def test_users_and_lists() -> None:
    lines = (b"VRFY postmaster", b"VRFY <n0nce>", b"EXPN staff", b"EXPN n0nce")
    assert codes(*lines) == [252, 252, 502, 502]
    assert codes(*lines, tells_users=True) == [250, 550, 502, 502]
    assert codes(*lines, tells_lists=True) == [252, 252, 250, 550]


LOGINS = (b"AUTH PLAIN " + MADE_UP, b"AUTH PLAIN " + KNOWN, b"AUTH CRAM-MD5")


@pytest.mark.parametrize(
    ("changes", "heard"),
    [
        ({}, [504, 504, 504]),
        ({"keywords": (*KEYWORDS, "AUTH PLAIN")}, [538, 538, 504]),
        ({"keywords": (*KEYWORDS, "AUTH PLAIN"), "login_in_clear": True}, [535, 235, 503]),
        ({"implicit": True, "keywords": ("AUTH PLAIN CRAM-MD5",)}, [535, 235, 503]),
        ({"implicit": True, "keywords": ("AUTH PLAIN",), "lets_anyone_in": True}, [235, 503, 503]),
        ({"keywords": ("AUTH CRAM-MD5",)}, [504, 504, 334]),
    ],
)
def test_logins(changes: dict[str, Any], heard: list[int]) -> None:
    assert codes(*LOGINS, **changes) == heard
