"""What the answers to made-up logins show, and which list of mechanisms a check goes by."""

import pytest

from waxseal.checks.auth._offers import Offers
from waxseal.checks.auth._samples import clear, endpoint, sealed, trial
from waxseal.checks.auth._trials import Outcome, denied, line, outcome
from waxseal.checks.engine import Place
from waxseal.checks.samples import NOW, ehlo, ehlo_tls
from waxseal.facts import Cause, EhloClear, Fact, FactSet, MailProtocol, Record, Subject, TlsMode

PORT = Subject(host="mx.example.org", address="192.0.2.1", port=143)
FAILED = "NO [AUTHENTICATIONFAILED] Authentication failed."


@pytest.mark.parametrize(
    ("mechanism", "answers", "expected"),
    [
        ("PLAIN", ["334", "535 5.7.8 no"], Outcome.ASKED),
        ("PLAIN", ["334", "235 2.7.0 in"], Outcome.LET_IN),
        ("LOGIN", ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "454 4.7.0 later"], Outcome.ASKED),
        ("PLAIN", ["503 5.5.1 not enabled"], Outcome.TURNED_DOWN),
        ("PLAIN", ["530 5.7.0 Must issue a STARTTLS command first"], Outcome.TURNED_DOWN),
        ("PLAIN", ["535 5.7.8 not without TLS"], Outcome.TURNED_DOWN),
        ("PLAIN", ["421 4.3.2 too many"], Outcome.UNCLEAR),
        ("PLAIN", ["+", "OK in"], Outcome.LET_IN),
        ("PLAIN", ["NO [PRIVACYREQUIRED] not here"], Outcome.TURNED_DOWN),
        ("PLAIN", ["NO [UNAVAILABLE] later"], Outcome.UNCLEAR),
        ("PLAIN", ["-ERR [SYS/TEMP] later"], Outcome.UNCLEAR),
        ("PLAIN", ["NO (TRYLATER) later"], Outcome.UNCLEAR),
        ("USER", ["+OK"], Outcome.ASKED),
        ("USER", ["-ERR not in clear"], Outcome.TURNED_DOWN),
        ("USER", ["+OK", "+OK in"], Outcome.LET_IN),
        ("LOGIN", ["OK in"], Outcome.LET_IN),
        ("LOGIN", ["BAD no such command"], Outcome.TURNED_DOWN),
        ("PLAIN", [], Outcome.UNCLEAR),
    ],
)
def test_outcome(mechanism: str, answers: list[str], expected: Outcome) -> None:
    tried = trial(mechanism, *answers)
    assert outcome(tried, (tried,)) is expected


@pytest.mark.parametrize(
    ("in_clear", "under_tls", "expected"),
    [
        (FAILED, FAILED, Outcome.AS_UNDER_TLS),
        ("NO Login failed in 3.1 s", "NO Login failed in 2.9 s", Outcome.AS_UNDER_TLS),
        ("NO LOGIN is disabled", FAILED, Outcome.TURNED_DOWN),
        ("NO [PRIVACYREQUIRED] Not here", "NO [PRIVACYREQUIRED] Not here", Outcome.TURNED_DOWN),
        (FAILED, "BAD what", Outcome.UNCLEAR),
        (FAILED, None, Outcome.UNCLEAR),
    ],
)
def test_login_is_compared_with_its_control(in_clear: str, under_tls: str | None, expected: Outcome) -> None:
    tried = trial("LOGIN", in_clear)
    controls = () if under_tls is None else (trial("LOGIN", under_tls, in_tls=True),)
    assert outcome(tried, (tried, *controls)) is expected


def test_evidence_is_bounded_and_names_the_end_where_nothing_came() -> None:
    assert len(line(trial("LOGIN", *["NO " + "x" * 900] * 9))) <= 200
    assert line(trial("PLAIN", cause=Cause.CLOSED)) == "PLAIN in clear: closed"
    assert not denied(trial("PLAIN", cause=Cause.CLOSED))


def offers(*facts: Fact) -> Offers:
    records = [Record(subject=PORT, fact=fact, seen_at=NOW, attempt="a1") for fact in facts]
    found = Place(FactSet(records), PORT)[Offers]
    assert isinstance(found, Offers)
    return found


def test_with_implicit_tls_the_first_list_is_the_one_under_tls() -> None:
    found = offers(endpoint(MailProtocol.IMAP, TlsMode.IMPLICIT), clear("AUTH=PLAIN"))
    assert found.clear is None
    assert found.sealed is not None
    assert found.sealed.mechanisms == ("PLAIN",)
    assert found.sealed.in_tls


@pytest.mark.parametrize(
    ("first", "whole"),
    [
        (ehlo("STARTTLS", "AUTH PLAIN"), True),
        (ehlo("STARTTLS", "XXXA"), False),
        (ehlo("STARTTLS", extra=b"250 more\r\n"), False),
        (ehlo("STARTTLS", extra=b"421 bye\r\n"), True),
    ],
)
def test_a_list_is_whole_or_not(first: EhloClear, whole: bool) -> None:
    found = offers(endpoint(MailProtocol.SMTP), first, ehlo_tls("AUTH PLAIN LOGIN"))
    assert found.clear is not None
    assert found.clear.whole is whole
    assert (found.clear.unless_whole() is None) is whole
    assert found.sealed is not None
    assert found.sealed.plain == ("PLAIN", "LOGIN")


def test_capabilities_with_something_behind_them_are_not_whole() -> None:
    found = offers(endpoint(MailProtocol.POP3), clear("SASL PLAIN", good="+OK"), sealed("USER", good="-ERR"))
    assert found.clear is not None
    assert found.clear.mechanisms == ("PLAIN",)
    assert found.sealed is None
