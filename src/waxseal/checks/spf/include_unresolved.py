"""The SPF record includes or redirects to a domain that has no SPF record.

That is a permanent error as soon as a receiver comes to it: mail that is not allowed by an earlier term
fails, and DMARC gets nothing from SPF. The service was mostly given up, or the name is misspelled. Should
somebody else register a name that is gone, they can send mail for the domain. It is said where DNS denies
the record; a look-up that fails is reported by spf/lookup-failed.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.spf._policy import ReadableSpf, lines
from waxseal.checks.spf._samples import SILENT, SOUND, denied, policy, txt
from waxseal.wire.spf import Fault


@check(
    title="SPF includes a domain without a record",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §5.2", "RFC 7208 §6.1"),
    remedy=Remedy(
        general="Take the include out if the service is no longer used; else correct the name by what the "
        "service says.",
        dns='example.org. TXT "v=spf1 include:spf.example.net -all" (a name that has an SPF record)',
    ),
    rows=("A15", "P2"),
)
def judge(policy: ReadableSpf) -> Judgement:
    """Judge whether each include and redirect leads to a record."""
    reading = policy.read()
    missing = reading.found(Fault.RECORD_MISSING, Fault.NAME_INVALID)
    if missing:
        return fail(
            "The SPF policy includes a domain that has no SPF record: a permanent error", *lines(missing)
        )
    return policy.unless_seen(reading) or passed("every include and redirect leads to an SPF record")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = "v=spf1 include:spf.example.net -all"
    found = txt("spf.example.net", "v=spf1 ip4:192.0.2.1 -all")
    yield Example("nothing included", Verdict.PASS, (SOUND,))
    yield Example("a record", Verdict.PASS, (policy(record, more=(found,)),))
    yield Example("no such name", Verdict.FAIL, (policy(record, more=denied("spf.example.net", "TXT")),))
    yield Example("other records", Verdict.FAIL, (policy(record, more=(txt("spf.example.net", "hello"),)),))
    yield Example("redirect", Verdict.FAIL, (policy("v=spf1 redirect=a.example", more=(txt("a.example"),)),))
    yield Example("not looked up", Verdict.INCONCLUSIVE, (policy(record),))
    yield Example("no record", Verdict.NOT_APPLICABLE, (policy(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
