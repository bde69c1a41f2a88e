"""A certificate of the path holds a key that is too small.

RSA keys below 2048 bits and elliptic curves below 224 bits can be broken by someone who means it; he can
then pose as the server, and with RSA key transport read what was recorded. Standards forbid them and
current clients refuse them. Curves from 224 to 255 bits are allowed but not advised, and always only a
warning. For the forbidden ones it is a warning on port 25 and a failure on submission. Keys of roots in
the store are not judged.
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
    warn,
)
from waxseal.checks.certificate._proof import called, place, prove, sent_on_path
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import broken, set_aside
from waxseal.facts import Certificate, CertificateChain, Endpoint, Handshake, TrustAnchors
from waxseal.trust.strength import CURVE_BITS_ADVISED, key_weakness


@check(
    title="A key is too small",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 9325 §4.5", "RFC 9325 §4.2"),
    remedy=Remedy(
        general="Make a new key, RSA of 2048 bits or more or ECDSA on P-256, and get a certificate for it.",
    ),
    rows=("D14",),
)
def judge(
    subject: Subject,
    endpoint: Endpoint,
    chain: CertificateChain,
    anchors: TrustAnchors,
    handshake: Handshake | None,
) -> Judgement:
    """Judge the size of each key that was sent as part of the path."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    proof = prove(chain, anchors)
    sent = sent_on_path(proof, chain)
    for depth, certificate in sent:
        why = key_weakness(certificate)
        if why is not None:
            return broken(endpoint, subject, f"{place(proof, depth)} holds a key that is too small", why)
    for depth, certificate in sent:
        why = key_weakness(certificate, curve_bits=CURVE_BITS_ADVISED)
        if why is not None:
            return warn(f"{place(proof, depth)} holds a key that is smaller than advised", why)
    if not chain.leaf.key_type:
        return unreached(
            "the key cannot be read, see certificate/unreadable", advice="replace the certificate"
        )
    return passed("No key is too small", *(_line(certificate) for _, certificate in sent[:3]))


def _line(certificate: Certificate) -> str:
    size = f" {certificate.key_bits} bits" if certificate.key_bits else ""
    return f"{called(certificate)}: {certificate.key_type[:40]}{size}"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("192 bits", Verdict.WARN, (samples.endpoint(), *sample("p192")))
    yield Example(
        "192 bits on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("p192", port=587))
    )
    yield Example(
        "224 bits on submission", Verdict.WARN, (at(samples.endpoint(), port=587), *sample("p224", port=587))
    )
    yield Example("256 bits", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("no readable key", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("garbage")))
