"""One fault, one finding: what all checks of MTA-STS say together of a domain with one thing wrong."""

import pytest
from msgspec.structs import replace

from waxseal.checks import samples
from waxseal.checks.api import At, Check, Example, Finding, Verdict, at
from waxseal.checks.certificate._samples import chain
from waxseal.checks.engine import judge_all
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.checks.registry import all_checks
from waxseal.facts import Cause, Dnssec, DnsStatus, Ended, Fact, Handshake, Stage, StsFetch, StsRecord
from waxseal.wire.mta_sts import Mode

Facts = tuple[Fact | At, ...]
CHECKS: list[Check] = [check for check in all_checks().values() if check.id.startswith("mta-sts/")]
RECORD, FETCH = _samples.record(), _samples.fetch()
SERVER: Facts = (
    samples.mx_records((10, "mx.example.org")),
    _samples.target(),
    samples.host_addresses("192.0.2.25"),
    samples.endpoint(),
    samples.ehlo(),
    samples.handshake(),
)
GOOD = chain("good")
BACKUP = at(_samples.target("mx2.example.net"), host="mx2.example.net")


def findings(*facts: Fact | At) -> tuple[Finding, ...]:
    return judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), CHECKS)


def faults(*facts: Fact | At) -> dict[str, str]:
    """Check to verdict, for everything that is to be mended."""
    wrong = (Verdict.FAIL, Verdict.WARN)
    return {f.check.removeprefix("mta-sts/"): f.verdict.value for f in findings(*facts) if f.verdict in wrong}


def policy(*mx: str, mode: str = "enforce", max_age: int = 604800) -> StsFetch:
    return _samples.fetch(_samples.body(*mx, mode=mode, max_age=max_age))


def test_a_sound_domain_passes_everything() -> None:
    found = findings(
        *SERVER, *GOOD, replace(RECORD, answer=replace(RECORD.answer, dnssec=Dnssec.SECURE)), FETCH
    )
    open_ones = {f.check for f in found if f.verdict is not Verdict.PASS}
    assert open_ones == {"mta-sts/id-drift", "mta-sts/removal-early"}  # no earlier run
    assert not any(f.verdict is Verdict.INCONCLUSIVE for f in found)


def test_a_domain_without_a_policy_is_let_be() -> None:
    untrusted = {"mta-sts/record-bogus"}
    for facts in (
        (_samples.no_record(),),
        (_samples.record("v=spf1 -all"),),
        (_samples.no_record(), _samples.fetch(b"<html>", "good")),
        (_samples.no_record(), _samples.fetch(b"", status=404)),
        (_samples.no_record(), _samples.unfetched(Cause.REFUSED, Stage.CONNECT)),
    ):
        found = findings(*SERVER, *GOOD, *facts)
        assert {f.check for f in found if f.verdict is Verdict.PASS} == {"mta-sts/record-lookup-failed"}
        assert {f.check for f in found if f.verdict is Verdict.INCONCLUSIVE} == untrusted
        assert not {f.check for f in found if f.verdict in (Verdict.FAIL, Verdict.WARN)}


BAD_RECORDS: list[tuple[StsRecord, dict[str, str]]] = [
    (_samples.record("v=STSv1; id=1", "v=STSv1; id=2"), {"records-several": "fail"}),
    (_samples.record("v=STSv1;"), {"record-malformed": "fail"}),
    (_samples.record("v=STSV1; id=1"), {"record-malformed": "fail"}),
    (_samples.record("v=STSv1 ; id=1"), {"record-malformed": "warn"}),
    (_samples.no_record(), {"record-missing": "warn"}),
    (_samples.record(status=DnsStatus.SERVFAIL), {"record-lookup-failed": "fail"}),
    (_samples.record(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS), {"record-bogus": "fail"}),
    (_samples.record(status=DnsStatus.TIMED_OUT), {}),
]


@pytest.mark.parametrize(("record", "expected"), BAD_RECORDS)
def test_faults_of_the_record(record: StsRecord, expected: dict[str, str]) -> None:
    assert faults(*SERVER, *GOOD, record, FETCH) == expected


def limit() -> StsFetch:
    return _samples.fetch(b"x" * 65537, ended=Ended(Cause.LIMIT, Stage.RESPONSE))


BAD_FETCHES: list[tuple[StsFetch, dict[str, str]]] = [
    (_samples.unfetched(Cause.DNS, Stage.RESOLVE), {"policy-unreachable": "fail"}),
    (_samples.unfetched(Cause.REFUSED, Stage.CONNECT), {"policy-unreachable": "fail"}),
    (_samples.unfetched(Cause.NOT_TLS, Stage.HANDSHAKE), {"policy-unreachable": "fail"}),
    (_samples.unfetched(Cause.NOT_HTTP, Stage.RESPONSE), {"policy-unreachable": "fail"}),
    (_samples.unfetched(Cause.NO_ROUTE, Stage.CONNECT), {}),
    (_samples.unfetched(Cause.TIMED_OUT, Stage.RESPONSE, elapsed_s=60.0), {"policy-slow": "fail"}),
    (_samples.fetch(certificate="good"), {"policy-host-certificate": "fail"}),
    (_samples.fetch(certificate="expired"), {"policy-host-certificate": "fail"}),
    (_samples.fetch(version="TLSv1"), {"policy-host-tls-old": "fail"}),
    (_samples.fetch(b"", status=301), {"policy-redirected": "fail"}),
    (_samples.fetch(b"no", status=404), {"policy-status": "fail"}),
    (_samples.fetch(b"no", status=500), {"policy-status": "fail"}),
    (_samples.fetch(fields=(("content-type", "text/html"),)), {"policy-type": "warn"}),
    (_samples.fetch(b"<html>", fields=(("content-type", "text/html"),)), {"policy-malformed": "fail"}),
    (limit(), {"policy-too-large": "fail"}),
    (_samples.fetch(b"\x1f\x8b", fields=(("content-encoding", "gzip"),)), {"policy-compressed": "fail"}),
    (_samples.fetch(b"\xef\xbb\xbf" + _samples.body()), {"policy-form": "warn"}),
    (_samples.fetch(b"\r\n" + _samples.body(mode="Enforce")), {"policy-malformed": "fail"}),
    (policy(max_age=3600), {"max-age-short": "warn"}),
    (policy(max_age=99_999_999), {"max-age-excessive": "fail"}),
    (policy(mode="testing"), {"mode-testing": "warn"}),
    (policy(mode="none"), {"mode-none": "warn"}),
    (policy("mx.example.net"), {"mx-unmatched": "fail"}),
    (policy("*.org"), {"mx-unmatched": "fail", "pattern-wide": "warn"}),
    (policy("mx.example.org", "*.example.net"), {"pattern-stale": "warn"}),
]


@pytest.mark.parametrize(("fetch", "expected"), BAD_FETCHES)
def test_faults_of_the_policy(fetch: StsFetch, expected: dict[str, str]) -> None:
    assert faults(*SERVER, *GOOD, RECORD, fetch) == expected


def test_every_mail_host_is_held_to_the_policy() -> None:
    found = [f for f in findings(*SERVER, *GOOD, BACKUP, RECORD, FETCH) if f.check == "mta-sts/mx-unmatched"]
    assert {f.subject.host: f.verdict for f in found} == {
        "mx.example.org": Verdict.PASS,
        "mx2.example.net": Verdict.FAIL,
    }


def test_each_certificate_of_each_address_is_held_to_the_policy() -> None:
    other = chain("expired", address="192.0.2.26")
    twin = chain("self_signed", certificate_type="ec")
    elsewhere = at(samples.endpoint(), address="192.0.2.26")
    found = findings(*SERVER, elsewhere, *GOOD, *other, *twin, RECORD, FETCH)
    judged = [f for f in found if f.check == "mta-sts/mx-certificate"]
    assert {(f.subject.address, f.subject.certificate_type): f.verdict for f in judged} == {
        ("192.0.2.25", "rsa"): Verdict.PASS,
        ("192.0.2.25", "ec"): Verdict.FAIL,
        ("192.0.2.26", "rsa"): Verdict.FAIL,
    }
    assert {f.summary.partition("see ")[2] for f in judged if f.verdict is Verdict.FAIL} == {
        "certificate/self-signed",
        "certificate/expired",
    }


def test_a_server_without_tls_has_one_finding_here() -> None:
    quiet = tuple(f for f in SERVER if not isinstance(f, Handshake))
    assert faults(*quiet, samples.ehlo("PIPELINING"), RECORD, FETCH) == {"mx-starttls-missing": "fail"}
    tested = policy(mode="testing")
    expected = {"mx-starttls-missing": "warn", "mode-testing": "warn"}
    assert faults(*quiet, samples.ehlo("PIPELINING"), RECORD, tested) == expected


def test_what_changed_since_an_earlier_run() -> None:
    moved = _samples.earlier(_samples.body("mx.example.net"))
    assert faults(*SERVER, *GOOD, RECORD, FETCH, moved) == {"id-drift": "fail"}
    assert faults(*SERVER, *GOOD, RECORD, FETCH, _samples.earlier(text="v=STSv1; id=0")) == {
        "id-drift": "warn"
    }
    assert faults(*SERVER, *GOOD, RECORD, FETCH, _samples.earlier()) == {}
    assert faults(*SERVER, *GOOD, _samples.no_record(), _samples.earlier()) == {"removal-early": "warn"}
    assert faults(*SERVER, *GOOD, _samples.no_record(), _samples.earlier(days_ago=8)) == {}


def test_the_policy_that_senders_take() -> None:
    taken = PublishedPolicy(record=RECORD, fetch=FETCH)
    assert taken.policy is not None
    assert (taken.policy.mode, taken.why) == (Mode.ENFORCE, "")
    for record, fetch, word in (
        (_samples.no_record(), FETCH, "announces"),
        (RECORD, _samples.fetch(certificate="good"), "certificate"),
        (RECORD, _samples.fetch(status=404), "404"),
        (_samples.record(status=DnsStatus.SERVFAIL), FETCH, "ended servfail"),
        (_samples.record(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS), FETCH, "is bogus"),
        (RECORD, _samples.fetch(b"x"), "malformed"),
        (RECORD, None, "not fetched"),
    ):
        refused = PublishedPolicy(record=record, fetch=fetch)
        assert refused.policy is None
        assert word in refused.why
