"""A certificate of the path has a critical extension that clients do not know.

Critical means: who does not understand this must refuse the certificate. Few clients know anything beyond
the extensions of RFC 5280, so most that verify will refuse this one. On port 25 this is a warning, on
submission a failure. The number of the extension is given, to ask the issuer for its meaning.
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
from waxseal.checks.certificate._proof import lines, place, problems, prove
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import CertificateChain, Endpoint, Handshake, TrustAnchors
from waxseal.trust.chain import ProblemCode


@check(
    title="A critical extension is unknown",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §4.2", "RFC 5280 §6.1.4"),
    remedy=Remedy(
        general="Have the certificate issued without that extension, or with it marked as not critical.",
    ),
    rows=("D1",),
)
def judge(
    subject: Subject,
    endpoint: Endpoint,
    chain: CertificateChain,
    anchors: TrustAnchors,
    handshake: Handshake | None,
) -> Judgement:
    """Judge the critical extensions along the path."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    found = problems(proof, ProblemCode.UNKNOWN_CRITICAL_EXTENSION)
    if found:
        return broken(
            endpoint,
            subject,
            f"{place(proof, found[0].depth)} has a critical extension that clients do not know",
            *lines(proof, found),
        )
    if problems(proof, ProblemCode.UNPARSEABLE):
        return unreached(
            "a certificate cannot be read, see certificate/unreadable", advice="replace the certificate"
        )
    return passed("Every critical extension is a known one")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("unknown extension", Verdict.WARN, (samples.endpoint(), *sample("critical")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("critical", port=587))
    )
    yield Example("sound", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
