"""IMAP responses: what each line is taken for, what is recorded, and the mail data."""

import pytest

from tests.wire.access_play import rules
from waxseal.facts import MailProtocol, Response
from waxseal.wire.access_client import AccessConnection, Event
from waxseal.wire.imap_response import RULES, envelopes, exists, messages


def hear(octets: bytes, *commands: bytes, greeting: bool = False) -> tuple[Event, ...]:
    connection = AccessConnection(MailProtocol.IMAP, greeting=greeting)
    for command in commands:
        connection.send(command)
    return connection.receive(octets)


@pytest.mark.parametrize(
    ("octets", "status", "code", "text"),
    [
        (b"* OK IMAP4rev2 server ready\r\n", "OK", "", "IMAP4rev2 server ready"),
        (
            b"* PREAUTH IMAP4rev2 server logged in as Smith\r\n",
            "PREAUTH",
            "",
            "IMAP4rev2 server logged in as Smith",
        ),
        (b"* BYE [UNAVAILABLE] later\r\n", "BYE", "UNAVAILABLE", "later"),
        (b"* ok\r\n", "OK", "", ""),
        (b"* OK [ALERT]\r\n", "OK", "ALERT", ""),
        (b'* OK [BADCHARSET ("a]b")] x\r\n', "OK", 'BADCHARSET ("a]b")', "x"),
        (
            b"* BYE [REFERRAL IMAP://user;AUTH=*@SERVER2/] no\r\n",
            "BYE",
            "REFERRAL IMAP://user;AUTH=*@SERVER2/",
            "no",
        ),
        (b"* OK text ends so: {5}\r\n", "OK", "", "text ends so: {5}"),
    ],
)
def test_greetings(octets: bytes, status: str, code: str, text: str) -> None:
    (event,) = hear(octets, greeting=True)
    response = event.response
    assert (response.status, response.code, response.text, response.raw) == (status, code, text, octets)
    assert response.deviations == ()


@pytest.mark.parametrize(
    "octets", [b"220 mx\r\n", b"a1 OK x\r\n", b"+ x\r\n", b"* 1 EXISTS\r\n", b"* NO\r\n", b"\r\n"]
)
def test_what_is_no_greeting(octets: bytes) -> None:
    (event,) = hear(octets, greeting=True)
    assert (event.response.status, rules(event)) == ("", ["not-a-response"])


@pytest.mark.parametrize(
    ("octets", "broken"),
    [
        (b"a1 OK x\r\n", []),
        (b"a1 OK x\n", ["bare-lf"]),
        (b"a1 OK x\ry\r\n", ["bare-cr"]),
        (b"a1 OK x\0\r\n", ["nul"]),
        (b"a1 OK gr\xc3\xbc\xc3\x9fe\r\n", ["eight-bit"]),
        (b'* LIST () "/" "gr\xc3\xbc"\r\na1 OK x\r\n', []),
        (b'* LIST () "/" "gr\xfc"\r\na1 OK x\r\n', ["eight-bit"]),
        (b"* 1 FETCH (X {2}\r\n\0\xff)\r\na1 OK x\r\n", []),
        (b"* 1 FETCH (X {2+}\r\nxy)\r\na1 OK x\r\n", ["literal-plus"]),
        (b"* 1 FETCH (X ~{2}\r\n\0\n)\r\na1 OK x\r\n", []),
        (b"* 1 FETCH (X {0}\r\n Y {1}\r\na)\r\na1 OK x\r\n", []),
        (b"* 1 FETCH (X {14}\r\na1 OK forged\r\n)\r\na1 OK x\r\n", []),
        (b"a1 OK [ALERT x\r\n", ["code-open"]),
        (b"garbage {3}\r\na1 OK x\r\n", ["not-a-response"]),
        (b"\r\na1 OK x\r\n", ["not-a-response"]),
        (b"a1 MAYBE\r\na1 OK x\r\n", ["not-a-response"]),
        (b"* BAD what was that\r\n* NO disk is nearly full {3}\r\na1 OK x\r\n", []),
    ],
)
def test_deviations(octets: bytes, broken: list[str]) -> None:
    (event,) = hear(octets, b"NOOP")
    assert (event.response.status, rules(event), event.response.raw) == ("OK", broken, octets)
    assert all(RULES[deviation.rule] == deviation.source for deviation in event.response.deviations)


def test_literals_are_shown_as_quoted_strings() -> None:
    (event,) = hear(b'* LIST () "/" {8}\r\na"b\\c\r\nd\r\na1 OK\r\n', b'LIST "" *')
    assert event.response.lines == ('LIST () "/" "a\\"b\\\\c\\x0d\\x0ad"',)


@pytest.mark.parametrize(
    ("octets", "status", "code", "broken"),
    [
        (b'a1 OK [X "\\" y] z\r\n', "OK", 'X "\\" y', []),
        (b'a1 OK [X "y" z "] a\r\n', "OK", 'X "y" z "', []),
        (b'* X "\xc3\xa4" "\xc3\xa4\r\na1 OK\r\n', "OK", "", ["eight-bit"]),
        (b'* X "\xc3\xa4\\\r\na1 OK\r\n', "OK", "", ["eight-bit"]),
        (b"a1 OK [" + b'"\\' * 32_000 + b"\r\n", "OK", "", ["code-open"]),
        (b"* " + b'"\\' * 32_000 + b"\xc3\xa4\r\na1 OK\r\n", "OK", "", ["eight-bit"]),
    ],
    ids=["code", "code-behind", "text", "escaped", "long-code", "long-text"],
)
def test_strings_that_nothing_closes(octets: bytes, status: str, code: str, broken: list[str]) -> None:
    """The long ones take a blink, or half a minute where each quote is tried as the beginning of a string."""
    (event,) = hear(octets, b"NOOP")
    assert (event.response.status, event.response.code, rules(event)) == (status, code, broken)


def test_mail_data() -> None:
    envelope = (
        '("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary" '
        '(("Terry Gray" NIL "gray" "cac.washington.edu")) NIL NIL NIL NIL NIL NIL "<B27397@cac.example>")'
    )
    response = Response(
        "OK",
        lines=(
            f"12 FETCH (ENVELOPE {envelope})",
            f"13 FETCH (UID 7 ENVELOPE {envelope})",
            "14 FETCH (FLAGS (\\Seen))",
            "18 EXISTS",
            "STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)",
        ),
    )
    assert (envelopes(response), messages(response), exists(response)) == (2, 231, 18)
    assert (envelopes(Response("OK")), messages(Response("OK")), exists(Response("OK"))) == (0, None, None)
    odd = Response(
        "OK", lines=('status "a (MESSAGES 9)" (UIDNEXT 4 messages 3)', "STATUS x (UIDNEXT 4)", "x EXISTS")
    )
    assert (messages(odd), exists(odd)) == (3, None)
