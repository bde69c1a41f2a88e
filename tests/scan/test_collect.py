"""A scan from targets to facts, in worlds of the lab's making."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.net.loopback import LOOPBACK
from tests.probes.scripted import NoResolver, ScriptedServer, Stall, network
from waxseal.errors import UsageError
from waxseal.facts import (
    DIALOGUE,
    Attempt,
    Cause,
    CertificateChain,
    CertificateTypes,
    ControlReach,
    DnsAnswer,
    DnsStatus,
    EhloClear,
    Endpoint,
    FactSet,
    Greeting,
    HostAddresses,
    MxRecords,
    ReverseNames,
    RunContext,
    Scope,
    Stage,
    Subject,
    Target,
)
from waxseal.grading.seal import State
from waxseal.lab.behaviour import Behaviour, Break, reply
from waxseal.lab.domains.table import LabDomain, LabServer, expect
from waxseal.lab.orders import Key, LeafOrder, TlsOrder
from waxseal.lab.world import LabWorld
from waxseal.lab.zone import DnsRecord, host_records
from waxseal.net.dial import NO_ROUTE, REFUSED, SILENT
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.stream import ByteStream
from waxseal.net.tape import ReplayStream
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.scan.collect import collect
from waxseal.scan.target import parse_target

V4, V6 = "192.0.2.1", "2001:db8::1"
SETTINGS = ProbeSettings(ehlo_name="client.example.test", time_limit_s=5.0)
Alter = Callable[[Network], Network]


def same(outside: Network) -> Network:
    return outside


def domain(
    *servers: LabServer, records: tuple[DnsRecord, ...], name: str = "d.test"
) -> tuple[LabDomain, ...]:
    return (LabDomain(name=name, title="", expected=expect(State.SEALED), records=records, servers=servers),)


def dialled(facts: FactSet) -> int:
    """Connections that the attempts on ports count, each attempt once however many subjects share it."""
    attempts = {a.id: a for place in facts.subjects(Scope.PORT) for a in facts.at(Attempt, place)}
    return sum(attempt.connections for attempt in attempts.values())


def mains(facts: FactSet) -> int:
    """How often an endpoint was looked at."""
    places = facts.subjects(Scope.PORT)
    return len({a.id for place in places for a in facts.at(Attempt, place) if a.probe == DIALOGUE})


def scan(
    domains: tuple[LabDomain, ...],
    *targets: str,
    settings: ProbeSettings = SETTINGS,
    alter: Alter = same,
    vantage: str = "",
) -> tuple[FactSet, dict[tuple[str, int], int]]:
    """Facts about targets in a world, and how many connections each of its servers took."""

    async def run() -> tuple[FactSet, dict[tuple[str, int], int]]:
        async with LabWorld(domains) as world:
            parsed = [parse_target(target) for target in targets]
            facts = await collect(parsed, alter(world.network()), settings, vantage=vantage)
            return facts, {place: server.connections for place, server in world.servers.items()}

    facts, connections = asyncio.run(run())
    crashed = [a for _, a in facts.within(Attempt, Subject()) if a.ended.cause is Cause.CRASHED]
    assert not crashed, crashed
    return facts, connections


def sound(host: str = "mx.d.test", *addresses: str, **tls: object) -> LabServer:
    leaf = LeafOrder(names=(host,))
    order = TlsOrder(leaves=(leaf,), **tls)  # type: ignore[arg-type]
    return LabServer(addresses=addresses or (V4,), behaviour=Behaviour(host=host, tls=order))


ONE = domain(sound(), records=(DnsRecord("d.test", "MX", "10 mx.d.test."), *host_records("mx.d.test", V4)))
TWO_FAMILIES = domain(
    sound("mx.d.test", V4, V6),
    records=(DnsRecord("d.test", "MX", "10 mx.d.test."), *host_records("mx.d.test", V4, V6)),
)


def ends(facts: FactSet, probe: str = DIALOGUE) -> list[tuple[Cause, Stage | None]]:
    return [(a.ended.cause, a.ended.stage) for _, a in facts.within(Attempt, Subject()) if a.probe == probe]


def test_a_domain_is_followed_to_its_certificates() -> None:
    facts, connections = scan(ONE, "user@d.test", vantage="desk")
    place = Subject(domain="d.test", host="mx.d.test", address=V4, port=25)
    assert facts.subjects(Scope.PORT) == (place,)
    for kind in (Target, MxRecords, HostAddresses, ReverseNames, Endpoint, Greeting, CertificateChain):
        assert facts.within(kind, Subject()), kind
    endpoint = facts.nearest(Endpoint, place)
    assert endpoint is not None
    assert endpoint.reference_names == ("mx.d.test", "d.test")
    assert connections == {(V4, 25): dialled(facts)}
    assert 1 < dialled(facts) <= SETTINGS.connections


def test_the_context_of_the_run_is_recorded_first() -> None:
    facts, _ = scan(ONE, "d.test", vantage="desk")
    first = next(iter(facts))
    assert isinstance(first.fact, RunContext)
    assert first.subject == Subject()
    context = first.fact
    assert (context.vantage, context.ehlo_name) == ("desk", "client.example.test")
    assert (context.time_limit_s, context.connection_limit, context.control) == (
        5.0,
        SETTINGS.connections,
        "",
    )
    assert context.root_store.startswith("lab:")
    assert context.resolver
    assert "192.0.2.0/24" in context.allowed_networks
    assert context.started_at.utcoffset() is not None


def test_two_hosts_on_one_address_are_tested_once_and_reported_for_each() -> None:
    names = ("mx1.d.test", "mx2.d.test")
    order = TlsOrder(leaves=(LeafOrder(names=names),))
    world = domain(
        LabServer(addresses=(V4,), behaviour=Behaviour(host=names[0], tls=order)),
        records=(
            DnsRecord("d.test", "MX", "10 mx1.d.test."),
            DnsRecord("d.test", "MX", "20 mx2.d.test."),
            *host_records(names[0], V4),
            *host_records(names[1], V4, reverse=""),
        ),
    )
    facts, connections = scan(world, "d.test")
    assert connections == {(V4, 25): dialled(facts)}
    assert mains(facts) == 1
    places = facts.subjects(Scope.PORT)
    assert [place.host for place in places] == list(names)
    for kind in (Greeting, EhloClear, CertificateTypes):
        assert [facts.nearest(kind, place) is not None for place in places] == [True, True]
    assert facts.nearest(Greeting, places[0]) == facts.nearest(Greeting, places[1])
    first, second = (facts.at(Attempt, place) for place in places)
    assert first == second
    assert len({record.attempt for record in facts if isinstance(record.fact, Greeting)}) == 1
    reverse = {s.host: a.id for s, a in facts.within(Attempt, Subject()) if a.probe == "dns.reverse"}
    assert reverse["mx1.d.test"] == reverse["mx2.d.test"]


def test_two_domains_that_share_a_host_are_tested_once() -> None:
    records = (
        DnsRecord("d.test", "MX", "10 mx.d.test."),
        DnsRecord("e.test", "MX", "10 mx.d.test."),
        *host_records("mx.d.test", V4),
    )
    facts, connections = scan(domain(sound(), records=records), "d.test", "e.test")
    assert connections == {(V4, 25): dialled(facts)}
    assert mains(facts) == 1
    assert [place.domain for place in facts.subjects(Scope.PORT)] == ["d.test", "e.test"]


def test_a_target_named_twice_is_looked_at_once() -> None:
    facts, connections = scan(ONE, "d.test", "D.test.", "user@d.test")
    assert connections == {(V4, 25): dialled(facts)}
    assert mains(facts) == 1
    assert len(facts.within(Target, Subject())) == 1


def test_addresses_of_one_host_are_two_endpoints() -> None:
    facts, connections = scan(TWO_FAMILIES, "d.test")
    assert [place.address for place in facts.subjects(Scope.PORT)] == [V4, V6]
    assert connections == {(V4, 25): dialled(facts)}
    assert mains(facts) == 2


@pytest.mark.parametrize(("families", "address"), [((4,), V4), ((6,), V6)])
def test_only_the_family_wanted_is_tested(families: tuple[int, ...], address: str) -> None:
    facts, connections = scan(TWO_FAMILIES, "d.test", settings=replace_settings(families=families))
    assert [place.address for place in facts.subjects(Scope.PORT)] == [address]
    assert connections == {(V4, 25): dialled(facts)}
    assert mains(facts) == 1


def replace_settings(**changes: object) -> ProbeSettings:
    fields = {name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__}
    return ProbeSettings(**{**fields, **changes})


@pytest.mark.parametrize(
    "leaves",
    [
        (LeafOrder(names=("mx.d.test",)),),
        (LeafOrder(names=("mx.d.test",)), LeafOrder(names=("mx.d.test",), key=Key.RSA_2048)),
        (LeafOrder(names=("other.test",), issuer=None),),
    ],
)
def test_no_more_connections_are_spent_than_the_depth_allows(
    leaves: tuple[LeafOrder, ...],
) -> None:
    hosts = [f"mx{number}.d.test" for number in range(8)]
    order = TlsOrder(leaves=leaves, without_name=(LeafOrder(names=("default.test",)),))
    records = [DnsRecord("d.test", "MX", f"{number} {host}.") for number, host in enumerate(hosts)]
    for host in hosts:
        records += host_records(host, V4, reverse="")
    behaviour = Behaviour(host=hosts[0], tls=order)
    world = domain(LabServer(addresses=(V4,), behaviour=behaviour), records=tuple(records))
    settings = replace_settings(depth=Depth.GRADE)
    facts, connections = scan(world, "d.test", settings=settings)
    assert connections == {(V4, 25): settings.connections} == {(V4, 25): 8}
    place = facts.subjects(Scope.PORT)[0]
    attempts = facts.at(Attempt, place)
    assert dialled(facts) == 8
    assert Cause.BUDGET_SPENT in {attempt.ended.cause for attempt in attempts}


def test_a_spent_budget_leaves_attempts_that_say_so() -> None:
    facts, connections = scan(ONE, "d.test", settings=replace_settings(connection_limit=1))
    assert connections == {(V4, 25): 1}
    assert ends(facts) == [(Cause.COMPLETED, Stage.QUIT)]
    assert ends(facts, "tls") == [(Cause.BUDGET_SPENT, None)]


def test_hosts_ports_and_addresses_can_be_named() -> None:
    leaf = TlsOrder(leaves=(LeafOrder(names=("mx.d.test",)),))
    implicit = Behaviour(host="mx.d.test", tls=leaf, implicit=True)
    world = domain(
        sound(),
        LabServer(addresses=(V4,), behaviour=implicit, port=465),
        records=tuple(host_records("mx.d.test", V4)),
    )
    facts, connections = scan(world, "smtp://mx.d.test", "submissions://mx.d.test", V4)
    assert {str(place) for place in facts.subjects(Scope.PORT)} == {
        f"mx.d.test [{V4}]:25",
        f"mx.d.test [{V4}]:465",
        f"[{V4}]:25",
    }
    assert connections[V4, 465] > 1
    assert connections[V4, 25] > 1
    assert sum(connections.values()) == dialled(facts)
    assert mains(facts) == 2
    assert set(ends(facts)) == {(Cause.COMPLETED, Stage.QUIT)}


def test_an_address_has_no_look_ups_but_its_reverse_name() -> None:
    facts, _ = scan(ONE, f"{V4}:25")
    assert not facts.within(MxRecords, Subject())
    assert not facts.within(HostAddresses, Subject())
    assert len(facts.within(ReverseNames, Subject())) == 1
    (chain,) = facts.within(CertificateChain, Subject())
    assert chain[0].server_name == ""


# The control destination.


def control_world(word: str, control: str | None) -> tuple[tuple[LabDomain, ...], tuple[str, int]]:
    records = (
        DnsRecord("d.test", "MX", "10 mx.d.test."),
        *host_records("mx.d.test", V4),
        *host_records("control.test", "192.0.2.99"),
    )
    servers = [LabServer(addresses=(V4,), behaviour=word)]
    if control is None:
        servers.append(sound("control.test", "192.0.2.99"))
    else:
        servers.append(LabServer(addresses=("192.0.2.99",), behaviour=control))
    return domain(*servers, records=records), ("control.test", 25)


QUICK = {"time_limit_s": 0.5}


@pytest.mark.parametrize("host", ["control.test", "192.0.2.99", "[192.0.2.99]"])
def test_the_control_is_reached_where_only_the_destination_is_dead(host: str) -> None:
    world, _ = control_world(SILENT, None)
    facts, connections = scan(world, "d.test", settings=replace_settings(control=(host, 25), **QUICK))
    assert facts.at(ControlReach, Subject()) == (ControlReach(destination=f"{host}:25", connected=True),)
    assert ends(facts, "control") == [(Cause.COMPLETED, Stage.CONNECT)]
    assert connections == {("192.0.2.99", 25): 1}


@pytest.mark.parametrize(
    ("word", "cause"), [(SILENT, Cause.TIMED_OUT), (REFUSED, Cause.REFUSED), (NO_ROUTE, Cause.NO_ROUTE)]
)
def test_a_control_that_cannot_be_reached_says_how(
    monkeypatch: pytest.MonkeyPatch, word: str, cause: Cause
) -> None:
    monkeypatch.setattr("waxseal.probes.control.CONNECT_LIMIT_S", 0.2)
    world, control = control_world(SILENT, word)
    facts, _ = scan(world, "d.test", settings=replace_settings(control=control, **QUICK))
    (reach,) = facts.at(ControlReach, Subject())
    assert not reach.connected
    assert ends(facts, "control") == [(cause, Stage.CONNECT)]


@pytest.mark.parametrize("host", ["gone.test", "127.0.0.1", "10.0.0.1"])
def test_a_control_that_was_never_dialled_says_nothing_of_the_port(host: str) -> None:
    world, _ = control_world(SILENT, None)
    facts, _ = scan(world, "d.test", settings=replace_settings(control=(host, 25), **QUICK))
    assert not facts.at(ControlReach, Subject())
    ((cause, _),) = ends(facts, "control")
    assert cause in (Cause.DNS, Cause.NOT_ALLOWED)


@pytest.mark.parametrize("word", [REFUSED, NO_ROUTE])
def test_the_control_is_not_asked_where_something_answered(word: str) -> None:
    world, control = control_world(word, None)
    facts, connections = scan(world, "d.test", settings=replace_settings(control=control, **QUICK))
    assert not facts.at(ControlReach, Subject())
    assert ends(facts, "control") == []
    assert connections == {("192.0.2.99", 25): 0}


def test_the_control_is_not_asked_where_one_address_answered() -> None:
    records = (
        DnsRecord("d.test", "MX", "10 mx.d.test."),
        *host_records("mx.d.test", V4, V6),
        *host_records("control.test", "192.0.2.99"),
    )
    world = domain(
        sound(),
        LabServer(addresses=(V6,), behaviour=SILENT),
        sound("control.test", "192.0.2.99"),
        records=records,
    )
    settings = replace_settings(control=("control.test", 25), **QUICK)
    facts, connections = scan(world, "d.test", settings=settings)
    assert connections["192.0.2.99", 25] == 0
    assert not facts.at(ControlReach, Subject())


def test_the_control_is_not_asked_where_a_connection_stood() -> None:
    records = (*host_records("mx.d.test", V4), *host_records("control.test", "192.0.2.99"))
    behaviour = Behaviour(host="mx.d.test", breaks={Stage.GREETING: Break.STALL})
    world = domain(
        LabServer(addresses=(V4,), behaviour=behaviour), sound("control.test", "192.0.2.99"), records=records
    )
    settings = replace_settings(control=("control.test", 25), **QUICK)
    facts, connections = scan(world, "mx.d.test:25", settings=settings)
    assert ends(facts) == [(Cause.TIMED_OUT, Stage.GREETING)]
    assert connections["192.0.2.99", 25] == 0
    assert not facts.at(ControlReach, Subject())


# The guard.


@pytest.mark.parametrize("address", [LOOPBACK, "127.8.9.1"])
def test_addresses_of_this_machine_are_not_dialled(address: str) -> None:
    """No packet is sent: a listener at that very address sees no connection."""

    async def run() -> tuple[FactSet, int]:
        async with ScriptedServer((Stall(),)) as server:
            outside = replace(network(), guard=AddressGuard())
            facts = await collect([parse_target(f"{address}:{server.port}")], outside, SETTINGS)
            await asyncio.sleep(0.02)
            return facts, server.connections

    facts, connections = asyncio.run(run())
    assert connections == 0
    assert ends(facts) == [(Cause.NOT_ALLOWED, Stage.CONNECT)]
    ((_, attempt),) = [(s, a) for s, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    assert (attempt.connections, attempt.octets_out) == (0, 0)
    assert "127.0.0.0/8" in attempt.ended.detail


def test_a_private_address_that_dns_names_is_not_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    async def refuse(self: object, sock: socket.socket, address: object) -> None:
        asked.append(address)
        raise OSError(111, "refused")

    records = (
        DnsRecord("d.test", "MX", "10 mx.d.test."),
        *host_records("mx.d.test", "10.1.2.3", "192.168.1.1", "fd00::1", "::1", "169.254.169.254", "0.0.0.0"),
    )
    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", refuse)
    facts, _ = scan(
        domain(records=records), "d.test", alter=lambda outside: replace(outside, dialer=network().dialer)
    )
    assert asked == []
    assert ends(facts) == [(Cause.NOT_ALLOWED, Stage.CONNECT)] * 6


def test_what_is_allowed_is_dialled() -> None:
    records = (DnsRecord("d.test", "MX", "10 mx.d.test."), *host_records("mx.d.test", "10.1.2.3"))
    world = domain(sound("mx.d.test", "10.1.2.3"), records=records)

    def allow(outside: Network) -> Network:
        return replace(outside, guard=AddressGuard(["10.0.0.0/8"]))

    facts, connections = scan(world, "d.test", alter=allow)
    assert connections == {("10.1.2.3", 25): dialled(facts)}
    assert dialled(facts) > 1
    assert scan(world, "d.test")[1] == {("10.1.2.3", 25): 0}
    assert ends(facts) == [(Cause.COMPLETED, Stage.QUIT)]


# Politeness and the end of it all.


class CountedStream(ReplayStream):
    """A server that never says a word."""

    def __init__(self, gone: Callable[[], None]) -> None:
        super().__init__([])
        self._gone = gone

    async def read(self, limit_octets: int = 0) -> bytes:
        await asyncio.Event().wait()
        return b""

    def abort(self) -> None:
        self._gone()


class CountingDialer:
    """Counts the streams that stand, by address and in all."""

    def __init__(self) -> None:
        self.standing: list[str] = []
        self.most = 0
        self.most_at_one = 0
        self.dialled: list[str] = []

    async def dial(self, address: str, port: int) -> ByteStream:
        self.dialled.append(address)
        self.standing.append(address)
        self.most = max(self.most, len(self.standing))
        self.most_at_one = max(self.most_at_one, self.standing.count(address))
        return CountedStream(lambda: self.standing.remove(address))


class ManyAddresses(NoResolver):
    """One host with many addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        if rdtype == "A":
            return DnsAnswer(name, "A", DnsStatus.ANSWERED, rdata=self._addresses)
        return await super().query(name, rdtype)


def test_one_address_of_a_host_at_a_time() -> None:
    """Twelve addresses of one host; each conversation takes a while, so that they would pile up."""
    dialer = CountingDialer()
    addresses = [f"192.0.2.{number}" for number in range(1, 13)]
    outside = replace(network(dialer), resolver=ManyAddresses(*addresses))
    asyncio.run(collect([parse_target("mx.d.test:25")], outside, replace_settings(time_limit_s=0.05)))
    assert sorted(dialer.dialled) == sorted(addresses)
    assert (dialer.most, dialer.most_at_one, dialer.standing) == (1, 1, [])


def test_no_more_endpoints_at_a_time_than_the_settings_say() -> None:
    dialer = CountingDialer()
    targets = [parse_target(f"192.0.2.{number}:25") for number in range(1, 13)]
    asyncio.run(collect(targets, network(dialer), replace_settings(time_limit_s=0.05, parallel=5)))
    assert (dialer.most, len(dialer.dialled), dialer.standing) == (5, 12, [])


def test_many_silent_addresses_end_side_by_side() -> None:
    domains = tuple(
        found
        for number in range(10)
        for found in domain(
            LabServer(addresses=(f"192.0.2.{number + 1}",), behaviour=SILENT),
            records=(
                DnsRecord(f"d{number}.test", "MX", f"10 mx.d{number}.test."),
                *host_records(f"mx.d{number}.test", f"192.0.2.{number + 1}"),
            ),
            name=f"d{number}.test",
        )
    )
    began = time.monotonic()
    facts, _ = scan(domains, *(f"d{n}.test" for n in range(10)), settings=replace_settings(time_limit_s=0.5))
    assert time.monotonic() - began < 3
    assert ends(facts) == [(Cause.TIMED_OUT, Stage.CONNECT)] * 10


def test_records_are_told_as_they_come() -> None:
    told: list[str] = []

    async def run() -> FactSet:
        async with LabWorld(ONE) as world:
            return await collect(
                [parse_target("d.test")],
                world.network(),
                SETTINGS,
                on_record=lambda record: told.append(type(record.fact).__name__),
            )

    facts = asyncio.run(run())
    assert told == [type(record.fact).__name__ for record in facts]
    assert told[:3] == ["RunContext", "Validator", "Target"]


def test_a_bug_is_contained_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: object) -> None:
        raise ZeroDivisionError("secret=hunter2")

    monkeypatch.setattr("waxseal.probes.smtp_dialogue.parse_ehlo", burst)

    async def run() -> FactSet:
        async with LabWorld(TWO_FAMILIES) as world:
            return await collect([parse_target("d.test")], world.network(), SETTINGS)

    facts = asyncio.run(run())
    assert {cause for cause, _ in ends(facts)} == {Cause.CRASHED}
    assert len(facts.within(Greeting, Subject())) == 2
    details = [a.ended.detail for _, a in facts.within(Attempt, Subject()) if a.ended.cause is Cause.CRASHED]
    assert all("ZeroDivisionError" in detail and "hunter2" not in detail for detail in details)


def test_a_server_that_is_too_busy_costs_one_connection() -> None:
    behaviour = Behaviour(host="mx.d.test", greeting=reply(421, "busy"))
    records = (DnsRecord("d.test", "MX", "10 mx.d.test."), *host_records("mx.d.test", V4))
    world = domain(LabServer(addresses=(V4,), behaviour=behaviour), records=records)
    facts, connections = scan(world, "d.test")
    assert connections == {(V4, 25): 1}
    assert ends(facts) == [(Cause.DECLINED, Stage.GREETING)]


def test_one_port_cannot_be_spoken_to_in_two_ways_in_one_run() -> None:
    with pytest.raises(UsageError, match="two ways") as caught:
        scan(ONE, "smtp://mx.d.test:465", "submissions://mx.d.test:465")
    assert caught.value.hint
