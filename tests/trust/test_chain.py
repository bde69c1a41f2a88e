"""Every problem code fires where it should and nowhere else, and the decision is OpenSSL's."""

import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.trust import pki
from tests.trust.pki import CA, NOW, issue, leaf_wish
from tests.trust.scenarios import DIRECT, INTER, LEAF, ROOT, Scenario, everything
from waxseal.trust.certificate import parse
from waxseal.trust.chain import CLIENT_AUTH, ChainProof, Problem, ProblemCode, issuer_of, verify


def proof_of(scenario: Scenario) -> ChainProof:
    return verify(tuple(parse(octets) for octets in scenario.chain), scenario.anchors, scenario.at)


by_name = pytest.mark.parametrize("scenario", everything(), ids=lambda scenario: scenario.name)


@by_name
def test_every_problem_and_no_other(scenario: Scenario) -> None:
    proof = proof_of(scenario)
    assert Counter((each.code, each.depth) for each in proof.problems) == Counter(scenario.faults)
    assert proof.trusted == (not scenario.faults)
    assert proof.superfluous == scenario.superfluous
    assert proof.root_sent == scenario.root_sent
    assert proof.out_of_order == scenario.out_of_order


@by_name
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_openssl_decides_the_same(scenario: Scenario, tmp_path: Path) -> None:
    trusted, said = pki.openssl_trusts(scenario.chain, scenario.anchors, scenario.at, tmp_path)
    assert (trusted == proof_of(scenario).trusted) == (not scenario.differs), said


def test_every_problem_code_is_in_the_table() -> None:
    fired = {code for scenario in everything() for code, _ in scenario.faults}
    elsewhere = {ProblemCode.NO_CERTIFICATE, ProblemCode.TOO_COMPLEX, ProblemCode.DEPTH_EXCEEDED}
    assert fired | elsewhere == set(ProblemCode)


@by_name
def test_the_detail_is_a_sentence_for_people(scenario: Scenario) -> None:
    for problem in proof_of(scenario).problems:
        assert problem.detail.isprintable()
        assert len(problem.detail) < 1000
        assert problem.detail


def test_the_path_goes_from_leaf_to_anchor() -> None:
    proof = verify((LEAF.fact, INTER.fact), (ROOT.der,), NOW)
    assert [(step.index, step.subject, step.anchor) for step in proof.path] == [
        (0, "CN=mx.example.org", False),
        (1, "CN=Inter", False),
        (None, "CN=Root", True),
    ]
    assert proof.path[0].sha256 == LEAF.fact.sha256


def test_a_sent_root_that_is_the_anchor_keeps_its_place() -> None:
    proof = verify((DIRECT.fact, ROOT.fact), (ROOT.der,), NOW)
    assert [(step.index, step.anchor) for step in proof.path] == [(0, False), (1, True)]


def test_an_intermediate_that_is_an_anchor_ends_the_path() -> None:
    proof = verify((LEAF.fact, INTER.fact), (INTER.der, ROOT.der), NOW)
    assert proof.trusted
    assert [step.subject for step in proof.path] == ["CN=mx.example.org", "CN=Inter"]


def test_nothing_sent() -> None:
    proof = verify((), (ROOT.der,), NOW)
    assert not proof.trusted
    assert proof.problems == (Problem(ProblemCode.NO_CERTIFICATE, 0, "nothing was sent"),)
    assert proof.path == ()


def test_another_purpose_can_be_asked_for() -> None:
    client = issue("relay.example.org", leaf_wish(purposes=(pki.CLIENT,)), ROOT)
    assert verify((client.fact,), (ROOT.der,), NOW, CLIENT_AUTH).trusted
    assert not verify((client.fact,), (ROOT.der,), NOW).trusted
    assert not verify((DIRECT.fact,), (ROOT.der,), NOW, CLIENT_AUTH).trusted


def test_details_name_the_particulars() -> None:
    place = "http://ca.example/inter.cer"
    leaf = issue("mx.example.org", leaf_wish(caissuers=place), INTER)
    (missing,) = verify((leaf.fact,), (ROOT.der,), NOW).problems
    assert missing.detail == f"CN=Inter was not sent and is no trust anchor; it can be had at {place}"
    namesake = issue("Root", CA, own=pki.key("namesake"))
    (other,) = verify((DIRECT.fact,), (namesake.der,), NOW).problems
    assert other.detail == "CN=Root is at hand only with another key identifier"


def test_authority_key_by_issuer_and_serial() -> None:
    """A key named by issuer and serial number must be that certificate's (RFC 5280 §4.2.1.1)."""
    for serial, trusted in ((0x1234567890, True), (0x42, False)):
        part = pki.encode(0x82, serial.to_bytes((serial.bit_length() + 7) // 8))
        named = pki.extension("2.5.29.35", pki.encode(0x30, part))
        leaf = pki.with_extensions(DIRECT, ROOT.key, named)
        assert verify((leaf.fact,), (ROOT.der,), NOW).trusted == trusted


def test_recorded_facts_are_proved_from_their_octets() -> None:
    stale = replace(LEAF.fact, not_after=None, issuer="", key_usage=())
    assert verify((stale, INTER.fact), (ROOT.der,), NOW).trusted


def test_a_moment_without_a_time_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        verify((LEAF.fact,), (ROOT.der,), datetime(2025, 6, 1))  # noqa: DTZ001


@pytest.mark.parametrize(("limit", "trusted"), [(None, True), (2, True), (1, False), (0, False)])
def test_a_limit_of_intermediates(limit: int | None, trusted: bool) -> None:
    upper = issue("Upper", CA, ROOT)
    lower = issue("Lower", CA, upper)
    leaf = issue("mx.example.org", leaf_wish(), lower)
    chain = (leaf.fact, lower.fact, upper.fact)
    proof = verify(chain, (ROOT.der,), NOW, intermediates_limit=limit)
    assert proof.trusted == trusted
    codes = [each.code for each in proof.problems]
    assert codes == ([] if trusted else [ProblemCode.DEPTH_EXCEEDED])


def test_the_issuer_is_who_signed() -> None:
    assert issuer_of((LEAF.fact, INTER.fact), (ROOT.der,), NOW) == INTER.fact
    assert issuer_of((DIRECT.fact,), (ROOT.der,), NOW) == ROOT.fact
    assert issuer_of((LEAF.fact,), (ROOT.der,), NOW) is None
    namesake = issue("Inter", CA, ROOT, own=pki.key("another inter"))
    no_ids = issue("mx.example.org", leaf_wish(key_ids=False), INTER)
    assert issuer_of((no_ids.fact, namesake.fact), (ROOT.der,), NOW) is None
