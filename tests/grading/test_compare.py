"""Comparing two runs: each kind of difference, what could not be seen, and that the sides are even."""

import asyncio
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from waxseal.api import check
from waxseal.checks import samples
from waxseal.facts import (
    Attempt,
    CapabilitiesClear,
    Cause,
    Certificate,
    CertificateChain,
    ControlReach,
    Dnssec,
    DnsStatus,
    Fact,
    FactSet,
    Keyword,
    Record,
    Response,
    Scope,
    Stage,
    Subject,
    TlsMode,
)
from waxseal.grading.compare import compare, vantages
from waxseal.grading.compare_model import Comparison, Difference, Kind, Side
from waxseal.grading.severity import Severity
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth

PLACE = samples.SUBJECT.up_to(Scope.PORT)


def run(*facts: Fact, place: Subject = PLACE, **context: Any) -> FactSet:
    """A run that saw these facts at one port, each at the level that is its own."""
    named = structs.replace(place, server_name="mx.example.org", certificate_type="rsa")
    records = [Record(subject=Subject(), fact=samples.run_context(**context), seen_at=samples.NOW)]
    for fact in (samples.endpoint(), *facts):
        level = Scope.PORT if isinstance(fact, Attempt) else fact.SCOPE
        records.append(Record(subject=named.up_to(level), fact=fact, seen_at=samples.NOW))
    return FactSet(records)


def sound(*facts: Fact, **context: Any) -> FactSet:
    """A conversation to its end; what is given takes the place of what is like it."""
    usual: list[Fact] = [
        samples.attempt(),
        samples.greeting(),
        samples.ehlo(),
        samples.starttls(),
        samples.handshake(),
        samples.ehlo_tls(),
        chain("aa"),
    ]
    given = {type(fact) for fact in facts}
    return run(*(fact for fact in usual if type(fact) not in given), *facts, **context)


def chain(key: str, sha256: str = "", issuer: str = "CN=CA", **changes: Any) -> CertificateChain:
    leaf = Certificate(
        der=b"", sha256=sha256 or key, spki_sha256=key, key_type="rsa", issuer=issuer, **changes
    )
    return CertificateChain(certificates=(leaf,), shown_at=samples.NOW)


def failed(cause: Cause, stage: Stage, *facts: Fact, **context: Any) -> FactSet:
    """A conversation that ended before its end."""
    return run(samples.attempt(cause, stage), *facts, **context)


HEARD = (samples.greeting(), samples.ehlo())
WITHOUT = samples.ehlo("PIPELINING", "SIZE 10240000")
LATER = {"started_at": samples.NOW + timedelta(days=30)}


@pytest.mark.parametrize(
    ("other", "kind", "weight"),
    [
        (run(samples.attempt(), samples.greeting(), WITHOUT), Kind.STARTTLS, Severity.CRITICAL),
        (
            run(samples.attempt(), samples.greeting(), samples.ehlo("SIZE 1", "XXXXXXXA")),
            Kind.STARTTLS_MASKED,
            Severity.CRITICAL,
        ),
        (sound(samples.ehlo("XXXXA", "STARTTLS")), Kind.MASKED, Severity.MEDIUM),
        (failed(Cause.TIMED_OUT, Stage.CONNECT), Kind.REACH, Severity.HIGH),
        (failed(Cause.REFUSED, Stage.CONNECT), Kind.REACH, Severity.HIGH),
        (failed(Cause.CLOSED, Stage.GREETING), Kind.GREETING, Severity.HIGH),
        (
            failed(Cause.DECLINED, Stage.GREETING, samples.greeting("go away", 554)),
            Kind.GREETING,
            Severity.HIGH,
        ),
        (failed(Cause.RESET, Stage.EHLO, samples.greeting()), Kind.HELLO, Severity.HIGH),
        (
            failed(Cause.DECLINED, Stage.STARTTLS, *HEARD, samples.starttls(454, "not now")),
            Kind.STARTTLS_ANSWER,
            Severity.HIGH,
        ),
        (
            failed(Cause.RESET, Stage.HANDSHAKE, *HEARD, samples.starttls()),
            Kind.HANDSHAKE,
            Severity.HIGH,
        ),
        (sound(samples.ehlo("PIPELINING", "STARTTLS")), Kind.KEYWORDS, Severity.MEDIUM),
        (
            sound(samples.ehlo("PIPELINING", "SIZE 10240000", "STARTTLS", "AUTH PLAIN")),
            Kind.MECHANISMS,
            Severity.MEDIUM,
        ),
        (sound(samples.ehlo("PIPELINING", "SIZE 1", "STARTTLS")), Kind.PARAMETERS, Severity.LOW),
        (sound(samples.ehlo_tls("PIPELINING")), Kind.KEYWORDS_TLS, Severity.LOW),
        (sound(samples.handshake("TLSv1.2", "X")), Kind.VERSION, Severity.MEDIUM),
        (sound(samples.handshake("TLSv1.3", "X")), Kind.SUITE, Severity.LOW),
        (sound(samples.greeting("mx.example.org Firewall")), Kind.BANNER, Severity.LOW),
        (sound(chain("bb")), Kind.CERTIFICATE_KEY, Severity.HIGH),
        (sound(chain("aa", "cc")), Kind.CERTIFICATE, Severity.LOW),
        (
            sound(chain("bb", not_before=samples.NOW + timedelta(days=29)), **LATER),
            Kind.RENEWAL,
            Severity.LOW,
        ),
        (
            sound(chain("bb", issuer="CN=Box", not_before=samples.NOW + timedelta(days=29)), **LATER),
            Kind.CERTIFICATE_KEY,
            Severity.HIGH,
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Kind) else "",
)
def test_one_fault_is_one_difference(other: FactSet, kind: Kind, weight: Severity) -> None:
    found = compare(sound(), other)
    assert [(d.kind, d.weight, d.subject) for d in found.differences] == [(kind, weight, PLACE)]
    assert found.unseen == found.neither == ()
    assert found.differences[0].a != found.differences[0].b
    assert found.differences[0].lacks in (None, Side.B)
    even(sound(), other)


@pytest.mark.parametrize(
    "other",
    [
        sound(samples.greeting("mx.example.org ESMTP 4f1a2-77 Sun, 22 Nov 2026 14:25:24 +0000")),
        sound(samples.ehlo("STARTTLS", "SIZE 10240000", "PIPELINING")),
        sound(samples.starttls(220, "go ahead, 17")),
        sound(samples.handshake(elapsed_s=9.0, server_hello=b"x")),
        sound(samples.handshake("TLSv1.2", "X", offered_versions=("TLSv1.2",))),
    ],
)
def test_what_time_explains_is_not_told(other: FactSet) -> None:
    assert compare(sound(), other).differences == ()


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (failed(Cause.BLOCKED_HERE, Stage.CONNECT), "the server"),
        (failed(Cause.NO_ROUTE, Stage.CONNECT), "the server"),
        (failed(Cause.BUDGET_SPENT, Stage.HANDSHAKE, *HEARD, samples.starttls()), "TLS"),
        (run(), "the server"),
    ],
)
def test_what_was_not_seen_is_no_difference(other: FactSet, what: str) -> None:
    found = compare(sound(), other)
    assert found.differences == ()
    assert [(u.side, u.what) for u in found.unseen] == [(Side.B, what)]
    assert found.unseen[0].why
    even(sound(), other)


def test_blocked_port_is_not_the_path_to_one_server() -> None:
    control = ControlReach(destination="192.0.2.99:25", connected=False)
    found = compare(sound(), failed(Cause.TIMED_OUT, Stage.CONNECT, control))
    assert found.differences == ()
    assert "blocked" in found.unseen[0].why


def test_cut_answer_hides_keywords() -> None:
    cut = samples.ehlo("PIPELINING", extra=b"250 STARTTLS\r\n")
    found = compare(sound(), run(samples.attempt(), samples.greeting(), cut))
    assert found.differences == ()
    assert {u.what for u in found.unseen} >= {"every keyword"}


def test_ends_that_differ_and_what_neither_saw() -> None:
    refused, silent = failed(Cause.REFUSED, Stage.CONNECT), failed(Cause.TIMED_OUT, Stage.CONNECT)
    assert [d.kind for d in compare(refused, silent).differences] == [Kind.ENDING]
    blocked = failed(Cause.BLOCKED_HERE, Stage.CONNECT)
    found = compare(blocked, blocked)
    assert (found.differences, found.unseen) == ((), ())
    assert [u.what for u in found.neither] == ["the server"]


def test_implicit_tls() -> None:
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    one = run(implicit, samples.attempt(), samples.handshake(), samples.greeting(), samples.ehlo("SIZE 1"))
    other = run(implicit, samples.attempt(Cause.NOT_TLS, Stage.HANDSHAKE))
    assert [d.kind for d in compare(one, other).differences] == [Kind.HANDSHAKE]
    assert compare(one, one).differences == ()
    assert [u.what for u in compare(one, sound()).neither] == ["the same way of speaking"]


def test_imap_stripping() -> None:
    def imap(*names: str) -> FactSet:
        words = tuple(map(Keyword, names))
        return run(samples.attempt(), CapabilitiesClear(response=Response(status="OK"), keywords=words))

    found = compare(imap("IMAP4REV1", "STARTTLS", "LOGINDISABLED"), imap("IMAP4REV1", "AUTH=PLAIN"))
    assert [d.kind for d in found.differences] == [Kind.STARTTLS, Kind.MECHANISMS, Kind.KEYWORDS]


def test_answers_of_dns() -> None:
    a = run(samples.mx_records((10, "mx.example.org")), samples.host_addresses("192.0.2.25"))
    b = run(samples.mx_records((10, "mx.example.net")), samples.host_addresses("192.0.2.77"))
    assert [d.kind for d in compare(a, b).differences] == [Kind.MX, Kind.ADDRESSES]
    even(a, b)
    silent = run(samples.mx_records(status=DnsStatus.TIMED_OUT))
    found = compare(a, silent)
    assert found.differences == ()
    assert ("the MX look-up", "it ended timed-out") in [(u.what, u.why) for u in found.unseen]
    mx = samples.mx_records((10, "mx.example.org"))
    secure, bogus = (
        run(structs.replace(mx, answer=structs.replace(mx.answer, dnssec=x)))
        for x in (Dnssec.SECURE, Dnssec.BOGUS)
    )
    (difference,) = compare(secure, bogus).differences
    assert (difference.kind, difference.lacks) == (Kind.DNSSEC, Side.B)


def test_place_that_one_side_knows() -> None:
    other = structs.replace(PLACE, address="192.0.2.77")
    found = compare(sound(), run(samples.attempt(), samples.host_addresses("192.0.2.77"), place=other))
    assert found.compared == ()
    assert [(u.side, u.subject.address) for u in found.unseen] == [
        (Side.B, "192.0.2.25"),
        (Side.A, "192.0.2.77"),
    ]
    assert found.unseen[0].why == "DNS did not name this address there"


@pytest.mark.parametrize(
    ("one", "other", "names"),
    [
        ({"vantage": "home"}, {"vantage": "office"}, ("home", "office")),
        ({}, {"via": "socks5://gw:1080"}, ("a.jsonl", "via socks5://gw:1080")),
        ({"vantage": "x"}, {"vantage": "x", "via": "command:ssh"}, ("x", "x via command:ssh")),
        ({"vantage": "x"}, {"vantage": "x"}, ("a.jsonl", "b.jsonl")),
    ],
)
def test_names_of_the_sides(one: dict[str, Any], other: dict[str, Any], names: tuple[str, str]) -> None:
    a, b = vantages(run(**one), run(**other), ("a.jsonl", "b.jsonl"))
    assert (a.name, b.name) == names
    same = vantages(run(), run(), ("x", "x"))
    assert [side.name for side in same] == ["A", "B"]


@cache
def lab() -> FactSet:
    """Everything that a run over some of the lab's domains saw."""
    targets = ("sound.test", "mask-cisco.test", "no-starttls.test", "expired.test", "mail.sound.test:465")

    async def look() -> FactSet:
        async with LabWorld() as world:
            known = {domain.target for domain in world.domains}
            wanted = [target for target in targets if target in known]
            assert len(wanted) >= 3
            settings = ProbeSettings(depth=Depth.GRADE, time_limit_s=8.0)
            return (await check(*wanted, network=world.network(), settings=settings)).facts

    return asyncio.run(look())


def even(a: FactSet, b: FactSet) -> Comparison:
    """The other way round it is the same, with the sides swapped."""
    found, turned = compare(a, b), compare(b, a)
    assert turned.differences == tuple(map(Difference.swapped, found.differences))
    assert set(turned.unseen) == {unseen.swapped() for unseen in found.unseen}
    assert [(u.subject, u.what) for u in turned.neither] == [(u.subject, u.what) for u in found.neither]
    assert turned.compared == found.compared
    return found


def test_a_run_is_like_itself() -> None:
    found = compare(lab(), lab())
    assert len(found.compared) >= 6
    assert (found.differences, found.unseen) == ((), ())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.floats(0.0, 0.5))
def test_sides_are_even_whatever_is_missing(seed: int, share: float) -> None:
    random = Random(seed)
    one, other = (FactSet(r for r in lab() if random.random() >= share) for _ in range(2))
    even(one, other)
