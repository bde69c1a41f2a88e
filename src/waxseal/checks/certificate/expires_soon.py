"""A certificate of the path has little time left.

Nothing is wrong today. But whatever should have renewed it has not, and on the day it ends, clients that
verify stop delivering. Soon means fewer than 14 days; for certificates of a short life, less than a third
of it, so that one made for six days is not called late from its first day. Automatic renewal usually acts
well before either. An expired certificate has a finding of its own.
"""

from collections.abc import Iterator
from datetime import timedelta

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
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, called, unread
from waxseal.facts import Certificate
from waxseal.trust.chain import ProblemCode

SOON = timedelta(days=14)


@check(
    title="A certificate expires soon",
    level=Level.ADVICE,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §4.1.2.5", "RFC 8314 §4.4"),
    remedy=Remedy(
        general="Renew the certificate now, and see why automatic renewal did not: look at the log and "
        "the timer of the ACME client. Let the server load the new one.",
        postfix="postfix reload, as deploy hook of the ACME client",
        dovecot="doveadm reload, as deploy hook of the ACME client",
    ),
    rows=("D4",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the time that is left to the first certificate of the path that will end."""
    if shown.problems(ProblemCode.EXPIRED):
        return not_applicable("it is over already, see certificate/expired")
    if shown.chain.leaf.not_after is None:
        return unread("the end date")
    for depth, certificate in shown.sent_on_path():
        end = certificate.not_after
        if end is not None and end - shown.chain.shown_at < _margin(certificate):
            left = (end - shown.chain.shown_at).total_seconds() / 86400
            return warn(
                f"{shown.place(depth)} expires in {left:.1f} days",
                f"{called(certificate)}: valid until {end:%Y-%m-%d %H:%M} UTC",
            )
    left = (shown.chain.leaf.not_after - shown.chain.shown_at).days
    return passed(f"The certificate is good for {left} more days")


def _margin(certificate: Certificate) -> timedelta:
    """14 days, or a third of the certificate's life where that is less."""
    if certificate.not_before is None or certificate.not_after is None:
        return SOON
    return min(SOON, (certificate.not_after - certificate.not_before) / 3)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("five days of ninety left", Verdict.WARN, (samples.endpoint(), *sample("soon")))
    yield Example("one day of six left", Verdict.WARN, (samples.endpoint(), *sample("brief_soon")))
    yield Example("three days of six left", Verdict.PASS, (samples.endpoint(), *sample("brief")))
    yield Example("sixty days left", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("expired", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("expired")))
    yield Example("no readable date", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("no_end")))
    only_nameless = (samples.endpoint(), samples.handshake(), *sample("soon", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, only_nameless)
