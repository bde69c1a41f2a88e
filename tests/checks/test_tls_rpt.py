"""One fault, one finding: what all checks of TLS-RPT say together of a domain with one thing wrong."""

import pytest

from waxseal.checks import samples
from waxseal.checks.api import At, Example, Finding, Verdict
from waxseal.checks.engine import judge_all
from waxseal.checks.mta_sts import _samples as sts
from waxseal.checks.registry import all_checks
from waxseal.checks.tls_rpt import _samples
from waxseal.facts import Cause, DnsStatus, Fact, Stage

CHECKS = [check for check in all_checks().values() if check.id.startswith("tls-rpt/")]
MX = samples.mx_records((10, "mx.example.org"))
GOOD, MAILBOX = _samples.good(), _samples.mailbox()
LOOP = _samples.mailbox(onward=(_samples.onward("example.net", "example.org"),))


def findings(*facts: Fact | At) -> tuple[Finding, ...]:
    return judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), CHECKS)


def faults(*facts: Fact | At) -> dict[str, str]:
    wrong = (Verdict.FAIL, Verdict.WARN)
    return {f.check.removeprefix("tls-rpt/"): f.verdict.value for f in findings(*facts) if f.verdict in wrong}


def test_a_sound_record_passes_what_is_asked_of_it() -> None:
    for destination in (MAILBOX, _samples.endpoint(), _samples.mailbox("example.org")):
        found = findings(MX, GOOD, destination, sts.record())
        assert {f.verdict for f in found} <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
        assert sum(f.verdict is Verdict.PASS for f in found) >= 5


def test_a_domain_without_a_record_and_a_policy_is_let_be() -> None:
    verdicts = {f.check: f.verdict for f in findings(MX, _samples.record(), sts.no_record())}
    assert verdicts.pop("tls-rpt/record-lookup-failed") is Verdict.PASS
    assert set(verdicts.values()) == {Verdict.NOT_APPLICABLE}


SCENES: list[tuple[tuple[Fact | At, ...], dict[str, str]]] = [
    ((_samples.record(), sts.record()), {"record-missing": "warn"}),
    ((_samples.record(status=DnsStatus.SERVFAIL), sts.record()), {"record-lookup-failed": "fail"}),
    (
        (_samples.record("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@d.example"),),
        {"records-several": "fail"},
    ),
    ((_samples.record("v=TLSRPTv1; rua=a@b.example"), sts.record()), {"record-malformed": "fail"}),
    ((_samples.good("mailto:tls@example.net", "a@b.example"), MAILBOX), {"record-malformed": "warn"}),
    ((_samples.good("http://reports.example.net/"),), {"destination-scheme": "fail"}),
    ((_samples.good("http://a.example/", "mailto:tls@example.net"), MAILBOX), {"destination-scheme": "warn"}),
    ((GOOD, _samples.null_mx()), {"destination-unresolvable": "fail"}),
    (
        (GOOD, _samples.mailbox(status=DnsStatus.NXDOMAIN), _samples.endpoint()),
        {"destination-unresolvable": "warn"},
    ),
    ((GOOD, _samples.endpoint(Cause.REFUSED, Stage.CONNECT)), {"destination-unanswered": "fail"}),
    ((GOOD, _samples.endpoint(Cause.NOT_TLS, Stage.HANDSHAKE)), {"destination-unanswered": "fail"}),
    (
        (
            GOOD,
            _samples.endpoint(
                Cause.DNS,
                Stage.RESOLVE,
                a=samples.answer("x", "A", status=DnsStatus.NXDOMAIN),
                aaaa=samples.answer("x", "AAAA", status=DnsStatus.NXDOMAIN),
            ),
        ),
        {"destination-unresolvable": "fail"},
    ),
    ((GOOD, LOOP), {"destination-loop": "warn"}),
]


@pytest.mark.parametrize(("facts", "expected"), SCENES)
def test_one_fault_one_finding(facts: tuple[Fact | At, ...], expected: dict[str, str]) -> None:
    assert faults(MX, *facts) == expected
