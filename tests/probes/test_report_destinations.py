"""The TLS-RPT record of a domain, and its destinations, tried without sending anything."""

import asyncio

import pytest

from tests.probes.scripted import Close, DialerTo, Expect, Reset, Say, Script, ScriptedServer, Stall, StartTls
from tests.probes.test_transport_policy import Answers, Names, order, outside
from waxseal.facts import Attempt, Cause, DnsStatus, ReportDestination, Stage, Subject, TlsRptRecord
from waxseal.net.guard import AddressGuard
from waxseal.probes.recorder import Recorder
from waxseal.probes.transport_policy import MAX_DESTINATIONS, find_tls_rpt

DOMAIN = Subject(domain="example.test")
HOST = "reports.example.test"


def record(*uris: str) -> tuple[str, ...]:
    return (f'"v=TLSRPTv1; rua={",".join(uris)}"',)


def find(
    answers: Answers, *scripts: Script, guard: AddressGuard | None = None
) -> tuple[list[ReportDestination], dict[str, Attempt], ScriptedServer]:
    """Look for the record; the destinations, the attempts by their probe, and the server."""

    async def run() -> tuple[Recorder, ScriptedServer]:
        async with ScriptedServer(*(scripts or ((Stall(),),))) as server:
            network = outside(Names(answers), DialerTo(server.port), guard)
            recorder = Recorder(network.clock)
            await find_tls_rpt(network, recorder, "example.test")
        return recorder, server

    recorder, server = asyncio.run(run())
    facts = recorder.facts()
    assert server.problems == []
    assert len(facts.at(TlsRptRecord, DOMAIN)) == 1
    attempts = {attempt.probe: attempt for attempt in facts.at(Attempt, DOMAIN)}
    return list(facts.at(ReportDestination, DOMAIN)), attempts, server


def own(*uris: str) -> dict[tuple[str, str], tuple[str, ...] | DnsStatus]:
    return {("_smtp._tls.example.test", "TXT"): record(*uris)}


@pytest.mark.parametrize("answer", [DnsStatus.NXDOMAIN, DnsStatus.SERVFAIL, ('"v=TLSRPTv1"',), ('"x"',)])
def test_no_record_that_counts(answer: tuple[str, ...] | DnsStatus) -> None:
    found, attempts, _ = find({("_smtp._tls.example.test", "TXT"): answer})
    assert (found, set(attempts)) == ([], {"tlsrpt.record"})
    failed = answer is DnsStatus.SERVFAIL
    assert attempts["tlsrpt.record"].ended.cause is (Cause.DNS if failed else Cause.COMPLETED)


def test_a_mailbox_by_mx() -> None:
    answers = own("mailto:tls%2Breports@Other.test?subject=x") | {
        ("other.test", "MX"): ("10 mx.other.test.",)
    }
    (found,), _, server = find(answers)
    assert (found.place, found.status, found.ended, found.a, found.aaaa) == (
        "other.test",
        None,
        None,
        None,
        None,
    )
    assert found.mx is not None
    assert found.mx.rdata == ("10 mx.other.test.",)
    assert [(on.domain, on.answer.status) for on in found.onward] == [("other.test", DnsStatus.NXDOMAIN)]
    assert server.connections == 0


@pytest.mark.parametrize(("mx", "asked"), [(DnsStatus.NO_DATA, True), (DnsStatus.NXDOMAIN, False)])
def test_a_mailbox_without_mx(mx: DnsStatus, asked: bool) -> None:
    answers = own("mailto:tls@other.test") | {("other.test", "MX"): mx, ("other.test", "A"): ("192.0.2.1",)}
    (found,), _, _ = find(answers)
    assert found.a is None or found.a.status is DnsStatus.ANSWERED
    assert (found.a is not None, found.aaaa is not None) == (asked, asked)


@pytest.mark.parametrize(
    ("ways", "onward"),
    [
        ({}, ["a.test"]),
        ({"a": "b"}, ["a.test", "b.test"]),
        ({"a": "a"}, ["a.test"]),
        ({"a": "b", "b": "a"}, ["a.test", "b.test"]),
        ({"a": "b", "b": "c", "c": "d"}, ["a.test", "b.test", "c.test"]),
        ({"a": "example"}, ["a.test", "example.test"]),
    ],
)
def test_reports_are_followed_onward(ways: dict[str, str], onward: list[str]) -> None:
    answers = own("mailto:tls@a.test")
    for at, to in ways.items():
        answers |= {(f"_smtp._tls.{at}.test", "TXT"): record(f"mailto:tls@{to}.test", "https://x.test/")}
    (found,), _, _ = find(answers)
    assert [on.domain for on in found.onward] == onward


HEAD: Script = (StartTls(order(names=(HOST,))), Expect(b"HEAD /v1/tlsrpt?x=y HTTP/1.1"), *(Expect(b""),) * 5)


@pytest.mark.parametrize("status", [200, 301, 405, 500])
def test_an_endpoint_that_answers(status: int) -> None:
    """With a body announced that never comes, as HEAD has it (RFC 9110 §9.3.2)."""
    answer = Say(b"HTTP/1.1 %d x\r\nLocation: https://a.test/\r\nContent-Length: 9\r\n\r\n" % status)
    answers = own(f"https://{HOST}/v1/tlsrpt?x=y") | {(HOST, "A"): ("192.0.2.7",)}
    (found,), attempts, server = find(answers, (*HEAD, answer, Stall()))
    assert (found.place, found.status, found.mx, found.onward) == (HOST, status, None, ())
    assert found.ended is not None
    assert found.ended.cause is Cause.COMPLETED
    assert found.a is not None
    assert found.a.rdata == ("192.0.2.7",)
    assert (server.connections, attempts["tlsrpt.destinations"].connections) == (1, 1)
    assert server.heard[0][1].startswith(b"Host: reports.example.test")


@pytest.mark.parametrize(
    ("script", "cause", "stage"),
    [
        ((Reset(),), Cause.RESET, Stage.HANDSHAKE),
        ((*HEAD, Close()), Cause.CLOSED, Stage.RESPONSE),
        ((*HEAD, Say(b"220 mx\r\n"), Stall()), Cause.NOT_HTTP, Stage.RESPONSE),
    ],
)
def test_an_endpoint_that_does_not(script: Script, cause: Cause, stage: Stage) -> None:
    answers = own(f"https://{HOST}/v1/tlsrpt?x=y") | {(HOST, "A"): ("192.0.2.7",)}
    (found,), _, _ = find(answers, script)
    assert found.ended is not None
    assert (found.ended.cause, found.ended.stage, found.status) == (cause, stage, None)


def test_an_endpoint_at_an_address_that_the_guard_refuses() -> None:
    (found,), _, server = find(own("https://127.0.0.1/"), guard=AddressGuard())
    assert found.ended is not None
    assert (found.place, found.ended.cause, server.connections) == ("127.0.0.1", Cause.NOT_ALLOWED, 0)


def test_an_endpoint_without_an_address() -> None:
    (found,), _, _ = find(own(f"https://{HOST}/"))
    assert found.ended is not None
    assert (found.ended.cause, found.ended.stage) == (Cause.DNS, Stage.RESOLVE)


def test_other_schemes_and_address_literals_are_kept_only() -> None:
    found, _, server = find(own("http://a.test/", "mailto:tls@%5B192.0.2.1%5D", "ftp://b.test/"))
    assert [destination.uri[:6] for destination in found] == ["http:/", "mailto", "ftp://"]
    assert all(destination.ended is None and destination.mx is None for destination in found)
    assert server.connections == 0


def test_no_more_than_ten_destinations() -> None:
    found, _, _ = find(own(*(f"mailto:tls@d{number}.test" for number in range(30))))
    assert len(found) == MAX_DESTINATIONS == 10
