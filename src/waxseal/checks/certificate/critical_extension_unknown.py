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
    Verdict,
    at,
    check,
    passed,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
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
def judge(shown: ShownChain) -> Judgement:
    """Judge the critical extensions along the path."""
    found = shown.problems(ProblemCode.UNKNOWN_CRITICAL_EXTENSION)
    if found:
        return shown.broken(
            f"{shown.place(found[0].depth)} has a critical extension that clients do not know",
            *shown.lines(found),
        )
    if shown.problems(ProblemCode.UNPARSEABLE):
        return unread("a certificate")
    return passed("Every critical extension is a known one")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("unknown extension", Verdict.WARN, (samples.endpoint(), *sample("critical")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("critical", port=587))
    )
    yield Example("sound", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
