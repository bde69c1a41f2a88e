import asyncio
import ipaddress
import json
import socket
import ssl
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.errors import UsageError
from waxseal.facts import Cause, DnsStatus, Stage
from waxseal.grading.seal import State
from waxseal.lab import LabWorld
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_server import AccessServer
from waxseal.lab.ca import pem
from waxseal.lab.domains import LabDomain, all_domains
from waxseal.lab.listener import Listener
from waxseal.lab.smtp_server import SmtpServer
from waxseal.lab.sts_host import StsHost
from waxseal.lab.world import ANCHOR_FILE, DIAL_MAP_FILE, NETWORKS, ROOT_FILE
from waxseal.net.dial import REFUSED, SILENT
from waxseal.net.errors import NetError
from waxseal.scan.target import parse_target

DOMAINS = all_domains()
IDS = [f"{domain.name}:{domain.port}" for domain in DOMAINS]
ELSEWHERE = {"10.0.0.1", "127.0.0.1", "::1", "127.0.0.2", "127.255.255.254", "192.0.2.251"}
"""Addresses in the lab's DNS that are not for the lab's servers."""


def test_the_table_is_rich_and_without_doubles() -> None:
    assert len(DOMAINS) >= 28
    assert Counter(IDS).most_common(1)[0][1] == 1
    assert len({domain.target for domain in DOMAINS}) == len(DOMAINS)
    states = {domain.expected.sentence for domain in DOMAINS}
    assert states == set(State)


@pytest.mark.parametrize("domain", DOMAINS, ids=IDS)
def test_each_row(domain: LabDomain) -> None:
    target = parse_target(domain.target)
    assert (target.name, target.port) == (domain.name, domain.port)
    assert domain.title
    expected = domain.expected
    verdicts = {verdict for _, verdict in expected.findings}
    assert verdicts <= {Verdict.WARN, Verdict.FAIL}
    named = {check for check, _ in expected.findings} | expected.inconclusive
    assert named <= set(all_checks())
    assert all(server.port == domain.port for server in domain.servers)


@pytest.mark.parametrize("domain", DOMAINS, ids=IDS)
def test_every_address_leads_somewhere(domain: LabDomain) -> None:
    led = {address for server in domain.servers for address in server.addresses}
    known = {record.rdata for record in domain.records if record.rdtype in ("A", "AAAA")} - ELSEWHERE
    if domain.records:
        assert known == led
    networks = [ipaddress.ip_network(network) for network in NETWORKS]
    for address in led:
        assert any(ipaddress.ip_address(address) in network for network in networks)
        assert str(ipaddress.ip_address(address)) == address


def test_most_checks_have_a_domain_of_their_own() -> None:
    named = {check for d in DOMAINS for check, _ in d.expected.findings}
    named |= {check for d in DOMAINS for check in d.expected.inconclusive}
    assert len(named) >= 70


def test_everything_starts_and_stops() -> None:
    async def run() -> None:
        async with LabWorld() as world:
            assert world.dns_address == f"127.0.0.1:{world.dns.port}"
            for domain in world.domains:
                for server in domain.servers:
                    assert {(address, server.port) for address in server.addresses} <= set(world.dial_map)
            places = [place for place in world.dial_map.values() if not isinstance(place, str)]
            assert {host for host, _ in places} == {"127.0.0.1"}
            await asyncio.gather(*(_greeted(server) for server in world.servers.values()))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with pytest.raises(ConnectionError):
            await asyncio.open_connection(*places[0])
        await world.stop()

    asyncio.run(run(), debug=True)


async def _greeted(server: Listener) -> None:
    """Connect, and compare the first octets with the script, where it has the server speak at once."""
    assert isinstance(server, (SmtpServer, AccessServer, StsHost))
    reader, writer = await asyncio.open_connection(*server.place)
    try:
        if isinstance(server, StsHost):
            return
        how = server.behaviour
        if how.implicit or Stage.GREETING in how.breaks or Stage.GREETING in how.delays:
            return
        if isinstance(how, AccessBehaviour):
            due = how.greeting or {"imap": b"* OK [CAPA", "pop3": b"+OK ", "sieve": b'"IMPLEM'}[how.protocol]
        else:
            due = (how.teaser or how.greeting_octets())[:20]
        assert await asyncio.wait_for(reader.readexactly(len(due)), 5) == due
    finally:
        writer.close()


def test_the_network_of_a_run() -> None:
    async def run() -> None:
        async with LabWorld() as world:
            network = world.network()
            answer = await network.resolver.query("sound.test", "MX")
            assert answer.status is DnsStatus.ANSWERED
            assert answer.rdata == ("10 mx1.sound.test.", "20 mx2.sound.test.")
            stream = await network.dialer.dial("192.0.2.1", 25)
            assert (await stream.read()).startswith(b"220 mx1.sound.test ")
            await stream.close()
            assert network.guard.refusal("192.0.2.1") is None
            assert network.guard.refusal("10.0.0.1") is not None
            assert network.roots.roots == world.roots_der
            with pytest.raises(NetError) as caught:
                await network.dialer.dial("192.0.2.77", 2525)
            assert caught.value.cause is Cause.UNREACHABLE
            assert {REFUSED, SILENT} <= set(map(str, world.dial_map.values()))

    asyncio.run(run())


def _policy(port: int, name: str, root: bytes) -> bytes:
    context = ssl.create_default_context(cadata=root.decode())
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    with context.wrap_socket(plain, server_hostname=name) as sealed:
        sealed.sendall(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        heard = b""
        while data := sealed.recv(4096):
            heard += data
    return heard


def test_policies() -> None:
    async def run() -> bytes:
        async with LabWorld() as world:
            resolver = world.network().resolver
            announced = await resolver.query("_mta-sts.sound.test", "TXT")
            assert announced.rdata[0].startswith('"v=STSv1; id=')
            addresses = await resolver.query("mta-sts.sound.test", "A")
            place = world.dial_map[addresses.rdata[0], 443]
            assert not isinstance(place, str)
            heard = await asyncio.to_thread(_policy, place[1], "mta-sts.sound.test", world.root_pem)
            with pytest.raises(ssl.SSLError):
                await asyncio.to_thread(_policy, place[1], "mta-sts.other.test", world.root_pem)
            return heard

    head, _, body = asyncio.run(run()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Type: text/plain" in head
    assert body.decode().splitlines() == [
        "version: STSv1",
        "mode: enforce",
        "mx: mx1.sound.test",
        "mx: mx2.sound.test",
        "max_age: 2419200",
    ]


def test_saving(tmp_path: Path) -> None:
    async def run() -> LabWorld:
        async with LabWorld(now=datetime(2030, 1, 1, tzinfo=UTC)) as world:
            world.save(tmp_path)
        return world

    world = asyncio.run(run())
    table = json.loads((tmp_path / DIAL_MAP_FILE).read_text())
    assert table["192.0.2.1:25"] == table["[2001:db8:0:1::1]:25"]
    assert len(table) == len(world.dial_map)
    assert REFUSED in table.values()
    assert (tmp_path / ROOT_FILE).read_bytes() == world.root_pem == pem(world.roots_der[0])
    assert (tmp_path / ANCHOR_FILE).read_text() == world.dns_anchor + "\n"
    assert world.dns_anchor.startswith(". 3600 IN DS ")


def test_two_servers_at_one_place_are_an_error_and_nothing_stays_open() -> None:
    async def run() -> None:
        sound = all_domains()[0]
        world = LabWorld((sound, sound))
        with pytest.raises(ValueError, match=r"192\.0\.2\.1:25"):
            await world.start()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_names_are_well_formed() -> None:
    for domain in DOMAINS:
        try:
            parse_target(domain.target)
        except UsageError as error:
            pytest.fail(f"{domain.target}: {error}")
