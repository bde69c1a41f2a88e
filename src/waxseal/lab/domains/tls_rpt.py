"""Lab domains with one fault in their TLS-RPT record or in where it sends reports (RFC 8460 §3)."""

from typing import Any

from waxseal.lab.domains.table import (
    PROVIDER,
    SEALED,
    Expected,
    LabDomain,
    broken,
    hosted_domain,
    minor,
    report_record,
)
from waxseal.lab.web import WebHost, policy
from waxseal.lab.zone import DnsFault, FaultyName
from waxseal.net.dial import REFUSED

REPORT_PATH = "/tls-reports"


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    return (*_records(), *_mailboxes(), *_endpoints(), *_loops())


def _rpt(name: str, title: str, expected: Expected, *texts: str, **changes: Any) -> LabDomain:
    """A domain with a sound MTA-STS policy and these TLS-RPT records."""
    return hosted_domain(name, title, expected, policy=policy(PROVIDER), tls_rpt=texts, **changes)


def _records() -> tuple[LabDomain, ...]:
    failing = "rpt-servfail.test"
    return (
        _rpt("rpt-none.test", "MTA-STS without TLS-RPT", minor("tls-rpt/record-missing")),
        _rpt(
            "rpt-two.test",
            "two TLS-RPT records",
            broken("tls-rpt/records-several"),
            "v=TLSRPTv1; rua=mailto:a@rpt-two.test",
            "v=TLSRPTv1; rua=mailto:b@rpt-two.test",
        ),
        _rpt(
            "rpt-bad.test",
            "a TLS-RPT record without rua",
            broken("tls-rpt/record-malformed"),
            "v=TLSRPTv1; ruf=mailto:a@rpt-bad.test",
        ),
        _rpt(
            "rpt-scheme.test",
            "reports are to go by FTP",
            broken("tls-rpt/destination-scheme"),
            "v=TLSRPTv1; rua=ftp://rpt-scheme.test/reports",
        ),
        _rpt(
            failing,
            "the look-up of the TLS-RPT record ends with SERVFAIL",
            broken("tls-rpt/record-lookup-failed"),
            report_record(failing),
            faults=(FaultyName(f"_smtp._tls.{failing}", DnsFault.SERVFAIL),),
        ),
    )


def _mailboxes() -> tuple[LabDomain, ...]:
    unresolvable = broken("tls-rpt/destination-unresolvable")
    return (
        _rpt(
            "rpt-several.test",
            "reports go to two mailboxes",
            SEALED,
            "v=TLSRPTv1; rua=mailto:tls@rpt-several.test,mailto:tls%21reports@sound.test",
        ),
        _rpt(
            "rpt-nowhere.test",
            "reports go to a domain that does not exist",
            unresolvable,
            "v=TLSRPTv1; rua=mailto:tls@nxdomain.test",
        ),
        _rpt(
            "rpt-no-mail.test",
            "reports go to a domain that takes no mail",
            unresolvable,
            "v=TLSRPTv1; rua=mailto:tls@null-mx.test",
        ),
    )


def _endpoints() -> tuple[LabDomain, ...]:
    """Report endpoints take POST only (RFC 8460 §5.4); any answer of theirs shows that they are there."""

    def posting(name: str, title: str, expected: Expected, **how: Any) -> LabDomain:
        host = f"reports.{name}"
        place = WebHost(**{"host": host, "path": REPORT_PATH, "methods": ("POST",), **how})
        record = f"v=TLSRPTv1; rua=https://{host}{REPORT_PATH}"
        return _rpt(name, title, expected, record, web=(place,))

    unanswered = broken("tls-rpt/destination-unanswered")
    return (
        posting("rpt-https.test", "reports go to an HTTPS endpoint", SEALED),
        posting(
            "rpt-https-200.test",
            "the same, and it answers other methods too",
            SEALED,
            methods=("GET", "HEAD", "POST", "OPTIONS"),
        ),
        posting(
            "rpt-https-refused.test", "the report endpoint refuses connections", unanswered, word=REFUSED
        ),
        posting(
            "rpt-https-missing.test",
            "the report endpoint has no address",
            broken("tls-rpt/destination-unresolvable"),
            missing=True,
        ),
    )


def _loops() -> tuple[LabDomain, ...]:
    """Reports about mail with reports: each of two domains has them sent to the other."""
    there, back = "rpt-loop.test", "rpt-loop-back.test"
    loop = minor("tls-rpt/destination-loop")
    return (
        _rpt(there, "its reports cause reports that cause reports", loop, report_record(back)),
        _rpt(back, "the other end of the same", loop, report_record(there)),
    )
