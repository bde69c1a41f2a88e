"""The domain has more mail hosts or addresses than one run tests, so some of them were left out.

Each MX host and each address is a door of its own, and a sender may use any of them; one with an old
certificate or without STARTTLS is enough to expose mail. waxseal tests every one of them up to a limit, and
says here when a domain goes beyond it. What was left out is not known.
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
    at,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.facts import Endpoint, HostAddresses, MxRecords, MxTarget

MOST_NAMED = 5


@check(
    title="Not every mail host was tested",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 5321 §5.1",),
    remedy=Remedy(
        general="Test the rest by name, as in 'waxseal check mx9.example.org:25'. A domain seldom needs so "
        "many MX records; take out those that are of no use.",
    ),
    rows=("A2", "A3"),
)
def judge(
    mx: MxRecords,
    hosts: Each[MxTarget] | None,
    addresses: Each[HostAddresses] | None,
    endpoints: Each[Endpoint] | None,
) -> Judgement:
    """Judge whether every host and address that DNS names was tested."""
    looked_at = {subject.host for subject, _ in hosts or ()}
    tested = {(subject.host, subject.address) for subject, _ in endpoints or ()}
    named = {record.exchange.lower() for record in mx.exchanges if record.exchange}
    left = sorted(named - looked_at)
    left += [
        f"{subject.host} [{address}]"
        for subject, found in addresses or ()
        for address in found.addresses
        if (subject.host, address) not in tested
    ]
    if not looked_at and not left:
        return not_applicable("no mail host is named")
    if not left:
        return passed("every mail host and every address was tested", f"{len(tested)} addresses")
    more = f"and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else ""
    return inconclusive(
        f"{len(left)} mail hosts or addresses were not tested, because one run takes no more",
        *(line[:200] for line in left[:MOST_NAMED]),
        *([more] if more else []),
        advice="test the rest by name, as in 'waxseal check mx9.example.org:25'",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    mx, target = (
        samples.mx_records((10, "mx.example.org")),
        MxTarget(exchange="mx.example.org", preference=10),
    )
    both = samples.host_addresses("192.0.2.25", "192.0.2.26")
    other = at(samples.endpoint(), address="192.0.2.26")
    yield Example("both addresses", Verdict.PASS, (mx, target, both, samples.endpoint(), other))
    yield Example("one address", Verdict.INCONCLUSIVE, (mx, target, both, samples.endpoint()))
    many = samples.mx_records((10, "mx.example.org"), (20, "mx2.example.org"))
    one = samples.host_addresses("192.0.2.25")
    yield Example("one host", Verdict.INCONCLUSIVE, (many, target, one, samples.endpoint()))
    yield Example("null MX", Verdict.NOT_APPLICABLE, (samples.mx_records((0, "")),))
