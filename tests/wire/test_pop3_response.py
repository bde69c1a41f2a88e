"""POP3 responses: what each line is taken for, and what is recorded."""

import pytest

from tests.wire.access_play import rules
from waxseal.facts import MailProtocol
from waxseal.wire.access_client import AccessConnection, Event
from waxseal.wire.pop3_response import RULES


def hear(octets: bytes, *, multiline: bool = False) -> tuple[Event, ...]:
    connection = AccessConnection(MailProtocol.POP3, greeting=False)
    connection.send(b"CAPA", multiline=multiline)
    return connection.receive(octets)


@pytest.mark.parametrize(
    ("octets", "status", "code", "text", "broken"),
    [
        (
            b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n",
            "+OK",
            "",
            "ready <1896.697170952@dbc.mtview.ca.us>",
            [],
        ),
        (b"+OK\r\n", "+OK", "", "", []),
        (b"-ERR [SYS/TEMP] later\r\n", "-ERR", "SYS/TEMP", "later", []),
        (b"-ERR [in-use]\r\n", "-ERR", "in-use", "", []),
        (b"-ERR [open\r\n", "-ERR", "", "[open", []),
        (b"-err no\r\n", "-ERR", "", "no", ["status-case"]),
        (b"+ \r\n", "+", "", "", []),
        (b"+ YQ==\r\n", "+", "", "YQ==", []),
        (b"+OKAY\r\n", "", "", "+OKAY", ["not-a-response"]),
        (b"220 mx\r\n", "", "", "220 mx", ["not-a-response"]),
        (b"\r\n", "", "", "", ["not-a-response"]),
        (b"+OK x\n", "+OK", "", "x", ["bare-lf"]),
        (b"+OK x\ry\r\n", "+OK", "", "x\\x0dy", ["bare-cr"]),
        (b"+OK \0\r\n", "+OK", "", "\\x00", ["nul"]),
        (b"+OK \xfc\r\n", "+OK", "", "\\xfc", ["eight-bit"]),
        (b"+OK " + b"x" * 506 + b"\r\n", "+OK", "", "x" * 506, []),
        (b"+OK " + b"x" * 507 + b"\r\n", "+OK", "", "x" * 507, ["line-too-long"]),
        (b"+OK {3}\r\n", "+OK", "", "{3}", []),
    ],
)
def test_one_line(octets: bytes, status: str, code: str, text: str, broken: list[str]) -> None:
    (event,) = hear(octets)
    response = event.response
    assert (response.status, response.code, response.text) == (status, code, text)
    assert (response.raw, rules(event)) == (octets, broken)
    assert all(RULES[deviation.rule] == deviation.source for deviation in response.deviations)


@pytest.mark.parametrize(
    ("octets", "lines"),
    [
        (b"+OK\r\n.\r\n", ()),
        (b"+OK\r\nTOP\r\nSASL CRAM-MD5\r\n.\r\n", ("TOP", "SASL CRAM-MD5")),
        (b"+OK\r\n..\r\n..x\r\n\r\n+OK\r\n.\r\n", (".", ".x", "", "+OK")),
        (b"-ERR unknown command\r\n", ()),
    ],
)
def test_several_lines(octets: bytes, lines: tuple[str, ...]) -> None:
    (event,) = hear(octets, multiline=True)
    assert (event.response.lines, event.response.raw, rules(event)) == (lines, octets, [])


def test_a_list_without_an_end_is_cut_off() -> None:
    connection = AccessConnection(MailProtocol.POP3, greeting=False)
    connection.send(b"CAPA", multiline=True)
    assert connection.receive(b"+OK\r\nSTLS\r\nSAS") == ()
    (event,) = connection.end()
    assert (event.response.status, event.response.lines) == ("+OK", ("STLS", "SAS"))
    assert rules(event) == ["cut-off"]
