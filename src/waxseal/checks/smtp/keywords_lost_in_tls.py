"""The server offers less under TLS than in clear.

After STARTTLS the client asks again with EHLO, and the answer may differ: STARTTLS itself goes, AUTH may
come. That SIZE, 8BITMIME, PIPELINING or others go is a sign that another program answers under TLS (a
proxy that ends TLS, a filter with its own list), or that somebody changed the first answer on its way.
Mail is then sent with fewer abilities just where it is sealed: larger messages bounce late,
internationalised addresses fail.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp._replies import keywords_unsure
from waxseal.facts import EhloClear, EhloTls
from waxseal.wire.smtp_ehlo import masked_keyword

_STARTS_TLS = frozenset({"STARTTLS", "TLS", "X-ANONYMOUSTLS"})
"""Keywords that begin TLS themselves, and rightly go once it stands; the last one is Exchange's own."""


@check(
    title="Extensions are lost under TLS",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2", "RFC 5321 §4.1.1.1"),
    remedy=Remedy(
        general="Let the same program answer EHLO before and after STARTTLS, with the same list of "
        "extensions.",
        postfix="smtpd_discard_ehlo_keywords and smtpd_discard_ehlo_keyword_address_maps, in every "
        "master.cf line",
        exim="pipelining_advertise_hosts, chunking_advertise_hosts, dsn_advertise_hosts, "
        "smtputf8_advertise_hosts",
    ),
    rows=("B8",),
)
def judge(clear: EhloClear, sealed: EhloTls) -> Judgement:
    """Compare the keywords of the two EHLO answers."""
    if (
        clear.reply.code != 250
        or sealed.reply.code != 250
        or sealed.command != clear.command
        or keywords_unsure(clear)
        or keywords_unsure(sealed)
    ):
        return unreached(
            "one of the two EHLO answers was not heard whole, so they cannot be compared",
            advice="see the findings about EHLO and the server's replies, and test again",
        )
    kept = {keyword.name for keyword in sealed.keywords}
    lost = dict.fromkeys(
        keyword.name
        for keyword in clear.keywords
        if keyword.name not in kept | _STARTS_TLS and not masked_keyword(keyword)
    )
    if lost:
        return warn(
            "The server offers less under TLS than in clear",
            f"only in clear: {', '.join(lost)[:180]}",
            f"under TLS: {', '.join(sorted(kept))[:180]}",
        )
    return passed("every extension that is offered in clear is offered under TLS too")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("the same", Verdict.PASS, (samples.ehlo(), samples.ehlo_tls()))
    more = samples.ehlo_tls("PIPELINING", "SIZE 10240000", "AUTH PLAIN")
    yield Example("AUTH comes", Verdict.PASS, (samples.ehlo(), more))
    yield Example("SIZE goes", Verdict.WARN, (samples.ehlo(), samples.ehlo_tls("PIPELINING")))
    exchange = samples.ehlo("SIZE 1000", "X-ANONYMOUSTLS", "STARTTLS")
    yield Example("Exchange", Verdict.PASS, (exchange, samples.ehlo_tls("SIZE 1000")))
    refused = samples.ehlo_tls(reply=samples.reply(421, "busy"), keywords=())
    helo = samples.ehlo_tls(command="HELO", keywords=(), rejected=samples.reply(502, "no"))
    yield Example("HELO under TLS", Verdict.INCONCLUSIVE, (samples.ehlo(), helo))
    yield Example("EHLO refused", Verdict.INCONCLUSIVE, (samples.ehlo(), refused))
