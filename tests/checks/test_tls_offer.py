"""Whole servers, and exactly the TLS findings that each deserves: one fault gives one finding.

The single answers are in the examples of the checks.
"""

from collections.abc import Mapping

import pytest

from waxseal.checks import samples
from waxseal.checks.api import At, Example, Verdict
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.tls import _samples
from waxseal.facts import (
    EhloClear,
    Fact,
    KeyExchangeParameters,
    NumberList,
    Ssl2Answer,
    SuiteList,
    TlsGroups,
    TlsKeyExchanges,
    TlsSchemes,
    TlsSuites,
    TlsVersions,
)
from waxseal.wire.tls_suite_properties import SUITE_CLASSES, suite_class, suite_properties
from waxseal.wire.tls_suites import SUITE_NAMES

ECDSA_CBC = 0xC009
FULLY_REFUSED = Ssl2Answer(answered=False, reaction=_samples.ALERT)
GOOD = {"TLSv1.3": (_samples.AES_13,), "TLSv1.2": (_samples.GCM,)}


def server(
    accepted: Mapping[str, tuple[int, ...]],
    undecided: Mapping[str, tuple[int, ...]] | None = None,
    *,
    chosen: tuple[str, str] = ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    ssl2: Ssl2Answer = FULLY_REFUSED,
    group: KeyExchangeParameters | None = None,
) -> tuple[Fact, ...]:
    """What is known of a server that takes these suites."""
    marks = (
        dict.fromkeys(("TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3"), "TLSv1.2") if "TLSv1.3" in accepted else {}
    )
    newest = next(v for v in ("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3") if v in accepted)
    open_ = undecided or {}
    return (
        samples.endpoint(),
        samples.handshake(*chosen, offered_versions=("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")),
        _samples.versions(*accepted, sentinels=marks),
        TlsSuites(
            lists=tuple(
                SuiteList(v, found, open_.get(v, ()), order="server" if len(found) > 1 else "")
                for v, found in accepted.items()
            )
        ),
        TlsGroups(lists=(NumberList(newest, (29, 23)),)),
        TlsSchemes(lists=(NumberList("TLSv1.2", (0x0804,)),)),
        TlsKeyExchanges(parameters=() if group is None else (group,)),
        ssl2,
    )


def said(facts: tuple[Fact | At, ...], *verdicts: Verdict) -> set[tuple[str, Verdict]]:
    checks = [check for id_, check in all_checks().items() if id_.startswith("tls/")]
    findings = judge_all(samples.fact_set(Example("", Verdict.PASS, facts)), checks)
    assert not [finding for finding in findings if finding.crashed]
    return {(f.check.removeprefix("tls/"), f.verdict) for f in findings if f.verdict in verdicts}


WARN, FAIL = Verdict.WARN, Verdict.FAIL
OLD_HELLO = ("TLSv1", "TLS_RSA_WITH_AES_128_CBC_SHA")
GROUP_2 = bytes.fromhex(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff"
)
"""1024 bits (RFC 2409 §6.2)."""
SMALL = KeyExchangeParameters(
    "TLSv1.2", _samples.DHE, prime=GROUP_2, generator=b"\x02", publics=(b"\x01", b"\x02"), shown=2
)


SERVERS: dict[str, tuple[tuple[Fact, ...], set[tuple[str, Verdict]]]] = {
    "modern": (server(GOOD), set()),
    "usual": (
        server(
            {
                "TLSv1.3": (_samples.AES_13,),
                "TLSv1.2": (_samples.GCM, _samples.CBC, _samples.STATIC, _samples.ANONYMOUS),
                "TLSv1.1": (_samples.CBC, _samples.STATIC_CBC),
            }
        ),
        {("version-old-accepted", WARN)},
    ),
    "TLS 1.3 alone": (server({"TLSv1.3": (_samples.AES_13,)}), {("version-12-missing", WARN)}),
    "TLS 1.2 alone": (
        server({"TLSv1.2": (_samples.GCM,)}, chosen=("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
        {("version-13-missing", WARN)},
    ),
    "TLS 1.0 alone": (
        server({"TLSv1": (_samples.STATIC_CBC,)}, chosen=OLD_HELLO),
        {("version-old", WARN), ("forward-secrecy-missing", WARN), ("suite-cbc", WARN)},
    ),
    "SSL 3.0 alone": (
        server({"SSLv3": (_samples.STATIC_CBC,)}, chosen=("SSLv3", "TLS_RSA_WITH_AES_128_CBC_SHA")),
        {("version-sslv3", FAIL), ("forward-secrecy-missing", WARN), ("suite-cbc", WARN)},
    ),
    "SSL 3.0 beside": (server({**GOOD, "SSLv3": (_samples.STATIC_CBC,)}), {("version-sslv3", WARN)}),
    "SSL 2.0 beside": (
        server(GOOD, ssl2=Ssl2Answer(answered=True, reaction=_samples.DONE, kinds=(0x010080,))),
        {("version-sslv2", FAIL)},
    ),
    "triple DES": (
        server({**GOOD, "TLSv1.2": (_samples.GCM, _samples.TRIPLE)}),
        {("suite-64-bit-block", WARN)},
    ),
    "RC4": (server({**GOOD, "TLSv1.2": (_samples.GCM, _samples.RC4)}), {("suite-rc4", WARN)}),
    "RC4 chosen": (
        server({"TLSv1.2": (_samples.RC4, _samples.GCM)}, chosen=("TLSv1.2", "TLS_RSA_WITH_RC4_128_SHA")),
        {("suite-rc4", FAIL), ("suite-order", WARN), ("version-13-missing", WARN)},
    ),
    "export": (server({**GOOD, "TLSv1.2": (_samples.GCM, _samples.EXPORT)}), {("suite-export", FAIL)}),
    "single DES": (server({**GOOD, "TLSv1.2": (_samples.GCM, _samples.DES)}), {("suite-short-key", FAIL)}),
    "NULL": (server({**GOOD, "TLSv1.2": (_samples.GCM, _samples.NULL)}), {("suite-null", FAIL)}),
    "small group": (
        server({**GOOD, "TLSv1.2": (_samples.GCM, _samples.DHE)}, group=SMALL),
        {("dh-small", WARN)},
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_one_fault_gives_one_finding(name: str) -> None:
    facts, expected = SERVERS[name]
    assert said(facts, WARN, FAIL) == expected


SUITE_CHECKS = {
    "suite-null": "null",
    "suite-anonymous": "anonymous",
    "suite-export": "export",
    "suite-short-key": "single-des",
    "suite-rc4": "rc4",
    "suite-64-bit-block": "3des",
    "suite-cbc": "ecdhe-cbc",
}


@pytest.mark.parametrize(("check", "kind"), SUITE_CHECKS.items())
def test_what_was_not_asked_for_is_never_called_refused(check: str, kind: str) -> None:
    """Neither where the suites of a class stayed undecided, nor where a whole version did."""
    of_class = tuple(
        n for n in SUITE_NAMES if (p := suite_properties(n)) and p.fits(0x0303) and suite_class(p) == kind
    )
    assert kind in SUITE_CLASSES
    assert len(of_class) > 1
    for number in of_class:
        part = server(GOOD, {"TLSv1.2": (number,)})
        assert (check, Verdict.INCONCLUSIVE) in said(part, Verdict.INCONCLUSIVE), number
    unknown = _samples.versions("TLSv1.3", "TLSv1.2", unknown=("TLSv1",))
    whole = tuple(unknown if isinstance(fact, TlsVersions) else fact for fact in server(GOOD))
    assert (check, Verdict.INCONCLUSIVE) in said(whole, Verdict.INCONCLUSIVE)
    assert (check, Verdict.PASS) in said(server(GOOD), Verdict.PASS)


def test_a_server_without_tls_gets_no_praise() -> None:
    """ "NULL is not accepted" is true of it and says nothing."""
    ehlo: EhloClear = samples.ehlo("PIPELINING")
    facts: tuple[Fact, ...] = (samples.endpoint(), ehlo, samples.attempt())
    assert said(facts, Verdict.PASS, WARN, FAIL) == set()
    applies = {check for check, _ in said(facts, Verdict.INCONCLUSIVE)}
    assert not {c for c in applies if c.startswith(("suite-", "version-", "dh-", "hello-"))}


def test_a_server_that_was_not_examined_gets_no_praise() -> None:
    """A handshake alone tells the version and the suite that were chosen."""
    facts: tuple[Fact, ...] = (samples.endpoint(), samples.handshake())
    told = {check for check, _ in said(facts, Verdict.PASS)}
    handshake_checks = {"handshake-cut", "handshake-failed-here", "handshake-refused", "handshake-stalled"}
    assert told - handshake_checks <= {
        "forward-secrecy-missing",
        "implicit-plaintext",
        "not-tls",
        "suite-weak",
        "version-13-missing",
        "version-old",
    }
