"""The domain has an MTA-STS policy, and a mail host does not offer STARTTLS.

Under an enforced policy senders deliver nothing to such a host, not even in clear; while the policy is
tested, they deliver in clear and report it. It is said only of a server that was heard properly; that
STARTTLS is missing is also told by smtp/starttls-missing, and other reasons why TLS fails by the checks of
smtp/ and tls/.
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
    unreached,
)
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import TRY_AGAIN, PublishedPolicy, patterns_line, weigh
from waxseal.checks.smtp._replies import keywords_unsure
from waxseal.facts import EhloClear, Endpoint, MxTarget, TlsMode
from waxseal.wire.mta_sts import Mode
from waxseal.wire.smtp_ehlo import masked_keyword


@check(
    title="A mail host under an MTA-STS policy offers no STARTTLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8461 §4", "RFC 8461 §5"),
    remedy=Remedy(
        general="Switch STARTTLS on for all clients; or take the host out of the MX records until it has it.",
        postfix="smtpd_tls_security_level = may",
        exim="tls_advertise_hosts = *",
    ),
    rows=("G8",),
)
def judge(published: PublishedPolicy, endpoint: Endpoint, ehlo: EhloClear, target: MxTarget) -> Judgement:
    """Judge the keywords of the first EHLO answer under the policy."""
    policy = published.in_force()
    if isinstance(policy, Judgement):
        return policy
    if endpoint.mode is not TlsMode.STARTTLS:
        return not_applicable("TLS begins with the first octet here")
    if ehlo.keyword("STARTTLS") is not None:
        return passed("STARTTLS is offered")
    masked = any(masked_keyword(keyword) for keyword in ehlo.keywords)
    if ehlo.reply.code != 250 or ehlo.rejected is not None or keywords_unsure(ehlo) or masked:
        return unreached(
            "the server's offer was not heard properly; see smtp/starttls-missing", advice=TRY_AGAIN
        )
    consequence = "senders do not deliver to it" if policy.mode is Mode.ENFORCE else "senders report it"
    return weigh(
        policy,
        f"The mail host offers no STARTTLS, so under the MTA-STS policy {consequence}; what it means to all "
        "others is told by smtp/starttls-missing",
        bounded(f"MX {target.exchange}"),
        patterns_line(policy),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    base = (_samples.record(), _samples.target(), samples.endpoint())
    enforced, bare = _samples.fetch(), samples.ehlo("PIPELINING")
    yield Example("offered", Verdict.PASS, (*base, enforced, samples.ehlo()))
    yield Example("not offered", Verdict.FAIL, (*base, enforced, bare))
    testing = _samples.fetch(_samples.body(mode="testing"))
    yield Example("while testing", Verdict.WARN, (*base, testing, bare))
    none = _samples.fetch(_samples.body(mode="none"))
    yield Example("mode none", Verdict.NOT_APPLICABLE, (*base, none, bare))
    masked = samples.ehlo("PIPELINING", "XXXXXXXA")
    yield Example("masked", Verdict.INCONCLUSIVE, (*base, enforced, masked))
