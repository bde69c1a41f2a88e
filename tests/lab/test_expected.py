"""Every lab domain gets exactly its expected verdict; a new fault is a new row of the lab's table."""

import asyncio
import re

import pytest

from waxseal.api import Result, check
from waxseal.checks.registry import all_checks
from waxseal.grading.seal import State
from waxseal.lab.domains import Expected, LabDomain, all_domains
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.model import Report

PATIENT = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, policy_time_limit_s=6)
HASTY = ProbeSettings(ehlo_name="probe.test", time_limit_s=6, policy_time_limit_s=4)
AT_ONCE = 24
_POINTER = re.compile(r"see ([a-z-]+/[a-z-]+)")


async def _alone(domains: tuple[LabDomain, ...]) -> dict[str, Result]:
    """Check each domain in a run of its own."""
    slots = asyncio.Semaphore(AT_ONCE)
    async with LabWorld(domains) as world:

        async def one(domain: LabDomain) -> Result:
            async with slots:
                settings = HASTY if domain.slow else PATIENT
                return await check(domain.target, network=world.network(), settings=settings)

        results = await asyncio.gather(*(one(domain) for domain in domains))
    return {domain.target: result for domain, result in zip(domains, results, strict=True)}


DOMAINS = LabWorld().domains
"""What this machine's OpenSSL can play."""


@pytest.fixture(scope="module")
def alone() -> dict[str, Result]:
    return asyncio.run(_alone(DOMAINS))


def differences(domain: LabDomain, report: Report, expected: Expected | None = None) -> tuple[str, ...]:
    return (expected or domain.expected).differences(
        {(f.check, f.verdict) for f in report.to_fix},
        {f.check for f in report.not_seen},
        report.headline.state,
    )


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: d.target)
def test_alone(alone: dict[str, Result], domain: LabDomain) -> None:
    (report,) = alone[domain.target].reports
    assert differences(domain, report) == ()
    assert not [f for f in report.findings if f.crashed]
    assert all(e.connections <= PATIENT.connections for e in report.endpoints)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: d.target)
def test_no_open_question_points_at_silence(alone: dict[str, Result], domain: LabDomain) -> None:
    """A check that is said to tell the reason does tell one."""
    (report,) = alone[domain.target].reports
    speaking = {f.check for f in report.to_fix} | {f.check for f in report.not_seen if not f.follows}
    named = {(f.check, name) for f in report.not_seen for name in _POINTER.findall(f"{f.summary} {f.advice}")}
    assert not {(check, name) for check, name in named if name not in speaking}


def test_every_fault_is_shown_and_every_expected_check_exists() -> None:
    expected = {check for domain in DOMAINS for check, _ in domain.expected.findings}
    expected |= {check for domain in DOMAINS for check in domain.expected.inconclusive}
    assert expected <= set(all_checks())
    assert len(all_domains()) >= 24


def test_in_company() -> None:
    """What one server's answer proves of another is told where they are checked in one run."""
    asked = tuple(domain for domain in DOMAINS if domain.in_company is not None)
    sound = next(domain for domain in DOMAINS if domain.name == "sound.test")

    async def together() -> Result:
        async with LabWorld((sound, *asked)) as world:
            targets = [domain.target for domain in (sound, *asked)]
            return await check(*targets, network=world.network(), settings=HASTY)

    first, *reports = asyncio.run(together()).reports
    assert first.headline.state is State.SEALED
    assert {domain.name for domain in asked} == {"servfail.test", "silent.test"}
    for domain, report in zip(asked, reports, strict=True):
        assert differences(domain, report, domain.in_company) == ()
