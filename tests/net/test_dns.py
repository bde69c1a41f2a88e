"""The DNS client against a scripted peer over UDP and TCP on loopback."""

import asyncio
import os
import random
import socket
from collections.abc import Callable
from typing import Any

import dns.edns
import dns.flags
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.dns_peer import (
    MX,
    NOTHING,
    SOA,
    Message,
    Peer,
    Script,
    asked,
    client_run,
    framed,
    only,
    response,
    run,
    wired,
)
from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.net.dns import DnsClient, Resolver
from waxseal.wire.dns_rdata import (
    mx_records,
    target_records,
)


def test_an_answer_and_the_query_that_asked_for_it() -> None:
    answer, (peer,) = run(lambda q, _: wired(q, MX), name="Example.ORG.")
    assert answer.status is DnsStatus.ANSWERED
    assert answer.name == "example.org"
    assert answer.rdtype == "MX"
    assert answer.rdata == ("20 b.example.org.", "10 A.example.org.")
    assert answer.ttl_s == 300
    assert answer.server == peer.name
    assert not answer.over_tcp
    assert not answer.authenticated
    assert answer.aliases == ()
    assert 0 < answer.elapsed_s < 10
    assert [(r.preference, r.exchange) for r in mx_records(answer)] == [
        (10, "a.example.org"),
        (20, "b.example.org"),
    ]
    ((query, over_tcp),) = peer.queries
    assert not over_tcp
    assert query.flags == dns.flags.RD | dns.flags.AD
    assert query.edns == 0
    assert query.payload == 1232
    assert not query.ednsflags
    assert not query.options


def test_each_query_has_its_own_id_and_source_port() -> None:
    async def main() -> None:
        async with Peer(lambda q, _: wired(q, rcode="NXDOMAIN")) as peer:
            client = DnsClient([peer.name])
            await asyncio.gather(*(client.query(f"n{i}.example.org", "A") for i in range(40)))
            assert len(peer.ports) > 20
            assert len({query.id for query, _ in peer.queries}) > 30

    asyncio.run(main())


@pytest.mark.parametrize(
    ("rdtype", "rdata"),
    [
        ("A", ("192.0.2.1", "192.0.2.2")),
        ("AAAA", ("2001:db8::1", "::ffff:192.0.2.1", "2001:db8:0:1:1:1:1:1")),
        ("MX", ("0 .",)),
        ("PTR", (r"a\.b.example.org.",)),
        ("TXT", ('"v=STSv1; id=1"', r'"a" "b\"c\255"')),
        ("TLSA", ("3 1 1 " + "ab" * 32,)),
        ("SOA", ("ns.example.org. root.example.org. 1 2 3 4 5",)),
        ("NS", ("ns1.example.org.", "ns2.example.org.")),
        ("TYPE65280", (r"\# 3 010203",)),
    ],
)
def test_presentation_form_in_the_order_received(rdtype: str, rdata: tuple[str, ...]) -> None:
    answer, _ = run(
        lambda q, _: wired(q, f"example.org. 60 {rdtype} {' / '.join(rdata)}"), rdtype=rdtype.lower()
    )
    assert answer.rdtype == rdtype
    assert only(answer) == (DnsStatus.ANSWERED, rdata)


def test_the_root_and_underscores_can_be_asked_for() -> None:
    root, _ = run(lambda q, _: wired(q, ". 60 NS a.root.example."), name=".", rdtype="NS")
    assert (root.name, root.rdata) == (".", ("a.root.example.",))
    tlsa, (peer,) = run(lambda q, _: wired(q), name="_25._tcp.mx.example.org", rdtype="TLSA")
    assert tlsa.status is DnsStatus.NO_DATA
    assert asked(peer.queries[0][0]) == "_25._tcp.mx.example.org."


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (lambda q, _: wired(q), DnsStatus.NO_DATA),
        (lambda q, _: wired(q, authority=SOA), DnsStatus.NO_DATA),
        (lambda q, _: wired(q, "example.org. 60 TXT x"), DnsStatus.NO_DATA),
        (lambda q, _: wired(q, "other.example.org. 60 MX 1 x."), DnsStatus.NO_DATA),
        (lambda q, _: wired(q, rcode="NXDOMAIN", authority=SOA), DnsStatus.NXDOMAIN),
        (lambda q, _: wired(q, rcode="SERVFAIL"), DnsStatus.SERVFAIL),
        (lambda q, _: wired(q, rcode="REFUSED"), DnsStatus.REFUSED),
        (lambda q, _: wired(q, rcode="NOTIMP"), DnsStatus.OTHER_RCODE),
        (lambda q, _: wired(q, rcode="FORMERR"), DnsStatus.OTHER_RCODE),
        (lambda q, _: wired(q, rcode="YXDOMAIN"), DnsStatus.OTHER_RCODE),
        (lambda q, _: wired(q, rcode="BADCOOKIE"), DnsStatus.OTHER_RCODE),
        # A referral from a server that does not recurse says nothing about the name (RFC 2308 §2.2).
        (lambda q, _: wired(q, authority=("org. 60 NS a.example.",)), DnsStatus.MALFORMED),
        (lambda q, _: [response(q, MX).to_wire()[:-12]], DnsStatus.MALFORMED),
        (lambda q, _: [response(q).to_wire()[:-1]], DnsStatus.MALFORMED),
        (lambda q, _: [b"x" * 40] * 40, DnsStatus.MALFORMED),
    ],
)
def test_every_kind_of_no_answer_is_its_own(script: Script, status: DnsStatus) -> None:
    answer, _ = run(script)
    assert only(answer) == (status, ())
    assert answer.ttl_s is None


def test_a_silent_server_is_asked_again_and_then_timed_out() -> None:
    answer, (peer,) = run(lambda q, _: NOTHING, timeout_s=0.1, attempts=3)
    assert only(answer) == (DnsStatus.TIMED_OUT, ())
    assert len(peer.queries) == 3
    assert 0.25 < answer.elapsed_s < 5
    assert answer.server == peer.name


def test_the_total_limit_holds_over_many_servers() -> None:
    answer, peers = run(*[lambda q, _: NOTHING] * 6, timeout_s=0.3, attempts=5, total_s=0.5)
    assert answer.status is DnsStatus.TIMED_OUT
    assert sum(len(peer.queries) for peer in peers) == 2


def test_a_break_behind_a_whole_answer_is_passed_over() -> None:
    assert run(lambda q, _: [response(q, MX).to_wire()[:-1]])[0].status is DnsStatus.ANSWERED


def test_only_replies_to_another_question_are_malformed_not_timed_out() -> None:
    answer, _ = run(lambda q, _: [b"", b"\0" * 12], timeout_s=0.1, attempts=1)
    assert answer.status is DnsStatus.MALFORMED


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
    answer = asyncio.run(DnsClient([f"127.0.0.1:{port}"]).query("example.org", "A"))
    assert answer.status is DnsStatus.UNREACHABLE
    assert answer.elapsed_s < 2


def test_an_interface_that_is_not_there_is_unreachable() -> None:
    answer = asyncio.run(DnsClient(["fe80::1%nosuchif0"]).query("example.org", "A"))
    assert answer.status is DnsStatus.UNREACHABLE


def strays(query: Message) -> list[bytes]:
    """Replies that each differ from the right one in one thing, all with another MX."""
    bad = response(query, "example.org. 60 MX 66 evil.example.org.")
    right_id = bad.id
    bad.id = right_id ^ 1
    wrong = [bad.to_wire(), b"garbage", b"", os.urandom(200)]
    bad.id = right_id
    wire = bytearray(bad.to_wire())
    for at, value in ((2, wire[2] & 0x7F), (2, wire[2] | 0x10), (5, 0), (5, 2)):
        changed = wire.copy()
        changed[at] = value
        wrong.append(bytes(changed))
    for text in ("example.com. IN MX", "example.org. IN A", "example.org. CH MX"):
        owner, *rest = text.split()
        other = dns.message.make_query(owner, rest[-1], "CH" if "CH" in rest else "IN")
        other.id = query.id
        wrong.append(response(other, "example.org. 60 MX 66 evil.example.org.").to_wire())
    return wrong


def test_what_does_not_fit_the_query_is_passed_over() -> None:
    answer, (peer,) = run(lambda q, _: [*strays(q), *wired(q, MX)])
    assert only(answer) == (DnsStatus.ANSWERED, ("20 b.example.org.", "10 A.example.org."))
    assert len(peer.queries) == 1


def test_a_right_reply_from_another_port_is_never_seen() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        evil = response(query, "example.org. 60 MX 66 evil.example.org.").to_wire()
        peer.strangers.append(evil)
        return [evil] * 50 + [response(query, MX).to_wire()]

    async def main() -> DnsAnswer:
        async with peer:
            return await DnsClient([peer.name]).query("example.org", "MX")

    peer = Peer(script)
    answer = asyncio.run(main())
    assert answer.rdata == ("20 b.example.org.", "10 A.example.org.")


def test_the_question_is_compared_without_case() -> None:
    answer, _ = run(lambda q, _: [response(q, MX).to_wire().replace(b"example", b"eXaMpLe", 1)])
    assert answer.status is DnsStatus.ANSWERED


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP"])
def test_the_next_server_is_asked_after_a_failure(rcode: str) -> None:
    answer, (first, second) = run(lambda q, _: wired(q, rcode=rcode), lambda q, _: wired(q, MX))
    assert answer.status is DnsStatus.ANSWERED
    assert answer.server == second.name
    assert len(first.queries) == (2 if rcode == "NOTIMP" else 1)


def test_the_next_server_is_asked_after_silence() -> None:
    answer, (_, second) = run(lambda q, _: NOTHING, lambda q, _: wired(q, MX), timeout_s=0.1)
    assert (answer.status, answer.server) == (DnsStatus.ANSWERED, second.name)


def test_the_most_telling_failure_is_kept() -> None:
    scripts: list[Script] = [
        lambda q, _: NOTHING,
        lambda q, _: wired(q, rcode="REFUSED"),
        lambda q, _: wired(q, rcode="SERVFAIL"),
    ]
    answer, peers = run(*scripts, timeout_s=0.1)
    assert (answer.status, answer.server) == (DnsStatus.SERVFAIL, peers[2].name)
    assert [len(peer.queries) for peer in peers] == [2, 1, 1]


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP", "BADVERS"])
def test_a_server_without_edns_is_asked_once_without_it(rcode: str) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        return wired(query, rcode=rcode) if query.edns == 0 else wired(query, MX)

    answer, (peer,) = run(script)
    assert answer.status is DnsStatus.ANSWERED
    assert [query.edns for query, _ in peer.queries] == [0, -1]


def test_a_header_alone_is_an_answer_where_it_says_formerr() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        if query.edns == 0:
            return [query.id.to_bytes(2) + b"\x81\x81" + bytes(8)]
        return wired(query, MX)

    assert run(script)[0].status is DnsStatus.ANSWERED


def many(query: Message) -> Message:
    return response(query, f"example.org. 60 MX {' / '.join(f'{i} mx{i}.example.org.' for i in range(2000))}")


def truncated(query: Message) -> list[bytes]:
    reply = response(query, "example.org. 60 MX 1 cut.example.org.")
    reply.flags |= dns.flags.TC
    return [reply.to_wire()]


def test_a_truncated_reply_is_asked_for_over_tcp() -> None:
    answer, (peer,) = run(lambda q, tcp: [framed(many(q).to_wire())] if tcp else truncated(q))
    assert answer.status is DnsStatus.ANSWERED
    assert answer.over_tcp
    assert len(answer.rdata) == 2000
    assert answer.rdata[1999] == "1999 mx1999.example.org."
    assert [over_tcp for _, over_tcp in peer.queries] == [False, True]


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (lambda q: b"", DnsStatus.UNREACHABLE),
        (lambda q: b"\0", DnsStatus.MALFORMED),
        (lambda q: framed(response(q, MX).to_wire())[:-1], DnsStatus.MALFORMED),
        (lambda q: b"\0\0", DnsStatus.MALFORMED),
        (lambda q: framed(b"\xff" * 65_535), DnsStatus.MALFORMED),
        (lambda q: framed(b"\xff\xff" + response(q, MX).to_wire()[2:]), DnsStatus.MALFORMED),
        (lambda q: framed(truncated(q)[0]), DnsStatus.MALFORMED),
        (lambda q: framed(response(q, rcode="SERVFAIL").to_wire()), DnsStatus.SERVFAIL),
        (lambda q: framed(response(q, MX).to_wire()) + b"more", DnsStatus.ANSWERED),
    ],
)
def test_what_can_come_over_tcp(octets: Callable[[Message], bytes], status: DnsStatus) -> None:
    answer, _ = run(lambda q, tcp: [octets(q)] if tcp else truncated(q), attempts=1)
    assert answer.status is status
    assert answer.over_tcp


def test_tcp_has_its_own_time_limit() -> None:
    def script(query: Message, tcp: bool) -> list[bytes]:
        return [] if tcp else truncated(query)

    async def main() -> DnsAnswer:
        async with Peer(script) as peer:
            peer.server.close()
            server = await asyncio.start_server(silent, "127.0.0.1", peer.port)
            answer = await DnsClient([peer.name], timeout_s=0.2, attempts=1).query("example.org", "MX")
            server.close()
            return answer

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(1)
        finally:
            writer.close()

    answer = asyncio.run(main())
    assert (answer.status, answer.over_tcp) == (DnsStatus.TIMED_OUT, True)


def test_truncation_without_tcp_is_unreachable() -> None:
    async def main() -> DnsAnswer:
        async with Peer(lambda q, _: truncated(q), tcp=False) as peer:
            return await DnsClient([peer.name]).query("example.org", "MX")

    assert asyncio.run(main()).status is DnsStatus.UNREACHABLE


def test_aliases_in_one_reply_are_followed() -> None:
    records = (
        "two.example.net. 30 CNAME Three.example.net.",
        "example.org. 300 CNAME two.example.net.",
        "three.example.net. 200 MX 1 mx.example.net.",
    )
    answer, (peer,) = run(lambda q, _: wired(q, *records))
    assert only(answer) == (DnsStatus.ANSWERED, ("1 mx.example.net.",))
    assert answer.aliases == ("two.example.net", "three.example.net")
    assert answer.ttl_s == 30
    assert len(peer.queries) == 1


def test_a_synthesised_alias_of_a_dname_is_followed() -> None:
    records = (
        "org. 300 DNAME example.net.",
        "example.org. 0 CNAME example.example.net.",
        "example.example.net. 200 MX 1 mx.example.net.",
    )
    answer, _ = run(lambda q, _: wired(q, *records))
    assert (answer.aliases, answer.ttl_s) == (("example.example.net",), 0)


def test_an_alias_that_is_asked_for_is_not_followed() -> None:
    answer, _ = run(lambda q, _: wired(q, "example.org. 60 CNAME example.net."), rdtype="CNAME")
    assert (answer.rdata, answer.aliases) == (("example.net.",), ())
    assert target_records(answer) == ("example.net",)


@pytest.mark.parametrize("last_authenticated", [True, False])
def test_the_end_of_a_chain_that_was_left_open_is_asked_for(last_authenticated: bool) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        if asked(query) == "example.org.":
            reply = response(query, "example.org. 60 CNAME a.example.net.")
        elif asked(query) == "a.example.net.":
            reply = response(query, "a.example.net. 90 CNAME b.example.net.")
        else:
            reply = response(query, "b.example.net. 70 MX 1 mx.example.net.")
        if last_authenticated or asked(query) != "a.example.net.":
            reply.flags |= dns.flags.AD
        return [reply.to_wire()]

    answer, _ = run(script)
    assert only(answer) == (DnsStatus.ANSWERED, ("1 mx.example.net.",))
    assert answer.aliases == ("a.example.net", "b.example.net")
    assert answer.ttl_s == 60
    assert answer.authenticated is last_authenticated


@pytest.mark.parametrize(
    ("how", "status", "queries"),
    [
        ({"authority": ("example.net. 60 SOA ns. root. 1 2 3 4 5",)}, DnsStatus.NO_DATA, 1),
        ({"authority": ("example.org. 60 SOA ns. root. 1 2 3 4 5",)}, DnsStatus.NO_DATA, 2),
        ({"rcode": "NXDOMAIN"}, DnsStatus.NXDOMAIN, 1),
    ],
)
def test_a_denial_at_the_end_of_a_chain(how: dict[str, Any], status: DnsStatus, queries: int) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        if asked(query) == "example.org.":
            return wired(query, "example.org. 60 CNAME a.example.net.", **how)
        return wired(query)

    answer, (peer,) = run(script)
    assert (answer.status, answer.aliases, answer.ttl_s) == (status, ("a.example.net",), None)
    assert len(peer.queries) == queries


@pytest.mark.parametrize(
    "records",
    [
        ("example.org. 60 CNAME example.org.",),
        ("example.org. 60 CNAME a.example.", "a.example. 60 CNAME Example.org."),
        ("example.org. 60 CNAME a.example.", "a.example. 60 CNAME a.example."),
        ("example.org. 60 CNAME 0.example.", *(f"{i}.example. 1 CNAME {i + 1}.example." for i in range(20))),
    ],
)
def test_a_loop_in_one_reply(records: tuple[str, ...]) -> None:
    answer, (peer,) = run(lambda q, _: wired(q, *records))
    assert only(answer) == (DnsStatus.CNAME_LOOP, ())
    assert len(answer.aliases) <= 16
    assert len(peer.queries) == 1


def test_a_loop_over_several_replies() -> None:
    def back(query: Message, _: bool) -> list[bytes]:
        return wired(query, f"{asked(query)} 9 CNAME {'b' if asked(query) == 'a.example.' else 'a'}.example.")

    def on_and_on(query: Message, _: bool) -> list[bytes]:
        return wired(query, f"{asked(query)} 9 CNAME x{asked(query)}")

    answer, (peer,) = run(back, name="a.example")
    assert (answer.status, answer.aliases) == (DnsStatus.CNAME_LOOP, ("b.example",))
    assert len(peer.queries) == 2
    answer, (peer,) = run(on_and_on)
    assert answer.status is DnsStatus.CNAME_LOOP
    assert len(answer.aliases) == 16
    assert len(peer.queries) == 17


def test_the_ad_bit_and_extended_errors() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        reply = response(query, rcode="SERVFAIL")
        reply.use_edns(
            0,
            options=[
                dns.edns.EDEOption(dns.edns.EDECode.make(6), "sig\nbad"),
                dns.edns.EDEOption(dns.edns.EDECode.make(22)),
                dns.edns.EDEOption(dns.edns.EDECode.make(4711), "x"),
            ],
        )
        return [reply.to_wire()]

    def signed(query: Message, _: bool) -> list[bytes]:
        reply = response(query, MX)
        reply.flags |= dns.flags.AD
        return [reply.to_wire()]

    assert run(script)[0].extended_errors == (
        "6 DNSSEC Bogus: sig\ufffdbad",
        "22 No Reachable Authority",
        "4711: x",
    )
    assert run(signed)[0].authenticated


LONG = ".".join(["a" * 63] * 3 + ["b" * 61])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "a..b",
        ".a",
        "a" * 64 + ".org",
        LONG + "b",
        "bücher.example",
        "a b",
        r"a\300",
        "a\\",
        "x" * 9999,
    ],
)
def test_a_name_that_cannot_be_asked_for(name: str) -> None:
    answer, (peer,) = run(lambda q, _: wired(q), name=name)
    assert answer.status is DnsStatus.NAME_INVALID
    assert peer.queries == []


def test_the_longest_name_can_be_asked_for() -> None:
    assert run(lambda q, _: wired(q), name=LONG)[0].status is DnsStatus.NO_DATA


@pytest.mark.parametrize("rdtype", ["NOSUCH", "ANY", "AXFR", "OPT", "TYPE0", "TYPE99999", ""])
def test_a_type_that_cannot_be_asked_for(rdtype: str) -> None:
    with pytest.raises(ValueError):
        asyncio.run(DnsClient(["127.0.0.1"]).query("example.org", rdtype))


def test_the_same_question_is_asked_once_and_kept() -> None:
    async def use(client: DnsClient, peer: Peer) -> None:
        answers = await asyncio.gather(*(client.query("example.org", "MX") for _ in range(20)))
        answers.append(await client.query("EXAMPLE.org.", "mx"))
        assert all(answer is answers[0] for answer in answers)
        assert len(peer.queries) == 1
        await client.query("example.org", "A")
        assert len(peer.queries) == 2

    client_run(lambda q, _: wired(q, MX) if q.question[0].rdtype == 15 else wired(q), use)


def test_the_cache_is_bounded() -> None:
    async def use(client: DnsClient, peer: Peer) -> None:
        for name in ("a.example", "b.example", "c.example", "b.example", "c.example", "a.example"):
            await client.query(name, "A")
        assert len(peer.queries) == 4

    client_run(lambda q, _: wired(q), use, cache_entries=2)


def test_at_most_so_many_are_in_flight() -> None:
    async def use(client: DnsClient, peer: Peer) -> None:
        tasks = [asyncio.create_task(client.query(f"n{i}.example", "A")) for i in range(9)]
        await asyncio.sleep(0.1)
        assert len(peer.queries) == 3
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    client_run(lambda q, _: NOTHING, use, in_flight=3)


def test_a_look_up_lives_as_long_as_someone_waits_for_it() -> None:
    async def use(client: DnsClient, peer: Peer) -> None:
        first = asyncio.create_task(client.query("example.org", "MX"))
        second = asyncio.create_task(client.query("example.org", "MX"))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        assert not second.done()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert first.cancelled()
        assert second.cancelled()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) <= 2
        peer.script = lambda q, _: wired(q, MX)
        assert (await client.query("example.org", "MX")).status is DnsStatus.ANSWERED

    client_run(lambda q, _: NOTHING, use)


def test_the_client_is_a_resolver() -> None:
    client: Resolver = DnsClient(["127.0.0.1:5353", "::1"])
    assert client.servers == ("127.0.0.1:5353", "[::1]:53")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(max_size=100), max_size=5), st.binary(max_size=60), st.booleans())
def test_any_octets_from_a_server_end_in_an_answer(before: list[bytes], rest: bytes, tcp: bool) -> None:
    def script(query: Message, over_tcp: bool) -> list[bytes]:
        if over_tcp:
            return before
        fitting = query.id.to_bytes(2) + (b"\x83\x80" if tcp else b"\x81\x80") + query.to_wire()[4:]
        return [*before, fitting[:12] + fitting[12:29] + rest]

    answer, _ = run(script, timeout_s=0.5, attempts=1)
    assert answer.status in DnsStatus


def test_many_queries_at_once_all_end() -> None:
    """Random order, a lossy server: every question gets its own answer."""
    chance = random.Random(7)

    def script(query: Message, _: bool) -> list[bytes]:
        number = asked(query).split(".")[0][1:]
        return wired(query, f"{asked(query)} 1 TXT {number}") if chance.random() < 0.95 else []

    async def use(client: DnsClient, _: Peer) -> None:
        answers = await asyncio.gather(*(client.query(f"n{i}.example", "TXT") for i in range(300)))
        assert [answer.rdata for answer in answers] == [(f'"{i}"',) for i in range(300)]

    client_run(script, use, timeout_s=0.5, attempts=8)
