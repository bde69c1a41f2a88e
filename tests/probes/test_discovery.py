"""Where a domain's mail goes, asked of the lab's DNS server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from waxseal.facts import (
    Attempt,
    Cause,
    DnsStatus,
    Ended,
    Fact,
    FactSet,
    HostAddresses,
    MxRecords,
    MxTarget,
    ReverseNames,
    Stage,
    Subject,
)
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, Zone, host_records, reverse_name
from waxseal.net.dns import DnsClient
from waxseal.net.network import Network
from waxseal.probes.discovery import find_addresses, find_mail_hosts, find_reverse_names
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.trust.anchors import RootStore

T = TypeVar("T")
F = TypeVar("F", bound=Fact)
Asking = Callable[[Network, Recorder], Awaitable[T]]

DOMAIN = Subject(domain="d.test")
HOST = Subject(domain="d.test", host="mx.d.test")
ADDRESS = Subject(domain="d.test", host="mx.d.test", address="192.0.2.1")
SETTINGS = ProbeSettings()


def ask(records: list[DnsRecord], work: Asking[T], *faults: FaultyName) -> tuple[T, FactSet]:
    """Run one probe against a zone."""

    async def run() -> tuple[T, FactSet]:
        server = DnsServer(Zone(records, faults))
        await server.start()
        try:
            network = Network(
                resolver=DnsClient((server.address,), timeout_s=0.2, attempts=1),
                roots=RootStore(roots=(), name="none"),
            )
            recorder = Recorder(network.clock)
            return await work(network, recorder), recorder.facts()
        finally:
            await server.stop()

    return asyncio.run(run())


def mx(*values: str) -> list[DnsRecord]:
    return [DnsRecord("d.test", "MX", value) for value in values]


def mail_hosts(
    records: list[DnsRecord], *faults: FaultyName, settings: ProbeSettings = SETTINGS
) -> tuple[list[str], FactSet]:
    """Names of the hosts found, with all facts."""
    subjects, facts = ask(records, lambda n, r: find_mail_hosts(n, r, "d.test", settings), *faults)
    assert all(subject.domain == "d.test" for subject in subjects)
    return [subject.host or "" for subject in subjects], facts


def only(facts: FactSet, kind: type[F]) -> F:
    ((_, found),) = facts.within(kind, Subject())
    return found


def targets(facts: FactSet) -> dict[str, MxTarget]:
    return {subject.host or "": target for subject, target in facts.within(MxTarget, DOMAIN)}


def ended(facts: FactSet) -> Ended:
    attempt = only(facts, Attempt)
    assert attempt.connections == 0
    return attempt.ended


def test_hosts_come_in_the_order_of_preference() -> None:
    hosts, facts = mail_hosts(mx("20 b.d.test.", "5 c.d.test.", "10 a.d.test."))
    assert hosts == ["c.d.test", "a.d.test", "b.d.test"]
    assert {host: target.preference for host, target in targets(facts).items()} == {
        "c.d.test": 5,
        "a.d.test": 10,
        "b.d.test": 20,
    }
    records = only(facts, MxRecords)
    assert (records.answer.status, records.answer.ttl_s) == (DnsStatus.ANSWERED, 300)
    assert ended(facts) == Ended(Cause.COMPLETED, Stage.RESOLVE)


def test_facts_of_one_probe_bear_its_attempt() -> None:
    _, facts = mail_hosts(mx("10 a.d.test."))
    assert {record.attempt for record in facts} == {only(facts, Attempt).id}


def test_a_host_named_twice_is_one_host_of_the_better_preference() -> None:
    hosts, facts = mail_hosts(mx("20 A.d.test.", "10 a.d.test.", "30 b.d.test."))
    assert hosts == ["a.d.test", "b.d.test"]
    assert targets(facts)["a.d.test"].preference == 10


def test_without_mx_records_the_domain_itself_takes_mail() -> None:
    hosts, facts = mail_hosts([DnsRecord("d.test", "A", "192.0.2.1")])
    assert hosts == ["d.test"]
    target = targets(facts)["d.test"]
    assert (target.preference, target.exchange) == (None, "d.test")
    assert only(facts, MxRecords).answer.status is DnsStatus.NO_DATA
    assert ended(facts).cause is Cause.COMPLETED


def test_a_null_mx_names_no_host() -> None:
    hosts, facts = mail_hosts(mx("0 ."))
    assert hosts == []
    (record,) = only(facts, MxRecords).exchanges
    assert (record.preference, record.exchange) == (0, "")
    assert not targets(facts)


def test_a_null_mx_beside_others_is_kept_and_the_others_count() -> None:
    hosts, facts = mail_hosts(mx("0 .", "10 a.d.test."))
    assert hosts == ["a.d.test"]
    assert [record.exchange for record in only(facts, MxRecords).exchanges] == ["", "a.d.test"]


def test_a_domain_that_does_not_exist_has_no_hosts() -> None:
    hosts, facts = mail_hosts([])
    assert hosts == []
    assert only(facts, MxRecords).answer.status is DnsStatus.NXDOMAIN
    assert ended(facts).cause is Cause.COMPLETED
    assert not targets(facts)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (DnsFault.SERVFAIL, DnsStatus.SERVFAIL),
        (DnsFault.REFUSED, DnsStatus.REFUSED),
        (DnsFault.SILENCE, DnsStatus.TIMED_OUT),
    ],
)
def test_a_look_up_that_fails_is_not_an_implicit_mx(fault: DnsFault, status: DnsStatus) -> None:
    hosts, facts = mail_hosts([DnsRecord("d.test", "A", "192.0.2.1")], FaultyName("d.test", fault, "MX"))
    assert hosts == []
    assert only(facts, MxRecords).answer.status is status
    assert ended(facts) == Ended(Cause.DNS, Stage.RESOLVE, detail=f"MX {status.value}")


def test_an_answer_over_tcp_is_the_same_answer() -> None:
    hosts, facts = mail_hosts(mx("10 a.d.test."), FaultyName("d.test", DnsFault.TRUNCATED))
    assert hosts == ["a.d.test"]
    assert only(facts, MxRecords).answer.over_tcp


@pytest.mark.parametrize("exchange", ["192.0.2.7.", "localhost.", "mail_server.d.test."])
def test_odd_exchanges_are_hosts_all_the_same(exchange: str) -> None:
    hosts, facts = mail_hosts(mx(f"10 {exchange}"))
    assert hosts == [exchange.rstrip(".")]
    literal = "192.0.2.7" if exchange.startswith("192") else None
    assert targets(facts)[hosts[0]].literal_address == literal


def test_an_mx_that_is_an_alias_keeps_the_name_in_the_record() -> None:
    alias = DnsRecord("mx.d.test", "CNAME", "real.d.test.")
    records = [alias, DnsRecord("real.d.test", "A", "192.0.2.1")]
    assert mail_hosts([*mx("10 mx.d.test."), *records])[0] == ["mx.d.test"]
    addresses, facts = ask(records, lambda n, r: find_addresses(n, r, HOST, SETTINGS))
    assert addresses == ("192.0.2.1",)
    found = only(facts, HostAddresses)
    assert found.a is not None
    assert found.a.aliases == ("real.d.test",)


def test_no_more_hosts_than_the_limit_are_tested_and_all_are_recorded() -> None:
    settings = ProbeSettings(hosts_limit=3)
    hosts, facts = mail_hosts(mx(*(f"{n} mx{n}.d.test." for n in range(10, 18))), settings=settings)
    assert hosts == ["mx10.d.test", "mx11.d.test", "mx12.d.test"]
    assert len(only(facts, MxRecords).exchanges) == 8


# Addresses.


def addresses_of(
    records: list[DnsRecord], *faults: FaultyName, settings: ProbeSettings = SETTINGS, subject: Subject = HOST
) -> tuple[tuple[str, ...], HostAddresses, Ended]:
    found, facts = ask(records, lambda n, r: find_addresses(n, r, subject, settings), *faults)
    return found, only(facts, HostAddresses), ended(facts)


BOTH = [
    DnsRecord("mx.d.test", "AAAA", "2001:DB8:0::1"),
    DnsRecord("mx.d.test", "A", "192.0.2.1"),
    DnsRecord("mx.d.test", "A", "192.0.2.2"),
]


def test_addresses_of_both_families_ipv4_first_and_canonical() -> None:
    found, fact, end = addresses_of(BOTH)
    assert found == fact.addresses == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert end.cause is Cause.COMPLETED


@pytest.mark.parametrize(("family", "asked"), [(4, "A"), (6, "AAAA")])
def test_only_the_families_wanted_are_asked_for(family: int, asked: str) -> None:
    found, fact, _ = addresses_of(BOTH, settings=ProbeSettings(families=(family,)))
    assert all((":" in address) == (family == 6) for address in found)
    assert found
    answers = [answer for answer in (fact.a, fact.aaaa) if answer is not None]
    assert [answer.rdtype for answer in answers] == [asked]


def test_one_family_that_fails_does_not_hide_the_other() -> None:
    found, fact, end = addresses_of(BOTH, FaultyName("mx.d.test", DnsFault.SERVFAIL, "AAAA"))
    assert found == ("192.0.2.1", "192.0.2.2")
    assert fact.aaaa is not None
    assert fact.aaaa.status is DnsStatus.SERVFAIL
    assert end == Ended(Cause.DNS, Stage.RESOLVE, detail="AAAA servfail")


def test_no_more_addresses_than_the_limit_are_tested() -> None:
    records = [DnsRecord("mx.d.test", "A", f"192.0.2.{number}") for number in range(1, 31)]
    found, fact, _ = addresses_of(records)
    assert (len(found), len(fact.addresses)) == (16, 30)


@pytest.mark.parametrize("literal", ["192.0.2.7", "[192.0.2.7]", "[ipv6:2001:db8::1]"])
def test_an_address_literal_has_no_addresses_to_look_up(literal: str) -> None:
    found, fact, _ = addresses_of([], subject=Subject(domain="d.test", host=literal))
    assert found == ()
    assert (fact.a, fact.aaaa) == (None, None)


def test_a_host_that_does_not_exist() -> None:
    found, fact, end = addresses_of([])
    assert found == ()
    assert fact.a is not None
    assert fact.a.status is DnsStatus.NXDOMAIN
    assert end.cause is Cause.COMPLETED


def test_a_name_that_cannot_be_asked_for_is_a_failed_look_up() -> None:
    found, fact, end = addresses_of([], subject=Subject(domain="d.test", host="a" * 64 + ".test"))
    assert found == ()
    assert fact.a is not None
    assert fact.a.status is DnsStatus.NAME_INVALID
    assert end.cause is Cause.DNS


# Reverse names.


def reverse_of(
    records: list[DnsRecord], *faults: FaultyName, address: str = "192.0.2.1"
) -> tuple[ReverseNames, Ended]:
    _, facts = ask(records, lambda n, r: find_reverse_names(n, r, (ADDRESS,), address), *faults)
    return only(facts, ReverseNames), ended(facts)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_reverse_name_is_followed_forward_in_the_same_family(address: str) -> None:
    found, end = reverse_of(list(host_records("mx.d.test", "192.0.2.1", "2001:db8::1")), address=address)
    (name,) = found.names
    assert (name.name, name.addresses, name.status) == ("mx.d.test", (address,), DnsStatus.ANSWERED)
    assert end.cause is Cause.COMPLETED


def test_a_reverse_name_that_leads_elsewhere_or_nowhere() -> None:
    records = [
        DnsRecord(reverse_name("192.0.2.1"), "PTR", "other.test."),
        DnsRecord(reverse_name("192.0.2.1"), "PTR", "gone.test."),
        DnsRecord("other.test", "A", "198.51.100.1"),
    ]
    found, end = reverse_of(records)
    assert [(n.name, n.addresses, n.status) for n in found.names] == [
        ("other.test", ("198.51.100.1",), DnsStatus.ANSWERED),
        ("gone.test", (), DnsStatus.NXDOMAIN),
    ]
    assert end.cause is Cause.COMPLETED


def test_no_reverse_name_is_an_answer_and_a_failure_is_not() -> None:
    found, end = reverse_of([])
    assert (found.names, found.answer.status, end.cause) == ((), DnsStatus.NXDOMAIN, Cause.COMPLETED)
    found, end = reverse_of([], FaultyName(reverse_name("192.0.2.1"), DnsFault.SERVFAIL))
    assert (found.answer.status, end.cause, end.detail) == (DnsStatus.SERVFAIL, Cause.DNS, "PTR servfail")


def test_at_most_five_reverse_names_are_followed() -> None:
    records = [DnsRecord(reverse_name("192.0.2.1"), "PTR", f"h{n}.test.") for n in range(9)]
    found, _ = reverse_of(records)
    assert len(found.names) == 5
    assert len(found.answer.rdata) == 9


def test_the_same_look_up_is_recorded_for_every_host_of_the_address() -> None:
    places = tuple(Subject(host=host, address="192.0.2.1") for host in ("a.test", "b.test"))
    _, facts = ask([], lambda n, r: find_reverse_names(n, r, places, "192.0.2.1"))
    assert {subject for subject, _ in facts.within(ReverseNames, Subject())} == set(places)
    assert len({record.attempt for record in facts}) == 1
