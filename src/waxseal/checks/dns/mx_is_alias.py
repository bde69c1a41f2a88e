"""An MX record names an alias (CNAME) instead of the host itself.

The standards forbid it. Many senders follow the alias and deliver, some do not, and for those that demand
DANE or match names strictly the alias raises the question which name is meant. It is not said of the
domain's own name where there is no MX record, for there an alias is allowed; nor where the alias leads to
no address at all, for then that is the fault.
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
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.dns._hosts import told_elsewhere, unless_named_by_mx
from waxseal.checks.dns._lookup import ANSWERED, SILENT, TRY_AGAIN, shown
from waxseal.checks.dns._samples import mx_target, no_addresses
from waxseal.facts import DnsStatus, HostAddresses, MxTarget


@check(
    title="An MX record names an alias",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 2181 §10.3", "RFC 5321 §5.1"),
    remedy=Remedy(
        general="Let the MX record name the host at the end of the alias, or give the name its own A and "
        "AAAA records instead of the CNAME.",
        dns="mail.example.org. A 192.0.2.25 (in place of: mail.example.org. CNAME server.example.net.)",
    ),
    rows=("A6",),
)
def judge(addresses: HostAddresses, target: MxTarget | None) -> Judgement:
    """Judge whether the host's address look-ups went by way of an alias."""
    if elsewhere := unless_named_by_mx(target) or told_elsewhere(target):
        return elsewhere
    answers = [answer for answer in (addresses.a, addresses.aaaa) if answer is not None]
    aliased = [answer for answer in answers if answer.aliases]
    if aliased:
        if not addresses.addresses and not any(answer.status in SILENT for answer in answers):
            return not_applicable(
                "the name is an alias that leads to no address, which is reported by itself"
            )
        return fail("The MX record names an alias (CNAME), which it must not", shown(aliased[0]))
    if any(answer.status in ANSWERED for answer in answers):
        return passed("the name in the MX record is no alias")
    return unreached(
        "whether the name is an alias was not seen", *(shown(answer) for answer in answers), advice=TRY_AGAIN
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    alias = samples.answer("mx.example.org", "A", "192.0.2.25", aliases=("server.example.net",))
    yield Example("own address", Verdict.PASS, (mx_target(), samples.host_addresses("192.0.2.25")))
    yield Example("alias", Verdict.FAIL, (mx_target(), samples.host_addresses("192.0.2.25", a=alias)))
    yield Example(
        "alias that leads nowhere",
        Verdict.NOT_APPLICABLE,
        (mx_target(), no_addresses(DnsStatus.NXDOMAIN, aliases=("gone.example.net",))),
    )
    yield Example("unknown", Verdict.INCONCLUSIVE, (mx_target(), no_addresses(DnsStatus.SERVFAIL)))
    yield Example(
        "implicit MX",
        Verdict.NOT_APPLICABLE,
        (MxTarget(exchange="mx.example.org"), samples.host_addresses("192.0.2.25", a=alias)),
    )
