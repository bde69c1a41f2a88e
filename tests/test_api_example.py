"""The Python API as it is documented: the examples run, the results are typed, nothing has to be guessed."""

import ast
import asyncio
import inspect
import re
import textwrap
from typing import Any

import pytest

import waxseal
import waxseal.api
from waxseal import check, judge
from waxseal.errors import UsageError
from waxseal.facts import FactSet, Handshake, Record, Subject
from waxseal.facts.stored import dump, load
from waxseal.grading.seal import Seal, State
from waxseal.lab import LabWorld
from waxseal.lab.domains import all_domains
from waxseal.net.network import Network
from waxseal.probes.settings import ProbeSettings
from waxseal.report.model import Report

SETTINGS = ProbeSettings(ehlo_name="client.example.test", time_limit_s=5.0)
NAMES = ("sound.test", "no-starttls.test")
WORLD = tuple(domain for domain in all_domains(old_tls=False) if domain.name in NAMES and domain.port == 25)


def in_lab(*targets: str, **options: Any) -> waxseal.Result:
    async def run() -> waxseal.Result:
        async with LabWorld(WORLD) as world:
            return await check(*targets, network=world.network(), settings=SETTINGS, **options)

    return asyncio.run(run())


def examples(text: str) -> list[str]:
    """The indented blocks behind ``::``."""
    return [textwrap.dedent(block) for block in re.findall(r"::\n\n((?:    .*\n|\n)+)", text + "\n")]


def test_the_example_in_the_documentation_of_the_module_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert waxseal.api.__doc__ is not None
    (source,) = examples(waxseal.api.__doc__)
    ast.parse(source)

    async def run() -> None:
        async with LabWorld(WORLD) as world:
            network = world.network()
            # The example runs a loop of its own, so it runs beside ours.
            await asyncio.to_thread(run_example, source, network, monkeypatch)

    asyncio.run(run())
    assert "sound.test travels sealed" in capsys.readouterr().out


def run_example(source: str, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the text as a user would, in the lab's world."""
    monkeypatch.setattr(waxseal.api, "default_network", lambda *_, **__: network)
    exec(compile(source.replace("example.org", "sound.test"), "the example", "exec"), {"__name__": "example"})


def test_results_are_typed() -> None:
    result = in_lab("no-starttls.test", "sound.test")
    assert isinstance(result, waxseal.Result)
    assert isinstance(result.facts, FactSet)
    assert [report.target.name for report in result.reports] == ["no-starttls.test", "sound.test"]
    bad, good = result.reports
    assert isinstance(bad, Report)
    assert (bad.headline.state, good.headline.state) == (State.EXPOSED, State.SEALED)
    assert {endpoint.seal for endpoint in good.endpoints} == {Seal.SEALED}
    assert "smtp/starttls-missing" in {finding.check for finding in bad.to_fix}
    assert not good.to_fix
    versions = {handshake.version for _, handshake in result.facts.within(Handshake, good.root)}
    assert versions == {"TLSv1.3"}


def test_facts_can_be_judged_again() -> None:
    first = in_lab("no-starttls.test")
    again = judge(load(dump(first.facts)))
    assert again.reports == first.reports


def test_options_are_passed_on() -> None:
    seen: list[Record] = []
    result = in_lab("192.0.2.1", name="mx1.sound.test", vantage="desk", on_record=seen.append)
    assert [record.fact for record in seen] == [record.fact for record in result.facts]
    (report,) = result.reports
    assert report.context is not None
    assert report.context.vantage == "desk"
    assert report.target.expected_name == "mx1.sound.test"
    assert report.endpoints[0].subject == Subject(address="192.0.2.1", port=25)


def test_a_target_that_is_none_is_a_usage_error_before_anything_is_sent() -> None:
    with pytest.raises(UsageError):
        in_lab("sound.test", "not a target")


def test_nothing_named_is_nothing_seen() -> None:
    assert in_lab().reports == ()


def test_the_names_of_the_package_are_those_that_it_promises() -> None:
    for name in waxseal.__all__:
        assert getattr(waxseal, name) is not None
    assert inspect.iscoroutinefunction(check)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = waxseal.nonsense
