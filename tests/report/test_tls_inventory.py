"""The inventory of a server's TLS: names for numbers, and nothing that was not asked taken for refused."""

import pytest

from waxseal.facts import (
    Cause,
    Fact,
    FactSet,
    KeyExchangeParameters,
    NumberList,
    Reaction,
    Record,
    Resumption,
    Subject,
    SuiteList,
    TlsGroups,
    TlsKeyExchanges,
    TlsSchemes,
    TlsSessions,
    TlsSpending,
    TlsSuites,
    TlsTolerance,
    TlsVersions,
    ToleranceAnswer,
    VersionAnswer,
)
from waxseal.net.clock import SystemClock
from waxseal.report.tls_inventory import inventory_lines, tls_inventory
from waxseal.trust.primes import is_probable_prime
from waxseal.wire.tls13_ffdhe import prime

PLACE = Subject(address="192.0.2.1", port=25)
ALERT = Reaction(Cause.ALERT, alert=70)
VERSIONS = TlsVersions(
    answers=(
        VersionAnswer("SSLv2", None),
        VersionAnswer("TLSv1.1", False, ALERT),
        VersionAnswer("TLSv1.2", True, extensions=(23, 0xFF01)),
        VersionAnswer("TLSv1.3", True),
    )
)
SUITES = TlsSuites(
    lists=(
        SuiteList("TLSv1.3", (0x1302, 0x1301), order="server"),
        SuiteList("TLSv1.2", (0xC030, 0xC02F, 0x009D, 0x009C), undecided=(0x0005, 0x000A)),
    )
)


def facts(*some: Fact) -> FactSet:
    now = SystemClock().now()
    return FactSet(Record(subject=PLACE, fact=fact, seen_at=now) for fact in some)


def text(*some: Fact, verbose: bool = False) -> dict[str, str]:
    return {label.strip(): line for label, line in inventory_lines(facts(*some), PLACE, verbose=verbose)}


def test_without_an_examination_there_is_none() -> None:
    assert tls_inventory(facts(SUITES), PLACE) is None
    assert text(SUITES) == {}


def test_accepted_refused_and_not_known_are_three_things() -> None:
    assert text(VERSIONS)["TLS versions"] == "TLS 1.3, TLS 1.2; refused: TLS 1.1; not known: SSL 2.0"


def test_suites_come_with_whose_order_it_is_and_what_was_not_asked() -> None:
    lines = text(VERSIONS, SUITES)
    assert lines["TLS 1.3"] == (
        "2 suites, the server's order: TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256"
    )
    assert lines["TLS 1.2"].startswith(
        "4 suites, order not known, 2 not asked for: TLS_ECDHE_RSA_WITH_AES_256_G"
    )
    assert lines["TLS 1.2"].endswith(", and 1 more")
    assert text(VERSIONS, SUITES, verbose=True)["TLS 1.2"].endswith("TLS_RSA_WITH_AES_128_GCM_SHA256")


def test_groups_schemes_and_parameters_have_names() -> None:
    p = prime(256)
    assert is_probable_prime(p)
    lines = text(
        VERSIONS,
        TlsGroups(lists=(NumberList("TLSv1.3", (4588, 29)),)),
        TlsSchemes(lists=(NumberList("TLSv1.2", (0x0804,), undecided=(0x0201,)),)),
        TlsKeyExchanges(
            parameters=(
                KeyExchangeParameters("TLSv1.2", 0x009F, prime=p.to_bytes(256, "big"), generator=b"\x02"),
                KeyExchangeParameters("TLSv1.2", 0xC030, group=29, curve_type=3),
            )
        ),
    )
    assert lines["Groups 1.3"] == "X25519MLKEM768, x25519"
    assert lines["Signatures 1.2"] == "rsa_pss_rsae_sha256; 1 not decided"
    assert lines["Parameters"] == "2048 bits, ffdhe2048 (TLS_DHE_RSA_WITH_AES_256_GCM_SHA384)"


def test_what_it_cost_and_what_was_left_out_are_told() -> None:
    spending = TlsSpending(
        depth="grade", planned=8, spent=8, not_asked=("SSLv2: all 8 connections are spent",)
    )
    assert text(VERSIONS, spending)["Asked"] == (
        "depth grade: 8 of at most 8 connections; not asked: SSLv2: all 8 connections are spent"
    )


@pytest.mark.parametrize(("accepted", "words"), [(True, "accepted"), (False, "refused")])
def test_sessions_and_odd_hellos(accepted: bool, words: str) -> None:
    sessions = TlsSessions(
        resumptions=(Resumption("ticket", True, resumed=False), Resumption("psk", True, resumed=True)),
        early_data_accepted=accepted,
    )
    tolerance = TlsTolerance(
        version="TLSv1.3", answers=(ToleranceAnswer("large", Reaction(Cause.TIMED_OUT), 1600),)
    )
    lines = text(VERSIONS, sessions, tolerance)
    assert lines["Sessions"] == f"ticket not resumed, psk resumed, early data {words}"
    assert lines["Odd hellos"] == "large timed out"


def test_numbers_without_a_name_stay_numbers() -> None:
    found = tls_inventory(facts(VERSIONS, TlsSuites(lists=(SuiteList("TLSv1.2", (0xFAFA,)),))), PLACE)
    assert found is not None
    assert found.versions[2].suites == ("0xFAFA",)
    assert found.versions[2].extensions == ("extended_master_secret", "renegotiation_info")
