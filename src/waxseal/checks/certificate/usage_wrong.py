"""The certificate says what its key is for, and being a TLS server is not among it.

Where a certificate lists purposes, serverAuth has to be one of them, and the key usage has to allow what
TLS does with the key. Certificates meant for clients, for signing mail or for VPNs lack it. Clients that
verify refuse them. On port 25 this is a warning, on submission a failure. A certificate without such
lists is for everything.
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
    title="The certificate is not for servers",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §4.2.1.12", "RFC 5280 §4.2.1.3"),
    remedy=Remedy(
        general="Get a certificate with extended key usage serverAuth and key usage digitalSignature.",
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
    """Judge the purposes of the certificates."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    found = problems(proof, ProblemCode.EXTENDED_KEY_USAGE, ProblemCode.KEY_USAGE)
    if found:
        return broken(
            endpoint,
            subject,
            f"{place(proof, found[0].depth)} is not for use by a TLS server",
            *lines(proof, found),
        )
    if problems(proof, ProblemCode.UNPARSEABLE):
        return unreached(
            "a certificate cannot be read, see certificate/unreadable", advice="replace the certificate"
        )
    return passed("The certificate may be used by a TLS server")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("client certificate", Verdict.WARN, (samples.endpoint(), *sample("client_only")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("client_only", port=587))
    )
    yield Example("server certificate", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
