"""Lab domains with one fault in SPF (RFC 7208) or DMARC (RFC 9989), and DKIM keys (RFC 6376) of all sorts."""

from typing import Any

from waxseal.lab.domains.table import SEALED, Expected, LabDomain, broken, hosted_domain, minor, slight
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, text_records


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    return (*_spf_records(), *_spf_terms(), *_dmarc_records(), *_dmarc_destinations())


def _spf(label: str, title: str, expected: Expected, spf: str, **changes: Any) -> LabDomain:
    return hosted_domain(f"spf-{label}.test", title, expected, spf=spf, **changes)


def _spf_records() -> tuple[LabDomain, ...]:
    two = "spf-two.test"
    return (
        _spf("none", "no SPF record", minor("spf/record-missing"), ""),
        _spf(
            "two",
            "two SPF records",
            broken("spf/records-several"),
            "v=spf1 mx -all",
            records=tuple(text_records(two, "v=spf1 a -all")),
        ),
        _spf(
            "bad",
            "an SPF record out of form",
            broken("spf/record-malformed"),
            "v=spf1 mx ipv4:192.0.2.1 -all",
        ),
    )


def _spf_terms() -> tuple[LabDomain, ...]:
    many, voids, absent = "spf-lookups.test", "spf-voids.test", "spf-include.test"
    included = tuple(f"s{number}.{many}" for number in range(1, 12))
    chain = tuple(record for name in included for record in text_records(name, "v=spf1 ip4:192.0.2.1 -all"))
    failing = "spf-servfail.test"
    hosts = tuple(f"mx{number}.spf-mx.test" for number in range(1, 12))
    return (
        _spf(
            "lookups",
            "SPF takes eleven look-ups",
            broken("spf/lookups-too-many"),
            "v=spf1 " + " ".join(f"include:{name}" for name in included) + " -all",
            records=chain,
        ),
        _spf(
            "voids",
            "SPF names three hosts that there are not",
            broken("spf/lookups-void"),
            f"v=spf1 a:a.{voids} a:b.{voids} a:c.{voids} -all",
        ),
        _spf(
            "include",
            "SPF includes a domain without SPF",
            broken("spf/include-unresolved"),
            f"v=spf1 include:none.{absent} -all",
        ),
        _spf("all", "SPF allows everybody", broken("spf/all-permissive"), "v=spf1 +all"),
        _spf("ptr", "SPF asks for reverse names", minor("spf/mechanism-ptr"), "v=spf1 mx ptr -all"),
        _spf(
            "mx",
            "SPF allows more mail hosts than it may name",
            broken("spf/mx-too-many"),
            "v=spf1 mx:hosts.spf-mx.test -all",
            records=(
                *(DnsRecord("hosts.spf-mx.test", "MX", f"10 {host}.") for host in hosts),
                *(DnsRecord(host, "A", "192.0.2.251") for host in hosts),
            ),
        ),
        _spf(
            "servfail",
            "the look-up of the SPF record ends with SERVFAIL",
            broken("spf/lookup-failed"),
            "",
            faults=(FaultyName(failing, DnsFault.SERVFAIL, "TXT"),),
        ),
    )


def _dmarc(label: str, title: str, expected: Expected, dmarc: str, **changes: Any) -> LabDomain:
    return hosted_domain(f"dmarc-{label}.test", title, expected, dmarc=dmarc, **changes)


def _dmarc_records() -> tuple[LabDomain, ...]:
    two, failing = "dmarc-two.test", "dmarc-servfail.test"
    rua = "rua=mailto:dmarc@{domain}"
    return (
        _dmarc("none", "no DMARC record", minor("dmarc/record-missing"), ""),
        _dmarc(
            "two",
            "two DMARC records",
            broken("dmarc/records-several"),
            f"v=DMARC1; p=reject; {rua}",
            records=tuple(text_records(f"_dmarc.{two}", f"v=DMARC1; p=none; rua=mailto:dmarc@{two}")),
        ),
        _dmarc(
            "bad",
            "a DMARC record out of form",
            broken("dmarc/record-malformed"),
            f"v=DMARC1; p=refuse; {rua}",
        ),
        _dmarc(
            "p-none", "DMARC that asks for nothing", minor("dmarc/policy-none"), f"v=DMARC1; p=none; {rua}"
        ),
        _dmarc(
            "sp-none",
            "DMARC that leaves subdomains open",
            minor("dmarc/subdomains-open"),
            f"v=DMARC1; p=reject; sp=none; {rua}",
        ),
        _dmarc("silent", "DMARC without reports", minor("dmarc/reports-missing"), "v=DMARC1; p=reject"),
        _dmarc(
            "removed",
            "DMARC with a tag that is no more",
            minor("dmarc/tag-removed"),
            f"v=DMARC1; p=reject; pct=50; {rua}",
        ),
        _dmarc(
            "servfail",
            "the look-up of the DMARC record ends with SERVFAIL",
            slight("dmarc/lookup-failed"),
            "",
            faults=(FaultyName(f"_dmarc.{failing}", DnsFault.SERVFAIL),),
        ),
    )


def _dmarc_destinations() -> tuple[LabDomain, ...]:
    agreed = "dmarc-agreed.test"
    return (
        _dmarc(
            "agreed",
            "DMARC reports to another domain, which agrees",
            SEALED,
            "v=DMARC1; p=reject; rua=mailto:dmarc@sound.test",
            records=tuple(text_records(f"{agreed}._report._dmarc.sound.test", "v=DMARC1;")),
        ),
        _dmarc(
            "unauthorized",
            "DMARC reports to another domain, which does not agree",
            broken("dmarc/destination-unauthorized"),
            "v=DMARC1; p=reject; rua=mailto:dmarc@sound.test",
        ),
        _dmarc(
            "nowhere",
            "DMARC reports to a name that does not exist",
            broken("dmarc/destination-unresolvable"),
            "v=DMARC1; p=reject; rua=mailto:dmarc@gone.dmarc-nowhere.test",
        ),
    )
