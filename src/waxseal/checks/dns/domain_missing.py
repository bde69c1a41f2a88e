"""DNS says that the domain does not exist at all (NXDOMAIN).

No mail can be sent to any address in it: senders give up at once and return the message. Either the name
was mistyped, the registration has lapsed, or the domain was never delegated. It is said only when DNS gave
that answer; a look-up that failed or timed out proves nothing about the domain and is reported by
dns/mx-lookup-failed.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    passed,
    unreached,
)
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, shown
from waxseal.facts import DnsStatus, MxRecords


@check(
    title="The domain does not exist",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1", "RFC 2308 §2.1"),
    remedy=Remedy(
        general="See that the name is spelled right, that its registration is paid for, and that the "
        "parent zone delegates it to name servers that serve it.",
    ),
    rows=("A1",),
)
def judge(mx: MxRecords) -> Judgement:
    """Judge how the MX look-up ended."""
    status = mx.answer.status
    if status is DnsStatus.NXDOMAIN:
        return fail("DNS says that the domain does not exist, so it can take no mail", shown(mx.answer))
    if status in ANSWERED:
        return passed("the domain exists", shown(mx.answer))
    return unreached(
        f"whether the domain exists was not seen: the MX look-up ended {status.value}",
        shown(mx.answer),
        advice=TRY_AGAIN,
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("there are MX records", Verdict.PASS, (samples.mx_records((10, "mx.example.org")),))
    yield Example("the name exists without MX", Verdict.PASS, (samples.mx_records(status=DnsStatus.NO_DATA),))
    yield Example("no such domain", Verdict.FAIL, (samples.mx_records(status=DnsStatus.NXDOMAIN),))
    yield Example(
        "the resolver was silent", Verdict.INCONCLUSIVE, (samples.mx_records(status=DnsStatus.TIMED_OUT),)
    )
