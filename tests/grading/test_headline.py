"""The headline: each form of a sentence, and a reason for every way that a conversation can end."""

from itertools import product
from typing import Any

import pytest

from waxseal.checks import samples
from waxseal.checks.api import Example, Level, Remedy, Verdict, at
from waxseal.facts import Cause, DnsStatus, Ended, MailProtocol, Scope, Stage, Subject
from waxseal.grading.headline import Headline, headline
from waxseal.grading.headline_reasons import ended_message
from waxseal.grading.message import plural_number, title
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import EndpointSeal, Seal, State
from waxseal.grading.severity import Severity
from waxseal.grading.wording import ENGLISH, PLACEHOLDERS, say

DOMAIN = samples.SUBJECT.up_to(Scope.DOMAIN)
HOST = Subject(host="mx.example.org")


def graded(
    check: str, named: str, *, where: Subject = DOMAIN, verdict: Verdict = Verdict.FAIL
) -> GradedFinding:
    return GradedFinding(
        check=check,
        subject=where,
        verdict=verdict,
        severity=Severity.HIGH if verdict is Verdict.FAIL else Severity.NONE,
        summary="",
        evidence=(),
        advice="",
        follows=False,
        missing="",
        crashed=False,
        title=named,
        level=Level.MUST,
        cites=(),
        remedy=Remedy(""),
    )


def seals(*states: Seal) -> tuple[EndpointSeal, ...]:
    places = (Subject(host="mx.example.org", address=f"192.0.2.{n + 1}", port=25) for n in range(len(states)))
    return tuple(EndpointSeal(place, state) for place, state in zip(places, states, strict=True))


def told(
    state: State,
    *states: Seal,
    findings: tuple[GradedFinding, ...] = (),
    root: Subject = DOMAIN,
    protocol: MailProtocol = MailProtocol.SMTP,
    facts: tuple[Any, ...] = (),
) -> Headline:
    known = samples.fact_set(Example("", Verdict.PASS, facts))
    return headline(known, findings, seals(*states), state, root, protocol)


EXPIRED = graded("certificate/expired", "A certificate has expired")
BLEEDS = graded("tls/heartbleed", "Heartbleed: the server gives away its memory")


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (
            told(State.SEALED, *3 * [Seal.SEALED]),
            "Mail to example.org travels sealed: all 3 addresses take TLS and the certificates prove the "
            "server.",
        ),
        (
            told(State.MEND, Seal.ENCRYPTED, findings=(EXPIRED, BLEEDS)),
            "Mail to example.org is encrypted at its one address, but a certificate has expired. "
            "There is 1 more fault to mend.",
        ),
        (
            told(State.MEND, Seal.ENCRYPTED, Seal.UNKNOWN, findings=(BLEEDS,), root=HOST),
            "Mail handed to mx.example.org is encrypted at 1 of 2 addresses, but Heartbleed: the server "
            "gives away its memory.",
        ),
        (
            told(State.EXPOSED, *4 * [Seal.EXPOSED], root=HOST, protocol=MailProtocol.POP3),
            "Mail fetched from mx.example.org can travel in clear: no TLS at any of its 4 addresses.",
        ),
        (
            told(State.PARTLY_UNKNOWN, Seal.ENCRYPTED, Seal.ENCRYPTED, Seal.UNKNOWN),
            "Mail to example.org is encrypted where it was seen. 1 of 3 addresses could not be tested. "
            "The certificates of 2 of 3 addresses could not be tested.",
        ),
        (
            told(State.UNDELIVERABLE, findings=(EXPIRED,), root=HOST, protocol=MailProtocol.SIEVE),
            "Mail filters cannot be managed at mx.example.org: a certificate has expired.",
        ),
        (
            told(State.UNKNOWN),
            "Whether mail to example.org is sealed could not be seen: there was no address to test.",
        ),
    ],
    ids=lambda value: value.message if isinstance(value, Headline) else "",
)
def test_sentences(made: Headline, sentence: str) -> None:
    assert made.sentence == sentence
    assert made.id == f"headline.{made.state.value}"


def test_where_nothing_is_published_senders_may_do_without() -> None:
    lax = graded("policy/none-published", "Nothing published", verdict=Verdict.WARN)
    made = told(State.SEALED, Seal.SEALED, Seal.SEALED, findings=(lax,))
    assert made.message == "headline.sealed.not-insisted.both"
    assert made.sentence.endswith("though nothing published makes senders insist on it.")
    # Nobody is told to insist where mail is fetched.
    fetched = told(State.SEALED, Seal.SEALED, findings=(lax,), root=HOST, protocol=MailProtocol.IMAP)
    assert fetched.message == "headline.sealed.mailbox.one"


def test_every_state_can_be_said_of_everything_that_travels() -> None:
    roots = {
        "domain": (DOMAIN, MailProtocol.SMTP),
        "host": (HOST, MailProtocol.LMTP),
        "mailbox": (HOST, MailProtocol.IMAP),
        "filters": (HOST, MailProtocol.SIEVE),
    }
    lax = graded("policy/none-published", "Nothing published", verdict=Verdict.WARN)
    said = set()
    for (root, protocol), state, number, good in product(roots.values(), State, range(5), Seal):
        for beside, findings in product(Seal, ((EXPIRED,), (lax,))):
            made = told(state, *number * [good], beside, root=root, protocol=protocol, findings=findings)
            assert "{" not in made.sentence
            said.add(made.message)
    said |= {f"headline.local.{travels}" for travels in roots}
    assert said == {known for known in ENGLISH if known.startswith("headline.")}


def test_every_end_has_a_reason() -> None:
    stages = (None, *Stage)
    said = set()
    for cause, stage, protocol in product(Cause, stages, (None, *MailProtocol)):
        if cause is Cause.COMPLETED:
            continue
        for ended in (
            Ended(cause, stage),
            Ended(cause, stage, code=554, detail="a rule (RFC 5246 §7.4.1.3)", stage_s=8.04, alert=40),
        ):
            made = ended_message(ended, protocol)
            assert "{" not in made.text
            said.add(made.message)
    assert said == {known for known in ENGLISH if known.startswith("reason.ended.")}


@pytest.mark.parametrize(
    ("ended", "protocol", "text"),
    [
        (
            Ended(Cause.TIMED_OUT, Stage.GREETING, stage_s=8.04, detail="after 8.0 s"),
            None,
            "no greeting comes within 8 s",
        ),
        (
            Ended(Cause.CLOSED, Stage.EHLO),
            MailProtocol.POP3,
            "the server closes the connection instead of answering CAPA",
        ),
        (
            Ended(Cause.DECLINED, Stage.EHLO, code=421, detail="Too many {connections}"),
            None,
            "the server turns this client away at EHLO with “421 Too many {connections}”",
        ),
        (Ended(Cause.NOT_SMTP, Stage.GREETING), MailProtocol.LMTP, "what the server says is not LMTP"),
    ],
)
def test_reasons(ended: Ended, protocol: MailProtocol | None, text: str) -> None:
    assert ended_message(ended, protocol).text == text


def unseen(*facts: Any, findings: tuple[GradedFinding, ...] = ()) -> Headline:
    """The headline where two addresses were tried in vain."""
    known = samples.fact_set(Example("", Verdict.PASS, facts))
    places = (samples.SUBJECT.up_to(Scope.PORT), Subject("example.org", "mx.example.org", "192.0.2.26", 25))
    tried = tuple(EndpointSeal(place, Seal.UNKNOWN) for place in places)
    return headline(known, findings, tried, State.UNKNOWN, DOMAIN)


def test_how_conversations_ended_is_told_once() -> None:
    slow = samples.attempt(Cause.TIMED_OUT, Stage.GREETING, stage_s=8.0)
    slower = samples.attempt(Cause.TIMED_OUT, Stage.GREETING, stage_s=9.5)
    alike = unseen(slow, at(slower, address="192.0.2.26"))
    assert alike.sentence.endswith("could not be seen: no greeting comes within 8 s.")
    two = unseen(slow, at(samples.attempt(Cause.RESET, Stage.EHLO), address="192.0.2.26"))
    assert two.sentence.endswith("no greeting comes within 8 s. There is 1 other reason.")


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            (samples.run_context(), samples.attempt(Cause.TIMED_OUT, Stage.CONNECT)),
            "no connection to port 25 is answered, so that it may be blocked from here.",
        ),
        (
            (samples.run_context(), samples.attempt(Cause.BLOCKED_HERE, Stage.CONNECT)),
            "this machine does not allow connections to port 25.",
        ),
        (
            (samples.run_context(via="socks5://gw:1080"), samples.attempt(Cause.BLOCKED_HERE, Stage.CONNECT)),
            "the way that connections take (socks5://gw:1080) gives none to port 25.",
        ),
    ],
)
def test_this_machines_own_trouble_comes_first(facts: tuple[Any, ...], text: str) -> None:
    blocked = graded("reach/port-blocked-here", "Blocked", where=Subject(), verdict=Verdict.INCONCLUSIVE)
    assert unseen(*facts, findings=(blocked,)).sentence.endswith(f"could not be seen: {text}")


@pytest.mark.parametrize("status", [s for s in DnsStatus if s not in ("answered", "no-data", "nxdomain")])
def test_a_failed_look_up_is_the_reason(status: DnsStatus) -> None:
    made = told(State.UNKNOWN, facts=(samples.mx_records(status=status),))
    assert made.message == "headline.unknown.domain"
    assert "MX look-up" in made.sentence
    host = samples.host_addresses(a=samples.answer("mx.example.org", "A", status=status))
    assert "mail host's addresses" in told(State.UNKNOWN, facts=(host,)).sentence


def test_an_open_question_is_named() -> None:
    lost = graded("smtp/starttls-missing", "STARTTLS is not offered", verdict=Verdict.INCONCLUSIVE)
    made = told(State.UNKNOWN, Seal.UNKNOWN, findings=(lost,))
    assert made.sentence.endswith("leave open whether this is so: “STARTTLS is not offered”.")
    assert told(State.UNKNOWN, Seal.UNKNOWN).sentence.endswith("the server's answers leave it open.")


@pytest.mark.parametrize(
    ("named", "inside"),
    [
        ("A key is too small", "a key is too small"),
        ("SPF turns nobody away", "SPF turns nobody away"),
        ("IPv6 is published", "IPv6 is published"),
        ("ROBOT: RSA ciphertexts", "ROBOT: RSA ciphertexts"),
        ("ChangeCipherSpec is taken", "ChangeCipherSpec is taken"),
        ("Diffie-Hellman values", "Diffie-Hellman values"),
        ("Ticketbleed: session ids", "Ticketbleed: session ids"),
        ("Early data (0-RTT) is accepted", "early data (0-RTT) is accepted"),
    ],
)
def test_a_title_inside_a_sentence_begins_small_unless_it_is_a_name(named: str, inside: str) -> None:
    made = say("headline.undeliverable.domain", name="x", title=title("a/b", named))
    assert made.text == f"Mail to x cannot be delivered: {inside}."


def test_a_plural_goes_by_count_or_else_by_total() -> None:
    assert plural_number({"count": 2, "total": 5}) == 2
    assert plural_number({"some": 2, "total": 5}) == 5
    assert say("also.hosts", count=1).text == "1 mail host could not be tested."
    assert say("also.hosts", count=2).text == "2 mail hosts could not be tested."
    assert set(PLACEHOLDERS) > {"count", "total"}
