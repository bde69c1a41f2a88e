"""The chain is whole and ends in a root that is not in the root store.

Usually it is a private authority, or a public one that has lost or not yet won its place. Clients that
verify against the public roots refuse it; those that were given this root by hand are content. On port 25
this is a warning, on submission a failure. If your clients do know the root, test with that root store.
Said only where the root itself was sent; where the chain just stops, see certificate/issuer-unknown.
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
    not_applicable,
    passed,
)
from waxseal.checks.certificate._proof import lines, problems, prove, store_line, without_path, without_roots
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import CertificateChain, Endpoint, Handshake, TrustAnchors
from waxseal.trust.chain import ProblemCode
from waxseal.trust.proof import plain


@check(
    title="The chain ends in an unknown root",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1", "RFC 8314 §4.4", "RFC 8461 §4.2"),
    remedy=Remedy(
        general="Get a certificate from an authority whose root the clients have, or give the root to the "
        "clients.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem",
        dovecot="ssl_cert = </path/fullchain.pem (from 2.4 on: ssl_server_cert_file = /path/fullchain.pem)",
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
    """Judge the root at the end of the path."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    nothing = without_roots(anchors)
    if nothing is not None:
        return nothing
    found = problems(proof, ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED)
    if found:
        return broken(
            endpoint,
            subject,
            "The chain ends in a root that is not in the root store",
            *lines(proof, found),
            store_line(anchors),
        )
    if problems(proof, ProblemCode.ISSUER_UNKNOWN, ProblemCode.INTERMEDIATE_MISSING):
        return not_applicable("no root was reached, as an issuer is missing")
    return without_path(proof) or passed(
        "The chain ends in a root of the store",
        f"root: {plain(proof.path[-1].subject, 100)}",
        store_line(anchors),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("private root", Verdict.WARN, (samples.endpoint(), *sample("private")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("private", port=587))
    )
    yield Example("known root", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
