"""Checks that look beyond their own subject: one server's answer proves something of another."""

import pytest

from waxseal.checks import samples
from waxseal.checks.api import At, Everywhere, Example, Finding, Judgement, Verdict, at, passed
from waxseal.checks.certificate._samples import chain
from waxseal.checks.dns._issuance import sample as issuance
from waxseal.checks.dns._samples import PUBLIC, PUBLIC_V6, mx_target, no_addresses, reverse, reverse_name
from waxseal.checks.engine import judge_all, needs_of
from waxseal.checks.reach._connecting import CONTROL
from waxseal.checks.registry import all_checks
from waxseal.facts import (
    Attempt,
    Cause,
    ControlReach,
    DnsStatus,
    Fact,
    HostAddresses,
    MxRecords,
    Stage,
)
from waxseal.probes.control import PROBE

V6 = "2001:db8::25"
SILENT = samples.attempt(Cause.TIMED_OUT, Stage.CONNECT)
REFUSED = samples.attempt(Cause.REFUSED, Stage.CONNECT)


def said(check: str, *facts: Fact | At) -> dict[str, Finding]:
    """What one check says, by address."""
    fact_set = samples.fact_set(Example("", Verdict.PASS, facts))
    findings = judge_all(fact_set, [all_checks()[check]])
    assert not any(finding.crashed for finding in findings), findings
    return {finding.subject.address or finding.subject.host or "": finding for finding in findings}


def verdicts(check: str, *facts: Fact | At) -> dict[str, Verdict]:
    """Its verdicts only."""
    return {where: finding.verdict for where, finding in said(check, *facts).items()}


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
    found = verdicts(check, samples.attempt(), failed, proof)
    assert (found["192.0.2.25"], found[V6]) == (Verdict.PASS, Verdict.NOT_APPLICABLE)
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


def test_ipv6_of_each_port_is_judged_by_itself() -> None:
    """Working IPv6 on one port hides no other, and what fails as a whole is said once."""
    host = samples.host_addresses("192.0.2.25", V6)
    works = (at(samples.attempt(), port=587), at(samples.attempt(), address=V6, port=587))
    facts = (host, *works, at(samples.attempt(), port=465), at(REFUSED, address=V6, port=465))
    found = said("reach/ipv6-unreachable", *facts)["mx.example.org"]
    assert found.verdict is Verdict.FAIL
    assert "on port 465:" in found.summary
    assert f"[{V6}]:587: completed at QUIT" in found.evidence
    refused = judge_all(
        samples.fact_set(Example("", Verdict.PASS, facts)), [all_checks()["reach/connection-refused"]]
    )
    assert {(f.subject.address, f.subject.port): f.verdict for f in refused}[V6, 465] is (
        Verdict.NOT_APPLICABLE
    )
    unproven = (host, *works, at(samples.attempt(), port=465), at(SILENT, address=V6, port=465))
    assert verdicts("reach/ipv6-unreachable", *unproven) == {"mx.example.org": Verdict.INCONCLUSIVE}


def test_the_family_of_another_port_says_nothing_of_an_address() -> None:
    facts = (at(samples.attempt(), port=587), at(REFUSED, address=V6, port=465))
    found = judge_all(
        samples.fact_set(Example("", Verdict.PASS, facts)), [all_checks()["reach/connection-refused"]]
    )
    assert {f.subject.port: f.verdict for f in found} == {587: Verdict.PASS, 465: Verdict.FAIL}


def test_the_probe_of_the_control_has_one_name() -> None:
    assert CONTROL == PROBE


@pytest.mark.parametrize(
    ("cause", "stage", "words"),
    [
        (Cause.TIMED_OUT, Stage.CONNECT, "seems blocked"),
        (Cause.BLOCKED_HERE, Stage.CONNECT, "seems blocked"),
        (Cause.REFUSED, Stage.CONNECT, "connections get out from here"),
        (Cause.NO_ROUTE, Stage.CONNECT, "tells nothing (no route while connecting)"),
        (Cause.UNREACHABLE, Stage.CONNECT, "tells nothing (unreachable while connecting)"),
        (Cause.DNS, Stage.RESOLVE, "tells nothing (dns while resolving the name)"),
        (Cause.NOT_ALLOWED, Stage.CONNECT, "tells nothing (not allowed while connecting)"),
    ],
)
def test_only_a_silent_control_shows_a_blocked_port(cause: Cause, stage: Stage, words: str) -> None:
    asked = at(samples.attempt(cause, stage, probe=CONTROL), domain=None, host=None, address=None, port=None)
    context = samples.run_context(control="192.0.2.9:25")
    dialled = cause not in (Cause.DNS, Cause.NOT_ALLOWED)
    reach = (ControlReach(destination="192.0.2.9:25", connected=False),) if dialled else ()
    (found,) = said("reach/port-blocked-here", context, SILENT, asked, *reach).values()
    assert words in found.summary


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (at(samples.host_addresses("192.0.2.99"), domain=None, host="mx.example.net"), Verdict.FAIL),
        (at(no_addresses(DnsStatus.NXDOMAIN), domain=None, host="mx.example.net"), Verdict.FAIL),
        (at(no_addresses(DnsStatus.SERVFAIL), domain=None, host="mx.example.net"), Verdict.INCONCLUSIVE),
        (at(no_addresses(DnsStatus.TIMED_OUT), domain=None, host="mx.example.net"), Verdict.INCONCLUSIVE),
        (at(samples.host_addresses("127.0.0.1"), domain=None, host="localhost"), Verdict.INCONCLUSIVE),
        (at(reverse(status=DnsStatus.NXDOMAIN).fact, domain=None, host=None, address=PUBLIC), Verdict.FAIL),
        (
            at(reverse(status=DnsStatus.NXDOMAIN).fact, domain=None, host=None, address="10.0.0.1"),
            Verdict.INCONCLUSIVE,
        ),
    ],
)
def test_servfail_counts_where_the_resolver_is_seen_at_work(other: At, expected: Verdict) -> None:
    failed = samples.mx_records(status=DnsStatus.SERVFAIL)
    assert verdicts("dns/mx-lookup-failed", failed, other) == {"": expected}


def test_another_resolver_proves_nothing() -> None:
    answer = samples.answer("example.org", "MX", status=DnsStatus.SERVFAIL, server="192.0.2.53:53")
    other = samples.answer("mx.example.net", "A", "192.0.2.99", server="192.0.2.54:53")
    elsewhere = at(HostAddresses(a=other, aaaa=None), domain=None, host="mx.example.net")
    failed = MxRecords(answer=answer)
    assert verdicts("dns/mx-lookup-failed", failed, elsewhere) == {"": Verdict.INCONCLUSIVE}


def test_a_certificate_without_a_subject_is_called_so() -> None:
    found = list(said("certificate/unreadable", samples.endpoint(), *chain("garbage")).values())
    assert found[0].evidence[0].startswith("a certificate without a subject: ")


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
                issuance('0 issue "ca.example.net"'),
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
