"""Mail programs are led to a service that begins in clear, and to none that begins with TLS.

Where the domain's SRV records offer submission or IMAP or POP3 with STARTTLS only, whoever sits between
program and server can take STARTTLS away, and the program decides what becomes of the password. Providers
should offer the same service with TLS from the first octet, and prefer it. A record whose target is "." says
that a service is not there, which is the right way to withdraw the clear ones. Looked at only with
--services.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, bounded, shown
from waxseal.checks.dns._services import services
from waxseal.facts import DnsStatus, MailServices

_TWINS = {"_submission._tcp": "_submissions._tcp", "_imap._tcp": "_imaps._tcp", "_pop3._tcp": "_pop3s._tcp"}


@check(
    title="SRV records lead mail programs to clear text first",
    level=Level.SHOULD,
    scope=Scope.DOMAIN,
    cites=("RFC 8314 §4.5.2",),
    remedy=Remedy(
        general="Offer the service with implicit TLS too, and publish its SRV record with the lower priority "
        "number.",
        dns="_submissions._tcp.example.org. IN SRV 0 1 465 mail.example.org.",
    ),
    rows=("A10",),
)
def judge(found: MailServices) -> Judgement:
    """Judge whether each service that begins in clear has its twin under TLS."""
    failed = next((s.answer for s in found.services if s.answer.status not in ANSWERED), None)
    if failed is not None:
        return unreached("an SRV look-up failed", shown(failed), advice=TRY_AGAIN)
    offered = {s.label for s in found.services if any(record.target for record in s.records)}
    if not offered:
        return not_applicable("no SRV record names a host for mail programs")
    alone = [label for label, twin in _TWINS.items() if label in offered and twin not in offered]
    if alone:
        return warn(
            "A service is offered by SRV that begins in clear, and not with TLS from the first octet",
            *(bounded(f"{label} without {_TWINS[label]}") for label in alone),
        )
    return passed("every service offered is there with TLS from the first octet", *sorted(offered))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    clear = ("_submission._tcp", "0 1 587 mail.example.org.")
    sealed = ("_submissions._tcp", "0 1 465 mail.example.org.")
    yield Example("STARTTLS only", Verdict.WARN, (services(clear),))
    yield Example("both", Verdict.PASS, (services(clear, sealed),))
    withdrawn = ("_imap._tcp", "0 0 0 .")
    yield Example("withdrawn", Verdict.PASS, (services(sealed, withdrawn),))
    yield Example("none", Verdict.NOT_APPLICABLE, (services(),))
    yield Example("no answer", Verdict.INCONCLUSIVE, (services(status=DnsStatus.TIMED_OUT),))
