"""OCSP responses: every problem fires where it should and nowhere else; OpenSSL's responder is understood."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp as library
from hypothesis import given
from hypothesis import strategies as st

from tests.trust import pki
from tests.trust.pki import CA, DAY, NOW, issue
from tests.trust.statements import (
    GOOD,
    INTER,
    LEAF,
    OTHER_LEAF,
    REVOKED,
    ROOT,
    SIGNER,
    SIGNER_WISH,
    UNKNOWN,
    response,
)
from waxseal.trust.ocsp import MAX_OCTETS, OcspVerdict, judge_ocsp, ocsp_request
from waxseal.trust.revocation import SKEW, CertificateStatus
from waxseal.trust.revocation import RevocationCode as Code

STRANGER = issue("Stranger", CA)
SAME_NAME = issue("Inter", CA, STRANGER, own=pki.key("another inter"))


def judged(octets: bytes) -> OcspVerdict:
    return judge_ocsp(octets, LEAF.fact, INTER.fact, NOW)


def signer(**changes: Any) -> pki.Entity:
    wish = {name: getattr(SIGNER_WISH, name) for name in SIGNER_WISH.__dataclass_fields__} | changes
    return issue("OCSP Signer", pki.Wish(**wish), INTER)


SOUND: dict[str, dict[str, Any]] = {
    "by the issuer": {},
    "named by hash": {"by_hash": True},
    "CertID of SHA-256": {"digest": hashes.SHA256()},
    "delegated": {"signer": SIGNER, "certificates": (SIGNER,)},
    "delegated, by hash": {"signer": SIGNER, "certificates": (SIGNER,), "by_hash": True},
    "delegated, among others": {"signer": SIGNER, "certificates": (ROOT, SIGNER)},
    "with a nonce nobody asked for": {"extension": x509.OCSPNonce(b"12345678")},
    "just within the skew": {"next_update": NOW - SKEW},
}


@pytest.mark.parametrize("wish", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("status", [GOOD, REVOKED, UNKNOWN])
def test_sound(wish: dict[str, Any], status: library.OCSPCertStatus) -> None:
    found = judged(response(status=status, **wish))
    assert found.problems == ()
    assert found.holds
    assert found.status is CertificateStatus[status.name]
    assert found.this_update == NOW - DAY
    assert found.delegated == (wish.get("signer") is SIGNER)
    assert (found.revoked_at == NOW - 2 * DAY) == (status is REVOKED)


def test_reason() -> None:
    found = judged(response(status=REVOKED, reason=x509.ReasonFlags.key_compromise))
    assert found.reason == 1


SELF_APPOINTED = issue("OCSP Signer", SIGNER_WISH, SAME_NAME)
FAULTY: dict[str, tuple[bytes, Code]] = {
    "stale": (response(next_update=NOW - 2 * SKEW), Code.STALE),
    "of tomorrow": (response(this_update=NOW + DAY, next_update=NOW + 2 * DAY), Code.NOT_YET_VALID),
    "for another certificate": (response(leaf=OTHER_LEAF), Code.OTHER_CERTIFICATE),
    "for another issuer": (response(issuer=SAME_NAME), Code.OTHER_CERTIFICATE),
    "signature broken": (response()[:-1] + b"\x00", Code.SIGNATURE_INVALID),
    "signed with another key": (response(signer=SAME_NAME), Code.SIGNATURE_INVALID),
    "responder not sent": (response(signer=SIGNER), Code.SIGNER_UNAUTHORISED),
    "responder not for signing": (
        response(signer=(plain := signer(purposes=None)), certificates=(plain,)),
        Code.SIGNER_UNAUTHORISED,
    ),
    "responder expired": (
        response(signer=(old := signer(not_after=NOW - DAY)), certificates=(old,)),
        Code.SIGNER_UNAUTHORISED,
    ),
    "responder of a namesake": (
        response(signer=SELF_APPOINTED, certificates=(SELF_APPOINTED,)),
        Code.SIGNER_UNAUTHORISED,
    ),
    "responder of a stranger": (
        response(signer=STRANGER, certificates=(STRANGER,)),
        Code.SIGNER_UNAUTHORISED,
    ),
    "critical extension": (
        response(extension=x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b""), critical=True),
        Code.UNKNOWN_CRITICAL_EXTENSION,
    ),
    "try later": (
        library.OCSPResponseBuilder.build_unsuccessful(library.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        Code.NOT_SUCCESSFUL,
    ),
    "cut short": (response()[:-9], Code.MALFORMED),
    "nothing": (b"", Code.MALFORMED),
    "HTML": (b"<html>", Code.MALFORMED),
    "too large": (bytes(MAX_OCTETS + 1), Code.TOO_LARGE),
}


@pytest.mark.parametrize(("octets", "code"), FAULTY.values(), ids=FAULTY)
def test_faulty(octets: bytes, code: Code) -> None:
    found = judged(octets)
    assert {problem.code for problem in found.problems} == {code}
    assert not found.holds


def test_no_end_is_a_breach_of_form_only() -> None:
    found = judged(response(next_update=None))
    assert [problem.code for problem in found.problems] == [Code.FORM]
    assert found.holds


def test_several_problems_at_once() -> None:
    found = judged(response(next_update=NOW - DAY, signer=SAME_NAME))
    assert {problem.code for problem in found.problems} == {Code.STALE, Code.SIGNATURE_INVALID}
    assert found.status is CertificateStatus.GOOD


def test_request_is_what_the_library_reads() -> None:
    octets = ocsp_request(LEAF.fact, INTER.fact)
    assert octets is not None
    read = library.load_der_ocsp_request(octets)
    built = library.OCSPRequestBuilder().add_certificate(LEAF.x509, INTER.x509, hashes.SHA1()).build()
    assert read.serial_number == LEAF.x509.serial_number
    assert octets == built.public_bytes(Encoding.DER)


def test_no_request_without_a_serial_number() -> None:
    garbage = pki.Entity(bytes.fromhex("30053003020101ff"), None)
    assert ocsp_request(garbage.fact, INTER.fact) is None


@pytest.mark.parametrize("flag", ["V", "R"])
def test_openssl_answers(flag: str, tmp_path: Path) -> None:
    """The request goes to ``openssl ocsp``, and its answer is understood; it is dated by the wall clock."""
    for role, entity in (("leaf", LEAF), ("inter", INTER)):
        (tmp_path / f"{role}.pem").write_text(pki.pem(entity.der))
    key = INTER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "inter.key").write_bytes(key)
    revoked = "250501000000Z,keyCompromise" if flag == "R" else ""
    serial = f"{LEAF.x509.serial_number:X}"
    serial = serial.zfill(len(serial) + len(serial) % 2)
    row = "\t".join([flag, "300101000000Z", revoked, serial, "unknown", "/CN=mx.example.org"])
    (tmp_path / "index.txt").write_text(row + "\n")
    request = ocsp_request(LEAF.fact, INTER.fact)
    assert request is not None
    (tmp_path / "request").write_bytes(request)
    command = "openssl ocsp -index index.txt -CA inter.pem -rsigner inter.pem -rkey inter.key"
    command += " -reqin request -respout response -ndays 3"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (tmp_path / "response").exists(), done.stderr
    octets = (tmp_path / "response").read_bytes()
    made_at = library.load_der_ocsp_response(octets).produced_at_utc
    found = judge_ocsp(octets, LEAF.fact, INTER.fact, made_at)
    assert found.problems == ()
    assert found.status is (CertificateStatus.REVOKED if flag == "R" else CertificateStatus.GOOD)
    assert found.reason == (1 if flag == "R" else None)


@given(st.binary(max_size=60))
def test_never_raises(octets: bytes) -> None:
    assert judged(octets).problems


DELEGATED = response(signer=SIGNER, certificates=(SIGNER,))


@given(st.data())
def test_never_raises_on_what_is_almost_one(data: st.DataObject) -> None:
    octets = bytearray(DELEGATED)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    found = judged(bytes(octets))
    assert isinstance(found, OcspVerdict)
    if bytes(octets) == DELEGATED:
        assert found.holds
