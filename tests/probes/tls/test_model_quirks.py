"""The peels against servers with quirks: they end, and say nothing that is not so."""

import random
from collections.abc import Callable

import pytest

from tests.probes.tls.model import ModelServer
from tests.probes.tls.test_model import MAKER, possible, random_server
from waxseal.facts import Cause, Reaction
from waxseal.probes.tls.below13 import Below13
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.knowledge import VERSIONS, Knowledge
from waxseal.probes.tls.question import Strand
from waxseal.probes.tls.suites import signs
from waxseal.probes.tls.tls13 import Tls13Peel
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_suite_properties import suites_of_version

TLS_1_3, TLS_1_2, TLS_1_1, TLS_1_0 = 0x0304, 0x0303, 0x0302, 0x0301
RSA_SUITES = (0xC030, 0xC02F, 0x009D, 0x009C, 0xC014, 0xC013, 0x0035, 0x002F, 0x000A)
OLD_SUITES = (0xC014, 0xC013, 0x0035, 0x002F, 0x000A)
MOST_QUESTIONS = 300
NO_HELLO = frozenset(suites_of_version(TLS_1_3))


def server_with(**fields: object) -> ModelServer:
    """A server of an RSA key, TLS 1.0 to 1.3, with these fields otherwise."""
    suites = {TLS_1_3: (0x1302, 0x1301), TLS_1_2: RSA_SUITES, TLS_1_1: OLD_SUITES, TLS_1_0: OLD_SUITES}
    return ModelServer(**{"suites": suites, **fields})  # type: ignore[arg-type]


def ask_all(server: ModelServer, depth: Depth = Depth.FULL, *, knows: tuple[int, ...] = ()) -> Knowledge:
    """Everything but the single questions.

    Args:
        server: Who is asked.
        depth: How deep.
        knows: Versions that the main conversation is taken to have shown.
    """
    knowledge = Knowledge()
    for version in knows:
        knowledge.versions[version].accepted = True
    below = Below13(knowledge, MAKER, depth)
    strands: list[Strand] = [below.tls12(), below.older()]
    if depth is not Depth.GRADE:
        strands.insert(0, Tls13Peel(knowledge, MAKER, all_schemes=depth is Depth.FULL).ask())
    for strand in strands:
        assert len(server.play(strand)) <= MOST_QUESTIONS
    return knowledge


def nothing_false(server: ModelServer, knowledge: Knowledge) -> None:
    """What is accepted is there, and what is refused is not; what is undecided may be either."""
    for version in VERSIONS:
        known = knowledge.versions[version]
        there = set(possible(server, version)) if server.suites.get(version) else set()
        assert set(known.suites) <= there
        if known.accepted is False:
            assert not there, f"{known.name} is said to be refused"
        if known.accepted:
            refused = set(suites_of_version(version)) - {*known.suites, *known.undecided}
            assert refused & there == set(), known.name


def plausible_server(seed: int) -> ModelServer:
    """One list of suites for a row of versions, as real servers have it."""
    server = random_server(seed)
    draw = random.Random(seed)
    newest = draw.choice((TLS_1_3, TLS_1_3, TLS_1_2, TLS_1_0))
    oldest = draw.choice([v for v in (TLS_1_2, TLS_1_1, TLS_1_0, 0x0300) if v <= newest])
    usable = [s for s in suites_of_version(TLS_1_2) if signs(s) in ("", *server.keys) and s not in NO_HELLO]
    known = (*draw.sample(usable, draw.choice((2, 5, 12, 40))), 0x002F)
    for version in VERSIONS:
        able = suites_of_version(version)
        there = oldest <= version <= newest
        own = known if version < TLS_1_3 else (0x1302, 0x1301)
        server.suites[version] = tuple(dict.fromkeys(s for s in own if s in able)) if there else ()
    if "rsa" not in server.keys:
        server.keys = (*server.keys, "rsa")
    return server


@pytest.mark.parametrize("seed", range(150))
@pytest.mark.parametrize("depth", Depth)
def test_plausible_servers_at_every_depth(depth: Depth, seed: int) -> None:
    server = plausible_server(seed)
    knowledge = ask_all(server, depth)
    nothing_false(server, knowledge)
    for version in VERSIONS[1 if depth is Depth.GRADE else 0 :]:
        assert bool(knowledge.versions[version].accepted) is bool(possible(server, version))


@pytest.mark.parametrize("longest", [64, 100, 128, 200])
@pytest.mark.parametrize("closes", [False, True])
def test_a_server_that_refuses_long_lists_is_asked_in_parts(longest: int, closes: bool) -> None:
    server = server_with(longest_list=longest, closes=closes)
    knowledge = ask_all(server, knows=(TLS_1_3, TLS_1_2))
    known = knowledge.versions[TLS_1_2]
    assert sorted(known.suites) == sorted(RSA_SUITES)
    assert known.undecided == []
    assert knowledge.fact_suites().lists[1].order == "", "parts tell of no order"
    nothing_false(server, knowledge)


@pytest.mark.parametrize("closes", [False, True])
def test_a_server_that_refuses_newer_versions_instead_of_answering_with_its_own(closes: bool) -> None:
    suites = {TLS_1_0: OLD_SUITES, 0x0300: (0x0035, 0x000A)}
    server = server_with(suites=suites, newest=TLS_1_0, closes=closes)
    knowledge = ask_all(server)
    nothing_false(server, knowledge)
    assert knowledge.versions[TLS_1_0].suites == list(OLD_SUITES)
    assert knowledge.versions[TLS_1_2].accepted is False


@pytest.mark.parametrize("foreign", [0x002F, 0x1301, 0xC030, 0x0005])
@pytest.mark.parametrize("depth", Depth)
def test_a_server_that_selects_what_was_not_offered_ends_the_peel(foreign: int, depth: Depth) -> None:
    server = server_with(stubborn=foreign)
    knowledge = ask_all(server, depth)
    assert len(server.asked) < 30
    for known in knowledge.versions.values():
        assert set(known.suites) <= {foreign}


def long_ones(hello: ClientHello) -> bool:
    return len(hello.suites) > 60


def modern_ones(hello: ClientHello) -> bool:
    return 0xC030 in hello.suites


def young_ones(hello: ClientHello) -> bool:
    return hello.extension(43) is not None


def by_chance(hello: ClientHello) -> bool:
    return random.Random(hello.message()[-40:]).random() < 0.3


def every_one(hello: ClientHello) -> bool:
    return True


@pytest.mark.parametrize("silent", [long_ones, modern_ones, young_ones, by_chance, every_one])
@pytest.mark.parametrize("depth", Depth)
def test_silence_refuses_nothing(silent: Callable[[ClientHello], bool], depth: Depth) -> None:
    server = server_with()
    server.silent = silent
    knowledge = ask_all(server, depth)
    server.silent = lambda hello: False
    nothing_false(server, knowledge)
    for known in knowledge.versions.values():
        if known.accepted is None and known.reaction is not None:
            assert known.reaction.cause is Cause.TIMED_OUT
    if silent is every_one:
        assert all(known.accepted is None for known in knowledge.versions.values())


@pytest.mark.parametrize("order", ["class", "chacha", "client", "weakest"])
def test_orders(order: str) -> None:
    """By class, OpenSSL's PrioritizeChaCha, the client's, and from the weakest on."""
    chacha, both = (0xCCA8, 0xCCAA), (0xC030, 0x009F, 0xC02F, 0x009E, 0xC014, 0x0039, 0x009D)
    own = {"weakest": (*reversed(both), *chacha)}.get(order, (*both, *chacha))
    server = server_with(suites={TLS_1_3: (0x1302, 0x1301), TLS_1_2: own})
    server.own_order, server.prefers_chacha = order != "client", order == "chacha"
    knowledge = ask_all(server)
    known = knowledge.versions[TLS_1_2]
    assert sorted(known.suites) == sorted(own)
    if order != "client":
        assert known.suites == list(own)
    assert known.evidence.verdict(tuple(known.suites)) == ("client" if order == "client" else "server")


@pytest.mark.parametrize("curve", [23, 24, 25, 26])
@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("with_rsa", [False, True])
@pytest.mark.parametrize("own_order", [False, True])
def test_certificates_on_curves(curve: int, lists: bool, with_rsa: bool, own_order: bool) -> None:
    """Up to TLS 1.2 an EC certificate's curve has to be offered (RFC 8422 §5.3).

    A server that likes that curve better than others never shows those, so they stay undecided.
    """
    ecdsa = (0xC02C, 0xC02B, 0xC00A, 0xC009)
    rsa = (0xC030, 0xC02F, 0x009C) if with_rsa else ()
    server = server_with(
        suites={TLS_1_3: (0x1302, 0x1301), TLS_1_2: (*ecdsa, *rsa), TLS_1_0: ecdsa[2:]},
        keys=("ecdsa", "rsa") if with_rsa else ("ecdsa",),
        certificate_curve=curve,
        groups=(29, 23, 24, 25, 26),
        groups_13=(29, 23, 24, 25),
        schemes=(0x0403, 0x0503, 0x0603, 0x081A, 0x0804, 0x0401),
        lists_groups=lists,
        own_order=own_order,
    )
    knowledge = ask_all(server)
    known = knowledge.versions[TLS_1_2]
    assert sorted(known.suites) == sorted((*ecdsa, *rsa))
    assert {*known.groups.accepted, *known.groups.remaining} >= {23, 24, 25, 26, 29}
    if with_rsa or not own_order:
        assert sorted(known.groups.accepted) == [23, 24, 25, 26, 29]
        assert known.groups.remaining == []
    assert sorted(knowledge.versions[TLS_1_0].suites) == sorted(ecdsa[2:])
    assert sorted(knowledge.versions[TLS_1_3].suites) == [0x1301, 0x1302]
    nothing_false(server, knowledge)


def test_a_server_of_no_suite_at_all() -> None:
    server = server_with(suites={})
    knowledge = ask_all(server)
    assert all(known.accepted is False for known in knowledge.versions.values())
    assert knowledge.highest is None
    assert len(server.asked) <= len(VERSIONS)


def test_what_is_taken_back_is_undecided() -> None:
    """Refusals in doubt become undecided again, and only they."""
    server = server_with(closes=True)
    knowledge = ask_all(server)
    known = knowledge.versions[TLS_1_2]
    assert known.refusal is not None
    assert not knowledge.take_back([Reaction(Cause.CLOSED, elapsed_s=99.0)])
    assert known.undecided == []
    assert knowledge.take_back([known.refusal])
    assert sorted((*known.suites, *known.undecided)) == sorted(suites_of_version(TLS_1_2))
    assert known.suites == list(RSA_SUITES)
    nothing_false(server, knowledge)


class FailsWith(ModelServer):
    """Selects these suites as if they worked, and breaks off behind its ServerHello."""

    broken = (0xC02F, 0x009C)
    alert = b""

    def answer(self, octets: bytes) -> bytes | None:
        found = super().answer(octets)
        if not found or found[:1] != b"\x16" or int.from_bytes(found[44:46], "big") not in self.broken:
            return found
        hello = found[5 : 9 + int.from_bytes(found[6:9], "big")]
        return b"\x16\x03\x03" + len(hello).to_bytes(2, "big") + hello + self.alert


@pytest.mark.parametrize("alert", [b"", b"\x15\x03\x03\x00\x02\x02\x50"], ids=["closes", "alert"])
def test_a_suite_that_is_selected_and_then_fails_is_neither_accepted_nor_refused(alert: bytes) -> None:
    server = FailsWith({TLS_1_2: RSA_SUITES})
    server.alert = alert
    knowledge = ask_all(server, knows=(TLS_1_2,))
    known = knowledge.versions[TLS_1_2]
    assert known.suites == [suite for suite in RSA_SUITES if suite not in FailsWith.broken]
    assert sorted(known.undecided) == sorted(FailsWith.broken)
