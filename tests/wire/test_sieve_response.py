"""ManageSieve responses: what each line is taken for, and what is recorded."""

import pytest

from tests.wire.access_play import rules
from waxseal.facts import MailProtocol
from waxseal.wire.access_client import AccessConnection, Event
from waxseal.wire.sieve_response import RULES


def hear(octets: bytes, command: bytes = b"CAPABILITY") -> tuple[Event, ...]:
    connection = AccessConnection(MailProtocol.SIEVE, greeting=False)
    connection.send(command)
    return connection.receive(octets)


@pytest.mark.parametrize(
    ("octets", "status", "code", "text", "broken"),
    [
        (b"OK\r\n", "OK", "", "", []),
        (b'no "line 2: Syntax error"\r\n', "NO", "", "line 2: Syntax error", []),
        (b'BYE (TRYLATER) "busy"\r\n', "BYE", "TRYLATER", "busy", []),
        (
            b'BYE (REFERRAL "sieve://other.example") "go"\r\n',
            "BYE",
            "REFERRAL sieve://other.example",
            "go",
            [],
        ),
        (b'OK (X (a "b)") 1) {2}\r\nhi\r\n', "OK", "X (a b)) 1", "hi", []),
        (b'OK "a \\"b\\" \\\\ gr\xc3\xbc"\r\n', "OK", "", 'a "b" \\ grü', []),
        (b"OK Logout completed.\r\n", "OK", "", "Logout completed.", ["text-not-a-string"]),
        (b'NO (QUOTA "x"\r\n', "NO", "", '(QUOTA "x"', ["code-open", "text-not-a-string"]),
        (b"OKAY\r\n", "", "", "OKAY", ["not-a-response"]),
        (b"+OK POP3\r\n", "", "", "+OK POP3", ["not-a-response"]),
        (b'OK "x"\n', "OK", "", "x", ["bare-lf"]),
        (b'OK "\0"\r\n', "OK", "", "\\x00", ["nul"]),
        (b'OK "\r"\r\n', "OK", "", "\\x0d", ["bare-cr"]),
        (b'OK "\xfc"\r\n', "OK", "", "\\xfc", ["eight-bit"]),
        (b"OK {2+}\r\nhi\r\n", "OK", "", "hi", ["literal-plus"]),
        (b'OK "' + b"x" * 1024 + b'"\r\n', "OK", "", "x" * 1024, []),
        (b'OK "' + b"x" * 1025 + b'"\r\n', "OK", "", "x" * 1025, ["quoted-too-long"]),
    ],
)
def test_statuses(octets: bytes, status: str, code: str, text: str, broken: list[str]) -> None:
    (event,) = hear(octets)
    response = event.response
    assert (response.status, response.code, response.text) == (status, code, text)
    assert (response.raw, rules(event)) == (octets, broken)
    assert all(RULES[deviation.rule] == deviation.source for deviation in response.deviations)


def test_data_comes_before_the_status() -> None:
    (event,) = hear(b'"SASL" ""\r\n{8}\r\nSTARTTLS\r\n{6}\r\nOK\r\nNO\r\nNO\r\n')
    assert (event.response.status, event.response.lines) == (
        "NO",
        ('"SASL" ""', '"STARTTLS"', '"OK\\x0d\\x0aNO"'),
    )


def test_challenges() -> None:
    events = hear(b'"Y2hhbGxlbmdl"\r\n{4}\r\nYWJj\r\nOK (SASL "cnNwYXV0aA==")\r\n', b'AUTHENTICATE "X"')
    assert [(event.response.status, event.response.text) for event in events] == [
        ("+", "Y2hhbGxlbmdl"),
        ("+", "YWJj"),
        ("OK", ""),
    ]
    assert events[2].response.code == "SASL cnNwYXV0aA=="
