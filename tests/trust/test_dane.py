"""TLSA matching: the vectors of tests/data/tlsa-vectors.toml, OpenSSL's word on them, and odd octets."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.trust import pki
from tests.trust.tlsa_world import NOW, Vector, entities, vectors
from waxseal.facts import TlsaRecord
from waxseal.trust import dane
from waxseal.trust.certificate import parse
from waxseal.trust.dane import MatchFault

VECTORS = vectors()
COMPARED = [vector for vector in VECTORS if not vector.differs and len(vector.names) == 1]


def proof_of(vector: Vector) -> dane.DaneProof:
    chain = tuple(entities()[name].fact for name in vector.chain)
    return dane.verify(vector.tlsa, chain, vector.names, NOW)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector: Vector) -> None:
    proof = proof_of(vector)
    assert [match.fault.value if match.fault else "match" for match in proof.matches] == list(vector.each)
    assert proof.holds is vector.holds
    assert proof.usable is any(each != "unusable" for each in vector.each)
    assert all(bool(match.why) is not match.holds for match in proof.matches)
    if vector.combinations is not None:
        assert tuple(str(each) for each in proof.combinations if each.holds) == vector.combinations


def test_there_are_enough_vectors() -> None:
    assert len(VECTORS) >= 40
    assert len(COMPARED) >= 20
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)


def test_the_anchor_that_the_path_reaches_is_named() -> None:
    world = entities()
    chain = tuple(world[name].fact for name in ("leaf", "root", "inter"))
    proof = dane.verify([dane.record_for(world["root"].fact, 2, 0, 1)], chain, ("mx.example.org",), NOW)
    assert [match.depth for match in proof.matches] == [1]


def test_a_sound_path_is_not_remembered_beyond_its_dates() -> None:
    world = entities()
    chain = (world["leaf"].fact, world["inter"].fact)
    records = [dane.record_for(chain[1], 2, 0, 1)]
    end = chain[0].not_after
    assert end is not None
    for _ in range(2):
        assert dane.verify(records, chain, ("mx.example.org",), NOW).holds
        assert dane.verify(records, chain, ("mx.example.org",), end).holds
        late = dane.verify(records, chain, ("mx.example.org",), end + pki.DAY)
        assert [match.fault for match in late.matches] == [MatchFault.CHAIN]


def test_usage_2_without_names_or_certificates() -> None:
    chain = (entities()["leaf"].fact, entities()["inter"].fact)
    records = [dane.record_for(chain[1], 2, 0, 1)]
    assert [match.fault for match in dane.verify(records, chain, (), NOW).matches] == [MatchFault.NAME]
    assert [match.fault for match in dane.verify(records, (), (), NOW).matches] == [MatchFault.UNMATCHED]


def test_a_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        dane.verify([], (), (), datetime(2025, 6, 1))  # noqa: DTZ001


def test_an_association_of_unknown_parameters_or_without_a_key() -> None:
    leaf = entities()["leaf"].fact
    for selector, matching_type in ((2, 1), (1, 3), (255, 255)):
        with pytest.raises(ValueError, match="no association"):
            dane.association(leaf, selector, matching_type)
    with pytest.raises(ValueError, match="key"):
        dane.association(parse(b"no certificate"), 1, 1)
    assert len(dane.association(parse(b"no certificate"), 0, 1)) == 32


def test_a_certificate_without_a_readable_key_matches_no_key() -> None:
    chain = (parse(b"\x30\x00"),)
    records = [TlsaRecord(3, 1, 1, bytes(32)), dane.record_for(chain[0], 3, 0, 1)]
    proof = dane.verify(records, chain, (), NOW)
    assert [match.fault for match in proof.matches] == [MatchFault.UNMATCHED, None]


octets = st.binary(max_size=80) | st.sampled_from([entities()[n].der for n in ("root", "inter", "leaf")])
numbers = st.sampled_from([0, 1, 2, 3, 4, 255])


@given(
    records=st.lists(st.builds(TlsaRecord, numbers, numbers, numbers, octets), max_size=5),
    chain=st.lists(octets, max_size=4),
    names=st.lists(st.text(max_size=20), max_size=3),
)
def test_nothing_received_raises(records: list[TlsaRecord], chain: list[bytes], names: list[str]) -> None:
    proof = dane.verify(records, tuple(map(parse, chain)), tuple(names), NOW)
    assert len(proof.matches) == len(records)
    assert proof.holds is any(match.holds for match in proof.matches)
    assert proof.holds <= any(each.holds for each in proof.combinations)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dane")


@contextmanager
def server(chain: tuple[str, ...], folder: Path) -> Iterator[int]:
    """``openssl s_server`` that shows a chain."""
    world = entities()
    key = world[chain[0]].key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    (folder / "leaf.pem").write_text(pki.pem(world[chain[0]].der))
    (folder / "rest.pem").write_text("".join(pki.pem(world[name].der) for name in chain[1:]))
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "leaf.pem", "-key", "key.pem"]
    command += ["-cert_chain", "rest.pem"] if chain[1:] else []
    said = folder / "said"
    asked = {"stdin": subprocess.PIPE, "stderr": subprocess.STDOUT}  # at the end of its input it would end
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, **asked)  # type: ignore[call-overload]
    with process:
        try:
            yield accepting_at(said)
        finally:
            process.kill()


def accepting_at(said: Path) -> int:
    """The port that the server chose itself: one that is chosen for it may be another's by then."""
    for _ in range(200):
        found = re.search(rb"^ACCEPT 127\.0\.0\.1:(\d+)\s", said.read_bytes(), re.MULTILINE)
        if found is not None:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(said.read_text(errors="replace"))


@pytest.mark.real
@pytest.mark.parametrize("chain", sorted({vector.chain for vector in COMPARED}), ids=" ".join)
def test_openssl_decides_the_same(chain: tuple[str, ...], folder: Path) -> None:
    with server(chain, folder) as port:
        for vector in COMPARED:
            if vector.chain == chain:
                assert openssl_holds(vector, port) is vector.holds, vector.name


def openssl_holds(vector: Vector, port: int) -> bool:
    """Whether ``openssl s_client`` verifies the server by these records, SMTP's rule for names included."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-attime", str(int(NOW.timestamp()))]
    command += ["-dane_tlsa_domain", vector.names[0], "-dane_ee_no_namechecks"]
    for tlsa in vector.tlsa:
        command += ["-dane_tlsa_rrdata", str(tlsa)]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=30, check=False)
    # Without a certificate, s_client says "Verify return code: 0 (ok)", too.
    assert "Server certificate" in done.stdout, done.stdout + done.stderr
    return "Verify return code: 0 (ok)" in done.stdout
