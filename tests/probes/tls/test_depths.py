"""What each depth costs, and that a shallow look says nothing that a deep one contradicts."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.probes.tls.examining import Examined, examine
from tests.probes.tls.peers import SERVERS
from tests.tls.options import TlsOptions, TlsServer
from waxseal.facts import TlsSuites, TlsVersions
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.knowledge import VERSIONS
from waxseal.wire.tls_server_hello import version_name
from waxseal.wire.tls_suite_properties import suites_of_version

pytestmark = pytest.mark.real

Examiner = Callable[[str], tuple[TlsServer, Examined]]
NUMBERS: Final = {version_name(number): number for number in VERSIONS}
MODERN: Final = TlsOptions(
    lowest="TLSv1.2",
    dh="dh-2048",
    suites=":".join(
        f"{exchange}-RSA-{cipher}"
        for exchange in ("ECDHE", "DHE")
        for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    )
    + ":TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
)
"""Three suites of TLS 1.3 and six of TLS 1.2."""
DEBIAN: Final = TlsOptions(
    lowest="TLSv1",
    dh="dh-2048",
    suites="TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
    ":aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH:@SECLEVEL=0",
)
"""Postfix's ``medium`` without a limit of versions: 91 pairs of a version and a suite."""
KINDS: Final = {
    "modern": (MODERN, False),
    "modern, own order": (MODERN, True),
    "Debian": (DEBIAN, False),
    "Debian, own order": (DEBIAN, True),
}
LIMITS: Final = {
    (Depth.GRADE, "modern"): 8,
    (Depth.STANDARD, "modern"): 20,
    (Depth.FULL, "modern"): 26,
    (Depth.GRADE, "Debian"): 8,
    (Depth.STANDARD, "Debian"): 30,
    (Depth.FULL, "Debian"): 115,
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("depth", Depth)
def test_connections(start_tls: Callable[..., TlsServer], name: str, depth: Depth) -> None:
    options, own_order = KINDS[name]
    server = start_tls("openssl-3.5.8", options, server_order=own_order)
    found = examine(server, depth)
    spending = found.spending
    assert spending.spent == found.connections
    assert found.connections <= LIMITS[depth, name.split(",")[0]], f"{found.connections} connections"
    if depth is not Depth.GRADE:
        assert spending.not_asked == ()
        pairs = {"modern": 9, "Debian": 91}[name.split(",")[0]]
        assert sum(map(len, found.suites.values())) == pairs or depth is Depth.STANDARD
        assert len(found.suites["TLSv1.3"]) == 3
        orders = {found.order for found in found.one(TlsSuites).lists if found.version == "TLSv1.2"}
        assert orders == {"server" if own_order else "client"}
    if depth is not Depth.GRADE and options is MODERN:
        assert found.undecided == 0
        assert len(found.suites["TLSv1.2"]) == 6


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("depth", [Depth.GRADE, Depth.STANDARD])
def test_a_shallow_look_contradicts_nothing(kind: str, depth: Depth, examined: Examiner) -> None:
    server, deep = examined(kind)
    found = examine(server, depth)
    assert found.connections <= depth.most_connections
    for answer in found.one(TlsVersions).answers:
        assert answer.accepted in (None, deep.versions[answer.version]), answer.version
    assert any(answer.accepted for answer in found.one(TlsVersions).answers)
    for suites in found.one(TlsSuites).lists:
        there = deep.suites[suites.version]
        assert set(suites.accepted) <= there
        refused = set(suites_of_version(NUMBERS[suites.version])) - {*suites.accepted, *suites.undecided}
        assert refused & there == set(), suites.version
    for version, groups in found.groups.items():
        assert groups <= deep.groups.get(version, groups)
    for version, schemes in found.schemes.items():
        assert schemes <= deep.schemes.get(version, schemes)
