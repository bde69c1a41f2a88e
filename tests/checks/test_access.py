"""What the checks of IMAP, POP3 and ManageSieve ask of responses in common."""

import pytest

from waxseal.checks.access._responses import referral, spoke_early, temporary
from waxseal.facts import MailProtocol, Response

IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE


@pytest.mark.parametrize(
    ("protocol", "extra", "early"),
    [
        (IMAP, b"", False),
        (IMAP, b"* OK [ALERT] x\r\n* 3 EXISTS\r\n", False),
        (IMAP, b"* 1 FETCH (X {3}\r\na1 OK\r\n", False),
        (IMAP, b"* BYE x\r\n", False),
        (IMAP, b"* OK begun", False),
        (IMAP, b"a1 OK x\r\n", True),
        (IMAP, b"* 3 EXISTS\r\na9 BAD x\r\n", True),
        (IMAP, b"+ go on\r\n", True),
        (IMAP, b"250 OK\r\n", True),
        (POP3, b"+OK\r\n", True),
        (POP3, b"x", True),
        (SIEVE, b'BYE "idle"\r\n', False),
        (SIEVE, b"OK\r\n", True),
    ],
)
def test_what_is_out_of_turn(protocol: MailProtocol, extra: bytes, early: bool) -> None:
    assert spoke_early(protocol, extra) is early


@pytest.mark.parametrize(
    ("code", "later", "url"),
    [
        ("UNAVAILABLE", True, ""),
        ("sys/temp/disk", True, ""),
        ("SYS/PERM", False, ""),
        ("TRYLATER", True, ""),
        ("ALERT", False, ""),
        ("", False, ""),
        ("referral imap://other.example/", False, "imap://other.example/"),
        ("REFERRALS imap://other.example/", False, ""),
    ],
)
def test_codes(code: str, later: bool, url: str) -> None:
    response = Response("NO", code=code)
    assert (temporary(response), referral(response)) == (later, url)
