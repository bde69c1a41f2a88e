"""What a hostile review found once: each must stay mended."""

import asyncio
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.cli.command import environment
from waxseal.api import Result, check, judge
from waxseal.checks import samples
from waxseal.checks.api import Example, Verdict, at
from waxseal.checks.registry import all_checks
from waxseal.cli.output import exit_code
from waxseal.facts import Cause, Deviation, DnsStatus, FactSet, Keyword, MxTarget, Stage
from waxseal.facts.stored import dump, load
from waxseal.grading.seal import FINAL, State
from waxseal.lab.world import LabWorld
from waxseal.net.errors import NetError
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.net.roots import load_roots
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.terminal import print_report, terminal
from waxseal.report.transcript import render_transcript

HOST = "mx.example.org"
OTHER = {"host": "mx2.example.org", "address": "192.0.2.26"}
HEARD = (samples.endpoint(), samples.greeting(), samples.ehlo())
SEALED = (*HEARD, samples.starttls(), samples.handshake(), samples.ehlo_tls(), samples.attempt())
EVIL = "\x1b[31m\u202e[bold]\x00\x9b1m\n"


def report_on(*facts: Any) -> Report:
    """The report of ``example.org`` by these facts."""
    known = samples.fact_set(Example("", Verdict.PASS, (samples.target(), *facts)))
    (report,) = judge(known).reports
    return report


def state_of(*facts: Any, mx: Any = None, addresses: Any = None) -> State:
    mx = mx or samples.mx_records((10, HOST))
    addresses = addresses or samples.host_addresses("192.0.2.25")
    return report_on(mx, addresses, *facts).headline.state


def breach(rule: str) -> Deviation:
    return Deviation(rule=rule, source="RFC 5321 §4.2")


# Nothing follows from an answer that was not heard whole.


@pytest.mark.parametrize("cause", [Cause.TIMED_OUT, Cause.CLOSED, Cause.RESET, Cause.LIMIT])
def test_an_ehlo_answer_cut_short_exposes_nobody(cause: Cause) -> None:
    cut = samples.reply(250, HOST, "PIPELINING", deviations=(breach("cut-off"),))
    ehlo = samples.ehlo(reply=cut, keywords=(Keyword("PIPELINING"),))
    facts = (samples.endpoint(), samples.greeting(), ehlo, samples.attempt(cause, Stage.EHLO))
    assert state_of(*facts) is State.UNKNOWN


def test_an_ehlo_answer_in_pieces_exposes_nobody() -> None:
    ehlo = samples.ehlo("PIPELINING", extra=b"250 STARTTLS\r\n")
    assert state_of(samples.endpoint(), samples.greeting(), ehlo, samples.attempt()) is State.UNKNOWN


def test_a_handshake_of_a_later_version_exposes_nobody() -> None:
    known = samples.fact_set(Example("", Verdict.PASS, (samples.target(), *SEALED)))
    lines = [line.replace(b'"tls.handshake/1"', b'"tls.handshake/2"') for line in dump(known)]
    later = load(lines)
    assert judge(later).reports[0].headline.state is not State.EXPOSED
    assert list(dump(later)) == lines


# "Sealed" is said only where all was seen.


def test_certificates_that_could_not_be_judged_prove_nobody() -> None:
    assert state_of(*SEALED) is State.PARTLY_UNKNOWN  # no chain was recorded


@pytest.mark.parametrize(
    ("mx", "addresses", "told"),
    [
        (
            samples.mx_records((10, HOST), (20, "mx2.example.org")),
            (samples.host_addresses("192.0.2.25"),),
            "1 mail host",
        ),
        (
            samples.mx_records((10, HOST)),
            (samples.host_addresses("192.0.2.25", "192.0.2.26"),),
            "1 more address",
        ),
        (
            samples.mx_records((10, HOST)),
            (
                samples.host_addresses(
                    "192.0.2.25", aaaa=samples.answer(HOST, "AAAA", status=DnsStatus.TIMED_OUT)
                ),
            ),
            "DNS gave no answer",
        ),
    ],
    ids=["host", "address", "family"],
)
def test_what_was_left_out_is_told(mx: Any, addresses: Any, told: str) -> None:
    context = samples.run_context(allowed_networks=("192.0.2.0/24",))
    targets = [at(MxTarget(exchange=e.exchange), host=e.exchange) for e in mx.exchanges]
    report = report_on(context, mx, *targets, *addresses, *SEALED)
    assert report.headline.state is State.PARTLY_UNKNOWN
    assert told in report.headline.sentence


# "Cannot be delivered" is said only where each place to deliver to turns mail down.


def test_a_breach_beside_a_refusal_is_no_final_answer() -> None:
    odd = samples.reply(554, "go \x01 away", deviations=(breach("control-octets"),))
    facts = (
        samples.endpoint(),
        samples.greeting(code=554, reply=odd),
        samples.attempt(Cause.DECLINED, Stage.GREETING, code=554),
    )
    assert state_of(*facts) is State.UNKNOWN


def test_one_refusal_says_nothing_of_the_other_host() -> None:
    refused = (samples.endpoint(), samples.attempt(Cause.REFUSED, Stage.CONNECT))
    silent = (
        at(samples.host_addresses("192.0.2.26", host="mx2.example.org"), host="mx2.example.org"),
        at(samples.endpoint(), **OTHER),
        at(samples.attempt(Cause.TIMED_OUT, Stage.GREETING), **OTHER),
    )
    mx = samples.mx_records((10, HOST), (20, "mx2.example.org"))
    assert state_of(*refused) is State.UNDELIVERABLE
    assert state_of(*refused, *silent, mx=mx) is State.UNKNOWN


def test_final_checks_exist() -> None:
    assert set(all_checks()) >= FINAL


# A stage is not blamed for time that others used up.


def _peer(limit_s: float) -> Peer:
    network = Network(resolver=None, roots=None, guard=AddressGuard())  # type: ignore[arg-type]
    return Peer(network, "192.0.2.1", 25, time_limit_s=limit_s, connection_limit=1)


@pytest.mark.parametrize(
    ("spent_s", "cause"), [(0.0, Cause.TIMED_OUT), (0.4, Cause.BUDGET_SPENT)], ids=["fresh", "late"]
)
def test_time_that_others_used_up_is_no_time_out(spent_s: float, cause: Cause) -> None:
    async def stall() -> None:
        peer = _peer(0.5)
        await asyncio.sleep(spent_s)
        await peer.timed(Stage.HANDSHAKE, asyncio.Event().wait())

    with pytest.raises(NetError) as caught:
        asyncio.run(stall())
    assert caught.value.cause is cause


def test_a_drip_fed_stage_tells_how_long_it_took() -> None:
    async def drip() -> None:
        peer = _peer(0.3)
        began = peer.network.clock.monotonic()
        while True:
            await peer.timed(Stage.GREETING, asyncio.sleep(0.05), began=began)

    with pytest.raises(NetError) as caught:
        asyncio.run(drip())
    assert (caught.value.cause, caught.value.detail) == (Cause.TIMED_OUT, "after 0.3 s")


# Nothing of a stranger's steers the screen.


def test_plain_text() -> None:
    assert plain("bücher 漢字") == "bücher 漢字"
    assert plain(EVIL).isprintable()


def test_hostile_certificate_names_do_not_reach_the_screen_raw() -> None:
    async def run() -> Result:
        async with LabWorld() as world:
            return await check("expired.test", network=world.network())

    result = asyncio.run(run())
    lines = [line.replace(b"expired.test", EVIL.encode("unicode_escape")) for line in dump(result.facts)]
    lines = [
        line.replace(rb"\x1b", rb"\u001b").replace(rb"\x00", rb"\u0000").replace(rb"\x9b", rb"\u009b")
        for line in lines
    ]
    hostile = judge(load(lines))
    out = io.StringIO()
    for report in hostile.reports:
        print_report(Console(file=out, width=80, markup=False), report, hostile.facts, verbose=2)
        out.writelines(f"{line}\n" for line in render_transcript(hostile.facts, report.root))
    assert "[bold]" in out.getvalue()
    assert out.getvalue().replace("\n", "").isprintable()


def test_a_screen_without_columns_is_still_written_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    assert terminal().width >= 40


# Reports of their own, exit codes, streams.


def test_two_ports_of_a_host_count_their_own_connections() -> None:
    async def run() -> Result:
        async with LabWorld() as world:
            return await check("mail.sound.test:587", "mail.sound.test:465", network=world.network())

    for report in asyncio.run(run()).reports:
        assert report.connections == sum(seal.connections for seal in report.endpoints)


def test_a_crashed_attempt_is_a_bug() -> None:
    crashed = (samples.endpoint(), samples.attempt(Cause.CRASHED, None, detail="ValueError"))
    known = samples.fact_set(Example("", Verdict.PASS, (samples.target(), *crashed)))
    assert exit_code(judge(known), "never") == 70


class NoSockets:
    """A resolver on a machine that has no socket left."""

    servers = ("192.0.2.53:53",)

    async def query(self, name: str, rdtype: str) -> Any:
        raise OSError(24, "Too many open files")


def test_no_more_sockets_is_no_bug() -> None:
    network = Network(resolver=NoSockets(), roots=load_roots("certifi"))
    result = asyncio.run(check("example.org", network=network))
    assert result.reports[0].headline.state is State.UNKNOWN
    assert exit_code(result, "high") == 3


def run(*arguments: str, shell: str = '"$@"', **changes: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["/bin/sh", "-c", shell, "sh", sys.executable, "-m", "waxseal", *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(**changes),
    )


LAB = ("check", "--lab", "no-starttls.test")


@pytest.mark.parametrize(
    ("shell", "code"),
    [('"$@" >&-', 1), ('"$@" 2>&-', 1), ('"$@" >&- 2>&- <&-', 1), ('"$@" >/dev/full', 2)],
)
def test_streams_that_are_closed_or_full(shell: str, code: int) -> None:
    ran = run(*LAB, shell=shell)
    assert ran.returncode == code
    assert b"bug" not in ran.stderr
    assert b"Traceback" not in ran.stderr


def test_a_reader_that_goes_away_does_not_make_a_finding_good() -> None:
    ran = run(*LAB, "-vv", shell='{ "$@"; echo $? >&2; } | true')
    assert ran.stderr.split()[-1:] == [b"1"]
    ran = run("explain", shell='{ sleep 0.3; "$@"; echo $? >&2; } | true')
    assert ran.stderr.split()[-1:] == [b"0"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_narrow_encoding_loses_no_report(encoding: str) -> None:
    ran = run("check", "--lab", "xn--bcher-kva.test", "-vv", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_facts_are_saved_though_the_report_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "facts.jsonl"
    run(*LAB, "--save", str(path), shell='"$@" >/dev/full')
    assert len(path.read_bytes().splitlines()) > 10


def test_of_several_files_a_finding_outweighs_what_was_not_tested(tmp_path: Path) -> None:
    bad = (samples.target(), samples.mx_records(status=DnsStatus.NXDOMAIN))
    unseen = (samples.target(), samples.mx_records(status=DnsStatus.TIMED_OUT))
    paths = []
    for number, facts in enumerate((bad, unseen)):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(b"".join(dump(samples.fact_set(Example("", Verdict.PASS, facts)))))
        paths.append(str(path))
    assert [run("judge", path).returncode for path in paths] == [1, 3]
    assert run("judge", *paths).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--control", "host:" + "9" * 5000),
        ("--control", "a b:25"),
        ("--control", "a\x1b:25"),
        ("--time-limit", "nan"),
        ("--vantage", "a\x1b[31m"),
        ("--dial-map", "deep"),
    ],
    ids=lambda arguments: f"{arguments[0]} {arguments[1][:8]!r}",
)
def test_odd_options_are_the_users_mistake(arguments: tuple[str, str], tmp_path: Path) -> None:
    option, value = arguments
    if value == "deep":
        path = tmp_path / "deep"
        path.write_text("[" * 100_000)
        value = str(path)
    ran = run("check", "--resolver", "127.0.0.1:9", option, value, "x.example")
    assert ran.returncode == 2
    assert b"hint: " in ran.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no ulimit")
def test_a_lab_without_files_to_open_says_so() -> None:
    ran = run("check", "--lab", shell='ulimit -n 40; "$@"')
    assert ran.returncode == 2
    assert b"the lab cannot start" in ran.stderr


def test_facts_of_no_run_at_all_are_judged() -> None:
    assert judge(FactSet(())).reports == ()


def test_the_lab_takes_name_and_port() -> None:
    ran = run("check", "--lab", "--port", "587", "--name", "other.example", "mail.sound.test", "--json")
    report = json.loads(ran.stdout)["reports"][0]
    assert (report["target"]["port"], report["target"]["expected_name"]) == (587, "other.example")
