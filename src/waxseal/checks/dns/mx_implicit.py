"""The domain has no MX record; its mail goes to the address of the domain itself.

The mail standard allows that as a last resort, and nearly all senders do it. It is fragile all the same:
the address is mostly that of a web server, the web host's next move takes the mail along, there can be no
second server, and some senders and spam filters distrust such domains. It is not said when there is no
address either; see dns/no-mail-destination.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._hosts import has_none
from waxseal.checks.dns._lookup import TRY_AGAIN, shown, unless_answered
from waxseal.checks.dns._samples import implicit
from waxseal.facts import DnsStatus, HostAddresses, MxRecords


@check(
    title="The domain has an address but no MX record",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1",),
    remedy=Remedy(
        general="Publish an MX record that names the mail server, or a null MX if the domain takes no mail.",
        dns="example.org. MX 10 mx.example.org. (or, for no mail: example.org. MX 0 .)",
    ),
    rows=("A4",),
)
def judge(mx: MxRecords, hosts: Each[HostAddresses] | None) -> Judgement:
    """Judge whether senders have to fall back to the domain's own addresses."""
    if unanswered := unless_answered(mx):
        return unanswered
    if mx.answer.status is DnsStatus.ANSWERED:
        return passed("the domain has MX records", shown(mx.answer))
    addresses = [address for _, host in hosts or () for address in host.addresses]
    if addresses:
        return warn(
            "There is no MX record: mail goes to the address of the domain itself",
            shown(mx.answer),
            f"addresses of the domain: {', '.join(addresses)}",
        )
    if hosts and all(has_none(host) for _, host in hosts):
        return not_applicable("the domain itself has no address either; see dns/no-mail-destination")
    return unreached("whether the domain itself has an address was not seen", advice=TRY_AGAIN)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    no_mx = samples.mx_records(status=DnsStatus.NO_DATA)
    yield Example("MX", Verdict.PASS, (samples.mx_records((10, "mx.example.org")),))
    yield Example("only an address", Verdict.WARN, (no_mx, implicit("192.0.2.25")))
    yield Example("neither", Verdict.NOT_APPLICABLE, (no_mx, implicit()))
    yield Example("address unknown", Verdict.INCONCLUSIVE, (no_mx, implicit(status=DnsStatus.TIMED_OUT)))
    yield Example("MX unknown", Verdict.INCONCLUSIVE, (samples.mx_records(status=DnsStatus.SERVFAIL),))
