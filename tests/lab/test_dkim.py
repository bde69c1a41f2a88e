"""DKIM keys are asked for by selector, so their faults are told where the selector is given."""

import asyncio

import pytest

from waxseal.api import Result, check
from waxseal.lab.domains import all_domains
from waxseal.lab.domains.authentication import DKIM_DOMAIN, DKIM_EXPECTED
from waxseal.lab.domains.table import NONE_PUBLISHED
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    async def run() -> dict[str, Result]:
        domains = tuple(d for d in all_domains() if d.name in (DKIM_DOMAIN, "provider.test", "sound.test"))
        async with LabWorld(domains) as world:

            async def one(selector: str) -> Result:
                settings = ProbeSettings(
                    ehlo_name="probe.test", time_limit_s=8, dkim_keys=((selector, DKIM_DOMAIN),)
                )
                return await check(DKIM_DOMAIN, network=world.network(), settings=settings)

            found = await asyncio.gather(*map(one, DKIM_EXPECTED))
        return dict(zip(DKIM_EXPECTED, found, strict=True))

    return asyncio.run(run())


@pytest.mark.parametrize("selector", DKIM_EXPECTED)
def test_each_selector(results: dict[str, Result], selector: str) -> None:
    (report,) = results[selector].reports
    expected = DKIM_EXPECTED[selector].and_warns(NONE_PUBLISHED)
    assert (
        expected.differences(
            {(f.check, f.verdict) for f in report.to_fix},
            {f.check for f in report.not_seen},
            report.headline.state,
        )
        == ()
    )
