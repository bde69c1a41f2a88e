import asyncio
import socket
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from waxseal.lab.dns_server import DnsServer
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, Zone, host_records

ZONE = Zone(
    (
        DnsRecord("a.test", "MX", "10 mx.a.test."),
        *host_records("mx.a.test", "192.0.2.1", "2001:db8::1"),
        DnsRecord("alias.a.test", "CNAME", "mx.a.test."),
        DnsRecord("loop.test", "CNAME", "loop.test."),
        DnsRecord("cut.test", "MX", "10 mx.a.test."),
        *(DnsRecord("long.test", "TXT", f'"{number:0200}"') for number in range(10)),
        DnsRecord("part.test", "A", "192.0.2.2"),
    ),
    (
        FaultyName("broken.test", DnsFault.SERVFAIL),
        FaultyName("refused.test", DnsFault.REFUSED),
        FaultyName("never.test", DnsFault.SILENCE),
        FaultyName("cut.test", DnsFault.TRUNCATED),
        FaultyName("part.test", DnsFault.SERVFAIL, rdtype="AAAA"),
    ),
)


def ask(name: str, rdtype: str, *, tcp: bool = False, zone: Zone = ZONE) -> dns.message.Message:
    how: Callable[..., dns.message.Message] = dns.query.tcp if tcp else dns.query.udp

    async def run() -> dns.message.Message:
        server = DnsServer(zone)
        await server.start()
        try:
            query = dns.message.make_query(name, rdtype, use_edns=0, payload=1232)
            return await asyncio.to_thread(how, query, "127.0.0.1", timeout=0.5, port=server.port)
        finally:
            await server.stop()

    return asyncio.run(run())


def answers(message: dns.message.Message) -> list[str]:
    return [f"{rrset.name} {record}".lower() for rrset in message.answer for record in rrset]


@pytest.mark.parametrize("tcp", [False, True])
def test_answers(tcp: bool) -> None:
    assert answers(ask("A.test", "MX", tcp=tcp)) == ["a.test. 10 mx.a.test."]
    assert answers(ask("mx.a.test", "AAAA", tcp=tcp)) == ["mx.a.test. 2001:db8::1"]
    assert answers(ask("1.2.0.192.in-addr.arpa", "PTR", tcp=tcp)) == ["1.2.0.192.in-addr.arpa. mx.a.test."]
    assert answers(ask("alias.a.test", "A", tcp=tcp)) == ["alias.a.test. mx.a.test.", "mx.a.test. 192.0.2.1"]


def test_denials() -> None:
    missing, empty = ask("nothing.test", "A"), ask("a.test", "TXT")
    assert (missing.rcode(), empty.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)
    assert not missing.answer
    assert not empty.answer
    assert [rrset.rdtype.name for rrset in (*missing.authority, *empty.authority)] == ["SOA", "SOA"]


def test_a_name_above_another_exists() -> None:
    assert ask("2.0.192.in-addr.arpa", "PTR").rcode() == dns.rcode.NOERROR


def test_scripted_faults() -> None:
    assert ask("broken.test", "MX").rcode() == dns.rcode.SERVFAIL
    assert ask("refused.test", "MX").rcode() == dns.rcode.REFUSED
    assert ask("part.test", "AAAA").rcode() == dns.rcode.SERVFAIL
    assert answers(ask("part.test", "A")) == ["part.test. 192.0.2.2"]
    with pytest.raises(dns.exception.Timeout):
        ask("never.test", "MX")


def test_truncation() -> None:
    for name, rdtype, count in (("cut.test", "MX", 1), ("long.test", "TXT", 10)):
        cut, whole = ask(name, rdtype), ask(name, rdtype, tcp=True)
        assert cut.flags & dns.flags.TC
        assert not cut.answer
        assert len(answers(whole)) == count


def test_flags() -> None:
    plain = ask("a.test", "MX")
    assert plain.flags & dns.flags.RA
    assert not plain.flags & dns.flags.AD
    assert ask("a.test", "MX", zone=Zone((), authenticated=True)).flags & dns.flags.AD


def test_a_loop_of_aliases_ends() -> None:
    assert answers(ask("loop.test", "A")) == ["loop.test. loop.test."]


def test_garbage_is_passed_over() -> None:
    async def run() -> bytes:
        server = DnsServer(ZONE)
        await server.start()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.connect(("127.0.0.1", server.port))
                loop = asyncio.get_running_loop()
                for octets in (b"", b"x", b"\0" * 12, dns.message.make_query("a.test", "MX").to_wire()):
                    await loop.sock_sendall(sock, octets)
                while True:
                    answer = await asyncio.wait_for(loop.sock_recv(sock, 4096), 2)
                    if len(answer) > 12:
                        return answer
        finally:
            await server.stop()

    assert answers(dns.message.from_wire(asyncio.run(run()))) == ["a.test. 10 mx.a.test."]
