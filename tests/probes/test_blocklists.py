"""Blocklists and CAA asked over a real socket, of a DNS server on loopback."""

import asyncio

from waxseal.facts import BlocklistAnswer, DnsStatus, FactSet, IssuancePolicy, Subject
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, Zone
from waxseal.net.clock import SystemClock
from waxseal.net.dns import DnsClient
from waxseal.net.network import Network
from waxseal.probes.blocklists import ask_blocklists
from waxseal.probes.discovery import find_issuance
from waxseal.probes.recorder import Recorder
from waxseal.trust.anchors import RootStore

ADDRESS = "192.0.2.25"
PLACE = Subject(domain="example.test", host="mx.example.test", address=ADDRESS)
LISTED = f"25.2.0.192.{'psbl.surriel.com'}"
BROKEN = f"25.2.0.192.{'dnsbl.dronebl.org'}"


def asked(zone: Zone, *, blocklists: tuple[str, ...] = (), host: Subject | None = None) -> FactSet:
    async def run() -> FactSet:
        server = DnsServer(zone)
        await server.start()
        try:
            network = Network(DnsClient([server.address]), RootStore(roots=(), name="none"))
            recorder = Recorder(SystemClock())
            await ask_blocklists(network, recorder, (PLACE,), ADDRESS, blocklists)
            if host is not None:
                await find_issuance(network, recorder, host)
            return recorder.facts()
        finally:
            await server.stop()

    return asyncio.run(run())


def test_each_list_answers_for_itself() -> None:
    zone = Zone(
        [DnsRecord(LISTED, "A", "127.0.0.2"), DnsRecord(LISTED, "TXT", '"see the page"')],
        [FaultyName(BROKEN, DnsFault.SERVFAIL)],
    )
    found = {
        fact.list_id: fact
        for fact in asked(zone, blocklists=("psbl", "dronebl", "spamcop", "x")).at(BlocklistAnswer, PLACE)
    }
    assert set(found) == {"psbl", "dronebl", "spamcop"}
    assert found["psbl"].answer.rdata == ("127.0.0.2",)
    assert found["psbl"].text is not None
    assert found["psbl"].text.rdata == ('"see the page"',)
    assert found["dronebl"].answer.status is DnsStatus.SERVFAIL
    assert (found["spamcop"].answer.status, found["spamcop"].text) == (DnsStatus.NXDOMAIN, None)


def test_the_climb_ends_at_the_first_records() -> None:
    zone = Zone([DnsRecord("mail.example.test", "A", ADDRESS), DnsRecord("test", "CAA", '0 issue "ca.test"')])
    host = Subject(host="mail.example.test")
    (climb,) = asked(zone, host=host).at(IssuancePolicy, host)
    assert [a.name for a in climb.answers] == ["mail.example.test", "example.test", "test"]
    assert climb.answers[-1].rdata == ('0 issue "ca.test"',)


def test_the_climb_ends_at_a_failure() -> None:
    zone = Zone(
        [DnsRecord("mail.example.test", "A", ADDRESS), DnsRecord("test", "CAA", '0 issue "ca.test"')],
        [FaultyName("example.test", DnsFault.SERVFAIL)],
    )
    host = Subject(host="mail.example.test")
    (climb,) = asked(zone, host=host).at(IssuancePolicy, host)
    assert [a.status for a in climb.answers] == [DnsStatus.NO_DATA, DnsStatus.SERVFAIL]
