"""A keyword in the EHLO answer is overwritten with XXXX, as firewalls do that inspect SMTP.

Cisco PIX and ASA firewalls replace keywords that they do not allow, STARTTLS among them by default in
many versions. The server offers TLS, the sender never hears of it, and mail travels in clear; this is a
man in the middle by configuration. The firewall may stand before the server or before the tester. Where
STARTTLS itself comes through, only the other extensions are lost.
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
    warn,
)
from waxseal.checks.smtp._replies import keywords_unsure
from waxseal.facts import EhloClear, Endpoint, TlsMode
from waxseal.wire.smtp_ehlo import MASKED_BY, masked_keyword


@check(
    title="STARTTLS is masked by a firewall",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §6", "RFC 5321 §4.1.1.1"),
    remedy=Remedy(
        general="Switch SMTP inspection off on the firewall: 'no inspect esmtp' in the policy map of a "
        "Cisco ASA (or 'allow-tls' in its esmtp parameters), 'no fixup protocol smtp' on a PIX.",
    ),
    rows=("B7", "B4"),
)
def judge(endpoint: Endpoint, ehlo: EhloClear) -> Judgement:
    """Judge whether keywords of the first EHLO answer are masks."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, nothing on the path can mask keywords")
    if ehlo.reply.code != 250:
        return unreached(
            f"EHLO was answered {ehlo.reply.code} and not 250, so no keyword was heard",
            advice="see the finding that names this cause, and test again",
        )
    masks = [keyword.name for keyword in ehlo.keywords if masked_keyword(keyword)]
    if not masks and keywords_unsure(ehlo):
        return unreached(
            "the EHLO answer came cut short or in pieces, so masked keywords may be missing from it",
            advice="see the findings about the server's replies, and test again",
        )
    if not masks:
        return passed("no keyword is masked")
    seen = (f"masked: {', '.join(masks)[:180]}", f"known to do so: {MASKED_BY}")
    if ehlo.keyword("STARTTLS") is not None:
        return warn("Something on the path masks keywords, and leaves STARTTLS alone", *seen)
    return fail(
        "Something on the path masks keywords, so STARTTLS cannot be used: mail travels in clear", *seen
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start = samples.endpoint()
    yield Example("clear keywords", Verdict.PASS, (start, samples.ehlo()))
    yield Example("masked", Verdict.FAIL, (start, samples.ehlo("PIPELINING", "XXXXXXXA", "XXXB")))
    yield Example("others masked", Verdict.WARN, (start, samples.ehlo("XXXXXXXX", "STARTTLS")))
    busy = samples.ehlo(reply=samples.reply(421, "busy"), keywords=())
    yield Example("not heard", Verdict.INCONCLUSIVE, (start, busy))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, samples.ehlo("SIZE 1000")))
