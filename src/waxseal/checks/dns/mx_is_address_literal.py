"""An MX record gives an IP address where a host name belongs.

DNS takes the digits for a name, and no such name exists, so senders that keep to the standard cannot
deliver there. Some guess what was meant and deliver all the same, which hides the mistake. No certificate
name and no policy can match such a host either, so it cannot be sealed properly.
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
)
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.dns._samples import mx_target
from waxseal.facts import MxTarget


@check(
    title="An MX record names an address",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5321 §5.1", "RFC 1035 §3.3.9"),
    remedy=Remedy(
        general="Give the mail server a host name with A and AAAA records, and let the MX record name that.",
        dns="example.org. MX 10 mx.example.org. and mx.example.org. A 192.0.2.25",
    ),
    rows=("A6",),
)
def judge(target: MxTarget) -> Judgement:
    """Judge the form of the exchange."""
    if target.preference is None:
        return not_applicable("no MX record names the host: it is the domain itself")
    if target.literal_address is not None:
        return fail(
            "The MX record holds an IP address in place of a host name",
            bounded(f"MX {target.preference} {target.exchange}"),
        )
    return passed("the MX record holds a name")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a name", Verdict.PASS, (mx_target(),))
    yield Example("an address", Verdict.FAIL, (mx_target("192.0.2.25", literal_address="192.0.2.25"),))
    yield Example("implicit MX", Verdict.NOT_APPLICABLE, (MxTarget(exchange="example.org"),))
