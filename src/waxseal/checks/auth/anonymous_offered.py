"""Anybody may log in without a name: ANONYMOUS is offered.

The mechanism lets a stranger in as nobody in particular. Public archives of mailing lists use it on IMAP by
intention; on submission it invites anybody to send mail, on a mail store it opens what the anonymous user may
read. It should be off unless the administrator decided for it, which cannot be seen from here.
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
    passed,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._offers import Offers


@check(
    title="Anonymous login is offered",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 4505 §5",),
    remedy=Remedy(
        general="Strike ANONYMOUS from the mechanisms, unless anybody is meant to come in.",
        postfix="smtpd_sasl_security_options = noanonymous; smtpd_sasl_tls_security_options = noanonymous",
        dovecot="auth_mechanisms = plain scram-sha-256",
    ),
    rows=("J7",),
)
def judge(offers: Offers) -> Judgement:
    """Judge whether ANONYMOUS is listed anywhere."""
    lists = offers.everywhere
    found = [one.line for one in lists if "ANONYMOUS" in one.mechanisms]
    if found:
        return warn("ANONYMOUS is offered: anybody may log in without a name", *found)
    unsure = next((judgement for one in lists if (judgement := one.unless_whole())), None)
    if unsure is not None:
        return unsure
    under_tls = offers.under_tls()
    if isinstance(under_tls, Judgement) and under_tls.follows:
        return under_tls
    return passed("no anonymous login is offered")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("offered under TLS", Verdict.WARN, _samples.smtp(under_tls="PLAIN ANONYMOUS"))
    yield Example("offered in clear", Verdict.WARN, _samples.imap("AUTH=ANONYMOUS", "LOGINDISABLED"))
    yield Example("not offered", Verdict.PASS, _samples.smtp(under_tls="PLAIN"))
    yield Example("TLS not reached", Verdict.INCONCLUSIVE, _samples.smtp()[:2])
