"""Rules that take the word of checks."""

import pytest

from tests.grading.rules.judged import findings, profile, rule, verdict
from waxseal.checks import samples
from waxseal.checks.tls import _samples as tls
from waxseal.facts import Resumption, TlsSessions

HEARD = (samples.endpoint(), samples.handshake())
BOTH = (*HEARD, tls.versions("TLSv1.2", "TLSv1.3"))
EARLY = 'of = ["tls/early-data-accepted"]'


def tickets(accepted: bool | None, octets: int | None = 16384) -> TlsSessions:
    ticket = Resumption("psk", True, tickets=2)
    return TlsSessions(resumptions=(ticket,), early_data_octets=octets, early_data_accepted=accepted)


@pytest.mark.parametrize(
    ("seen", "keys", "expected"),
    [
        (tickets(accepted=True), "", "warn"),
        (tickets(accepted=True), '\nwarn_as = "insufficient"', "fail"),
        (tickets(accepted=True), '\nwarn_as = "sufficient"', "pass"),
        (tickets(accepted=False), '\nwarn_as = "insufficient"', "pass"),
        (TlsSessions(resumptions=()), '\nwarn_as = "insufficient"', "inconclusive"),
    ],
)
def test_early_data_by_what_was_seen(seen: TlsSessions, keys: str, expected: str) -> None:
    assert verdict("checks", EARLY + keys, *BOTH, seen, checks=True) == expected


def test_the_worst_of_several_decides() -> None:
    of = 'of = ["tls/early-data-accepted", "tls/compression-on"]\nwarn_as = "insufficient"'
    compressing = (*HEARD, tls.versions("TLSv1.2", "TLSv1.3", compression=1))
    assert verdict("checks", of, *compressing, tickets(accepted=False), checks=True) == "fail"
    assert verdict("checks", of, *BOTH, TlsSessions(resumptions=()), checks=True) == "inconclusive"
    assert verdict("checks", of, *BOTH, tickets(accepted=False), checks=True) == "pass"


def test_checks_that_do_not_apply() -> None:
    old = (*HEARD, tls.versions("TLSv1.2"), tickets(accepted=None, octets=None))
    assert verdict("checks", EARLY, *old, checks=True) == "not-applicable"


def test_checks_that_were_not_run() -> None:
    assert verdict("checks", EARLY, *BOTH) == "inconclusive"


def test_what_is_found_around_counts_inside() -> None:
    of = profile(rule("checks", 'of = ["dns/mx-lookup-failed", "tls/compression-on"]'))
    facts = (samples.target(), samples.mx_records((10, "mx.example.org")), *BOTH)
    found = [f for f in findings(of, *facts, checks=True) if f.check == "mine/r"]
    assert [f.subject.port for f in found] == [25]
