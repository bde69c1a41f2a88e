"""Rules about certificates."""

from typing import Any

import pytest

from tests.grading.rules.judged import findings, profile, rule, said, verdict
from waxseal.checks import samples
from waxseal.checks.api import at
from waxseal.facts import Certificate, CertificateChain, CertificateTypeQuery, CertificateTypes

KEYS = 'rsa_good = 3072\nrsa_phase_out = 2048\ncurves_good = ["secp256r1"]\neddsa = "good"'
HEARD = (samples.endpoint(), samples.handshake())
LIFE = "max_days = 90"


def certificate(name: str = "mx", issuer: str = "ca", **changes: Any) -> Certificate:
    fields: dict[str, Any] = {
        "der": b"x",
        "sha256": "00",
        "subject": f"CN={name}",
        "issuer": f"CN={issuer}",
        "key_type": "ec",
        "key_bits": 256,
        "curve": "secp256r1",
        "signature_algorithm": "ecdsa-with-SHA256",
        "signature_hash": "sha256",
        "not_before": samples.NOW,
        "not_after": samples.NOW + samples.days(89),
    }
    return Certificate(**{**fields, **changes})


def chain(*certificates: Certificate, **changes: Any) -> CertificateChain:
    return CertificateChain(certificates=certificates, shown_at=samples.NOW, **changes)


RSA_2048: dict[str, Any] = {"key_type": "rsa", "key_bits": 2048, "curve": ""}
ROOT = certificate("ca", "ca", key_type="rsa", key_bits=1024, curve="", signature_hash="sha1")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ((certificate(),), "pass"),
        ((certificate(**RSA_2048),), "warn"),
        ((certificate(**{**RSA_2048, "key_bits": 1024}),), "fail"),
        ((certificate(**{**RSA_2048, "key_bits": 4096}),), "pass"),
        ((certificate(curve="secp384r1", key_bits=384),), "fail"),
        ((certificate(key_type="ed25519", curve="", key_bits=None),), "pass"),
        ((certificate(key_type="dsa", curve="", key_bits=3072),), "fail"),
        ((certificate(key_type="", curve=""),), "inconclusive"),
        ((certificate(), certificate("ca", "root", **RSA_2048)), "warn"),
        ((certificate(), ROOT), "pass"),
        ((certificate("mx", "mx", **RSA_2048),), "warn"),
    ],
)
def test_keys(sent: tuple[Certificate, ...], expected: str) -> None:
    assert verdict("certificate-key", KEYS, *HEARD, chain(*sent)) == expected


def test_the_leaf_alone() -> None:
    sent = chain(certificate(), certificate("ca", "root", **RSA_2048))
    assert verdict("certificate-key", KEYS + '\nsent = "leaf"', *HEARD, sent) == "pass"


def test_a_chain_that_is_not_kept_whole_proves_nothing() -> None:
    assert verdict("certificate-key", KEYS, *HEARD, chain(certificate(), sent_count=40)) == "inconclusive"


def test_keys_name_what_they_judge() -> None:
    found = said("certificate-key", KEYS, *HEARD, chain(certificate(**RSA_2048)))
    assert found.summary == "Keys to be phased out: RSA 2048 of CN=mx"


def test_the_chain_without_a_name_is_not_judged_beside_the_other() -> None:
    of = profile(rule("certificate-key", KEYS))
    weak = at(chain(certificate(key_type="dsa")), server_name="")
    found = findings(of, *HEARD, chain(certificate()), weak)
    assert sorted(f.verdict.value for f in found) == ["not-applicable", "pass"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ((certificate(),), "pass"),
        ((certificate(signature_hash="sha224"),), "warn"),
        ((certificate(signature_hash="sha1"),), "fail"),
        ((certificate(signature_hash="", signature_algorithm="ed25519"),), "pass"),
        ((certificate(signature_hash="", signature_algorithm=""),), "inconclusive"),
        ((certificate(), certificate("ca", "root", signature_hash="sha1")), "fail"),
        ((certificate(), ROOT), "pass"),
        ((certificate("mx", "mx", signature_hash="sha1"),), "not-applicable"),
    ],
)
def test_signatures(sent: tuple[Certificate, ...], expected: str) -> None:
    keys = 'good = ["sha256", "none"]\nphase_out = ["sha224"]'
    assert verdict("certificate-signature", keys, *HEARD, chain(*sent)) == expected


def test_lifetime_counts_the_last_second() -> None:
    just = certificate(not_after=samples.NOW + samples.days(90) - samples.days(1 / 86400))
    assert verdict("certificate-lifetime", LIFE, *HEARD, chain(just)) == "pass"
    longer = certificate(not_after=samples.NOW + samples.days(90))
    assert verdict("certificate-lifetime", LIFE, *HEARD, chain(longer)) == "fail"
    assert verdict("certificate-lifetime", LIFE, *HEARD, chain(certificate(not_after=None))) == "inconclusive"


def types(**shown: bool | None) -> CertificateTypes:
    return CertificateTypes(queries=tuple(CertificateTypeQuery(name, has) for name, has in shown.items()))


@pytest.mark.parametrize(
    ("leaf", "asked", "expected"),
    [
        (certificate(), types(ec=True, rsa=False), "pass"),
        (certificate(**RSA_2048), types(ec=False, rsa=True), "fail"),
        (certificate(**RSA_2048), types(ec=None, rsa=True), "inconclusive"),
        (certificate(signature_algorithm="ecdsa-with-SHA1"), types(ec=True, rsa=True), "fail"),
    ],
)
def test_types(leaf: Certificate, asked: CertificateTypes, expected: str) -> None:
    keys = 'types_any = ["ec"]\nsignatures_any = ["ecdsa-with-SHA256"]'
    assert verdict("certificate-types", keys, *HEARD, chain(leaf), asked) == expected


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("certificate-key", KEYS),
        ("certificate-signature", 'good = ["sha256"]'),
        ("certificate-lifetime", LIFE),
        ("certificate-types", 'types_any = ["ec"]'),
    ],
)
def test_no_certificate_was_seen(kind: str, keys: str) -> None:
    assert verdict(kind, keys, *HEARD) == "inconclusive"
