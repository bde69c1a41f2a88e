"""Mechanisms that are offered in clear are gone under TLS.

Under TLS a server may offer more than in clear, such as PLAIN; that it offers less is odd. Either another
program answers behind TLS (a proxy, a filter) and knows less, or the list in clear was changed on its way. A
mail program that chose its mechanism in clear then fails under TLS. It is a weak sign by itself. That AUTH
goes altogether is said by smtp/keywords-lost-in-tls, and -PLUS in clear by auth/plus-in-clear.
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
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._mechanisms import binds, listed
from waxseal.checks.auth._offers import Offers
from waxseal.facts import TlsMode

_AUTH = frozenset({"AUTH", "AUTH="})


@check(
    title="Login mechanisms are lost under TLS",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 4422 §6.1.2",),
    remedy=Remedy(
        general="Let the same program, with the same settings for logins, answer before and after STARTTLS.",
        postfix="smtpd_sasl_tls_security_options = $smtpd_sasl_security_options",
    ),
    rows=("J7", "B8"),
)
def judge(offers: Offers) -> Judgement:
    """Compare the mechanisms of the two lists."""
    if offers.endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, there is one list only")
    clear, sealed = offers.clear, offers.under_tls()
    if isinstance(sealed, Judgement):
        return sealed
    if clear is None or not clear.mechanisms:
        return not_applicable("no mechanism is offered in clear")
    if clear.names & _AUTH and not sealed.names & _AUTH:
        return not_applicable("AUTH goes altogether under TLS, see smtp/keywords-lost-in-tls")
    lost = tuple(m for m in clear.mechanisms if m not in sealed.mechanisms and not binds(m))
    if not lost:
        return passed("every mechanism that is offered in clear is offered under TLS too")
    return sealed.unless_whole() or warn(
        f"{listed(lost)} is offered in clear, but not under TLS", clear.line, sealed.line
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("more under TLS", Verdict.PASS, _samples.smtp("SCRAM-SHA-1", "SCRAM-SHA-1 PLAIN"))
    yield Example("less under TLS", Verdict.WARN, _samples.smtp("SCRAM-SHA-1", "PLAIN"))
    yield Example("AUTH goes", Verdict.NOT_APPLICABLE, _samples.smtp("SCRAM-SHA-1"))
    yield Example("none in clear", Verdict.NOT_APPLICABLE, _samples.smtp(under_tls="PLAIN"))
    yield Example("TLS not reached", Verdict.INCONCLUSIVE, _samples.smtp("SCRAM-SHA-1")[:2])
