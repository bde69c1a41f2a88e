"""Where TLSA records are looked for: every case of RFC 7672 §2.2.2, and a real signed tree behind Unbound."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.net.real_tree import Tree, real_tree
from waxseal.facts import (
    Attempt,
    Cause,
    DnsAnswer,
    Dnssec,
    DnsStatus,
    HostAddresses,
    Subject,
    TlsaRecords,
)
from waxseal.net.dns import DnsClient
from waxseal.net.network import Network
from waxseal.probes.dane import find_tlsa
from waxseal.probes.discovery import find_addresses
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.trust.anchors import RootStore

OWN, STEP, LAST = "mx.example.test", "step.example.test", "host.provider.test"
HOST = Subject(domain="example.test", host=OWN)
SECURE, INSECURE, UNTRUSTED = Dnssec.SECURE, Dnssec.INSECURE, Dnssec.UNTRUSTED
ANSWERED, NO_DATA, NXDOMAIN, SERVFAIL = (
    DnsStatus.ANSWERED,
    DnsStatus.NO_DATA,
    DnsStatus.NXDOMAIN,
    DnsStatus.SERVFAIL,
)
TLSA = "3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
Said = tuple[DnsStatus, Dnssec]


class Table:
    """Answers TLSA and CNAME questions as it is told, and writes them down."""

    servers = ("192.0.2.53:53",)

    def __init__(self, told: dict[str, Said], default: Dnssec) -> None:
        self.told = told
        self.default = default
        self.asked: list[tuple[str, str]] = []

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        self.asked.append((name, rdtype))
        await asyncio.sleep(0)
        status, dnssec = self.told.get(name, (NXDOMAIN, self.default))
        rdata = ({"TLSA": TLSA, "CNAME": f"{STEP}."}[rdtype],) if status is ANSWERED else ()
        return DnsAnswer(name, rdtype, status, rdata=rdata, dnssec=dnssec)


def addresses(
    dnssec: Dnssec,
    *aliases: str,
    a: DnsStatus = ANSWERED,
    aaaa: DnsStatus = NO_DATA,
    aaaa_dnssec: Dnssec | None = None,
) -> HostAddresses:
    v4 = DnsAnswer(OWN, "A", a, rdata=("192.0.2.1",) if a is ANSWERED else (), aliases=aliases, dnssec=dnssec)
    rdata = ("2001:db8::1",) if aaaa is ANSWERED else ()
    v6 = DnsAnswer(OWN, "AAAA", aaaa, rdata=rdata, aliases=aliases, dnssec=aaaa_dnssec or dnssec)
    return HostAddresses(a=v4, aaaa=v6, addresses=v4.rdata + v6.rdata)


@dataclass
class Case:
    """The addresses as found, what the names answer, and which bases are recorded as looked up."""

    found: HostAddresses
    told: dict[str, Said]
    bases: list[str]
    alias: Dnssec | None = None
    port: int = 25


AT_OWN, AT_LAST = f"_25._tcp.{OWN}", f"_25._tcp.{LAST}"
CHAIN = (STEP, LAST)
CASES = {
    "no alias": Case(addresses(SECURE), {AT_OWN: (ANSWERED, SECURE)}, [OWN]),
    "no alias, another port": Case(
        addresses(SECURE), {f"_465._tcp.{OWN}": (ANSWERED, SECURE)}, [OWN], port=465
    ),
    "no alias, nothing there": Case(addresses(SECURE), {AT_OWN: (NXDOMAIN, SECURE)}, [OWN]),
    "no alias, insecure": Case(addresses(INSECURE), {AT_OWN: (ANSWERED, INSECURE)}, [OWN]),
    "secure alias, records at its end": Case(
        addresses(SECURE, *CHAIN), {AT_LAST: (ANSWERED, SECURE), AT_OWN: (ANSWERED, SECURE)}, [LAST]
    ),
    "secure alias, records at the own name": Case(
        addresses(SECURE, *CHAIN), {AT_LAST: (NO_DATA, SECURE), AT_OWN: (ANSWERED, SECURE)}, [LAST, OWN]
    ),
    "secure alias, insecure records at its end": Case(
        addresses(SECURE, *CHAIN), {AT_LAST: (ANSWERED, INSECURE), AT_OWN: (ANSWERED, SECURE)}, [LAST, OWN]
    ),
    "secure alias, nothing at either": Case(addresses(SECURE, *CHAIN), {}, [LAST, OWN]),
    "secure alias, a failure at its end": Case(
        addresses(SECURE, *CHAIN), {AT_LAST: (SERVFAIL, Dnssec.BOGUS), AT_OWN: (ANSWERED, SECURE)}, [LAST]
    ),
    "secure alias, a denial that is not sure": Case(
        addresses(SECURE, *CHAIN),
        {AT_LAST: (NXDOMAIN, Dnssec.INDETERMINATE), AT_OWN: (ANSWERED, SECURE)},
        [LAST],
    ),
    "secure alias, a failure at the own name": Case(
        addresses(SECURE, *CHAIN), {AT_OWN: (DnsStatus.TIMED_OUT, Dnssec.INDETERMINATE)}, [LAST, OWN]
    ),
    "alias that is not secure in one family": Case(
        addresses(SECURE, *CHAIN, aaaa=ANSWERED, aaaa_dnssec=INSECURE),
        {OWN: (ANSWERED, SECURE), AT_OWN: (ANSWERED, SECURE)},
        [OWN],
        alias=SECURE,
    ),
    "insecure alias of a signed zone": Case(
        addresses(INSECURE, *CHAIN),
        {OWN: (ANSWERED, SECURE), AT_OWN: (ANSWERED, SECURE), AT_LAST: (ANSWERED, SECURE)},
        [OWN],
        alias=SECURE,
    ),
    "insecure alias of an unsigned zone": Case(
        addresses(INSECURE, *CHAIN), {OWN: (ANSWERED, INSECURE)}, [OWN], alias=INSECURE
    ),
    "nobody validates": Case(addresses(UNTRUSTED, *CHAIN), {AT_OWN: (ANSWERED, UNTRUSTED)}, [LAST, OWN]),
    "nobody validates, records at the end": Case(
        addresses(UNTRUSTED, *CHAIN), {AT_LAST: (ANSWERED, UNTRUSTED)}, [LAST]
    ),
    "IPv6 only": Case(
        addresses(SECURE, *CHAIN, a=NO_DATA, aaaa=ANSWERED), {AT_LAST: (ANSWERED, SECURE)}, [LAST]
    ),
    "no address behind the alias": Case(
        addresses(SECURE, *CHAIN, a=NO_DATA), {AT_LAST: (ANSWERED, SECURE)}, [LAST]
    ),
    "one family failed": Case(
        addresses(SECURE, *CHAIN, aaaa=SERVFAIL, aaaa_dnssec=Dnssec.BOGUS),
        {AT_LAST: (ANSWERED, SECURE)},
        [LAST],
    ),
    "both families failed": Case(
        addresses(Dnssec.BOGUS, *CHAIN, a=SERVFAIL, aaaa=SERVFAIL), {AT_OWN: (ANSWERED, SECURE)}, [OWN]
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_candidates(case: Case) -> None:
    assert case.found.a is not None
    table = Table(case.told, case.found.a.dnssec)
    network = Network(resolver=table, roots=RootStore((), "none"))
    recorder = Recorder(network.clock)
    records = asyncio.run(find_tlsa(network, recorder, HOST, case.port, case.found))
    assert records is not None
    assert recorder.facts().at(TlsaRecords, HOST) == (records,)
    assert [lookup.base for lookup in records.lookups] == case.bases
    assert records.port == case.port
    assert [lookup.answer.name for lookup in records.lookups] == [
        f"_{case.port}._tcp.{b}" for b in case.bases
    ]
    assert (records.alias.dnssec if records.alias is not None else None) is case.alias
    assert (OWN, "CNAME") in table.asked if case.alias is not None else (OWN, "CNAME") not in table.asked
    # Intermediate names are never candidates (RFC 7672 §2.2.3).
    assert all(STEP not in name for name, _ in table.asked)
    for lookup in records.lookups:
        told = lookup.answer.status is ANSWERED
        assert [str(record) for record in lookup.records] == ([TLSA] if told else [])
    (attempt,) = recorder.facts().at(Attempt, HOST)
    failed = any(x.answer.status not in (ANSWERED, NO_DATA, NXDOMAIN) for x in records.lookups)
    assert attempt.ended.cause is (Cause.DNS if failed else Cause.COMPLETED)


def test_an_address_is_no_base_domain() -> None:
    network = Network(resolver=Table({}, SECURE), roots=RootStore((), "none"))
    recorder = Recorder(network.clock)
    literal = Subject(domain="example.test", host="192.0.2.1")
    found = HostAddresses(a=None, aaaa=None)
    assert asyncio.run(find_tlsa(network, recorder, literal, 25, found)) is None
    assert recorder.records == []


def test_candidates_are_asked_side_by_side() -> None:
    together = asyncio.Event()

    class Waiting(Table):
        async def query(self, name: str, rdtype: str) -> DnsAnswer:
            answer = await super().query(name, rdtype)
            if len(self.asked) == 2:
                together.set()
            async with asyncio.timeout(5):
                await together.wait()
            return answer

    for found in (addresses(SECURE, *CHAIN), addresses(INSECURE, *CHAIN)):
        together.clear()
        network = Network(resolver=Waiting({}, SECURE), roots=RootStore((), "none"))
        assert asyncio.run(find_tlsa(network, Recorder(network.clock), HOST, 25, found)) is not None


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    with real_tree() as servers:
        yield servers


@pytest.mark.real
@pytest.mark.parametrize(
    ("host", "bases", "status", "dnssec", "alias"),
    [
        ("mx1.secure.test", ["mx1.secure.test"], ANSWERED, SECURE, None),
        ("alias.secure.test", ["mx1.secure.test"], ANSWERED, SECURE, None),
        ("mx1.insecure.test", ["mx1.insecure.test"], ANSWERED, INSECURE, None),
        ("out.secure.test", ["out.secure.test"], NXDOMAIN, SECURE, SECURE),
        ("in.insecure.test", ["in.insecure.test"], NXDOMAIN, INSECURE, INSECURE),
        ("mx1.bogus.test", ["mx1.bogus.test"], SERVFAIL, Dnssec.BOGUS, None),
        ("mx1.expired.test", ["mx1.expired.test"], SERVFAIL, Dnssec.BOGUS, None),
    ],
)
def test_a_signed_tree(
    tree: Tree, host: str, bases: list[str], status: DnsStatus, dnssec: Dnssec, alias: Dnssec | None
) -> None:
    """The root's key is the one trust anchor; Unbound validates, Knot serves."""
    records = look(tree.validator, host, validates=True)
    assert [lookup.base for lookup in records.lookups] == bases
    last = records.lookups[-1]
    assert (last.answer.status, last.answer.dnssec) == (status, dnssec)
    assert (records.alias.dnssec if records.alias is not None else None) is alias
    assert [str(record) for record in last.records] == ([TLSA] if status is ANSWERED else [])


@pytest.mark.real
@pytest.mark.parametrize(
    ("host", "bases"),
    [("alias.secure.test", ["mx1.secure.test"]), ("out.secure.test", ["mx1.insecure.test"])],
)
def test_a_tree_that_nobody_validates(tree: Tree, host: str, bases: list[str]) -> None:
    records = look(tree.plain, host, validates=False)
    assert [lookup.base for lookup in records.lookups] == bases
    assert {lookup.answer.dnssec for lookup in records.lookups} == {UNTRUSTED}
    assert records.alias is None


def look(server: str, host: str, *, validates: bool) -> TlsaRecords:
    async def run() -> TlsaRecords:
        network = Network(resolver=DnsClient((server,), validates=validates), roots=RootStore((), "none"))
        recorder = Recorder(network.clock)
        place = Subject(domain="example.test", host=host)
        await find_addresses(network, recorder, place, ProbeSettings())
        (found,) = recorder.facts().at(HostAddresses, place)
        records = await find_tlsa(network, recorder, place, 25, found)
        assert records is not None
        return records

    return asyncio.run(run())
