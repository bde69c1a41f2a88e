"""REQUIRETLS is offered before TLS stands, where it can mean nothing.

A sender that asks for REQUIRETLS promises its user that the message never travels in clear, so it looks for
the keyword in the answer to EHLO under TLS only. A server that lists it in clear was mostly set up by hand,
or a proxy passes on a list that was meant for sealed connections. Where it is missing under TLS, messages
that ask for it are bounced.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.facts import EhloClear, EhloTls, Endpoint, TlsMode

_KEYWORD = "REQUIRETLS"


@check(
    title="REQUIRETLS is offered before TLS stands",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 8689 §2", "RFC 8689 §4.2.1"),
    remedy=Remedy(
        general="List REQUIRETLS only in the answer to EHLO under TLS.",
    ),
    rows=("G15",),
)
def judge(endpoint: Endpoint, first: EhloClear, second: EhloTls | None) -> Judgement:
    """Judge where the keyword stands."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, nothing is said in clear")
    inside = second is not None and second.keyword(_KEYWORD) is not None
    if first.keyword(_KEYWORD) is not None:
        also = "and under TLS too" if inside else "and not under TLS, where senders look for it"
        return warn(f"REQUIRETLS is offered in clear, {also}")
    return passed(f"REQUIRETLS is {'offered under TLS only' if inside else 'not offered in clear'}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = samples.endpoint()
    early = samples.ehlo("STARTTLS", "REQUIRETLS")
    yield Example("in clear only", Verdict.WARN, (end, early, samples.ehlo_tls()))
    yield Example("in clear and under TLS", Verdict.WARN, (end, early, samples.ehlo_tls("REQUIRETLS")))
    yield Example("under TLS", Verdict.PASS, (end, samples.ehlo(), samples.ehlo_tls("REQUIRETLS")))
    yield Example("nowhere", Verdict.PASS, (end, samples.ehlo(), samples.ehlo_tls()))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, samples.ehlo("REQUIRETLS")))
