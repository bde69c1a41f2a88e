"""The two letters of made-up findings: within bounds, monotone, listed in full, recomputed by other code."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs, to_builtins

from tests.grading.test_letters import letter_of, recomputed
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import Endpoint, FactSet, MailProtocol, Record, Subject, Target, TargetKind, TlsMode
from waxseal.grading.letter_rules import LETTERS, Axis, letter_rules
from waxseal.grading.letters import Basis, Letter, Letters, letters_of
from waxseal.grading.profile import GradedFinding, load_profile
from waxseal.grading.seal import EndpointSeal, Seal
from waxseal.grading.severity import Severity

BAD = (Verdict.FAIL, Verdict.WARN)
ORDER = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)
DOMAIN = Subject(domain="made-up.test")
HOST = structs.replace(DOMAIN, host="mx.made-up.test")
PORTS = tuple(structs.replace(HOST, address=f"192.0.2.{n}", port=25) for n in (1, 2))
SHOWN = tuple(structs.replace(PORTS[0], server_name=HOST.host, certificate_type=t) for t in ("rsa", "ec"))
PLACES = (DOMAIN, HOST, *PORTS, *SHOWN)
"""Around both addresses, at each, and inside the first."""


@cache
def weighing() -> tuple[str, ...]:
    """The checks that can move a letter: all of the rungs, and every other one that some axis names."""
    return tuple(sorted(check for check in all_checks() if check.split("/")[0] in _TOPICS))


_TOPICS = {"access", "auth", "certificate", "dane", "dnssec", "mta-sts", "smtp", "starttls", "tls", "policy"}
PROOFS = sorted({p for rung in letter_rules().rungs for p in rung.proved_by} | {"mta-sts/policy-malformed"})


def finding(check: str, place: Subject, verdict: Verdict, severity: Severity) -> GradedFinding:
    about = all_checks()[check]
    weight = severity if verdict in BAD else Severity.NONE
    return GradedFinding(
        check, place, verdict, weight, "", (), "", False, "", False,
        about.title, about.level, about.cites, about.remedy,
    )  # fmt: skip


FINDINGS = st.lists(
    st.builds(
        finding,
        st.one_of(st.sampled_from(PROOFS), st.sampled_from(weighing())),
        st.sampled_from(PLACES),
        st.one_of(st.just(Verdict.PASS), st.sampled_from(Verdict)),
        st.sampled_from(Severity),
    ),
    max_size=14,
    unique_by=lambda f: (f.check, f.subject),
)
SEALS = st.tuples(*[st.sampled_from((Seal.SEALED, Seal.ENCRYPTED, Seal.EXPOSED, Seal.UNKNOWN))] * 2)
KINDS = st.sampled_from((MailProtocol.SMTP, MailProtocol.IMAP))


TARGET = Target(given=str(DOMAIN.domain), kind=TargetKind.DOMAIN, name=str(DOMAIN.domain))


@cache
def scene(protocol: MailProtocol) -> FactSet:
    """What is asked of the facts: what is spoken at each address."""
    endpoint = Endpoint(protocol=protocol, mode=TlsMode.STARTTLS)
    return FactSet(Record(subject=place, fact=endpoint, seen_at=datetime.now(UTC)) for place in PORTS)


def graded(found: list[GradedFinding], seals: tuple[Seal, ...], protocol: MailProtocol) -> Letters:
    endpoints = [EndpointSeal(place, seal) for place, seal in zip(PORTS, seals, strict=True)]
    return letters_of(scene(protocol), found, endpoints, TARGET, load_profile(), Basis.WORST)


def each(letters: Letters) -> list[Letter]:
    return [letter for row in letters.by_address for letter in (row.passive, row.active)]


def written(found: list[GradedFinding]) -> dict[str, Any]:
    """The findings as the JSON report has them."""
    return {
        "findings": [
            {
                "check": f.check,
                "verdict": f.verdict.value,
                "severity": f.severity.label,
                "subject": subject(f.subject),
            }
            for f in found
        ]
    }


def subject(place: Subject) -> dict[str, Any]:
    return {key: value for key, value in to_builtins(place).items() if value is not None}


@given(FINDINGS, SEALS, KINDS)
@settings(max_examples=300, deadline=None)
def test_letters_are_within_bounds_listed_in_full_and_recomputed(
    found: list[GradedFinding], seals: tuple[Seal, ...], protocol: MailProtocol
) -> None:
    letters = graded(found, seals, protocol)
    kind = "mail" if protocol is MailProtocol.SMTP else "access"
    for number, row in enumerate(letters.by_address):
        endpoint = {"subject": subject(row.subject), "seal": seals[number].value}
        for letter in (row.passive, row.active):
            if letter.points is None:
                assert letter.letter is None
                assert letter.why
                continue
            points = recomputed(written(found), endpoint, letter.axis.value, kind, letter.rung)
            assert (letter.points, letter.letter) == (points, letter_of(points))
            lost = sum(entry.points for entry in letter.lost)
            assert letter.points == max(0, 100 - lost) or any(entry.cap for entry in letter.lost)
            assert letter.points <= max(0, 100 - lost)
    for axis, letter in ((Axis.PASSIVE, letters.passive), (Axis.ACTIVE, letters.active)):
        given_back = {regain.check: getattr(regain, axis.value) for regain in letters.regain}
        assert given_back.items() >= {entry.check: entry.points for entry in letter.lost}.items()
        assert sum(given_back.values()) == sum(entry.points for entry in letter.lost)


@given(FINDINGS.filter(bool), SEALS, KINDS, st.data())
@settings(max_examples=300, deadline=None)
def test_a_worse_finding_never_raises_and_one_taken_away_never_lowers(
    found: list[GradedFinding], seals: tuple[Seal, ...], protocol: MailProtocol, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(found) - 1))
    old = found[number]
    if old.verdict not in ORDER or old.check == "mta-sts/policy-slow":
        return  # an open question has no place in the order; a WARN of policy-slow is one
    before = graded(found, seals, protocol)
    verdict = data.draw(st.sampled_from(ORDER[ORDER.index(old.verdict) :]))
    severity = data.draw(st.sampled_from([s for s in Severity if s >= old.severity]))
    worse = [*found[:number], finding(old.check, old.subject, verdict, severity), *found[number + 1 :]]
    assert not_above(graded(worse, seals, protocol), before)
    if old.verdict in BAD:
        assert not_above(before, graded([f for f in found if f is not old], seals, protocol))


def not_above(lower: Letters, higher: Letters) -> bool:
    """Whether no letter of the one is better than in the other, where both have it."""
    pairs = [
        (a, b)
        for a, b in zip(each(lower), each(higher), strict=True)
        if a.points is not None and b.points is not None
    ]
    return all(
        (a.points or 0) <= (b.points or 0)
        and LETTERS.index(a.letter or "F") >= LETTERS.index(b.letter or "F")
        for a, b in pairs
    )


@given(FINDINGS, SEALS, KINDS)
@settings(max_examples=200, deadline=None)
def test_open_questions_leave_a_letter_where_it_is_or_take_it_away(
    found: list[GradedFinding], seals: tuple[Seal, ...], protocol: MailProtocol
) -> None:
    letters = each(graded(found, seals, protocol))
    proofs = {pattern for rung in letter_rules().rungs for pattern in rung.proved_by}
    open_ones = [finding(check, PORTS[0], Verdict.INCONCLUSIVE, Severity.NONE) for check in weighing()]
    beside = [f for f in open_ones if f.check not in proofs and not any(f.check == g.check for g in found)]
    for before, after in zip(letters, each(graded([*found, *beside], seals, protocol)), strict=True):
        assert after.letter in (None, before.letter)
        assert after.points in (None, before.points) or not after.rung
