"""A certificate in the path was issued by one that has no right to issue it.

The issuer is no certification authority, may not sign certificates by its key usage, or stands above more
intermediates than its path length allows. Otherwise anyone with a certificate for his own host could make
one for yours, so clients that verify refuse such a chain outright. On port 25 this is a warning, on
submission a failure. It is mostly seen with home-made authorities.
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
from waxseal.checks.certificate._shown import ShownChain
from waxseal.trust.chain import ProblemCode


@check(
    title="An issuer may not issue certificates",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.4", "RFC 5280 §4.2.1.9", "RFC 5280 §4.2.1.3"),
    remedy=Remedy(
        general="Issue the certificate from an authority with basicConstraints CA:TRUE, keyCertSign in its "
        "key usage, and a path length that leaves room.",
    ),
    rows=("D1",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge every issuer of the path."""
    found = shown.problems(ProblemCode.NOT_A_CA, ProblemCode.PATH_LENGTH_EXCEEDED)
    if found:
        right = "is no authority" if found[0].code is ProblemCode.NOT_A_CA else "stands above too many others"
        return shown.broken(
            f"An issuer of the path had no right to issue: it {right}",
            *shown.lines(found),
        )
    return shown.without_path() or passed("Every issuer of the path is entitled to issue")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("issued by a host certificate", Verdict.WARN, (samples.endpoint(), *sample("not_a_ca")))
    yield Example("path length", Verdict.WARN, (samples.endpoint(), *sample("path_length")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("not_a_ca", port=587))
    )
    yield Example("sound", Verdict.PASS, (samples.endpoint(), *sample("deep")))
    yield Example("issuer missing", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("orphan")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
