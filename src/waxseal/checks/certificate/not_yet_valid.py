"""The certificate, or one that its path needs, begins only in the future.

Clients that verify refuse it until then, just as an expired one. Either it was installed too early, or
the clock of whoever made it was wrong; where the start lies only minutes ahead, the clock of the machine
that runs waxseal may be the one that is wrong. On port 25 this is a warning, on submission a failure.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    passed,
    unreached,
)
from waxseal.checks.certificate._proof import lines, place, problems, prove, sent_on_path
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import CertificateChain, Endpoint, Handshake, TrustAnchors
from waxseal.trust.chain import ProblemCode


@check(
    title="A certificate is not valid yet",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.3", "RFC 5280 §4.1.2.5", "RFC 8314 §4.4"),
    remedy=Remedy(
        general="Go back to the former certificate until the new one begins, and see that clocks are right "
        "(NTP).",
    ),
    rows=("D4",),
)
def judge(
    subject: Subject,
    endpoint: Endpoint,
    chain: CertificateChain,
    anchors: TrustAnchors,
    handshake: Handshake | None,
) -> Judgement:
    """Judge the start dates at the time of the run."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    found = problems(proof, ProblemCode.NOT_YET_VALID)
    if found:
        now = f"judged at {chain.shown_at:%Y-%m-%d %H:%M} UTC"
        return broken(
            endpoint, subject, f"{place(proof, found[0].depth)} is not valid yet", *lines(proof, found), now
        )
    if chain.leaf.not_before is None or any(c.not_before is None for _, c in sent_on_path(proof, chain)):
        return unreached(
            "the start date cannot be read, see certificate/unreadable", advice="replace the certificate"
        )
    return passed("Every certificate has begun", f"valid from {chain.leaf.not_before:%Y-%m-%d %H:%M} UTC")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("begins in two days", Verdict.WARN, (samples.endpoint(), *sample("future")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("future", port=587))
    )
    yield Example("in date", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("no readable date", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
