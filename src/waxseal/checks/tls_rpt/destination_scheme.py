"""The TLS-RPT record names a destination that is neither a mailbox nor an https endpoint.

Reports go by mail (mailto) or by https, and no other way. A destination with another scheme gets none; where
there is no other, no reports come at all.
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
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import ReportRecord


@check(
    title="A destination of TLS reports has a scheme that nobody sends by",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §3",),
    remedy=Remedy(general="Give a mailto: or an https: URI in place of the other one."),
    rows=("G10", "G11"),
)
def judge(published: ReportRecord) -> Judgement:
    """Judge the scheme of each destination."""
    destinations = published.reading.destinations
    if not destinations:
        return not_applicable("no TLS-RPT record that senders can use")
    other = [found.uri for found in destinations if not found.supported]
    if len(other) == len(destinations):
        return fail(
            "No destination can be reported to: reports go by mailto or https", bounded(", ".join(other))
        )
    if other:
        return warn("A destination gets no reports: they go by mailto or https", bounded(", ".join(other)))
    return passed(
        "Every destination is a mailbox or an https endpoint",
        bounded(", ".join(found.uri for found in destinations)),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("mailto", Verdict.PASS, (_samples.good(),))
    yield Example("https", Verdict.PASS, (_samples.good("https://reports.example.net/in"),))
    yield Example("http alone", Verdict.FAIL, (_samples.good("http://reports.example.net/in"),))
    both = _samples.good("http://reports.example.net/in", "mailto:tls@example.net")
    yield Example("http beside mailto", Verdict.WARN, (both,))
    yield Example("no record", Verdict.NOT_APPLICABLE, (_samples.record(),))
