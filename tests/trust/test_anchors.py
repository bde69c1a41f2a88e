"""The store of roots and the choice among them."""

from tests.trust import pki
from tests.trust.pki import CA, issue
from tests.trust.scenarios import DIRECT, INTER, LEAF, ROOT, STRANGER
from waxseal.trust.anchors import RootStore, candidates


def test_the_id_does_not_depend_on_order_or_repetition() -> None:
    store = RootStore([ROOT.der, STRANGER.der], "mine")
    assert store.id == RootStore([STRANGER.der, ROOT.der, ROOT.der], "mine").id
    assert store.id.startswith("mine:")
    assert len(store.id) == len("mine:") + 16
    assert store.id != RootStore([ROOT.der], "mine").id
    assert store.size == 2


def test_roots_named_by_the_chain() -> None:
    twin = issue("Root", CA, own=pki.key("twin"))
    store = RootStore([STRANGER.der, ROOT.der, twin.der], "mine")
    assert set(candidates((DIRECT.fact,), store)) == {ROOT.der, twin.der}
    assert set(candidates((LEAF.fact, INTER.fact), store)) == {ROOT.der, twin.der}
    assert set(candidates((LEAF.fact, INTER.fact, ROOT.fact), store)) == {ROOT.der, twin.der}
    assert candidates((LEAF.fact,), store) == ()
    assert candidates((), store) == ()


def test_the_subject_counts_as_well() -> None:
    """A leaf that is a root, and a cross-certificate of one, bring the root in."""
    crossed = issue("Root", CA, STRANGER, own=ROOT.key)
    store = RootStore([ROOT.der], "mine")
    assert candidates((ROOT.fact,), store) == (ROOT.der,)
    assert candidates((INTER.fact, crossed.fact), store) == (ROOT.der,)


def test_names_are_compared_folded() -> None:
    shouting = pki.rebuilt(
        ROOT, ROOT.key, lambda fields: [f.replace(b"\x0c\x04Root", b"\x13\x04ROOT") for f in fields]
    )
    assert candidates((DIRECT.fact,), RootStore([shouting.der], "mine")) == (shouting.der,)


def test_what_is_no_certificate_is_kept_and_never_chosen() -> None:
    store = RootStore([b"", b"\x30\x00", b"\x30\x02\x30\x00", ROOT.der], "mine")
    assert store.size == 4
    assert candidates((DIRECT.fact, DIRECT.with_octets(b"").fact), store) == (ROOT.der,)


def test_a_nameless_subject_matches_no_nameless_issuer_by_accident() -> None:
    store = RootStore([ROOT.der], "mine")
    assert candidates((DIRECT.with_octets(b"hello").fact,), store) == ()
