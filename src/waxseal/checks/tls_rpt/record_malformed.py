"""The TLS-RPT record breaks the grammar of such records.

Where nothing can be made of it, no reports come: rua is missing, or names no URI (mailto: in front of an
address is often forgotten). Where one of several destinations is malformed, strict senders pass over the
whole record. A size limit as DMARC has it (an exclamation mark and a number) is not allowed here; commas,
semicolons and exclamation marks inside a URI have to be percent-encoded.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import shown
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import ReportRecord, lines
from waxseal.facts import DnsStatus
from waxseal.wire.tls_rpt import Effect


@check(
    title="The TLS-RPT record is malformed",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §3",),
    remedy=Remedy(
        general="Write the record as v=TLSRPTv1; and rua= with one or more URIs, with commas between them.",
        dns='_smtp._tls.example.org. IN TXT "v=TLSRPTv1; rua=mailto:tls-reports@example.net"',
    ),
    rows=("G10",),
)
def judge(published: ReportRecord) -> Judgement:
    """Judge the one record that is left."""
    reading = published.reading
    if reading.candidates > 1:
        return not_applicable("there are several records; see tls-rpt/records-several")
    if not published.meant:
        return published.unread()
    shown_record = shown(published.record.answer)
    if not reading.present:
        fatal = (problem for problem in reading.problems if problem.fatal)
        return fail("The TLS-RPT record is malformed, so no reports come", shown_record, *lines(fatal))
    odd = [p for p in reading.problems if p.effect is Effect.OUT_OF_FORM or p.id in _DISCARDED]
    if odd:
        return warn(
            "The TLS-RPT record is out of form, so strict senders pass over it", shown_record, *lines(odd)
        )
    return passed("The TLS-RPT record is well-formed", shown_record)


_DISCARDED = frozenset({"version-space", "version-form"})


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("good", Verdict.PASS, (_samples.good(),))
    yield Example("another scheme", Verdict.PASS, (_samples.good("ftp://example.net/"),))
    yield Example("no rua", Verdict.FAIL, (_samples.record("v=TLSRPTv1;"),))
    yield Example("no scheme", Verdict.FAIL, (_samples.good("tls@example.net"),))
    yield Example("wrong case", Verdict.FAIL, (_samples.record("v=TLSRPTV1; rua=mailto:tls@example.net"),))
    yield Example("one of two", Verdict.WARN, (_samples.good("mailto:tls@example.net", "tls@example.org"),))
    yield Example("several", Verdict.NOT_APPLICABLE, (_samples.record("v=TLSRPTv1;", "v=TLSRPTv1;"),))
    yield Example("none", Verdict.NOT_APPLICABLE, (_samples.record("v=spf1 -all"),))
    yield Example("not known", Verdict.INCONCLUSIVE, (_samples.record(status=DnsStatus.SERVFAIL),))
