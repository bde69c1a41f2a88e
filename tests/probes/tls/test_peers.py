"""What waxseal finds equals what sslscan and testssl.sh find, element by element; every difference is named.

A difference is allowed only where its reason stands in `REASONS`, and where the server, asked for that
element alone (``alone``), says that waxseal is right.
"""

import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.probes.tls.alone import asks_for, selects
from tests.probes.tls.examining import Examined
from tests.probes.tls.peers import SERVERS, Report, ask_sslscan, recorded_testssl
from tests.tls.options import TlsServer
from waxseal.wire.tls_registry import group_name
from waxseal.wire.tls_suite_properties import suites_of_version
from waxseal.wire.tls_suites import suite_name

pytestmark = pytest.mark.real

Examiner = Callable[[str], tuple[TlsServer, Examined]]
Difference = tuple[str, str, int]
"""Version, ``suite`` or ``group``, and the number."""
VERSIONS = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303}


def old_suite(found: Difference) -> bool:
    return found[:2] in (("SSLv2", "suite"), ("SSLv3", "suite"))


def hybrid_group(found: Difference) -> bool:
    return found[1] == "group" and found[2] in (4588, 4587, 4589)


def finite_field(found: Difference) -> bool:
    return found[1] == "group" and 256 <= found[2] <= 260


REASONS: dict[str, dict[str, Callable[[Difference], bool]]] = {
    "sslscan": {
        "of SSL 2.0 and 3.0 it says whether they are enabled; its OpenSSL has no suites of theirs": old_suite,
        "version 2.0.7 knows no post-quantum groups": hybrid_group,
    },
    "testssl": {
        "version 3.0.8 knows no post-quantum groups": hybrid_group,
        "it lists elliptic curves; of finite fields it names those of Diffie-Hellman suites": finite_field,
    },
}
"""Why a tool does not see what is there, and which elements that is about."""


@pytest.mark.parametrize("kind", SERVERS)
def test_sslscan_sees_the_same(kind: str, examined: Examiner) -> None:
    if shutil.which("sslscan") is None:
        pytest.skip("sslscan is not installed")
    server, ours = examined(kind)
    _compare("sslscan", server, ours, ask_sslscan(server))


@pytest.mark.parametrize("kind", SERVERS)
def test_testssl_saw_the_same(kind: str, examined: Examiner) -> None:
    server, ours = examined(kind)
    _compare("testssl", server, ours, recorded_testssl(kind))


@pytest.mark.parametrize("kind", ["openssl-1.0.1u", "openssl-3.5.8", "gnutls"])
def test_every_suite_alone(kind: str, examined: Examiner) -> None:
    """No peel: every registered suite in a hello of its own."""
    server, ours = examined(kind)
    assert ours.undecided == 0
    for version in ("TLSv1.2", "TLSv1"):
        number = VERSIONS[version]
        found = {s for s in suites_of_version(number) if selects(server, number, (s,)) == s}
        assert found == ours.suites[version]


def _compare(tool: str, server: TlsServer, ours: Examined, theirs: Report) -> None:
    assert ours.undecided == 0
    assert ours.spending.not_asked == ()
    assert theirs.versions, "the tool saw nothing"
    assert {v: ours.versions[v] for v in theirs.versions} == theirs.versions
    # What only the tool sees would be missing here: nothing may be.
    missing = set(_elements(theirs.suites, theirs.groups)) - set(_elements(ours.suites, ours.groups))
    assert {_named(found) for found in missing} == set()
    more = set(_elements(ours.suites, ours.groups)) - set(_elements(theirs.suites, theirs.groups))
    if "" in theirs.groups:  # curves without a version
        told = set(theirs.groups[""])
        assert told <= set().union(*ours.groups.values())
        more = {found for found in more if found[1] != "group" or found[2] not in told}
    unexplained = {f for f in more if not any(about(f) for about in REASONS[tool].values())}
    assert {_named(found) for found in unexplained} == set()
    for version, what, number in more:
        if what == "suite" and version in VERSIONS:
            assert selects(server, VERSIONS[version], (number,)) == number
        elif version == "SSLv2":
            assert number in recorded_testssl(server.kind).suites[version]
        else:
            assert (version, what) == ("TLSv1.3", "group")
            assert asks_for(server, number)


def _elements(*told: object) -> Iterator[Difference]:
    for what, sets in zip(("suite", "group"), told, strict=True):
        assert isinstance(sets, dict)
        for version, numbers in sets.items():
            yield from ((version, what, number) for number in numbers if version)


def _named(found: Difference) -> str:
    version, what, number = found
    return f"{version} {suite_name(number) if what == 'suite' else group_name(number)}"
