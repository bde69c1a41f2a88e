"""Faults that are looked for on request only are told when asked for."""

import asyncio

import pytest

from waxseal.api import Result, check
from waxseal.lab.domains import all_domains
from waxseal.lab.domains.on_request import REQUESTS, Request
from waxseal.lab.domains.table import NONE_PUBLISHED, PROVIDER
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings

NEEDED = {request.target for request in REQUESTS} | {
    PROVIDER.removeprefix("mx."),
    "sound.test",
    "mail.sound.test",
}


@pytest.fixture(scope="module")
def results() -> list[Result]:
    async def run() -> list[Result]:
        domains = tuple(domain for domain in all_domains() if domain.name in NEEDED)
        async with LabWorld(domains) as world:

            async def one(request: Request) -> Result:
                settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, **request.settings)
                return await check(request.target, network=world.network(), settings=settings)

            return await asyncio.gather(*map(one, REQUESTS))

    return asyncio.run(run())


@pytest.mark.parametrize("number", range(len(REQUESTS)), ids=lambda number: str(REQUESTS[number].settings))
def test_each_request(results: list[Result], number: int) -> None:
    report = results[number].reports[0]  # those of services come behind
    assert (
        REQUESTS[number]
        .expected.and_warns(NONE_PUBLISHED)
        .differences(
            {(f.check, f.verdict) for f in report.to_fix},
            {f.check for f in report.not_seen},
            report.headline.state,
        )
        == ()
    )
