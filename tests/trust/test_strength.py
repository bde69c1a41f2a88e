"""Thresholds of RFC 9325 §4.5."""

import pytest
from cryptography.hazmat.primitives import hashes

from tests.trust import pki
from tests.trust.pki import CA, issue, leaf_wish
from waxseal.facts import Certificate
from waxseal.trust.strength import key_weakness, signature_weakness


def of_key(kind: str, bits: int | None, curve: str = "") -> Certificate:
    return Certificate(der=b"", sha256="", key_type=kind, key_bits=bits, curve=curve)


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (of_key("rsa", 2047), "RSA key of 2047 bits, less than 2048"),
        (of_key("rsa", 2048), None),
        (of_key("dsa", 1024), "DSA key of 1024 bits, less than 2048"),
        (
            of_key("ec", 192, "secp192r1"),
            "elliptic curve key of 192 bits (secp192r1), less than 224; 256 are advised",
        ),
        (of_key("ec", 224, "secp224r1"), None),
        (of_key("ec", None), None),
        (of_key("ed25519", None), None),
        (of_key("", None), None),
    ],
)
def test_keys(certificate: Certificate, reason: str | None) -> None:
    assert key_weakness(certificate) == reason


def test_thresholds_can_be_given() -> None:
    assert key_weakness(of_key("rsa", 2048), rsa_bits=3072) == "RSA key of 2048 bits, less than 3072"
    assert key_weakness(of_key("ec", 224), curve_bits=256) == "elliptic curve key of 224 bits, less than 256"


def test_generated_keys() -> None:
    for kind, weak in (("rsa", False), ("rsa1024", True), ("ec", False), ("ec192", True), ("ed448", False)):
        leaf = issue("a", leaf_wish(), own=pki.key("strength", kind), signed_by=pki.key("signer"))
        assert (key_weakness(leaf.fact) is not None) == weak


def test_signatures() -> None:
    root = issue("Root", CA, own=pki.key("root", "rsa"))
    leaf = issue("a", leaf_wish(), root)
    table = ((pki.RSA_SHA1, hashes.SHA1(), "SHA-1"), (pki.RSA_MD5, hashes.MD5(), "MD5"))
    for algorithm, digest, name in table:
        old = pki.rebuilt(leaf, root.key, lambda fields: fields, algorithm=algorithm, digest=digest)
        reason = signature_weakness(old.fact)
        assert reason == f"signed with {name} ({old.fact.signature_algorithm})"
        self_signed = pki.rebuilt(root, root.key, lambda fields: fields, algorithm=algorithm, digest=digest)
        assert signature_weakness(self_signed.fact) is None
    assert signature_weakness(leaf.fact) is None
    assert signature_weakness(issue("a", leaf_wish(), own=pki.key("e", "ed25519")).fact) is None
