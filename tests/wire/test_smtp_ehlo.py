"""EHLO answers: keywords as sent, and the marks of masking middleboxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts import Keyword, Reply
from waxseal.wire.smtp_ehlo import (
    greeting_host_name,
    masked_greeting,
    masked_keyword,
    masked_like_starttls,
    parse_ehlo,
)
from waxseal.wire.smtp_reply import ReplyParser


def reply_of(text: bytes) -> Reply:
    (reply,) = ReplyParser().feed(text)
    return reply


def test_the_answer_of_rfc_5321_d1() -> None:
    reply = reply_of(b"250-foo.com greets bar.com\r\n250-8BITMIME\r\n250-SIZE\r\n250-DSN\r\n250 HELP\r\n")
    assert parse_ehlo(reply) == (
        "foo.com",
        (Keyword("8BITMIME"), Keyword("SIZE"), Keyword("DSN"), Keyword("HELP")),
    )


@pytest.mark.parametrize(
    ("line", "keyword"),
    [
        ("STARTTLS", Keyword("STARTTLS")),
        ("starttls", Keyword("STARTTLS")),
        ("StartTls ", Keyword("STARTTLS")),
        (" STARTTLS", Keyword("STARTTLS")),
        ("SIZE 10240000", Keyword("SIZE", ("10240000",))),
        ("AUTH PLAIN  login", Keyword("AUTH", ("PLAIN", "login"))),
        ("AUTH\tPLAIN", Keyword("AUTH", ("PLAIN",))),
        ("AUTH=LOGIN PLAIN", Keyword("AUTH=", ("LOGIN", "PLAIN"))),
        ("auth= LOGIN", Keyword("AUTH=", ("LOGIN",))),
        ("LIMITS RCPTMAX=100", Keyword("LIMITS", ("RCPTMAX=100",))),
        ("X-ANONYMOUSTLS", Keyword("X-ANONYMOUSTLS")),
        # U+017F is an S in upper case, and no S on the wire.
        ("\u017ftarttls", Keyword("\u017fTARTTLS")),
    ],
)
def test_one_keyword(line: str, keyword: Keyword) -> None:
    assert parse_ehlo(Reply(code=250, lines=("mx.example.org", line))) == ("mx.example.org", (keyword,))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(code=250, lines=("mx.example.org",)), ("mx.example.org", ())),
        (Reply(code=250, lines=("",)), ("", ())),
        (Reply(code=250), ("", ())),
        (Reply(code=250, lines=("mx", "", "=", "DSN")), ("mx", (Keyword("="), Keyword("DSN")))),
        (Reply(code=502, lines=("STARTTLS", "STARTTLS")), ("", ())),
        (Reply(code=None, lines=("STARTTLS", "STARTTLS")), ("", ())),
    ],
)
def test_hand_made_replies(reply: Reply, expected: tuple[str, tuple[Keyword, ...]]) -> None:
    assert parse_ehlo(reply) == expected


def test_repeated_keywords_are_kept_in_order() -> None:
    reply = Reply(code=250, lines=("mx", "AUTH PLAIN", "AUTH=PLAIN", "AUTH LOGIN"))
    assert [keyword.name for keyword in parse_ehlo(reply)[1]] == ["AUTH", "AUTH=", "AUTH"]


def test_a_line_that_is_no_reply_line_is_no_keyword() -> None:
    reply = reply_of(b"250-mx.example.org\r\nSTARTTLS\r\n250-DSN\r\n250\r\n")
    assert parse_ehlo(reply) == ("mx.example.org", (Keyword("DSN"),))


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"220 foo.com Simple Mail Transfer Service Ready\r\n", "foo.com"),
        (b"220-mx.example.org ESMTP\r\n220 no spam\r\n", "mx.example.org"),
        (b"220 [192.0.2.1] hi\r\n", "[192.0.2.1]"),
        (b"220\r\n", ""),
        (b"421 mx.example.org Service not available\r\n", "mx.example.org"),
        (b"554 No SMTP service here\r\n", ""),
        (b"hello there\r\n", ""),
    ],
)
def test_the_host_name_of_a_greeting(octets: bytes, name: str) -> None:
    assert greeting_host_name(reply_of(octets)) == name


@pytest.mark.parametrize(
    ("name", "masked", "like_starttls"),
    [
        ("XXXXXXXX", True, True),
        ("XXXXXXXA", True, True),
        ("XXXXXXXXA", True, False),
        ("XXXB", True, False),
        ("XXXX", True, False),
        ("X" * 19 + "C", True, False),
        ("XXX", False, False),
        ("XXB", False, False),
        ("XCLIENT", False, False),
        ("XFORWARD", False, False),
        ("XXXXXXAB", False, False),
        ("X-XXXX", False, False),
        ("STARTTLS", False, False),
    ],
)
def test_masked_keywords(name: str, masked: bool, like_starttls: bool) -> None:
    assert masked_keyword(Keyword(name)) is masked
    assert masked_like_starttls(Keyword(name)) is like_starttls


@pytest.mark.parametrize(
    ("octets", "masked"),
    [
        (
            b"220 ***************************************************0*2******0***********************\r\n",
            True,
        ),
        (b"220 ****************************\r\n", True),
        (b"220*************\r\n", True),
        (b"220 *********** *********** ***\r\n", True),
        (b"220 mx.example.org ESMTP\r\n", False),
        (b"220-***************\r\n220-* Secure Server *\r\n220 ***************\r\n", False),
        (b"220 ***\r\n", False),
        (b"220 2020\r\n", False),
        (b"220\r\n", False),
    ],
)
def test_masked_greetings(octets: bytes, masked: bool) -> None:
    assert masked_greeting(reply_of(octets)) is masked


@given(st.binary(max_size=400))
def test_no_octets_raise(octets: bytes) -> None:
    for reply in ReplyParser().feed(b"250-mx\r\n250-" + octets + b"\r\n250 \r\n"):
        host_name, keywords = parse_ehlo(reply)
        assert " " not in host_name
        for keyword in keywords:
            assert keyword.name
            assert not any(" " in parameter or not parameter for parameter in keyword.parameters)
            masked_like_starttls(keyword)
        greeting_host_name(reply)
        masked_greeting(reply)
