"""Exemptions: with a reason and an end, judged at the time when the facts were seen."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.corpus import recorded
from tests.grading.rules.judged import HEAD, findings, profile, rule
from waxseal.api import judge
from waxseal.checks import samples
from waxseal.checks.api import At, Example, Verdict, at
from waxseal.checks.engine import judge_all
from waxseal.checks.tls import _samples as tls
from waxseal.facts import Fact, FactSet
from waxseal.grading.exemptions import State, day_of
from waxseal.grading.profile import GradedFinding, exemption_standings, grade, parse_profile
from waxseal.grading.seal import Seal
from waxseal.grading.seal import State as HeadlineState
from waxseal.grading.severity import Severity

OLD = "tls/version-old-accepted"
FACTS = (samples.endpoint(), samples.handshake(), tls.versions("TLSv1", "TLSv1.2"), samples.target())
SEEN_ON = samples.NOW.date()


def exemption(check: str = OLD, until: date = SEEN_ON, where: str = "", reason: str = "old scanners") -> str:
    place = f'where = "{where}"\n' if where else ""
    return f'[[exemptions]]\ncheck = "{check}"\n{place}reason = "{reason}"\nuntil = {until.isoformat()}\n'


def of(check: str, *parts: str, facts: tuple[Fact | At, ...] = FACTS) -> GradedFinding:
    found = [f for f in findings(profile(*parts), *facts, checks=True) if f.check == check]
    assert len(found) == 1
    return found[0]


def test_in_force_through_its_last_day() -> None:
    found = of(OLD, exemption())
    assert found.verdict in (Verdict.FAIL, Verdict.WARN)
    assert (found.severity, found.exempt) == (Severity.NONE, f"old scanners, until {SEEN_ON}")


def test_over_on_the_day_after() -> None:
    without = of(OLD)
    assert without.severity > Severity.NONE
    assert of(OLD, exemption(until=SEEN_ON - timedelta(days=1))) == without


def test_what_passes_is_not_exempt() -> None:
    sound = (*FACTS[:2], tls.versions("TLSv1.2", "TLSv1.3"), FACTS[3])
    assert of(OLD, exemption(), facts=sound).exempt == ""


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("example.org", True),
        ("mx.example.org", True),
        ("MX.Example.Org.", True),
        ("192.0.2.25", True),
        ("*.example.org", True),
        ("mx2.example.org", False),
        ("192.0.2.26", False),
        ("example.net", False),
    ],
)
def test_where(where: str, fits: bool) -> None:
    assert bool(of(OLD, exemption(where=where)).exempt) is fits


def test_an_address_in_another_spelling() -> None:
    facts = tuple(at(fact, address="2001:db8::25") for fact in FACTS[:3])
    assert of(OLD, exemption(where="2001:DB8:0::25"), facts=facts).exempt


def test_patterns_and_rules() -> None:
    versions = rule("versions", 'good = ["TLSv1.2"]')
    assert of("mine/r", versions, exemption("mine/r")).exempt
    assert of("mine/r", versions, exemption("mine/*")).exempt
    assert not of("mine/r", versions, exemption("tls/*")).exempt
    assert of(OLD, versions, exemption("tls/*")).exempt


def test_what_became_of_each() -> None:
    ended = SEEN_ON - timedelta(days=1)
    mine = profile(exemption(), exemption(until=ended, reason="ended"), exemption("tls/heartbleed"))
    known = samples.fact_set(Example("", Verdict.PASS, FACTS))
    graded = grade(judge_all(known), mine, known)
    states = [(row.state, row.findings) for row in exemption_standings(mine, graded, known)]
    assert states == [(State.IN_FORCE, 1), (State.ENDED, 1), (State.UNUSED, 0)]


def test_the_day_is_that_of_the_run_in_utc() -> None:
    late = datetime(2026, 11, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    known = samples.fact_set(Example("", Verdict.PASS, (samples.run_context(started_at=late),)))
    assert day_of(known) == date(2026, 11, 2)
    without = FactSet(record for record in samples.fact_set(Example("", Verdict.PASS, FACTS)).records[1:])
    assert day_of(without) == samples.NOW.astimezone(UTC).date()
    assert day_of(FactSet(())) is None


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ('check = "tls/robot"\nuntil = 2027-01-01', "reason"),
        ('check = "tls/robot"\nreason = " "\nuntil = 2027-01-01', "reason"),
        ('check = "tls/robot"\nreason = "r"', "until"),
        ('check = "tls/robot"\nreason = "r"\nuntil = "2027-01-01"', "until"),
        ('check = "tls/robot"\nreason = "r"\nuntil = 2027-01-01T00:00:00Z', "until"),
        ('check = "tls/nope"\nreason = "r"\nuntil = 2027-01-01', "tls/nope"),
        ('check = "nope/*"\nreason = "r"\nuntil = 2027-01-01', r"nope/\*"),
        ('reason = "r"\nuntil = 2027-01-01', "check"),
        ('check = "tls/robot"\nreason = "r"\nuntil = 2027-01-01\nhost = "x"', "host"),
        ('check = "tls/robot"\nreason = "r"\nuntil = 2027-01-01\nwhere = 4', "where"),
    ],
)
def test_what_is_missing_is_told(rows: str, missing: str) -> None:
    good = exemption()
    with pytest.raises(ValueError, match=rf"ours\.toml, exemption 2: .*{missing}"):
        parse_profile(f"{HEAD}{good}[[exemptions]]\n{rows}\n", "ours.toml")


def test_an_exemption_takes_the_weight_and_not_the_truth() -> None:
    """The certificate still proves nothing: the sentence says so, whatever the profile makes of it."""
    own = """
id = "ours"
version = "1"
title = "Ours"
extends = "rfc9325"
"""
    exempt = '[[exemptions]]\ncheck = "certificate/*"\nreason = "x"\nuntil = 2099-01-01\n'
    mild = '[checks."certificate/self-signed"]\nfail = "low"\nwarn = "low"\nwhy = "x"\nsource = "x"\n'
    facts = recorded("lab")
    for weighing, said in ((own + exempt, "The profile exempts this."), (own + mild, "self-signed.")):
        result = judge(facts, profile=parse_profile(weighing))
        report = next(r for r in result.reports if r.target.name == "self-signed.test")
        assert report.headline.state is HeadlineState.MEND
        assert "the certificate is self-signed" in report.headline.sentence
        assert report.headline.sentence.endswith(said)
        assert {endpoint.seal for endpoint in report.endpoints} == {Seal.ENCRYPTED}
        assert report.worst < Severity.MEDIUM
