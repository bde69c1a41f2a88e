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
    Subject,
    Verdict,
    at,
    check,
    passed,
)
from waxseal.checks.certificate._proof import lines, problems, prove, without_path
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import CertificateChain, Endpoint, Handshake, TrustAnchors
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
def judge(
    subject: Subject,
    endpoint: Endpoint,
    chain: CertificateChain,
    anchors: TrustAnchors,
    handshake: Handshake | None,
) -> Judgement:
    """Judge the names against the constraints of every issuer."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    found = problems(proof, ProblemCode.NAME_CONSTRAINTS_VIOLATED)
    if found:
        return broken(
            endpoint,
            subject,
            "The certificate bears a name that its authority may not vouch for",
            *lines(proof, found),
        )
    return without_path(proof) or passed("No name is outside what the authorities may vouch for")


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
