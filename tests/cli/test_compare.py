"""``waxseal compare`` on runs of the lab, one of them through somebody who takes STARTTLS away."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.net.relay import Rewrite, socks5, without_starttls
from waxseal.api import check
from waxseal.cli.output import save_facts
from waxseal.lab.world import LabWorld
from waxseal.net.via import network_via, parse_via
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth

TARGET = "sound.test"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs against the same server: direct, by an honest way, and by a dishonest one."""
    folder = tmp_path_factory.mktemp("runs")

    async def look(world: LabWorld, name: str, rewrite: Rewrite | None) -> None:
        network, way = world.network(), ""
        settings = ProbeSettings(depth=Depth.GRADE, time_limit_s=8.0)
        async with socks5(rewrite or bytes) as (_, port):
            if rewrite is not None:
                way = f"socks5://127.0.0.1:{port}"
                network = network_via(network, parse_via(way))
            named = ProbeSettings(depth=settings.depth, time_limit_s=settings.time_limit_s, via=way)
            result = await check(TARGET, network=network, settings=named, vantage=name)
            save_facts(result.facts, folder / f"{name}.jsonl")

    async def all_of_them() -> None:
        async with LabWorld() as world:
            await look(world, "home", None)
            await look(world, "office", bytes)
            await look(world, "cafe", without_starttls)

    asyncio.run(all_of_them())
    return folder


def test_a_path_that_takes_starttls_away(waxseal: Command, runs: Path) -> None:
    ran = waxseal("compare", str(runs / "home.jsonl"), str(runs / "cafe.jsonl"))
    assert (ran.code, ran.err) == (1, "")
    told = " ".join(ran.out.split())
    assert "DIFFERENT home and cafe do not get the same seal" in told
    assert (
        "1. From home STARTTLS is offered, from cafe the keyword is missing: something on the path of cafe "
        "takes it away, or the server treats cafe differently [critical] starttls" in told
    )
    assert max(map(len, ran.out.splitlines())) <= 80
    other_way = waxseal("compare", str(runs / "cafe.jsonl"), str(runs / "home.jsonl"))
    assert "From home STARTTLS is offered, from cafe the keyword is missing" in " ".join(
        other_way.out.split()
    )


def test_an_honest_path(waxseal: Command, runs: Path) -> None:
    ran = waxseal("compare", str(runs / "home.jsonl"), str(runs / "office.jsonl"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(" THE SAME  home and office see the same\n")
    assert "via socks5://127.0.0.1:" in " ".join(ran.out.split())
    assert "4 addresses compared, 0 differences, 0 not seen." in ran.out


def test_document(waxseal: Command, runs: Path) -> None:
    ran = waxseal("compare", "--json", str(runs / "home.jsonl"), str(runs / "cafe.jsonl"))
    document = json.loads(ran.out)
    assert ran.code == 1
    assert (document["schema"], document["differs"]) == ("waxseal.compare/1", True)
    assert (document["a"]["name"], document["b"]["name"]) == ("home", "cafe")
    assert len(document["compared"]) == 4
    worst = document["differences"][0]
    assert (worst["kind"], worst["weight"], worst["lacks"]) == ("starttls", "critical", "b")
    assert "STARTTLS" in worst["a"]
    assert "STARTTLS" not in worst["b"]
    assert worst["subject"]["domain"] == TARGET


def test_baseline(waxseal: Command, runs: Path) -> None:
    ran = waxseal("judge", str(runs / "cafe.jsonl"), "--json")
    found = {f["check"]: f["verdict"] for f in json.loads(ran.out)["reports"][0]["findings"]}
    assert found["smtp/starttls-lost"] == "not-applicable"


@pytest.mark.parametrize("arguments", [("-", "-"), ("/nowhere/at/all", "-"), ("only-one",)])
def test_bad_input_is_one_sentence_and_a_hint(waxseal: Command, arguments: tuple[str, ...]) -> None:
    ran = waxseal("compare", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "hint:" in ran.err


def test_a_file_that_holds_no_run(waxseal: Command, runs: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    ran = waxseal("compare", str(runs / "home.jsonl"), str(empty))
    assert ran.code == 2
    assert "holds no target" in ran.err
