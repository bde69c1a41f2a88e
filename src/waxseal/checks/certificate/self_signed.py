"""The server's certificate is signed with its own key and by no authority.

It encrypts as well as any other, and keeps out whoever only listens. It proves nothing to a client that
does not know it already: mail programs warn or refuse, senders under MTA-STS do not deliver, and anyone
can make one like it. On port 25 this is a warning, because most senders do not ask for proof and DANE
(usage 3) may vouch for exactly such a certificate; on submission it is a failure. A certificate that was
given as a root is not meant.
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
from waxseal.checks.certificate._proof import lines, problems, prove, store_line
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import CertificateChain, Endpoint, Handshake, TrustAnchors
from waxseal.trust.chain import ProblemCode
from waxseal.trust.proof import plain


@check(
    title="The certificate is self-signed",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 8314 §4.4", "RFC 8461 §4.2", "RFC 5280 §6.1"),
    remedy=Remedy(
        general="Get a certificate from an authority that clients trust, for instance by ACME at no cost.",
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
    """Judge whether the leaf is its own issuer."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    found = problems(proof, ProblemCode.SELF_SIGNED_LEAF)
    if found:
        return broken(
            endpoint,
            subject,
            "The certificate is self-signed: it encrypts, but proves to nobody who the server is",
            *lines(proof, found),
            store_line(anchors),
        )
    if problems(proof, ProblemCode.UNPARSEABLE):
        return unreached(
            "a certificate cannot be read, see certificate/unreadable", advice="replace the certificate"
        )
    return passed("The certificate is not self-signed", f"issuer: {plain(chain.leaf.issuer, 150)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("self-signed", Verdict.WARN, (samples.endpoint(), *sample("self_signed")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("self_signed", port=587))
    )
    yield Example("issued", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("private authority", Verdict.PASS, (samples.endpoint(), *sample("private")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
