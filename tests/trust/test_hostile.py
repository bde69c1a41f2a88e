"""Hostile input: nothing raises, and nothing takes long. Work is counted, not timed."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import pki
from tests.trust.pki import CA, NOW, Entity, Wish, issue, leaf_wish
from tests.trust.scenarios import INTER, LEAF, ROOT, everything
from tests.trust.statements import crl, response
from waxseal.trust import chain as chain_module
from waxseal.trust.certificate import parse
from waxseal.trust.chain import MAX_DEPTH, MAX_SIGNATURES, ChainProof, ProblemCode, verify
from waxseal.trust.constraints import MAX_COMPARISONS, Comparisons
from waxseal.trust.names import match, names_presented
from waxseal.trust.reading import MAX_OCTETS
from waxseal.trust.signature import signature_fault
from waxseal.trust.strength import key_weakness, signature_weakness


def look_at(octets: bytes, *sent: bytes) -> ChainProof:
    fact = parse(octets)
    match(fact, "mx.example.org")
    match(fact, "192.0.2.1")
    names_presented(fact)
    key_weakness(fact)
    signature_weakness(fact)
    proof = verify((fact, *map(parse, sent)), (ROOT.der, octets), NOW)
    assert proof.trusted == (not proof.problems and proof.path[-1].anchor)
    return proof


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    assert parse(octets).sha256
    look_at(octets)


CERTIFICATES = st.sampled_from(sorted({octets for each in everything() for octets in each.chain}))


@settings(deadline=None)
@given(CERTIFICATES, st.data())
def test_mutated_certificates(octets: bytes, data: st.DataObject) -> None:
    mutated = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    look_at(bytes(mutated), INTER.der)
    look_at(LEAF.der, bytes(mutated))


@settings(deadline=None)
@given(CERTIFICATES, st.integers(0, 2000), st.integers(0, 8), st.binary(max_size=8))
def test_certificates_cut_and_filled(octets: bytes, at: int, cut: int, filling: bytes) -> None:
    look_at(octets[:at] + filling + octets[at + cut :], INTER.der)


def all_alike(count: int) -> list[Entity]:
    """Certificates of one name and one key, each of which may have issued each."""
    return [issue("One", Wish(ca=True, serial=n + 1)) for n in range(count)]


def all_namesakes(count: int) -> list[Entity]:
    """Certificates of one name and as many keys."""
    wish = {"ca": True, "key_ids": False}
    return [issue("One", Wish(**wish, serial=n + 1), own=pki.key(f"{n}")) for n in range(count)]  # type: ignore[arg-type]


def a_ladder(count: int) -> list[Entity]:
    """Each issued by the next."""
    found = [issue("Rung 0", CA)]
    for n in range(1, count):
        found.insert(0, issue(f"Rung {n}", CA, found[0]))
    return found


def a_mesh(count: int) -> list[Entity]:
    """A few CAs, each of which has issued each other."""
    cas = [issue(f"CA {n}", CA) for n in range(10)]
    pairs = [(one, two) for one in range(10) for two in range(10) if one != two]
    return [issue(f"CA {one}", CA, cas[two]) for one, two in pairs][:count]


@pytest.mark.parametrize("make", [all_alike, all_namesakes, a_ladder, a_mesh])
def test_a_hundred_certificates(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []

    def counted(*given: Any) -> str:
        checked.append(1)
        return signature_fault(*given)

    monkeypatch.setattr(chain_module, "signature_fault", counted)
    sent = make(100)
    leaf = issue("mx.example.org", leaf_wish(key_ids=make is not all_namesakes), sent[0])
    proof = verify((leaf.fact, *(each.fact for each in sent)), (ROOT.der,), NOW)
    assert not proof.trusted
    assert len(checked) <= MAX_SIGNATURES
    assert len(proof.path) <= MAX_DEPTH
    assert proof.problems


def test_a_deep_chain_says_so() -> None:
    rungs = a_ladder(MAX_DEPTH + 2)
    proof = verify(tuple(each.fact for each in rungs[:-1]), (rungs[-1].der,), NOW)
    assert [each.code for each in proof.problems if each.code is ProblemCode.TOO_COMPLEX]
    assert not proof.trusted


def test_the_deepest_chain_allowed() -> None:
    rungs = a_ladder(MAX_DEPTH - 1)
    leaf = issue("mx.example.org", leaf_wish(), rungs[0])
    assert verify((leaf.fact, *(each.fact for each in rungs[:-1])), (rungs[-1].der,), NOW).trusted


def test_many_names_under_many_constraints() -> None:
    permitted = [x509.DNSName(f"n{n}.example") for n in range(600)]
    inter = issue("Limited", Wish(ca=True, permitted=permitted), ROOT)
    leaf = issue("", leaf_wish(*(f"m{n}.example" for n in range(600))), inter, own=pki.key("leaf"))
    proof = verify((leaf.fact, inter.fact), (ROOT.der,), NOW)
    assert MAX_COMPARISONS < 600 * 600
    assert [each.code for each in proof.problems] == [ProblemCode.TOO_COMPLEX]


def test_the_budget_of_comparisons() -> None:
    budget = Comparisons(10)
    assert budget.spend(10)
    assert not budget.spend(1)


def test_a_huge_certificate_is_not_read() -> None:
    fact = parse(b"\x30\x84\x00\x10\x00\x00" + bytes(MAX_OCTETS))
    assert fact.sha256
    assert [each.rule for each in fact.deviations] == ["certificate-too-large"]
    assert not verify((fact,), (ROOT.der,), NOW).trusted


def test_the_fuzz_target_without_its_engine() -> None:
    path = Path(__file__).parents[2] / "fuzz" / "fuzz_certificate.py"
    spec = importlib.util.spec_from_file_location("fuzz_certificate", path)
    assert spec is not None
    assert spec.loader is not None
    target = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(target)
    for octets in (b"", b"\x00", LEAF.der, LEAF.der + INTER.der, b"\xff" * 40):
        target.fuzz_one(octets)


def test_the_fuzz_target_of_statements_without_its_engine() -> None:
    path = Path(__file__).parents[2] / "fuzz" / "fuzz_ocsp.py"
    spec = importlib.util.spec_from_file_location("fuzz_ocsp", path)
    assert spec is not None
    assert spec.loader is not None
    target = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(target)
    url, answer = b"http://a.example/x", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
    for kind in range(4):
        for octets in (b"", b"\x00", LEAF.der, response(), crl(1), url, answer, b"\x00\x02\x00\x00"):
            target.fuzz_one(bytes((kind,)) + octets)
