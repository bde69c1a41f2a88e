"""STARTTLS is offered again inside TLS.

Once TLS stands there is nothing left to start, and the standard forbids to list the keyword. A server
that still lists it has not taken notice of the handshake: mostly a proxy ends TLS in front of it, and
then the server's rules for sealed mail (AUTH only under TLS, REQUIRETLS, its log lines) work on wrong
knowledge. Some clients try the second STARTTLS and fail.
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
from waxseal.checks.smtp._replies import unclear
from waxseal.facts import EhloClear, EhloTls, Endpoint, StarttlsAnswer, TlsMode


@check(
    title="STARTTLS is offered again inside TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2",),
    remedy=Remedy(
        general="Let the program that ends TLS be the one that answers EHLO, or switch STARTTLS off in the "
        "server behind the TLS proxy.",
        postfix="behind a TLS proxy: smtpd_tls_security_level = none for that line of master.cf",
        exim="behind a TLS proxy: let tls_advertise_hosts expand to nothing for its $received_port",
    ),
    rows=("B8",),
)
def judge(
    endpoint: Endpoint, first: EhloClear, starttls: StarttlsAnswer | None, second: EhloTls | None
) -> Judgement:
    """Judge the keywords of the EHLO answer that came under TLS."""
    inside = first if endpoint.mode is TlsMode.IMPLICIT else second
    if inside is None:
        if starttls is None and first.reply.code == 250 and first.keyword("STARTTLS") is None:
            return not_applicable("the server offers no TLS here")
        return unreached(
            "no EHLO answer under TLS was seen", advice="see the finding that names the cause, and test again"
        )
    if inside.reply.code != 250:
        return unclear(inside.reply, "EHLO under TLS")
    if inside.keyword("STARTTLS") is not None:
        listed = ", ".join(keyword.name for keyword in inside.keywords)
        return fail("STARTTLS is listed in the EHLO answer that comes under TLS", f"listed: {listed[:190]}")
    return passed("STARTTLS is not offered again inside TLS")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start, implicit = samples.endpoint(), samples.endpoint(TlsMode.IMPLICIT)
    clear = samples.ehlo()
    yield Example("not again", Verdict.PASS, (start, clear, samples.ehlo_tls()))
    yield Example("again", Verdict.FAIL, (start, clear, samples.ehlo_tls("SIZE 1000", "STARTTLS")))
    yield Example("implicit, listed", Verdict.FAIL, (implicit, clear))
    yield Example("implicit", Verdict.PASS, (implicit, samples.ehlo("SIZE 1000")))
    yield Example("no TLS", Verdict.NOT_APPLICABLE, (start, samples.ehlo("SIZE 1000")))
    yield Example("not seen", Verdict.INCONCLUSIVE, (start, clear, samples.starttls(454, "not now")))
    refused = samples.ehlo_tls(reply=samples.reply(421, "busy"), keywords=())
    yield Example("EHLO refused", Verdict.INCONCLUSIVE, (start, clear, refused))
