"""A web client at a mail server: who refuses it, who hangs up, and who puts up with it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.probes.mail_peer import HOST, SUBJECT, Manners, Outcome, hold, hold_at
from tests.probes.scripted import TO_HANDSHAKE, Close, Hello, Reset, Say, ScriptedServer, Stall, StartTls
from waxseal.checks import samples
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import (
    Cause,
    Certificate,
    CertificateChain,
    CrossProtocol,
    FactSet,
    MailProtocol,
    Record,
    Subject,
)
from waxseal.lab.orders import alert_record
from waxseal.probes.cross_protocol import try_cross_protocol
from waxseal.wire.web_request import Answered, web_request

ALL = tuple(MailProtocol)
COMMANDS = frozenset(
    b"EHLO HELO LHLO MAIL RCPT DATA BDAT RSET VRFY EXPN HELP NOOP QUIT AUTH STARTTLS ETRN TURN CAPABILITY "
    b"LOGOUT LOGIN AUTHENTICATE SELECT EXAMINE CREATE DELETE RENAME SUBSCRIBE LIST LSUB STATUS APPEND CHECK "
    b"CLOSE EXPUNGE SEARCH FETCH STORE COPY UID ID IDLE ENABLE NAMESPACE UNSELECT MOVE CAPA STLS USER PASS "
    b"APOP STAT RETR DELE TOP UIDL UTF8 LANG HAVESPACE PUTSCRIPT LISTSCRIPTS SETACTIVE GETSCRIPT "
    b"DELETESCRIPT RENAMESCRIPT CHECKSCRIPT UNAUTHENTICATE".split()
)
LINES = (b"500 no\r\n", b"500-no\r\n", b"421 bye\r\n", b"250 ok\r\n", b"a BAD x\r\n", b"-ERR\n", b"\0")


def seen(outcome: Outcome) -> CrossProtocol:
    found = outcome.facts.nearest(CrossProtocol, SUBJECT)
    assert found is not None
    return found


def judged(outcome: Outcome, *names: str) -> Verdict:
    """How the server is judged with a certificate of these names."""
    leaf = Certificate(der=b"", sha256="aa", dns_names=names)
    chain = CertificateChain(certificates=(leaf,), shown_at=samples.NOW)
    where = Subject(
        domain=SUBJECT.domain,
        host=SUBJECT.host,
        address=SUBJECT.address,
        port=SUBJECT.port,
        server_name=HOST,
        certificate_type="rsa",
    )
    record = Record(subject=where, fact=chain, seen_at=samples.NOW, attempt="a1")
    (finding,) = judge_all(FactSet([*outcome.facts, record]), [all_checks()["tls/cross-protocol"]])
    return finding.verdict


@pytest.mark.parametrize("protocol", ALL)
def test_one_that_puts_up_with_it(protocol: MailProtocol) -> None:
    outcome = hold(try_cross_protocol, Manners(), protocol)
    found = seen(outcome)
    assert (found.completed, found.selected, found.alert, found.closed) == (True, "", None, False)
    assert found.lines_taken == len(found.request.splitlines()) == 15
    assert not found.echoed
    assert judged(outcome, HOST, "*.example.test") is Verdict.WARN
    assert judged(outcome, HOST, "www.example.test") is Verdict.WARN
    assert judged(outcome, HOST, "smtp.example.test") is Verdict.PASS


@pytest.mark.parametrize("protocol", ALL)
def test_one_that_hangs_up(protocol: MailProtocol) -> None:
    outcome = hold(try_cross_protocol, Manners(patience=3), protocol)
    found = seen(outcome)
    assert (found.closed, found.lines_taken) == (True, 3)
    assert judged(outcome, "*.example.test") is Verdict.PASS


def test_one_that_says_it_back() -> None:
    outcome = hold(try_cross_protocol, Manners(patience=2, echoes=True))
    assert seen(outcome).echoed
    assert judged(outcome, "*.example.test") is Verdict.WARN
    assert judged(outcome, HOST) is Verdict.PASS


def test_one_that_confirms_a_name_of_the_web() -> None:
    outcome = hold(try_cross_protocol, Manners(protocols=["http/1.1"]))
    assert seen(outcome).selected == "http/1.1"
    assert outcome.verdict("tls/alpn-foreign-accepted") is Verdict.FAIL
    assert judged(outcome, "*.example.test") is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("alert", "verdict"), [(120, Verdict.PASS), (40, Verdict.INCONCLUSIVE)])
def test_one_that_refuses_the_hello(alert: int, verdict: Verdict) -> None:
    server = ScriptedServer((*TO_HANDSHAKE, Hello(), Say(alert_record(alert)), Close()))
    outcome = hold_at(server, try_cross_protocol)
    found = seen(outcome)
    assert (found.completed, found.alert, found.request) == (False, alert, b"")
    assert outcome.verdict("tls/alpn-foreign-accepted") is verdict
    assert judged(outcome, "*.example.test") is verdict


def test_one_that_breaks_off_the_handshake() -> None:
    outcome = hold_at(ScriptedServer((*TO_HANDSHAKE, Hello(), Reset())), try_cross_protocol)
    assert seen(outcome).ended.cause is Cause.RESET
    assert judged(outcome, "*.example.test") is Verdict.INCONCLUSIVE


def test_one_that_breaks_off_the_request_hangs_up() -> None:
    server = ScriptedServer((*TO_HANDSHAKE, StartTls(), Reset()))
    outcome = hold_at(server, try_cross_protocol)
    assert seen(outcome).closed
    assert judged(outcome, "*.example.test") is Verdict.PASS


def test_one_that_says_nothing_shows_nothing() -> None:
    outcome = hold_at(ScriptedServer((*TO_HANDSHAKE, StartTls(), Stall())), try_cross_protocol)
    assert not seen(outcome).closed
    assert judged(outcome, "*.example.test") is Verdict.INCONCLUSIVE


def test_one_without_tls_leaves_no_fact() -> None:
    outcome = hold(try_cross_protocol, Manners(offers=False))
    assert outcome.facts.nearest(CrossProtocol, SUBJECT) is None
    assert judged(outcome, "*.example.test") is Verdict.INCONCLUSIVE


def test_the_request_holds_no_mail_command() -> None:
    for line in web_request("mx.example.test", "nonce").splitlines():
        words = line.upper().split()[:2]
        assert not COMMANDS & {word.strip(b":") for word in words}, line


@given(
    octets=st.lists(st.sampled_from(LINES)).map(b"".join),
    cuts=st.lists(st.integers(0, 200), max_size=5),
    protocol=st.sampled_from(ALL),
)
def test_errors_are_counted_the_same_however_they_are_cut(
    octets: bytes, cuts: list[int], protocol: MailProtocol
) -> None:
    whole, pieces = Answered(protocol), Answered(protocol)
    whole.take(octets)
    places = [0, *sorted(cut for cut in cuts if cut <= len(octets)), len(octets)]
    for begin, end in pairwise(places):
        pieces.take(octets[begin:end])
    assert (whole.errors, whole.lines, whole.octets) == (pieces.errors, pieces.lines, pieces.octets)
    if protocol is MailProtocol.SMTP:
        assert whole.errors == octets.count(b"\n500 ") + octets.startswith(b"500 ")
