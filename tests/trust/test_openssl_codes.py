"""OpenSSL's first error and its depth, by correspondence, against a real ``openssl verify``.

Codes without a depth are asked of the library behind ``ssl`` too, in ``tests/net/test_openssl_verify.py``.
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.trust.limbo import ders, moment, raw_cases
from tests.trust.openssl_agreement import openssl_says
from tests.trust.scenarios import Scenario, everything
from waxseal.trust.certificate import parse
from waxseal.trust.chain import CLIENT_AUTH, SERVER_AUTH, ChainProof, verify
from waxseal.trust.openssl_codes import NAMES, openssl_errors, openssl_name
from waxseal.trust.proof import Problem, ProblemCode

HERE = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")

DIFFERS = {
    "last second": "OpenSSL takes the last second for past",
    "the second of two namesakes will do": "OpenSSL looks at the first candidate only",
    "constraints: wildcard over excluded": "OpenSSL compares the wildcard as a label",
    "not a certificate": "the command cannot load it and gives no code",
}
"""The scenarios where the first error is another one, and why."""

LIMBO_AGREES = 191
"""In so many of limbo's 208 cases OpenSSL 3.0's first error has the code and depth told here."""


def first(proof: ChainProof) -> tuple[int, int] | None:
    errors = openssl_errors(proof)
    return (errors[0].code, errors[0].depth) if errors else None


@HERE
@pytest.mark.parametrize("scenario", everything(), ids=lambda scenario: scenario.name)
def test_first_error_and_depth(scenario: Scenario, tmp_path: Path) -> None:
    proof = verify(tuple(map(parse, scenario.chain)), scenario.anchors, scenario.at)
    _, said = openssl_says(scenario.chain, scenario.anchors, scenario.at, tmp_path)
    assert (first(proof) == (said[0] if said else None)) == (scenario.name not in DIFFERS), said


@HERE
def test_limbo(tmp_path: Path) -> None:
    agreed: Counter[bool] = Counter()
    for case in raw_cases():
        chain = ders([case["peer_certificate"], *case["untrusted_intermediates"]])
        anchors = ders(case["trusted_certs"])
        client = case["validation_kind"] == "CLIENT"
        purpose = CLIENT_AUTH if client else SERVER_AUTH
        proof = verify(tuple(map(parse, chain)), anchors, moment(case), purpose)
        _, said = openssl_says(chain, anchors, moment(case), tmp_path, "sslclient" if client else "sslserver")
        agreed[first(proof) == (said[0] if said else None)] += 1
    assert agreed[True] >= LIMBO_AGREES, agreed


def test_every_problem_has_a_code() -> None:
    for code in ProblemCode:
        errors = openssl_errors(ChainProof(False, problems=(Problem(code, 0, "x"),)))
        assert len(errors) == (code is not ProblemCode.NO_CERTIFICATE)
        assert all(NAMES[error.code] == error.name for error in errors)


def test_a_number_without_a_name() -> None:
    assert openssl_name(10) == "X509_V_ERR_CERT_HAS_EXPIRED"
    assert openssl_name(62) == "X509_V_ERR 62"
