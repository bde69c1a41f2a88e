"""Faults that are looked for on request only are told when asked for."""

import asyncio

import pytest

from waxseal.api import Result, check
from waxseal.lab.domains import all_domains, trials
from waxseal.lab.domains.on_request import REQUESTS as LOOKED_UP
from waxseal.lab.domains.on_request import Request
from waxseal.lab.domains.table import NONE_PUBLISHED, PROVIDER
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings

REQUESTS = (*LOOKED_UP, *trials.REQUESTS)
AT_ONCE = 16
NEEDED = {request.target for request in REQUESTS} | {
    PROVIDER.removeprefix("mx."),
    "sound.test",
    "mail.sound.test",
}


@pytest.fixture(scope="module")
def results() -> list[Result]:
    async def run() -> list[Result]:
        domains = tuple(domain for domain in all_domains() if NEEDED & {domain.name, domain.target})
        slots = asyncio.Semaphore(AT_ONCE)
        async with LabWorld(domains) as world:

            async def one(request: Request) -> Result:
                async with slots:
                    settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, **request.settings)
                    return await check(request.target, network=world.network(), settings=settings)

            return await asyncio.gather(*map(one, REQUESTS))

    return asyncio.run(run())


@pytest.mark.parametrize("number", range(len(REQUESTS)), ids=lambda number: REQUESTS[number].target)
def test_each_request(results: list[Result], number: int) -> None:
    report = results[number].reports[0]  # those of services come behind
    request = REQUESTS[number]
    published = "://" in request.target  # a host is not asked what its domain publishes
    expected = request.expected if published else request.expected.and_warns(NONE_PUBLISHED)
    found = {(f.check, f.verdict) for f in report.to_fix}
    assert expected.differences(found, {f.check for f in report.not_seen}, report.headline.state) == ()
