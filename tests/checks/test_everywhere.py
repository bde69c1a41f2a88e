"""Checks that look beyond their own subject: one server's answer proves something of another."""

import pytest

from waxseal.checks import samples
from waxseal.checks.api import At, Everywhere, Example, Judgement, Verdict, at, passed
from waxseal.checks.dns._samples import PUBLIC, PUBLIC_V6, mx_target, reverse, reverse_name
from waxseal.checks.engine import judge_all, needs_of
from waxseal.checks.registry import all_checks
from waxseal.facts import Attempt, Cause, Fact, Stage

V6 = "2001:db8::25"
SILENT = samples.attempt(Cause.TIMED_OUT, Stage.CONNECT)
REFUSED = samples.attempt(Cause.REFUSED, Stage.CONNECT)


def verdicts(check: str, *facts: Fact | At) -> dict[str, Verdict]:
    """What one check says, by address."""
    fact_set = samples.fact_set(Example("", Verdict.PASS, facts))
    findings = judge_all(fact_set, [all_checks()[check]])
    assert not any(finding.crashed for finding in findings), findings
    return {finding.subject.address or finding.subject.host or "": finding.verdict for finding in findings}


def test_takes_every_fact_of_the_run_and_is_never_missing() -> None:
    def judge(attempts: Everywhere[Attempt]) -> Judgement:
        return passed(str(len(attempts)))

    (need,) = needs_of(judge)
    assert (need.kind, need.everywhere, need.optional) == (Attempt, True, True)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (at(samples.attempt(), host="mx.example.net", address="192.0.2.99"), Verdict.FAIL),
        (at(samples.attempt(), domain="example.com", address="192.0.2.99"), Verdict.FAIL),
        (at(samples.attempt(), address="192.0.2.99", port=587), Verdict.INCONCLUSIVE),
        (at(samples.attempt(), host="mx.example.net", address=V6), Verdict.INCONCLUSIVE),
        (at(REFUSED, host="mx.example.net", address="192.0.2.99"), Verdict.INCONCLUSIVE),
    ],
)
def test_silence_counts_where_the_same_port_and_family_answered(other: At, expected: Verdict) -> None:
    assert verdicts("reach/connection-timed-out", SILENT, other)["192.0.2.25"] is expected


@pytest.mark.parametrize(
    ("check", "cause"),
    [
        ("reach/connection-refused", Cause.REFUSED),
        ("reach/connection-timed-out", Cause.TIMED_OUT),
        ("reach/connection-unreachable", Cause.UNREACHABLE),
        ("reach/connection-unreachable", Cause.NO_ROUTE),
    ],
)
def test_ipv6_that_fails_as_a_whole_is_said_once(check: str, cause: Cause) -> None:
    failed = at(samples.attempt(cause, Stage.CONNECT), address=V6)
    proof = at(samples.attempt(), host="mx.example.net", address="2001:db8::99")
    host = samples.host_addresses("192.0.2.25", V6)
    said = verdicts(check, samples.attempt(), failed, proof)
    assert (said["192.0.2.25"], said[V6]) == (Verdict.PASS, Verdict.NOT_APPLICABLE)
    expected = Verdict.INCONCLUSIVE if cause is Cause.NO_ROUTE else Verdict.FAIL
    assert (
        verdicts("reach/ipv6-unreachable", host, samples.attempt(), failed, proof)["mx.example.org"]
        is expected
    )


def test_one_ipv6_address_of_two_is_said_of_that_address() -> None:
    facts = (samples.attempt(), at(REFUSED, address=V6), at(samples.attempt(), address="2001:db8::26"))
    assert verdicts("reach/connection-refused", *facts)[V6] is Verdict.FAIL
    host = samples.host_addresses("192.0.2.25", V6, "2001:db8::26")
    assert verdicts("reach/ipv6-unreachable", host, *facts) == {"mx.example.org": Verdict.PASS}


def test_invalid_domain_is_said_with_its_first_host_only() -> None:
    bad = "xn--0.example"
    facts = [
        at(fact, domain=bad, host=host)
        for host in ("mx.example.org", "mx2.example.org")
        for fact in (mx_target(host), samples.host_addresses("192.0.2.25", host=host))
    ]
    assert verdicts("dns/idn-invalid", *facts) == {
        "mx.example.org": Verdict.FAIL,
        "mx2.example.org": Verdict.NOT_APPLICABLE,
    }


def test_nothing_is_said_of_a_healthy_server() -> None:
    facts = samples.fact_set(
        Example(
            "healthy",
            Verdict.PASS,
            (
                samples.target(),
                samples.mx_records((10, "mx.example.org")),
                mx_target(),
                samples.host_addresses(PUBLIC, PUBLIC_V6),
                reverse(reverse_name(PUBLIC)),
                reverse(reverse_name(PUBLIC_V6), address=PUBLIC_V6),
                *(
                    at(fact, address=a)
                    for a in (PUBLIC, PUBLIC_V6)
                    for fact in (samples.endpoint(), samples.attempt())
                ),
            ),
        )
    )
    checks = [check for check in all_checks().values() if check.id.startswith(("dns/", "reach/"))]
    findings = judge_all(facts, checks)
    assert {finding.check for finding in findings} == {check.id for check in checks}
    assert {finding.verdict for finding in findings} <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
