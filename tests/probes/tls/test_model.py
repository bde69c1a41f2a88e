"""The peels against hundreds of servers that are functions: exact sets and order, few questions."""

import random

import pytest

from tests.probes.tls.model import ModelServer
from waxseal.probes.tls.below13 import Below13
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.suites import (
    family,
    shows_curve,
    signs,
)
from waxseal.probes.tls.tls13 import Tls13Peel
from waxseal.wire.tls_suite_properties import suites_of_version

ORDERS: list[int] = []
MAKER = HelloMaker("mx.example.test", 23)
CURVES = (29, 23, 24, 25, 30, 26, 27, 28, 22)
SCHEMES = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, 0x0202, 0x0403, 0x0503, 0x0603, 0x0203)


def random_server(seed: int) -> ModelServer:
    draw = random.Random(seed)
    keys = draw.choice((("rsa",), ("ecdsa",), ("rsa", "ecdsa"), ("rsa", "dsa")))
    groups = tuple(draw.sample(CURVES, draw.randint(1, 6)))
    if 23 not in groups:
        groups = (*groups, 23)
    suites = {}
    for version in (0x0304, 0x0303, 0x0302, 0x0301, 0x0300):
        known = suites_of_version(version)
        count = draw.choice((0, 1, 2, 3, 5, 9, 20, 45))
        suites[version] = tuple(draw.sample(known, min(count, len(known))))
    schemes = tuple(draw.sample(SCHEMES, draw.randint(1, len(SCHEMES))))
    return ModelServer(
        suites,
        groups=groups,
        groups_13=tuple(g for g in groups if g in (29, 23, 24, 25, 30)),
        schemes=tuple(dict.fromkeys((*schemes, 0x0403, 0x0503, 0x0603, 0x0804))),
        keys=keys,
        own_order=draw.random() < 0.6,
        lists_groups=draw.random() < 0.5,
        closes=draw.random() < 0.2,
        suite_first=draw.random() < 0.5,
        certificate_curve=draw.choice([curve for curve in (23, 24, 25, 26) if curve in groups]),
        prefers_chacha=draw.random() < 0.2,
    )


def possible(server: ModelServer, version: int) -> list[int]:
    """The suites of a version that a client can get at all, found by offering each one alone."""
    found = []
    for suite in suites_of_version(version):
        if suite not in server.suites[version]:
            continue
        hello = MAKER.tls13((suite,)).hello if version == 0x0304 else MAKER.up_to_12(version, (suite,))
        octets = server.answer(hello.records())
        if octets and octets[0] == 22:
            found.append(suite)
    server.asked.clear()
    return found


@pytest.mark.parametrize("seed", range(420))
def test_random_servers(seed: int) -> None:
    server = random_server(seed)
    knowledge = Knowledge()
    new = Tls13Peel(knowledge, MAKER)
    expected = possible(server, 0x0304)
    about = server.play(new.ask())
    known = knowledge.versions[0x0304]
    asked_suites = about.count("suites TLSv1.3")
    assert sorted(known.suites) == sorted(expected)
    assert known.undecided == []
    if expected:
        assert known.groups.remaining == []
        assert sorted(known.groups.accepted) == sorted(server.groups_13)
    assert len(about) <= len(expected) + 1 + len(known.groups.accepted) + 1 + len(known.schemes.accepted) + 1
    assert asked_suites <= len(expected) + 2

    if "ecdsa" in server.keys and server.certificate_curve not in (23, 24, 25):
        knowledge.leaf_curves.add(server.certificate_curve)  # the certificate that was shown tells
    below = Below13(knowledge, MAKER, Depth.FULL)
    about = server.play(below.tls12()) + server.play(below.older())
    for version in (0x0303, 0x0302, 0x0301, 0x0300):
        expected = possible(server, version)
        known = knowledge.versions[version]
        assert sorted(known.suites) == sorted(expected), f"{version:04x}"
        assert known.undecided == []
        if server.own_order:
            assert known.suites == [s for s in server.suites[version] if s in expected]
            assert known.evidence.verdict(tuple(known.suites)) in ("server", "")
        else:
            assert known.evidence.verdict(tuple(known.suites)) in ("client", "")
        asked = about.count(f"suites {known.name}")
        assert asked <= len(expected) + 1 + (1 if version == 0x0303 else 0)
        if version == 0x0303:
            groups, schemes = known.groups.accepted, known.schemes.accepted
            asked += about.count("groups TLSv1.2") + about.count("signature schemes TLSv1.2")
            assert asked <= len(expected) + 1 + len(groups) + 2 + len(schemes) + 1
            ORDERS.append(about.count("order TLSv1.2"))
            if any(shows_curve(suite) for suite in known.suites):
                assert set(server.groups) <= {*known.groups.accepted, *known.groups.remaining}
            if any(shows_curve(suite) and signs(suite) != "ecdsa" for suite in known.suites):
                assert known.groups.remaining == []
                assert sorted(known.groups.accepted) == sorted(server.groups)
            if any(signs(suite) for suite in known.suites):
                assert known.schemes.remaining == []
                able = {family(scheme) for scheme in server.schemes} & {signs(s) for s in known.suites}
                assert set(known.schemes.accepted) == {s for s in server.schemes if family(s) in able}
