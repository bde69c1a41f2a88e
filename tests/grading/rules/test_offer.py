"""Rules about versions, suites and their order."""

import pytest

from tests.grading.rules.judged import findings, profile, rule, said, verdict
from waxseal.checks import samples
from waxseal.checks.tls import _samples as tls
from waxseal.facts import SuiteList, TlsSpending, TlsSuites

VERSIONS = 'good = ["TLSv1.3"]\nsufficient = ["TLSv1.2"]\nphase_out = ["TLSv1.1"]'
SUITES = (
    'good = ["TLS_AES_*"]\nsufficient = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]\n'
    'phase_out = ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]'
)
ORDER = 'good = ["TLS_ECDHE_*_GCM_*"]\nsufficient = ["TLS_DHE_*_GCM_*"]\nphase_out = ["TLS_ECDHE_*_CBC_SHA"]'
HEARD = (samples.endpoint(), samples.handshake())


@pytest.mark.parametrize(
    ("accepted", "unknown", "expected"),
    [
        (("TLSv1.2", "TLSv1.3"), (), "pass"),
        (("TLSv1.1", "TLSv1.2"), (), "warn"),
        (("SSLv3", "TLSv1.1"), (), "fail"),
        (("TLSv1.3",), ("TLSv1.2",), "pass"),
        (("TLSv1.3",), ("TLSv1",), "inconclusive"),
        (("TLSv1.1", "TLSv1.3"), ("TLSv1",), "warn"),
        (("SSLv3",), ("TLSv1",), "fail"),
    ],
)
def test_versions(accepted: tuple[str, ...], unknown: tuple[str, ...], expected: str) -> None:
    facts = tls.versions(*accepted, unknown=unknown)
    assert verdict("versions", VERSIONS, *HEARD, facts) == expected


@pytest.mark.parametrize(
    ("accepted", "unknown", "expected"),
    [(("TLSv1.3",), (), "pass"), (("TLSv1.2",), (), "fail"), (("TLSv1.2",), ("TLSv1.3",), "inconclusive")],
)
def test_a_version_that_is_required(
    accepted: tuple[str, ...], unknown: tuple[str, ...], expected: str
) -> None:
    keys = VERSIONS + '\nrequired = ["TLSv1.3"]'
    assert verdict("versions", keys, *HEARD, tls.versions(*accepted, unknown=unknown)) == expected


def test_versions_that_nobody_asked_for() -> None:
    assert verdict("versions", VERSIONS, *HEARD) == "inconclusive"


def test_without_tls_there_is_nothing_to_judge() -> None:
    clear = (samples.endpoint(), samples.greeting(), samples.ehlo("PIPELINING"), samples.attempt())
    assert verdict("versions", VERSIONS, *clear) == "not-applicable"


@pytest.mark.parametrize(
    ("accepted", "undecided", "expected"),
    [
        ((tls.GCM,), (), "pass"),
        ((tls.GCM, tls.CBC), (), "warn"),
        ((tls.GCM, tls.RC4), (), "fail"),
        ((tls.GCM,), (tls.CBC,), "inconclusive"),
        ((tls.GCM,), (tls.RC4,), "inconclusive"),
        ((tls.CBC,), (tls.RC4,), "warn"),
        ((tls.RC4,), (tls.CBC,), "fail"),
        ((0xFEED,), (), "fail"),
    ],
)
def test_suites(accepted: tuple[int, ...], undecided: tuple[int, ...], expected: str) -> None:
    facts = tls.offer({"TLSv1.2": accepted}, {"TLSv1.2": undecided})
    assert verdict("suites", SUITES, *facts) == expected


def test_suites_name_the_worst_first() -> None:
    found = said("suites", SUITES, *tls.offer({"TLSv1.2": (tls.GCM, tls.CBC, tls.RC4)}))
    assert found.summary == "Insufficient suites: TLS_RSA_WITH_RC4_128_SHA"
    assert [line.partition(":")[0] for line in found.evidence] == ["insufficient", "phase-out", "sufficient"]


def test_suites_of_a_version_that_was_not_asked_for() -> None:
    facts = tls.offer({"TLSv1.2": (tls.GCM,)}, unknown=("TLSv1",))
    assert verdict("suites", SUITES, *facts) == "inconclusive"


def test_suites_of_some_versions() -> None:
    facts = tls.offer({"TLSv1.3": (tls.AES_13,), "TLSv1.2": (tls.RC4,)})
    assert verdict("suites", SUITES + '\nversions = ["TLSv1.3"]', *facts) == "pass"
    assert verdict("suites", SUITES + '\nversions = ["TLSv1.2"]', *facts) == "fail"
    assert verdict("suites", SUITES + '\nversions = ["TLSv1.1"]', *facts) == "not-applicable"


@pytest.mark.parametrize(
    ("accepted", "undecided", "expected"),
    [((tls.GCM,), (), "pass"), ((tls.CBC,), (), "fail"), ((tls.CBC,), (tls.GCM,), "inconclusive")],
)
def test_a_suite_that_is_required(
    accepted: tuple[int, ...], undecided: tuple[int, ...], expected: str
) -> None:
    keys = 'otherwise = "good"\nrequired_any = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]'
    assert verdict("suites", keys, *tls.offer({"TLSv1.2": accepted}, {"TLSv1.2": undecided})) == expected


def test_a_name_goes_before_a_pattern() -> None:
    keys = 'good = ["TLS_ECDHE_*"]\nphase_out = ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"]'
    assert verdict("suites", keys, *tls.offer({"TLSv1.2": (tls.GCM, tls.CBC)})) == "warn"


@pytest.mark.parametrize(
    ("order", "accepted", "expected", "expected_with_limit"),
    [
        ("server", (tls.GCM, tls.DHE, tls.CBC), "pass", "pass"),
        ("server", (tls.DHE, tls.GCM, tls.CBC), "fail", "pass"),
        ("server", (tls.CBC, tls.GCM), "fail", "fail"),
        ("client", (tls.GCM, tls.DHE), "fail", "not-applicable"),
        ("client", (tls.GCM, tls.CBC), "fail", "fail"),
        ("", (tls.GCM, tls.CBC), "inconclusive", "inconclusive"),
        ("server", (tls.GCM,), "not-applicable", "not-applicable"),
    ],
)
def test_order(order: str, accepted: tuple[int, ...], expected: str, expected_with_limit: str) -> None:
    suites = TlsSuites(lists=(SuiteList("TLSv1.2", accepted, order=order),))
    facts = (*HEARD, suites, TlsSpending(depth="full", planned=1, spent=1))
    assert verdict("suite-order", ORDER, *facts) == expected
    assert verdict("suite-order", ORDER + '\nonly_if = "phase_out"', *facts) == expected_with_limit


def test_an_order_that_was_seen_in_part_is_not_proved() -> None:
    suites = TlsSuites(lists=(SuiteList("TLSv1.2", (tls.GCM, 0xC030, tls.DHE, tls.CBC), order="server"),))
    at_grade = (*HEARD, suites, TlsSpending(depth="grade", planned=1, spent=1))
    assert verdict("suite-order", ORDER, *at_grade) == "inconclusive"


def test_the_classes_of_another_rule() -> None:
    of = profile(rule("suites", ORDER, "suites"), rule("suite-order", 'like = "suites"', "order"))
    suites = TlsSuites(lists=(SuiteList("TLSv1.2", (tls.CBC, tls.GCM), order="server"),))
    verdicts = {f.check: f.verdict.value for f in findings(of, *HEARD, tls.versions("TLSv1.2"), suites)}
    assert verdicts == {"mine/suites": "warn", "mine/order": "fail"}
