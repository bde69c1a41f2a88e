"""An SRV record names a host that mail programs cannot or must not use: one without address, or an alias.

Programs that set up an account by the domain's SRV records then fail, or ask the user for names that the
record was meant to give. The standard wants a name with addresses of its own, and no alias. Looked at only
with --services.
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
    warn,
)
from waxseal.checks.dns._lookup import EMPTY, TRY_AGAIN, bounded, shown
from waxseal.checks.dns._services import services
from waxseal.facts import DnsStatus, MailServices, ServiceTarget


@check(
    title="An SRV record for mail programs names no usable host",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 2782",),
    remedy=Remedy(
        general="Name a host that has address records of its own.",
        dns="_submissions._tcp.example.org. IN SRV 0 1 465 mail.example.org.",
    ),
    rows=("A10",),
)
def judge(found: MailServices) -> Judgement:
    """Judge the addresses of every host that a record names."""
    if not found.targets:
        return not_applicable("no SRV record names a host for mail programs")
    gone = [t for t in found.targets if t.a.status in EMPTY and t.aaaa.status in EMPTY]
    if gone:
        return fail(
            "An SRV record names a host without address",
            *(bounded(f"{t.name}: A {t.a.status.value}, AAAA {t.aaaa.status.value}") for t in gone[:5]),
        )
    aliases = [t for t in found.targets if t.a.aliases or t.aaaa.aliases]
    if aliases:
        return warn("An SRV record names an alias", *(shown(t.a) for t in aliases[:5]))
    if any(DnsStatus.ANSWERED not in (t.a.status, t.aaaa.status) for t in found.targets):
        return unreached("the addresses of a host that an SRV record names were not seen", advice=TRY_AGAIN)
    return passed("every host that an SRV record names has addresses", *(t.name for t in found.targets[:5]))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = ("_submissions._tcp", "0 1 465 mail.example.org.")
    yield Example("no address", Verdict.FAIL, (services(record, a=""),))
    yield Example("an alias", Verdict.WARN, (services(record, alias="host.example.net"),))
    yield Example("in order", Verdict.PASS, (services(record),))
    gone = samples.answer("mail.example.org", "A", status=DnsStatus.TIMED_OUT)
    unseen = MailServices(
        services=services(record).services, targets=(ServiceTarget("mail.example.org", gone, gone),)
    )
    yield Example("no answer", Verdict.INCONCLUSIVE, (unseen,))
    yield Example("none", Verdict.NOT_APPLICABLE, (MailServices(services=services().services),))
