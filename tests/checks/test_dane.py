"""Whole hosts with TLSA records, and exactly the findings that each deserves: one fault gives one finding.

The single answers are in the examples of the checks.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from waxseal.checks import samples
from waxseal.checks.api import At, Example, Finding, Verdict, at
from waxseal.checks.certificate._samples import chain
from waxseal.checks.dane import _samples
from waxseal.checks.dane._samples import OTHER, record, tlsa
from waxseal.checks.dnssec._bogus import reasons
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.samples import NOW, days
from waxseal.facts import (
    CertificateTypeQuery,
    CertificateTypes,
    Dnssec,
    DnsStatus,
    Fact,
    TlsaRecord,
    TlsaRecords,
    Validator,
    ValidatorKind,
)

CHECKS = [c for c in all_checks().values() if c.id.split("/")[0] in ("dane", "dnssec", "certificate")]
LIBRARY = Validator(kind=ValidatorKind.LIBUNBOUND, place="libunbound 1.17.1")
TYPES = CertificateTypes(queries=(CertificateTypeQuery("rsa", False), CertificateTypeQuery("ec", True)))
SECURE: dict[str, Any] = {"dnssec": Dnssec.SECURE, "ttl_s": 3600, "signed_until": NOW + days(10)}


def host(name: str, records: TlsaRecords, *more: Fact | At, mx: Dnssec = Dnssec.SECURE) -> tuple[Any, ...]:
    """A host that shows a sample chain on port 25, and its look-ups."""
    return (
        LIBRARY,
        _samples.mx(mx, signed_until=NOW + days(10)),
        _samples.addresses(),
        samples.endpoint(),
        samples.ehlo(),
        samples.handshake(),
        TYPES,
        *chain(name),
        records,
        *more,
    )


def faults(facts: tuple[Any, ...]) -> set[tuple[str, str]]:
    found = judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), CHECKS)
    assert not any(finding.crashed for finding in found)
    return {(f.check, f.verdict.value) for f in found if _fires(f)}


def _fires(finding: Finding) -> bool:
    return finding.verdict in (Verdict.FAIL, Verdict.WARN)


def signed(*records: TlsaRecord, **changes: Any) -> TlsaRecords:
    return tlsa(*records, **(SECURE | changes))


GOOD = record("3 1 1", "good")
ISSUER = record("2 0 1", "good", 1)
FAULTS: dict[str, tuple[tuple[Any, ...], set[tuple[str, str]]]] = {
    "sound, usage 3": (host("good", signed(GOOD, OTHER)), set()),
    "sound, usage 2": (host("good", signed(ISSUER)), set()),
    "self-signed, vouched for": (
        host("self_signed", signed(record("3 1 1", "self_signed"), OTHER)),
        set(),
    ),
    "expired, vouched for": (host("expired", signed(record("3 1 1", "expired"), OTHER)), set()),
    "another name, vouched for": (host("other_name", signed(record("3 1 1", "other_name"), OTHER)), set()),
    "private authority, vouched for": (host("private", signed(record("2 0 1", "private", 1))), set()),
    "mismatch": (host("good", signed(OTHER)), {("dane/mismatch", "fail")}),
    "anchor not sent": (
        host("good", signed(record("2 0 1", "root_sent", 2))),
        {("dane/anchor-not-sent", "fail")},
    ),
    "anchor, another name": (
        host("other_name", signed(ISSUER)),
        {("dane/anchor-name-mismatch", "fail"), ("certificate/name-mismatch", "warn")},
    ),
    "anchor, expired": (
        host("expired", signed(ISSUER)),
        {("dane/anchor-chain-invalid", "fail"), ("certificate/expired", "warn")},
    ),
    "no spare": (host("good", signed(GOOD)), {("dane/rollover-unready", "warn")}),
    "one kind fails": (
        host("good", signed(GOOD, OTHER, record("3 0 1", "other_name"))),
        {("dane/combination-unmatched", "warn")},
    ),
    "none usable": (host("good", signed(TlsaRecord(1, 1, 1, bytes(32)))), {("dane/none-usable", "fail")}),
    "usage 1 beside": (
        host("good", signed(GOOD, OTHER, TlsaRecord(1, 1, 1, bytes(32)))),
        {("dane/usage-pkix", "warn")},
    ),
    "unknown beside": (
        host("good", signed(GOOD, OTHER, TlsaRecord(3, 9, 1, bytes(32)))),
        {("dane/parameters-unknown", "warn")},
    ),
    "short digest beside": (
        host("good", signed(GOOD, OTHER, TlsaRecord(3, 1, 1, bytes(20)))),
        {("dane/data-malformed", "warn")},
    ),
    "SHA-512 alone": (
        host("good", signed(record("3 1 2", "good"), TlsaRecord(3, 1, 2, bytes(64)))),
        {("dane/sha512-alone", "warn")},
    ),
    "whole key": (
        host("good", signed(record("3 1 0", "good"), GOOD, OTHER)),
        {("dane/full-data", "warn")},
    ),
    "long TTL": (host("good", signed(GOOD, OTHER, ttl_s=604_800)), {("dane/ttl-long", "warn")}),
    "signature ends": (
        host("good", signed(GOOD, OTHER, signed_until=NOW + days(0.1))),
        {("dane/signature-ends-soon", "warn")},
    ),
    "unsigned": (host("good", signed(OTHER, dnssec=Dnssec.INSECURE)), {("dane/unsigned", "warn")}),
    "MX unsigned": (
        host("good", signed(GOOD, OTHER), mx=Dnssec.INSECURE),
        {("dane/mx-insecure", "warn")},
    ),
    "bogus": (
        host("good", tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS, server="192.0.2.53:53")),
        {("dane/answer-bogus", "fail")},
    ),
    "failed": (
        host("good", tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.INDETERMINATE, server="192.0.2.53:53")),
        {("dane/lookup-failed", "fail")},
    ),
    "one host without": (
        host(
            "good",
            signed(GOOD, OTHER),
            _samples.elsewhere(_samples.no_tlsa(), "mx2.example.org"),
            _samples.elsewhere(_samples.addresses(), "mx2.example.org"),
        ),
        {("dane/mx-partial", "warn")},
    ),
    "no records": (host("good", _samples.no_tlsa()), set()),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_gives_one_finding(name: str) -> None:
    facts, expected = FAULTS[name]
    assert faults(facts) == expected


def test_each_address_and_each_certificate_is_judged_by_itself() -> None:
    twin, _ = chain("wildcard", certificate_type="ec")
    other = [at(fact.fact, address="192.0.2.26", **fact.overrides) for fact in chain("deep")]
    facts = host("good", signed(GOOD, OTHER), twin, *other, at(samples.endpoint(), address="192.0.2.26"))
    checks = [all_checks()["dane/mismatch"]]
    found = judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), checks)
    told = {(f.subject.address, f.subject.certificate_type): f.verdict for f in found}
    assert told == {
        ("192.0.2.25", "rsa"): Verdict.PASS,
        ("192.0.2.25", "ec"): Verdict.FAIL,
        ("192.0.2.26", "rsa"): Verdict.FAIL,
    }
    told_of_twin = next(f for f in found if f.subject.certificate_type == "ec")
    needed = record("3 1 1", "wildcard")
    assert any(str(needed) in line for line in told_of_twin.evidence)
    assert told_of_twin.summary.endswith(
        "senders with DANE that are shown the EC one do not deliver here; another matches"
    )
    told_of_other = next(f for f in found if f.subject.address == "192.0.2.26")
    assert told_of_other.summary.endswith("senders with DANE do not deliver here")


@pytest.mark.parametrize(
    ("name", "other"),
    [("anchor, another name", "certificate/name-mismatch"), ("anchor, expired", "certificate/expired")],
)
def test_the_finding_names_the_other_check_of_the_same_chain(name: str, other: str) -> None:
    facts, expected = FAULTS[name]
    found = judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), CHECKS)
    (told,) = [f for f in found if f.check.startswith("dane/") and _fires(f)]
    assert told.summary.endswith(f"; see also {other}")
    assert (other, "warn") in expected


def test_a_reason_that_the_answer_shows_is_not_given_twice() -> None:
    answer = _samples.mx(
        Dnssec.BOGUS, DnsStatus.SERVFAIL, why_bogus="6 DNSSEC Bogus", extended_errors=("6 DNSSEC Bogus",)
    ).answer
    assert reasons(answer) == ()
    assert reasons(replace(answer, why_bogus="signature expired")) == ("why: signature expired",)


def test_one_record_and_one_host_are_not_spoken_of_as_several() -> None:
    facts = FAULTS["no spare"][0]
    found = judge_all(
        samples.fact_set(Example("", Verdict.PASS, facts)), [all_checks()["dane/rollover-unready"]]
    )
    told = "The one usable TLSA record is of the live certificate, and none is of a next key"
    assert found[0].summary == told


def test_submission_is_not_vouched_for() -> None:
    records = replace(signed(record("3 1 1", "self_signed"), OTHER), port=587)
    place = {"port": 587}
    facts = (at(samples.endpoint(), **place), *chain("self_signed", **place), records)
    assert ("certificate/self-signed", "fail") in faults(facts)


def test_an_insecure_answer_leads_to_the_next_candidate() -> None:
    unsigned = tlsa(OTHER, dnssec=Dnssec.INSECURE, base="mail.example.net").lookups
    found = TlsaRecords(port=25, lookups=unsigned + signed(GOOD, TlsaRecord(3, 1, 1, bytes(32))).lookups)
    assert faults(host("good", found)) == set()
    failed = tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS).lookups
    found = TlsaRecords(port=25, lookups=unsigned + failed)
    assert faults(host("good", found)) == {("dane/answer-bogus", "fail")}


def test_nothing_is_called_proved_that_nobody_validated() -> None:
    untrusted = signed(GOOD, OTHER, dnssec=Dnssec.UNTRUSTED)
    facts = (Validator(), *host("good", untrusted, mx=Dnssec.UNTRUSTED)[1:])
    found = judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), CHECKS)
    answers = {f.check: f.verdict for f in found if f.check.startswith(("dane/", "dnssec/"))}
    assert answers["dnssec/validator-missing"] is Verdict.INCONCLUSIVE
    assert answers["dane/unproved"] is Verdict.INCONCLUSIVE
    assert not {check for check, verdict in answers.items() if verdict in (Verdict.FAIL, Verdict.WARN)}
    held = next(f for f in found if f.check == "dane/mismatch")
    assert any("nobody validated" in line for line in held.evidence)
