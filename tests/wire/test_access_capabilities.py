"""Capabilities of IMAP, POP3 and ManageSieve, wherever they are listed."""

import pytest

from waxseal.facts import Keyword, MailProtocol, Response
from waxseal.wire.access_capabilities import capabilities, lists_capabilities

IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE


@pytest.mark.parametrize(
    ("protocol", "response", "names"),
    [
        (
            IMAP,
            Response("OK", lines=("CAPABILITY imap4rev2 STARTTLS AUTH=PLAIN",)),
            "IMAP4REV2 STARTTLS AUTH=PLAIN",
        ),
        (IMAP, Response("OK", code="CAPABILITY IMAP4rev1 LOGINDISABLED"), "IMAP4REV1 LOGINDISABLED"),
        (IMAP, Response("OK", lines=("OK [capability IMAP4rev1 X] ready", "3 EXISTS")), "IMAP4REV1 X"),
        (IMAP, Response("OK", code="CAPABILITY B", lines=("CAPABILITY A",)), "B"),
        (IMAP, Response("OK", code="ALERT", lines=("CAPABILITYX A", "OK CAPABILITY B")), ""),
        (
            POP3,
            Response("+OK", lines=("top", "SASL CRAM-MD5 X", "", "IMPLEMENTATION S v1")),
            "TOP SASL IMPLEMENTATION",
        ),
        (POP3, Response("-ERR", lines=("STLS",)), ""),
        (
            SIEVE,
            Response("OK", lines=('"SASL" ""', '"StaRTTLS"', '"a\\"b" "x y"', "junk")),
            'SASL STARTTLS A"B',
        ),
        (SIEVE, Response("BYE", lines=('"STARTTLS"',)), ""),
        (MailProtocol.SMTP, Response("OK", lines=("STARTTLS",)), ""),
    ],
)
def test_names(protocol: MailProtocol, response: Response, names: str) -> None:
    found = capabilities(protocol, response)
    assert " ".join(keyword.name for keyword in found) == names
    if protocol is not MailProtocol.SMTP:
        assert lists_capabilities(protocol, response) is bool(found)


def test_parameters() -> None:
    assert capabilities(POP3, Response("+OK", lines=("SASL CRAM-MD5 KERBEROS_V4",))) == (
        Keyword("SASL", ("CRAM-MD5", "KERBEROS_V4")),
    )
    lines = ('"SASL" "PLAIN LOGIN"', '"IMPLEMENTATION" "a b"', '"MAXREDIRECTS" "5"')
    assert capabilities(SIEVE, Response("OK", lines=lines)) == (
        Keyword("SASL", ("PLAIN", "LOGIN")),
        Keyword("IMPLEMENTATION", ("a b",)),
        Keyword("MAXREDIRECTS", ("5",)),
    )


def test_a_string_that_nothing_closes_is_none() -> None:
    """The long one takes a blink, or seconds where each quote is tried as the beginning of a string."""
    lines = ('"A" "b', '"B', "C", '"D" "e" "' + '"\\' * 32_000, '"F" "g\\')
    listed = capabilities(SIEVE, Response("OK", lines=lines))
    assert [keyword.name for keyword in listed] == ["A", "D", "F"]
    assert listed[0] == Keyword("A")
