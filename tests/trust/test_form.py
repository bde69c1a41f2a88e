"""Breaches of form are told with their source, and take no trust away."""

from typing import Any

import pytest
from cryptography import x509

from tests.trust import pki
from tests.trust.pki import CA, NOW, Entity, Wish, issue, leaf_wish
from tests.trust.scenarios import INTER, ROOT
from waxseal.trust.chain import verify
from waxseal.trust.proof import FormCode, FormFault


def faults(chain: tuple[Entity, ...], *anchors: Entity) -> tuple[FormFault, ...]:
    proof = verify(tuple(each.fact for each in chain), tuple(each.der for each in anchors or (ROOT,)), NOW)
    assert proof.trusted
    return proof.form


def leaf(**changes: Any) -> Entity:
    return issue("mx.example.org", leaf_wish(**changes), INTER)


def test_a_sound_chain_has_none() -> None:
    assert faults((leaf(), INTER)) == ()


NOT_CRITICAL = [("2.5.29.30", False, bytes.fromhex("300fa00d300b8209") + b"a.example")]
CASES: dict[str, tuple[tuple[Entity, ...], FormCode, int, str]] = {
    "no key identifiers": ((leaf(key_ids=False), INTER), FormCode.AUTHORITY_KEY_ID, 0, "RFC 5280 §4.2.1.1"),
    "no purposes": ((leaf(purposes=None), INTER), FormCode.PURPOSE, 0, "CA/B BR §7.1.2.7.6"),
    "serial number zero": (
        (pki.rebuilt(leaf(), INTER.key, lambda f: [f[0], b"\x02\x01\x00", *f[2:]]), INTER),
        FormCode.MALFORMED,
        0,
        "RFC 5280 §4.1.2.2",
    ),
    "underscore": (
        (leaf(alt_names=[x509.DNSName("mx.example.org"), x509.DNSName("a_b.example.org")]), INTER),
        FormCode.NAME,
        0,
        "RFC 5280 §4.2.1.6",
    ),
    "a whole top level": (
        (leaf(alt_names=[x509.DNSName("mx.example.org"), x509.DNSName("*.org")]), INTER),
        FormCode.NAME,
        0,
        "CA/B BR §3.2.2.6",
    ),
    "common name elsewhere": (
        (leaf(alt_names=[x509.DNSName("a.example.org")]), INTER),
        FormCode.COMMON_NAME,
        0,
        "CA/B BR §7.1.4.3",
    ),
    "curve of 192 bits": (
        (issue("mx.example.org", leaf_wish(), INTER, own=pki.key("small", "ec192")), INTER),
        FormCode.KEY,
        0,
        "CA/B BR §6.1.5",
    ),
    "constraints of a leaf": (
        (leaf(permitted=[x509.DNSName("example.org")]), INTER),
        FormCode.NAME_CONSTRAINTS,
        0,
        "RFC 5280 §4.2.1.10",
    ),
}


@pytest.mark.parametrize(("chain", "code", "depth", "source"), CASES.values(), ids=CASES)
def test_each_is_told_once_with_its_source(
    chain: tuple[Entity, ...], code: FormCode, depth: int, source: str
) -> None:
    found = faults(chain)
    assert [(each.code, each.depth, each.source) for each in found] == [(code, depth, source)]
    assert found[0].detail.isprintable()


def test_an_intermediate_without_a_key_identifier() -> None:
    inter = issue("Inter", Wish(ca=True, key_usage=pki.CA_USAGE, key_ids=False), ROOT)
    found = faults((leaf(key_ids=True), inter))
    assert {(each.code, each.depth) for each in found} == {
        (FormCode.SUBJECT_KEY_ID, 1),
        (FormCode.AUTHORITY_KEY_ID, 1),
    }


def test_an_anchor_is_not_asked_for_its_issuer() -> None:
    other = issue("Other", CA)
    crossed = issue("Inter", Wish(ca=True, key_usage=pki.CA_USAGE), other)
    assert faults((leaf(),), crossed) == ()
