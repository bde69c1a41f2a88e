"""The certificate bears a name that its authority is not allowed to vouch for.

An authority can be bound to certain domains by name constraints, as those of companies and states often
are. One name outside them is enough for clients that verify to refuse the certificate whole. On port 25
this is a warning, on submission a failure. Whether a name is the one that clients expect is another
question, see certificate/name-mismatch.
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
    title="A name is outside the authority's constraints",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.3", "RFC 5280 §4.2.1.10"),
    remedy=Remedy(
        general="Have the certificate issued without the foreign name, or by an authority that is not bound "
        "so.",
    ),
    rows=("D1",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the names against the constraints of every issuer."""
    found = shown.problems(ProblemCode.NAME_CONSTRAINTS_VIOLATED)
    if found:
        return shown.broken(
            "The certificate bears a name that its authority may not vouch for",
            *shown.lines(found),
        )
    return shown.without_path() or passed("No name is outside what the authorities may vouch for")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("foreign name", Verdict.WARN, (samples.endpoint(), *sample("name_constraints")))
    yield Example(
        "on submission",
        Verdict.FAIL,
        (at(samples.endpoint(), port=587), *sample("name_constraints", port=587)),
    )
    yield Example("sound", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("issuer missing", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("orphan")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
