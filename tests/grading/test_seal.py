"""States: what cannot be seen is never rounded, and one exposed address exposes the domain."""

from typing import Any

import pytest

from waxseal.checks import samples
from waxseal.checks.api import Example, Finding, Verdict, at
from waxseal.checks.engine import judge_all
from waxseal.facts import Cause, FactSet, Scope, Stage, Subject
from waxseal.grading.headline import headline
from waxseal.grading.profile import grade, load_profile
from waxseal.grading.seal import Seal, State, endpoint_seals, state_of

ROOT = samples.SUBJECT.up_to(Scope.DOMAIN)
MX = (samples.mx_records((10, "mx.example.org")), samples.host_addresses("192.0.2.25"))
HEARD = (samples.endpoint(), samples.greeting(), samples.ehlo())


def judged(*facts: Any) -> tuple[Seal | None, State, str]:
    known = samples.fact_set(Example("", Verdict.PASS, (*MX, *facts)))
    graded = grade(judge_all(known), load_profile(), known)
    inside = tuple(f for f in graded if f.check.startswith(("smtp/", "tls/", "dns/mx-lookup", "dns/domain")))
    seals = endpoint_seals(known, inside, ROOT)
    state = state_of(known, inside, seals, ROOT)
    return (seals[0].seal if seals else None), state, headline(known, inside, seals, state, ROOT).sentence


@pytest.mark.parametrize(
    ("cause", "stage", "expected"),
    [
        (Cause.ALERT, Stage.HANDSHAKE, Seal.EXPOSED),
        (Cause.TIMED_OUT, Stage.STARTTLS, Seal.EXPOSED),
        (Cause.CLOSED, Stage.HANDSHAKE, Seal.EXPOSED),
        (Cause.NOT_TLS, Stage.HANDSHAKE, Seal.EXPOSED),
        (Cause.TLS_FAILED, Stage.HANDSHAKE, Seal.UNKNOWN),
        (Cause.BUDGET_SPENT, Stage.HANDSHAKE, Seal.UNKNOWN),
        (Cause.CRASHED, Stage.HANDSHAKE, Seal.UNKNOWN),
    ],
)
def test_who_is_to_blame_decides(cause: Cause, stage: Stage, expected: Seal) -> None:
    assert judged(*HEARD, samples.attempt(cause, stage))[0] is expected


def test_a_short_wait_is_no_ground_to_call_a_server_exposed() -> None:
    assert judged(*HEARD, samples.attempt(Cause.TIMED_OUT, Stage.HANDSHAKE, stage_s=2.0))[0] is Seal.UNKNOWN
    assert judged(*HEARD, samples.attempt(Cause.TIMED_OUT, Stage.HANDSHAKE, stage_s=9.0))[0] is Seal.EXPOSED


@pytest.mark.parametrize(
    ("cause", "stage"),
    [(Cause.TIMED_OUT, Stage.CONNECT), (Cause.DECLINED, Stage.GREETING), (Cause.CLOSED, Stage.GREETING)],
)
def test_a_server_that_was_not_heard_is_unknown(cause: Cause, stage: Stage) -> None:
    assert judged(samples.endpoint(), samples.attempt(cause, stage))[0] is Seal.UNKNOWN


def test_sealed() -> None:
    seal, state, sentence = judged(
        *HEARD, samples.starttls(), samples.handshake(), samples.ehlo_tls(), samples.attempt()
    )
    assert (seal, state) == (Seal.SEALED, State.SEALED)
    assert sentence == (
        "Mail to example.org travels sealed: its one address takes TLS and the certificates prove the server."
    )


@pytest.mark.parametrize(
    ("check", "place", "expected"),
    [
        ("dane/lookup-failed", Scope.HOST, Seal.ENCRYPTED),
        ("dane/mx-insecure", Scope.DOMAIN, Seal.ENCRYPTED),
        ("mta-sts/mx-unmatched", Scope.HOST, Seal.ENCRYPTED),
        ("mta-sts/policy-host-certificate", Scope.DOMAIN, Seal.ENCRYPTED),
        ("dane/parameters-unknown", Scope.HOST, Seal.SEALED),
        ("dane/rollover-unready", Scope.HOST, Seal.SEALED),
        ("spf/lookup-failed", Scope.DOMAIN, Seal.SEALED),
    ],
)
def test_what_proves_the_server_counts_at_its_host_and_domain(
    check: str, place: Scope, expected: Seal
) -> None:
    whole = (*MX, *HEARD, samples.handshake(), samples.attempt())
    known = samples.fact_set(Example("", Verdict.PASS, whole))
    verdict = Verdict.WARN if check in ("dane/rollover-unready", "dane/parameters-unknown") else Verdict.FAIL
    here, elsewhere = samples.SUBJECT.up_to(place), Subject(domain="example.org", host="mx2.example.org")

    def seal(where: Subject) -> Seal:
        graded = grade((Finding(check, where, verdict, ""),), load_profile(), known)
        return endpoint_seals(known, graded, ROOT)[0].seal

    assert seal(here) is expected
    assert seal(elsewhere) is Seal.SEALED
    assert seal(Subject()) is Seal.SEALED


def test_one_exposed_address_exposes_the_domain() -> None:
    other = {"address": "192.0.2.26"}
    bare = samples.ehlo("PIPELINING")
    facts = (
        *HEARD,
        samples.starttls(),
        samples.handshake(),
        samples.ehlo_tls(),
        samples.attempt(),
        at(samples.endpoint(), **other),
        at(samples.greeting(), **other),
        at(bare, **other),
        at(samples.attempt(), **other),
    )
    assert judged(*facts)[1:] == (
        State.EXPOSED,
        "Mail to example.org can travel in clear: no TLS at 1 of 2 addresses.",
    )


def test_no_facts_no_verdict() -> None:
    assert state_of(FactSet([]), [], (), ROOT) is State.UNKNOWN
