"""Command injection at the lab's servers, which were written apart from the probe: none is judged wrongly."""

import asyncio
from typing import Any

import pytest

from tests.lab.raw_client import server_of
from tests.probes.flawed import ALL, SETTINGS, SUBJECT, Outcome
from tests.probes.scripted import DialerTo, network
from waxseal.checks.verdict import Verdict
from waxseal.facts import Endpoint, MailProtocol, TlsMode
from waxseal.lab.common_behaviour import Break
from waxseal.lab.listener import LOOPBACK
from waxseal.net.peer import Peer
from waxseal.probes.injection import try_injection
from waxseal.probes.recorder import Recorder
from waxseal.probes.way import Way

SERVERS: tuple[tuple[dict[str, Any], Verdict], ...] = (
    ({}, Verdict.PASS),
    ({"joins_answers": True}, Verdict.PASS),
    ({"greets_again": True}, Verdict.PASS),
    ({"echoes": True}, Verdict.PASS),
    ({"takes_for_tls": True}, Verdict.PASS),
    ({"refuses_pipelining": True}, Verdict.PASS),
    ({"runs_in_clear": True}, Verdict.PASS),  # answered in clear: another fault, if any
    ({"keeps_buffer": True}, Verdict.FAIL),
    ({"keeps_partial": True}, Verdict.FAIL),
    ({"keeps_buffer": True, "late_s": 1.0}, Verdict.FAIL),
    ({"keeps_buffer": True, "joins_answers": True}, Verdict.FAIL),
    ({"keeps_buffer": True, "greets_again": True}, Verdict.FAIL),
    ({"keeps_buffer": True, "echoes": True}, Verdict.FAIL),
    ({"keeps_partial": True, "echoes": True}, Verdict.FAIL),
    ({"breaks_pipelining": Break.CLOSE}, Verdict.INCONCLUSIVE),
    ({"breaks_pipelining": Break.RESET}, Verdict.INCONCLUSIVE),
)


async def verdict(protocol: MailProtocol, changes: dict[str, Any]) -> Verdict:
    server = server_of(protocol, **changes)
    server.start()
    try:
        outside = network(DialerTo(server.port))
        recorder = Recorder(outside.clock)
        recorder.emit((SUBJECT,), Endpoint(mode=TlsMode.STARTTLS, protocol=protocol))
        peer = Peer(outside, LOOPBACK, 25, time_limit_s=60.0, connection_limit=4)
        way = Way(protocol, TlsMode.STARTTLS, "mx.example.test")
        await try_injection(peer, recorder, (SUBJECT,), SETTINGS, way)
        return Outcome(recorder.facts(), server.connections).verdicts()["command-injection"]
    finally:
        await server.stop()


@pytest.mark.parametrize("protocol", ALL)
def test_every_server_of_the_lab(protocol: MailProtocol) -> None:
    async def judge() -> list[Verdict]:
        return await asyncio.gather(*(verdict(protocol, changes) for changes, _ in SERVERS))

    judged = asyncio.run(judge())
    wrong = [(changes, said) for (changes, due), said in zip(SERVERS, judged, strict=True) if said is not due]
    assert not wrong
