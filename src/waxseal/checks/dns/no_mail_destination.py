"""The domain exists, but DNS names no place to bring its mail to.

There is no MX record, and the domain itself has no address that a sender could use in its stead. Mail to it
is returned at once. If the domain is meant to take no mail, it should say so with a null MX: then senders
know that it is no mistake. It is said only when the look-ups were answered, MX and addresses alike.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
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
    unreached,
)
from waxseal.checks.dns._hosts import has_none
from waxseal.checks.dns._lookup import TRY_AGAIN, null_exchanges, shown, unless_answered
from waxseal.checks.dns._samples import implicit
from waxseal.facts import DnsStatus, HostAddresses, MxRecords


@check(
    title="The domain has no mail server",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1", "RFC 7505 §3"),
    remedy=Remedy(
        general="Publish an MX record that names the mail server, or a null MX if the domain takes no mail.",
        dns="example.org. MX 10 mx.example.org. (or, for no mail: example.org. MX 0 .)",
    ),
    rows=("A4",),
)
def judge(mx: MxRecords, hosts: Each[HostAddresses] | None) -> Judgement:
    """Judge the MX RRset and, without one, the addresses of the domain itself."""
    if unanswered := unless_answered(mx):
        return unanswered
    if mx.exchanges and null_exchanges(mx) == len(mx.exchanges):
        return not_applicable("the domain says that it takes no mail (null MX)")
    if mx.answer.status is DnsStatus.ANSWERED:
        return passed("MX records say where mail goes", shown(mx.answer))
    if hosts is None:
        return unreached("the addresses of the domain itself were not looked up", advice="test again")
    answers = [answer for _, host in hosts for answer in (host.a, host.aaaa) if answer is not None]
    evidence = tuple(shown(answer) for answer in answers)
    if any(host.addresses for _, host in hosts):
        return passed("there is no MX record, but the domain itself has an address", *evidence)
    if all(has_none(host) for _, host in hosts):
        return fail(
            "There is no MX record, and the domain itself has no address: mail has nowhere to go",
            shown(mx.answer),
            *evidence,
        )
    return unreached(
        "there is no MX record, and whether the domain itself has an address was not seen",
        *evidence,
        advice=TRY_AGAIN,
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    no_mx = samples.mx_records(status=DnsStatus.NO_DATA)
    yield Example("MX", Verdict.PASS, (samples.mx_records((10, "mx.example.org")),))
    yield Example("only an address", Verdict.PASS, (no_mx, implicit("192.0.2.25")))
    yield Example("neither", Verdict.FAIL, (no_mx, implicit()))
    yield Example("null MX", Verdict.NOT_APPLICABLE, (samples.mx_records((0, "")),))
    yield Example("address unknown", Verdict.INCONCLUSIVE, (no_mx, implicit(status=DnsStatus.SERVFAIL)))
    yield Example("no such domain", Verdict.NOT_APPLICABLE, (samples.mx_records(status=DnsStatus.NXDOMAIN),))
