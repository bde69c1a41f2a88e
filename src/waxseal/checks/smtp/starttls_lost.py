"""STARTTLS was offered here at an earlier run, and now it is not.

Either somebody switched it off, an update lost the certificate, or something on the path began to take the
keyword away: that is how encryption between mail servers is attacked, since no sender that takes TLS where it
can get it would notice. It is said only where the server's list was heard whole, now and then, in any
protocol that has STARTTLS; the earlier run is the one named with --baseline. A server that never offered it
is told of by smtp/starttls-missing.
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
)
from waxseal.checks.smtp._earlier import offer
from waxseal.facts import (
    CapabilitiesClear,
    EarlierEndpoint,
    EhloClear,
    Endpoint,
    Keyword,
    Response,
    TlsMode,
)


@check(
    title="STARTTLS was offered before and is not any more",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 3207 §6",),
    remedy=Remedy(
        general="See in the server's log and settings whether TLS was switched off or its certificate cannot "
        "be read; where the server does offer it, look for what changes its answer on the way, from another "
        "network (waxseal compare).",
        postfix="postconf smtpd_tls_security_level smtpd_tls_chain_files",
        exim="exim -bP tls_advertise_hosts tls_certificate",
        dovecot="doveconf ssl ssl_cert",
    ),
    rows=("B7",),
)
def judge(
    endpoint: Endpoint,
    earlier: EarlierEndpoint | None,
    ehlo: EhloClear | None,
    capabilities: CapabilitiesClear | None,
) -> Judgement:
    """Judge what is offered now against what was offered then."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here")
    if earlier is None:
        return not_applicable("there is no earlier run of this address to compare with (--baseline)")
    if earlier.starttls is None:
        return not_applicable("the earlier run did not hear what was offered")
    if not earlier.starttls:
        return not_applicable("STARTTLS was not offered at the earlier run either")
    now = offer(ehlo or capabilities)
    if now.unheard is not None:
        return now.unheard
    then = f"{earlier.seen_at:%Y-%m-%d %H:%M} UTC: {_listed(k.name for k in earlier.keywords or ())}"
    if now.starttls:
        return passed("STARTTLS is offered, as it was at the earlier run")
    return fail(
        "STARTTLS was offered at an earlier run and is not offered now: mail travels in clear",
        then,
        f"now: {_listed(now.names)}",
    )


def _listed(names: Iterator[str] | tuple[str, ...]) -> str:
    return ", ".join(names)[:170] or "no keyword at all"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start = samples.endpoint()
    then = EarlierEndpoint(seen_at=samples.NOW, keywords=(Keyword("STARTTLS"),), starttls=True)
    never = EarlierEndpoint(seen_at=samples.NOW, keywords=(Keyword("SIZE"),), starttls=False)
    bare = samples.ehlo("PIPELINING")
    yield Example("lost", Verdict.FAIL, (start, then, bare))
    yield Example("kept", Verdict.PASS, (start, then, samples.ehlo()))
    yield Example("never there", Verdict.NOT_APPLICABLE, (start, never, bare))
    yield Example("no earlier run", Verdict.NOT_APPLICABLE, (start, bare))
    unheard = EarlierEndpoint(seen_at=samples.NOW)
    yield Example("not heard then", Verdict.NOT_APPLICABLE, (start, unheard, bare))
    yield Example("not heard now", Verdict.INCONCLUSIVE, (start, then))
    yield Example("masked now", Verdict.INCONCLUSIVE, (start, then, samples.ehlo("XXXXXXXA")))
    busy = samples.ehlo(reply=samples.reply(421, "busy"), keywords=())
    yield Example("busy now", Verdict.INCONCLUSIVE, (start, then, busy))
    good = Response(status="OK")
    imap = CapabilitiesClear(response=good, keywords=(Keyword("IMAP4REV1"),))
    stls = CapabilitiesClear(response=good, keywords=(Keyword("STLS"),))
    yield Example("lost in IMAP", Verdict.FAIL, (start, then, imap))
    yield Example("kept in POP3", Verdict.PASS, (start, then, stls))
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (samples.endpoint(TlsMode.IMPLICIT), then, bare))
