"""A host speaks first behind STARTTLS, and shows the same certificate on a port with implicit TLS.

A man in the middle can then join a client of the one port to the other (Opossum, CVE-2025-49812): he says
STARTTLS himself and passes the client on, and from then on the client takes each answer for that to another
question. It works only where the server sends a greeting again after STARTTLS, which the client expects on
the port with implicit TLS; else each waits for the other. Both ports have to be tested in one run.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    At,
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    at,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls import _samples
from waxseal.facts import Certificate, CertificateChain, EhloTls, Endpoint, TlsMode


@check(
    title="Implicit TLS and STARTTLS can be confused",
    level=Level.SHOULD,
    scope=Scope.HOST,
    cites=("RFC 3207 §4.2", "RFC 9325 §3.9"),
    remedy=Remedy(
        general="Send no greeting after STARTTLS, or give the two ports certificates of different names.",
    ),
    rows=("F7",),
)
def judge(
    endpoints: Each[Endpoint], chains: Each[CertificateChain], answers: Each[EhloTls] | None
) -> Judgement:
    """Judge what came first under TLS where both ways to begin share a certificate."""
    modes = {place: endpoint.mode for place, endpoint in endpoints}
    leaves: dict[TlsMode, set[str]] = {TlsMode.IMPLICIT: set(), TlsMode.STARTTLS: set()}
    for place, chain in chains:
        mode = modes.get(place.up_to(Scope.PORT))
        if mode is not None:
            leaves[mode].add(chain.leaf.sha256)
    if not leaves[TlsMode.IMPLICIT] or not leaves[TlsMode.STARTTLS]:
        return not_applicable("TLS was seen to begin in one way only on this host")
    if not leaves[TlsMode.IMPLICIT] & leaves[TlsMode.STARTTLS]:
        return passed("The ports with implicit TLS and with STARTTLS show different certificates")
    greeted = [place for place, answer in answers or () if answer.reply.code == 220]
    if greeted:
        return warn(
            "The server greets again after STARTTLS, and shows one certificate for both ways to begin TLS",
            *(f"220 under TLS at {place.address} port {place.port}" for place in greeted[:4]),
        )
    if not answers:
        return unreached("what the server says first after STARTTLS was not seen", advice="test again")
    return passed("Both ways to begin TLS are there, and the server sends no greeting after STARTTLS")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def chain(sha256: str) -> CertificateChain:
        return CertificateChain(certificates=(Certificate(der=b"", sha256=sha256),), shown_at=samples.NOW)

    def ports(first: str, second: str) -> tuple[At, ...]:
        implicit = samples.endpoint(TlsMode.IMPLICIT)
        mine = _samples.placed(587, samples.endpoint(), chain(first))
        return (*mine, *_samples.placed(465, implicit, chain(second)))

    greets = samples.ehlo_tls(reply=samples.reply(220, "mx.example.org ESMTP"))
    yield Example("greets again", Verdict.WARN, (*ports("aa", "aa"), at(greets, port=587)))
    yield Example("silent", Verdict.PASS, (*ports("aa", "aa"), at(samples.ehlo_tls(), port=587)))
    yield Example("two certificates", Verdict.PASS, (*ports("aa", "bb"), at(greets, port=587)))
    yield Example("EHLO not seen", Verdict.INCONCLUSIVE, ports("aa", "aa"))
    one = _samples.placed(587, samples.endpoint(), chain("aa"))
    yield Example("one port", Verdict.NOT_APPLICABLE, one)
