"""Certificate revocation lists: every problem fires where it should; the library and OpenSSL agree."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.trust import pki
from tests.trust.pki import CA, DAY, NOW, issue
from tests.trust.statements import INTER, LEAF, ROOT, crl
from waxseal.trust import crl as module
from waxseal.trust.crl import judge_crl
from waxseal.trust.revocation import SKEW, CertificateStatus, RevocationVerdict
from waxseal.trust.revocation import RevocationCode as Code

SERIAL = LEAF.x509.serial_number
STRANGER = issue("Stranger", CA)
NO_CRL = issue("Inter", pki.Wish(ca=True, key_usage=pki.usage("key_cert_sign")), ROOT, own=INTER.key)


def judged(octets: bytes, issuer: pki.Entity = INTER) -> RevocationVerdict:
    return judge_crl(octets, LEAF.fact, issuer.fact, NOW)


def point(**changes: Any) -> tuple[x509.ExtensionType, bool]:
    fields: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(fields | changes)), True


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (crl(), CertificateStatus.GOOD),
        (crl(1, 2, 3), CertificateStatus.GOOD),
        (crl(SERIAL), CertificateStatus.REVOKED),
        (crl(1, SERIAL, 3), CertificateStatus.REVOKED),
        (crl(SERIAL << 8, SERIAL * 256 + 255), CertificateStatus.GOOD),
        (crl(SERIAL, extensions=(point(only_contains_user_certs=True),)), CertificateStatus.REVOKED),
        (crl(1, next_update=NOW - SKEW), CertificateStatus.GOOD),
    ],
)
def test_sound(octets: bytes, status: CertificateStatus) -> None:
    found = judged(octets)
    assert found.problems == ()
    assert found.status is status
    assert (found.revoked_at == NOW - 2 * DAY) == (status is CertificateStatus.REVOKED)


def test_reason() -> None:
    assert judged(crl(SERIAL, reason=x509.ReasonFlags.superseded)).reason == 4


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
FAULTY: dict[str, tuple[bytes, pki.Entity, set[Code]]] = {
    "stale": (crl(next_update=NOW - 2 * SKEW), INTER, {Code.STALE}),
    "of tomorrow": (crl(this_update=NOW + DAY), INTER, {Code.NOT_YET_VALID}),
    "signature broken": (crl()[:-1] + b"\x00", INTER, {Code.SIGNATURE_INVALID}),
    "signed with another key": (crl(signed_by=STRANGER.key), INTER, {Code.SIGNATURE_INVALID}),
    "another issuer's": (crl(issuer=STRANGER), INTER, {Code.OTHER_ISSUER, Code.SIGNATURE_INVALID}),
    "issuer may not sign lists": (crl(), NO_CRL, {Code.SIGNER_UNAUTHORISED}),
    "critical extension": (crl(extensions=((UNKNOWN, True),)), INTER, {Code.UNKNOWN_CRITICAL_EXTENSION}),
    "for CAs only": (
        crl(extensions=(point(only_contains_ca_certs=True),)),
        INTER,
        {Code.UNKNOWN_CRITICAL_EXTENSION},
    ),
    "indirect": (crl(extensions=(point(indirect_crl=True),)), INTER, {Code.UNKNOWN_CRITICAL_EXTENSION}),
    "some reasons": (
        crl(extensions=(point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])),)),
        INTER,
        {Code.UNKNOWN_CRITICAL_EXTENSION},
    ),
    "delta": (
        crl(extensions=((x509.DeltaCRLIndicator(3), True),)),
        INTER,
        {Code.UNKNOWN_CRITICAL_EXTENSION},
    ),
    "cut short": (crl()[:-9], INTER, {Code.MALFORMED}),
    "nothing": (b"", INTER, {Code.MALFORMED}),
}


@pytest.mark.parametrize(("octets", "issuer", "codes"), FAULTY.values(), ids=FAULTY)
def test_faulty(octets: bytes, issuer: pki.Entity, codes: set[Code]) -> None:
    found = judged(octets, issuer)
    assert {problem.code for problem in found.problems} == codes
    assert not found.holds


@pytest.mark.parametrize("octets", [crl(SERIAL, number=False), crl(SERIAL, number_critical=True)])
def test_the_number_is_form_only(octets: bytes) -> None:
    found = judged(octets)
    assert [problem.code for problem in found.problems] == [Code.FORM]
    assert found.holds
    assert found.status is CertificateStatus.REVOKED


def test_what_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OCTETS", 100)
    assert [problem.code for problem in judged(crl()).problems] == [Code.TOO_LARGE]


def test_a_list_of_one_distribution_point() -> None:
    """Of a list in parts only the part that the certificate names can say that it is good."""
    urls = [x509.UniformResourceIdentifier(f"http://crl.example.net/{n}.crl") for n in range(2)]
    own = x509.CRLDistributionPoints([x509.DistributionPoint([urls[0]], None, None, None)])
    leaf = issue("mx.example.org", pki.leaf_wish(extra=[("2.5.29.31", False, own.public_bytes())]), INTER)
    assert leaf.fact.crl_urls == ("http://crl.example.net/0.crl",)
    for url, codes in ((urls[0], []), (urls[1], [Code.OTHER_CERTIFICATE])):
        octets = crl(extensions=(point(full_name=[url], only_contains_user_certs=True),))
        found = judge_crl(octets, leaf.fact, INTER.fact, NOW)
        assert [problem.code for problem in found.problems] == codes


def test_another_issuers_list_says_nothing_of_the_serial_number() -> None:
    assert judged(crl(SERIAL, issuer=STRANGER)).status is CertificateStatus.UNTOLD


def test_a_long_list_is_looked_through() -> None:
    serials = range(10**9, 10**9 + 20000)
    octets = crl(*serials, SERIAL)
    assert judged(octets).status is CertificateStatus.REVOKED


def test_openssl_finds_the_same(tmp_path: Path) -> None:
    for revoked in (True, False):
        paths = {name: tmp_path / name for name in ("leaf", "inter", "crl")}
        paths["leaf"].write_text(pki.pem(LEAF.der))
        paths["inter"].write_text(pki.pem(INTER.der))
        octets = crl(SERIAL if revoked else 5)
        paths["crl"].write_text(pki.pem(octets).replace("CERTIFICATE", "X509 CRL"))
        command = f"openssl verify -crl_check -partial_chain -attime {int(NOW.timestamp())}"
        command += f" -CAfile {paths['inter']} -CRLfile {paths['crl']} {paths['leaf']}"
        done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        assert ("error 23" in done.stderr) == revoked, done.stderr
        assert (judged(octets).status is CertificateStatus.REVOKED) == revoked


SOUND = crl(1, SERIAL)


@given(st.data())
def test_never_raises(data: st.DataObject) -> None:
    octets = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(octets)))
    assert isinstance(judged(bytes(octets)), RevocationVerdict)
    assert judged(bytes(octets[:cut])).problems or cut == len(octets)
