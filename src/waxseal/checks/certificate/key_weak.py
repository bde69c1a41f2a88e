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
    Verdict,
    at,
    check,
    passed,
    warn,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, called, unread
from waxseal.facts import Certificate
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
def judge(shown: ShownChain) -> Judgement:
    """Judge the size of each key that was sent as part of the path."""
    sent = shown.sent_on_path()
    for depth, certificate in sent:
        why = key_weakness(certificate)
        if why is not None:
            return shown.weakened(f"{shown.place(depth)} holds a key that is too small", why)
    for depth, certificate in sent:
        why = key_weakness(certificate, curve_bits=CURVE_BITS_ADVISED)
        if why is not None:
            return warn(f"{shown.place(depth)} holds a key that is smaller than advised", why)
    if not shown.chain.leaf.key_type:
        return unread("the key")
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
