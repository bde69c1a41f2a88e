"""What the world is told and what each sender would do, as the report shows them, from the lab's domains."""

import asyncio
import json
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from waxseal.api import Result, check
from waxseal.facts import Dnssec, Subject
from waxseal.grading.delivery import Decider, Outcome
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.delivery import sender_rows
from waxseal.report.json_form import render_json
from waxseal.report.policy_view import PolicySection, policy_section
from waxseal.report.terminal import print_report

DOMAINS = (
    "sound.test",
    "dane-only.test",
    "dane-mismatch.test",
    "dane-one-bad-address.test",
    "dane-one-bad-type.test",
    "dane-no-starttls.test",
    "dane-pkix.test",
    "dane-unsigned.test",
    "dane-mx-insecure.test",
    "sts-wildcard.test",
    "no-starttls.test",
    "null-mx.test",
)
V, E, C, D, B, U = (
    Outcome.VERIFIED,
    Outcome.ENCRYPTED,
    Outcome.CLEAR,
    Outcome.DEFERRED,
    Outcome.BOUNCED,
    Outcome.UNSEEN,
)


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8)
        return await check(*DOMAINS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_check())


@pytest.mark.parametrize(
    ("domain", "opportunistic", "dane", "dane_only", "mta_sts", "both"),
    [
        ("sound.test", E, V, V, V, V),
        ("dane-only.test", E, V, V, E, V),
        ("dane-mismatch.test", E, D, D, E, D),
        ("dane-one-bad-address.test", E, V, V, E, V),
        ("dane-no-starttls.test", C, D, D, C, D),
        ("dane-pkix.test", E, E, D, E, E),
        ("dane-unsigned.test", E, E, D, E, E),
        ("dane-mx-insecure.test", E, E, D, E, E),
        ("sts-wildcard.test", E, E, D, V, V),
        ("no-starttls.test", C, C, D, C, C),
        ("null-mx.test", B, B, B, B, B),
    ],
)
def test_the_lab(
    result: Result,
    domain: str,
    opportunistic: Outcome,
    dane: Outcome,
    dane_only: Outcome,
    mta_sts: Outcome,
    both: Outcome,
) -> None:
    found = {row.sender: row.outcome for row in sender_rows(result.facts, Subject(domain=domain))}
    assert found["opportunistic"] is opportunistic
    assert found["postfix-dane"] is dane
    assert found["postfix-dane-only"] is dane_only
    assert found["mta-sts"] is mta_sts
    assert found["dane-mta-sts"] is both


def test_the_bad_address_shows(result: Result) -> None:
    rows = {r.sender: r for r in sender_rows(result.facts, Subject(domain="dane-one-bad-address.test"))}
    met = [address.possible for address in rows["postfix-dane"].hosts[0].addresses]
    assert set(met) == {(Outcome.VERIFIED,), (Outcome.DEFERRED,)}
    assert rows["postfix-dane"].decider is Decider.DANE


def section(result: Result, domain: str) -> PolicySection:
    found = policy_section(result.facts, Subject(domain=domain))
    assert found is not None
    return found


def test_what_the_world_is_told(result: Result) -> None:
    told = section(result, "sound.test")
    assert told.validator
    assert {row.dnssec for row in told.dnssec} == {Dnssec.SECURE}
    assert {row.rdtype for row in told.dnssec} == {"MX", "A", "AAAA", "TLSA"}
    assert told.tlsa
    assert all(len(row.matched) == 2 and not row.unmatched for row in told.tlsa)
    assert told.sts is not None
    assert told.sts.mode == "enforce"
    assert told.tls_rpt == ("mailto:tls-reports@sound.test",)
    assert told.spf is not None
    assert told.spf.startswith("v=spf1")
    assert told.dmarc is not None
    assert told.dmarc.startswith("v=DMARC1")
    bad = section(result, "dane-one-bad-address.test").tlsa
    assert bad[0].matched
    assert bad[0].unmatched
    assert section(result, "dane-pkix.test").tlsa[0].unusable


def test_a_record_is_said_to_match_the_certificate_that_it_matches(result: Result) -> None:
    (row,) = section(result, "dane-one-bad-type.test").tlsa
    assert (row.matched, row.unmatched, len(row.partly)) == ((), (), 2)
    told = {(match.address, match.key_type): match.why for match in row.certificates}
    assert {kind for (_, kind), why in told.items() if not why} == {"rsa"}
    assert {kind for (_, kind), why in told.items() if why} == {"ec"}
    text = " ".join(printed(result, "dane-one-bad-type.test").split())
    assert f"matches the RSA certificate at {', '.join(row.partly)}, not the ECDSA one" in text


def test_records_that_no_sender_uses_are_said_to_be_such(result: Result) -> None:
    rows = section(result, "dane-unsigned.test").tlsa
    assert [len(row.matched) for row in rows] == [2, 0]
    assert all(row.standing == "not signed: no sender uses it" for row in rows)
    text = " ".join(printed(result, "dane-unsigned.test").split())
    assert text.count("(not signed: no sender uses it)") == 2


def printed(result: Result, domain: str) -> str:
    (report,) = [report for report in result.reports if report.target.name == domain]
    out = StringIO()
    print_report(Console(file=out, width=120, color_system=None), report, result.facts)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_terminal_keeps_its_width_and_has_a_word_for_each_outcome(result: Result, width: int) -> None:
    for report in result.reports:
        out = StringIO()
        print_report(Console(file=out, width=width, color_system=None), report, result.facts, verbose=2)
        text = out.getvalue()
        assert all(cell_len(line) <= width for line in text.splitlines())
        assert "What each sender would do" in text
        flat = " ".join(text.split())
        if width == 120:
            for row in sender_rows(result.facts, report.root):
                assert row.outcome.value in flat


def test_json_holds_both(result: Result) -> None:
    reports = json.loads(render_json(result.reports, result.facts))["reports"]
    sound = next(report for report in reports if report["target"]["name"] == "sound.test")
    assert sound["policy"]["sts"]["mode"] == "enforce"
    row = next(row for row in sound["senders"] if row["sender"] == "mta-sts")
    assert (row["outcome"], row["decider"]) == ("encrypted and verified", "MTA-STS")
    assert row["record"].startswith("mode: enforce, mx: ")
