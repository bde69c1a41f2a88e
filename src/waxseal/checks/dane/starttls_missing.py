"""Secure TLSA records promise TLS for this server, and the server does not offer it.

A sender that uses DANE takes the records at their word: it never sends in clear here, so it does not deliver
at all. Other senders deliver in clear. Told only of a server that was heard properly and that does not list
STARTTLS; one that offers it and then fails has findings of its own. Servers that offer STARTTLS only to
clients they already know break the promise as well.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.absence import came_whole
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
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import MEND, Published, broken
from waxseal.checks.dns._lookup import shown
from waxseal.facts import Dnssec, EhloClear, Endpoint, Handshake, StarttlsAnswer, TlsaLookup, TlsMode
from waxseal.wire.smtp_ehlo import masked_keyword


@check(
    title="TLSA records promise TLS that is not offered",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 7672 §2.2", "RFC 7672 §9.2"),
    remedy=Remedy(
        general="Switch STARTTLS on for all clients, and leave the TLSA records as they are: until then they "
        "keep the mail of senders with DANE waiting, but unread. Without them that mail comes in clear.",
        postfix="smtpd_tls_security_level = may; smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_advertise_hosts = *; tls_certificate = /path/fullchain.pem; tls_privatekey = /path/key.pem",
    ),
    rows=("G2",),
)
def judge(
    published: Published,
    endpoint: Endpoint,
    ehlo: EhloClear,
    starttls: StarttlsAnswer | None,
    handshake: Handshake | None,
) -> Judgement:
    """Judge whether a server with TLSA records offers TLS."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here")
    if handshake is not None:
        return passed("The server with TLSA records speaks TLS")
    if starttls is not None or ehlo.keyword("STARTTLS") is not None:
        return unreached("STARTTLS is offered, but TLS did not come to stand", advice=MEND)
    masked = any(masked_keyword(keyword) for keyword in ehlo.keywords)
    if ehlo.reply.code != 250 or ehlo.rejected is not None or masked or not came_whole(ehlo):
        return unreached("the server's keywords were not properly heard", advice=MEND)
    return published.of_records(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    return broken(
        lookup,
        "TLSA records are published for this server, but it does not offer STARTTLS: senders with DANE do "
        "not deliver; what it means to all others is told by smtp/starttls-missing",
        shown(lookup.answer),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    records, bare = _samples.tlsa(_samples.OTHER), samples.ehlo("PIPELINING")
    end = samples.endpoint()
    yield Example("not offered", Verdict.FAIL, (end, records, bare))
    untrusted = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.UNTRUSTED)
    yield Example("not offered, not validated", Verdict.WARN, (end, untrusted, bare))
    unsigned = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.INSECURE)
    yield Example("not offered, unsigned", Verdict.NOT_APPLICABLE, (end, unsigned, bare))
    yield Example("offered", Verdict.PASS, (end, records, samples.ehlo(), samples.handshake()))
    yield Example(
        "refused", Verdict.INCONCLUSIVE, (end, records, samples.ehlo(), samples.starttls(454, "no"))
    )
    unheard = samples.ehlo(reply=samples.reply(421, "busy"), keywords=())
    yield Example("EHLO answered 421", Verdict.INCONCLUSIVE, (end, records, unheard))
    yield Example("no records", Verdict.NOT_APPLICABLE, (end, _samples.no_tlsa(), bare))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, records, bare))
