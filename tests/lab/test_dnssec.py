"""A real validator behind the lab's DNS comes to the same as the lab says of itself."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.lab.real_unbound import validator
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.dnssec import ZoneCut
from waxseal.lab.published import BOGUS_NAME, web_hosts
from waxseal.lab.world import LabWorld
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, Zone

Question = tuple[str, str]

ROOT = ZoneCut("", signed=True)
CUTS = (
    ROOT,
    ZoneCut("test", signed=True),
    ZoneCut("good.test", signed=True),
    ZoneCut("plain.test"),
    ZoneCut("below.plain.test", signed=True),
    ZoneCut("wrong.test", signed=True, wrong_ds=True),
    ZoneCut("below.wrong.test", signed=True),
)
APEXES = ("good.test", "plain.test", "below.plain.test", "wrong.test", "below.wrong.test")
RECORDS = (
    *(DnsRecord(name, "MX", f"10 mx.{name}.") for name in APEXES),
    *(DnsRecord(f"mx.{name}", "A", "192.0.2.1") for name in APEXES),
    *(DnsRecord(f"mx.{name}", "A", "192.0.2.2") for name in APEXES),
    *(DnsRecord(f"_25._tcp.mx.{name}", "TLSA", "3 1 1 " + "00" * 32) for name in APEXES),
    DnsRecord("alias.good.test", "CNAME", "mx.good.test."),
    DnsRecord("to-plain.good.test", "CNAME", "mx.plain.test."),
    DnsRecord("to-wrong.good.test", "CNAME", "mx.wrong.test."),
    DnsRecord("to-good.plain.test", "CNAME", "mx.good.test."),
    DnsRecord("to-nothing.good.test", "CNAME", "nothing.good.test."),
    DnsRecord("spoilt.good.test", "A", "192.0.2.3"),
    DnsRecord("expired.good.test", "A", "192.0.2.3"),
    DnsRecord("to-spoilt.good.test", "CNAME", "spoilt.good.test."),
    DnsRecord("unproved.good.test", "A", "192.0.2.3"),
    DnsRecord("spoilt.plain.test", "A", "192.0.2.3"),
    DnsRecord("_25._tcp.deep.good.test", "TLSA", "3 1 1 " + "00" * 32),
)
FAULTS = (
    FaultyName("spoilt.good.test", DnsFault.BOGUS),
    FaultyName("expired.good.test", DnsFault.EXPIRED),
    FaultyName("unproved.good.test", DnsFault.BOGUS, "TLSA"),
    FaultyName("gone.good.test", DnsFault.BOGUS),
    FaultyName("spoilt.plain.test", DnsFault.BOGUS),
    FaultyName("mx.good.test", DnsFault.SERVFAIL, "HINFO"),
)
SECURE, INSECURE, BOGUS = "secure", "insecure", "bogus"
CASES: tuple[tuple[str, str, str], ...] = (
    (".", "NS", SECURE),
    ("good.test", "MX", SECURE),
    ("good.test", "DNSKEY", SECURE),
    ("good.test", "DS", SECURE),
    ("plain.test", "DS", SECURE),
    ("mx.good.test", "A", SECURE),
    ("mx.good.test", "AAAA", SECURE),
    ("_25._tcp.mx.good.test", "TLSA", SECURE),
    ("_26._tcp.mx.good.test", "TLSA", SECURE),
    ("_tcp.mx.good.test", "TLSA", SECURE),
    ("deep.good.test", "A", SECURE),
    ("nothing.good.test", "A", SECURE),
    ("a.b.c.nothing", "A", SECURE),
    ("alias.good.test", "A", SECURE),
    ("alias.good.test", "TLSA", SECURE),
    ("to-nothing.good.test", "A", SECURE),
    ("plain.test", "MX", INSECURE),
    ("nothing.plain.test", "A", INSECURE),
    ("_25._tcp.mx.plain.test", "TLSA", INSECURE),
    ("below.plain.test", "MX", INSECURE),
    ("to-plain.good.test", "A", INSECURE),
    ("to-good.plain.test", "A", INSECURE),
    ("spoilt.plain.test", "A", INSECURE),
    ("wrong.test", "MX", BOGUS),
    ("nothing.wrong.test", "A", BOGUS),
    ("below.wrong.test", "MX", BOGUS),
    ("to-wrong.good.test", "A", BOGUS),
    ("spoilt.good.test", "A", BOGUS),
    ("to-spoilt.good.test", "A", BOGUS),
    ("expired.good.test", "A", BOGUS),
    ("unproved.good.test", "TLSA", BOGUS),
    ("unproved.good.test", "A", SECURE),
    ("gone.good.test", "A", BOGUS),
)


def said(message: dns.message.Message) -> str:
    """How a validating resolver says what an answer is."""
    if message.rcode() == dns.rcode.SERVFAIL:
        return BOGUS
    return SECURE if message.flags & dns.flags.AD else INSECURE


async def ask(port: int, name: str, rdtype: str, *, flags: int = 0) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    query.flags |= flags
    answer, _ = await dns.asyncquery.udp_with_fallback(query, "127.0.0.1", 4, port=port)
    return answer


def rrsets(message: dns.message.Message) -> set[str]:
    """What an answer holds, signatures aside."""
    return {
        f"{rrset.name} {record}".lower()
        for rrset in message.answer
        for record in rrset
        if record.rdtype.name != "RRSIG"
    }


@contextmanager
def serving(server: DnsServer) -> Iterator[None]:
    """The server, in a thread of its own."""
    started, ending = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        await server.start()
        started.set()
        await ending.wait()
        await server.stop()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert started.wait(5)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(5)
        loop.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of the lab's DNS with the tree above, and of Unbound behind it."""
    server = DnsServer(Zone(RECORDS, FAULTS, cuts=CUTS))
    with (
        serving(server),
        validator(tmp_path_factory.mktemp("tree"), server.port, server.zone.anchor) as port,
    ):
        yield server.port, port


@pytest.mark.parametrize(("name", "rdtype", "status"), CASES)
def test_validation(tree: tuple[int, int], name: str, rdtype: str, status: str) -> None:
    lab, unbound = (asyncio.run(ask(port, name, rdtype)) for port in tree)
    assert (said(lab), said(unbound)) == (status, status)
    assert (lab.rcode(), rrsets(lab)) == (unbound.rcode(), rrsets(unbound))


@pytest.mark.parametrize(("name", "rdtype", "status"), [case for case in CASES if case[2] == BOGUS])
def test_what_is_bogus_is_shown_to_those_who_do_not_want_it_checked(
    tree: tuple[int, int], name: str, rdtype: str, status: str
) -> None:
    lab, unbound = (asyncio.run(ask(port, name, rdtype, flags=dns.flags.CD)) for port in tree)
    assert lab.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    assert (lab.rcode(), rrsets(lab)) == (unbound.rcode(), rrsets(unbound))
    assert not lab.flags & dns.flags.AD
    assert lab.flags & dns.flags.CD


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("spoilt.good.test", dns.edns.EDECode.DNSSEC_BOGUS),
        ("expired.good.test", dns.edns.EDECode.SIGNATURE_EXPIRED),
        ("mx.wrong.test", dns.edns.EDECode.DNSKEY_MISSING),
        ("gone.good.test", dns.edns.EDECode.NSEC_MISSING),
    ],
)
def test_why_it_is_bogus(tree: tuple[int, int], name: str, code: dns.edns.EDECode) -> None:
    answer = asyncio.run(ask(tree[0], name, "A"))
    assert [option.code for option in answer.options if isinstance(option, dns.edns.EDEOption)] == [code]


def test_a_scripted_error_stays_one_unchecked(tree: tuple[int, int]) -> None:
    for flags in (0, dns.flags.CD):
        answer = asyncio.run(ask(tree[0], "mx.good.test", "HINFO", flags=flags))
        assert answer.rcode() == dns.rcode.SERVFAIL


def test_ad_and_signatures_are_for_those_who_ask() -> None:
    zone = Zone(RECORDS, cuts=CUTS)

    def respond(*, do: bool, ad: bool) -> dns.message.Message:
        query = dns.message.make_query("good.test", "MX", want_dnssec=do)
        query.flags = dns.flags.RD | (dns.flags.AD if ad else 0)
        answer = zone.respond(query, over_tcp=False)
        assert answer is not None
        return answer

    def has_signature(message: dns.message.Message) -> bool:
        return any(rrset.rdtype.name == "RRSIG" for rrset in message.answer)

    for do, ad, told in ((False, False, False), (False, True, True), (True, False, True)):
        answer = respond(do=do, ad=ad)
        assert (bool(answer.flags & dns.flags.AD), has_signature(answer)) == (told, do)


UNHEARD = (DnsFault.SILENCE, DnsFault.WRONG_ID)
"""Unbound waits for these longer than a test should."""
ANOTHERS = (DnsFault.REFUSED, DnsFault.NXDOMAIN, DnsFault.NOT_IMPLEMENTED)
"""Error codes that are scripted here, and that Unbound takes for a name server's fault: it says SERVFAIL."""


def questions(world: LabWorld) -> Iterator[Question]:
    """MX, TXT, address and TLSA questions of every domain."""
    for domain in world.domains:
        yield domain.name, "MX"
        for prefix in ("", "_mta-sts.", "_smtp._tls.", "_dmarc."):
            yield prefix + domain.name, "TXT"
        hosts = {record.name for record in domain.records if record.rdtype in ("A", "AAAA", "CNAME")}
        hosts |= {site.host for site in web_hosts(domain)}
        for host in sorted(hosts):
            if host.endswith(".test"):
                yield host, "A"
                yield host, "AAAA"
                yield f"_25._tcp.{host}", "TLSA"
        yield from ((f"_{order.port}._tcp.{order.host}", "TLSA") for order in domain.tlsa)
        # Unbound answers for the reverse names of documentation addresses itself.
        yield from ((f.name, f.rdtype or "A") for f in domain.faults if f.name.endswith(".test"))


def test_every_lab_domain(tmp_path: Path) -> None:
    """For each RRset that waxseal asks for, Unbound says secure, insecure or bogus as the lab does."""
    world = LabWorld()
    asked = tuple(dict.fromkeys((*questions(world), (BOGUS_NAME, "A"), (".", "NS"))))
    struck = {
        (fault.name, fault.rdtype): fault.fault
        for domain in world.domains
        for fault in domain.faults
        if fault.fault in UNHEARD + ANOTHERS
    }
    asked = tuple(q for q in asked if q not in struck and (q[0], "") not in struck)
    # Unbound calls a loop a failure, and dnspython reads no TLSA record whose digest has a wrong length.
    loops = ("dane-loop.test", "_tcp.mx.dane-digest-length.test")

    async def compare(port: int) -> tuple[list[str], Counter[str]]:
        slots = asyncio.Semaphore(50)

        async def one(name: str, rdtype: str) -> tuple[str, str]:
            async with slots:
                lab = await ask(world.dns.port, name, rdtype)
                unbound = await ask(port, name, rdtype)
            same = (said(lab), lab.rcode()) == (said(unbound), unbound.rcode())
            return ("" if same else f"{name} {rdtype}: {said(lab)}, Unbound: {said(unbound)}"), said(lab)

        ends = await asyncio.gather(*(one(*q) for q in asked if not any(loop in q[0] for loop in loops)))
        return [difference for difference, _ in ends if difference], Counter(end for _, end in ends)

    with serving(world.dns), validator(tmp_path, world.dns.port, world.dns_anchor) as port:
        differences, counts = asyncio.run(compare(port))
    assert differences == []
    assert counts[SECURE] > 10
    assert counts[INSECURE] > 200
    assert counts[BOGUS] > 0
