"""libunbound against a private signed tree, hostile forwarders, and trust anchors as files have them."""

import asyncio
import base64
import gc
import hashlib
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.net.dns_peer import Message, Peer, asked, response
from tests.net.real_tree import Tree, real_tree
from waxseal.errors import UsageError
from waxseal.facts import Dnssec, DnsStatus
from waxseal.net.libunbound import LibunboundError, LibunboundResolver, library_version, load_library
from waxseal.net.resolv_conf import parse_server
from waxseal.net.root_anchors import MAX_ANCHORS, read_anchors, root_anchors

S, U, B, X = Dnssec.SECURE, Dnssec.INSECURE, Dnssec.BOGUS, Dnssec.INDETERMINATE
# The public keys of the root (IANA, root-anchors.xml), by key tag; flags 257, protocol 3, algorithm 8.
ROOT_KEYS = {
    20326: "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh"
    "4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb"
    "9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6"
    "+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=",
    38696: "AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBosZBU5eeHspaQWOmO"
    "ElZsjICMQMC3aeHbGiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/wOZqqzL/"
    "dL/q8PkcRU5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX2XBuzZNQ1K+s2CXk"
    "PIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2vaF18UYH9Z9GNUUeayffKC73PYc=",
}


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    library()
    with real_tree() as running:
        yield running


def library() -> Any:
    try:
        return load_library()
    except LibunboundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def run(
    use: Callable[[LibunboundResolver], Awaitable[None]], place: str, anchor: Path, **options: Any
) -> None:
    async def main() -> None:
        resolver = LibunboundResolver(
            library(), forwarders=[parse_server(place)], anchors=root_anchors(anchor), **options
        )
        try:
            async with asyncio.timeout(30):
                await use(resolver)
        finally:
            resolver.close()
            resolver.close()

    asyncio.run(main())


TABLE: list[tuple[str, str, DnsStatus, Dnssec, str]] = [
    (".", "NS", DnsStatus.ANSWERED, S, ""),
    ("mx1.secure.test", "A", DnsStatus.ANSWERED, S, ""),
    ("_25._tcp.mx1.secure.test", "TLSA", DnsStatus.ANSWERED, S, ""),
    ("big.secure.test", "TXT", DnsStatus.ANSWERED, S, ""),
    ("mx1.secure.test", "MX", DnsStatus.NO_DATA, S, ""),
    ("nothing.secure.test", "A", DnsStatus.NXDOMAIN, S, ""),
    ("mx1.insecure.test", "A", DnsStatus.ANSWERED, U, ""),
    ("nothing.insecure.test", "A", DnsStatus.NXDOMAIN, U, ""),
    ("out.secure.test", "A", DnsStatus.ANSWERED, U, ""),
    ("out.secure.test", "CNAME", DnsStatus.ANSWERED, S, ""),
    ("in.insecure.test", "A", DnsStatus.ANSWERED, U, ""),
    ("mx1.bogus.test", "A", DnsStatus.SERVFAIL, B, "DS"),
    ("_25._tcp.mx1.bogus.test", "TLSA", DnsStatus.SERVFAIL, B, "DS"),
    ("sick.secure.test", "A", DnsStatus.SERVFAIL, B, "bogus.test"),
    ("mx1.expired.test", "A", DnsStatus.SERVFAIL, B, "expired"),
    ("mx1.broken-denial.test", "A", DnsStatus.ANSWERED, S, ""),
    ("_26._tcp.mx1.broken-denial.test", "TLSA", DnsStatus.SERVFAIL, B, "NSEC"),
    ("mx1.unproved.test", "A", DnsStatus.SERVFAIL, B, "DNSKEY"),
    ("loop.secure.test", "A", DnsStatus.SERVFAIL, X, ""),
    ("a..b", "A", DnsStatus.NAME_INVALID, X, ""),
]


@pytest.mark.real
@pytest.mark.parametrize("forwarder", ["plain", "validator", "authority"])
def test_what_dnssec_says(tree: Tree, forwarder: str) -> None:
    async def use(resolver: LibunboundResolver) -> None:
        answers = await asyncio.gather(*(resolver.query(name, rdtype) for name, rdtype, *_ in TABLE))
        for (name, rdtype, status, dnssec, why), answer in zip(TABLE, answers, strict=True):
            assert (answer.status, answer.dnssec) == (status, dnssec), (name, rdtype, answer)
            assert why in answer.why_bogus, (name, answer)
            assert bool(why) == bool(answer.why_bogus)
            assert answer.authenticated == (dnssec is S)
        assert all(not answer.rdata for answer in answers if answer.dnssec is B)

    run(use, getattr(tree, forwarder), tree.anchor)


@pytest.mark.real
def test_the_answer_itself(tree: Tree) -> None:
    async def use(resolver: LibunboundResolver) -> None:
        answer = await resolver.query("Out.Secure.TEST.", "a")
        assert (answer.name, answer.rdtype, answer.server) == ("out.secure.test", "A", tree.plain)
        assert (answer.aliases, answer.rdata) == (("mx1.insecure.test",), ("192.0.2.1",))
        assert answer.ttl_s is not None
        assert 290 <= answer.ttl_s <= 300
        assert answer.signed_until is not None
        big = await resolver.query("big.secure.test", "TXT")
        assert len(big.rdata) == 60
        assert await resolver.query("big.secure.test", "TXT") is big
        assert resolver.servers == (tree.plain,)
        assert str(resolver).startswith("libunbound 1.")
        with pytest.raises(ValueError, match="no DNS record type"):
            await resolver.query("secure.test", "NONSENSE")

    run(use, tree.plain, tree.anchor)


@pytest.mark.real
def test_many_at_once(tree: Tree) -> None:
    async def use(resolver: LibunboundResolver) -> None:
        names = [f"host{number}.secure.test" for number in range(300)]
        answers = await asyncio.gather(*(resolver.query(name, "A") for name in names))
        assert {(answer.status, answer.dnssec) for answer in answers} == {(DnsStatus.NXDOMAIN, S)}

    run(use, tree.plain, tree.anchor)


@pytest.mark.real
def test_nothing_stays_behind(tree: Tree) -> None:
    """A resolver that nobody closes takes its thread and its descriptors with it."""

    async def once() -> None:
        anchors = root_anchors(tree.anchor)
        resolver = LibunboundResolver(library(), forwarders=[parse_server(tree.plain)], anchors=anchors)
        assert (await resolver.query("mx1.secure.test", "A")).dnssec is S

    counts = []
    for _ in range(5):
        asyncio.run(once())
        gc.collect()
        counts.append([len(list(Path("/proc/self", what).iterdir())) for what in ("task", "fd")])
    assert counts[1:] == [counts[0]] * 4


@pytest.mark.real
def test_without_a_fitting_anchor_nothing_is_secure(tree: Tree, tmp_path: Path) -> None:
    async def use(resolver: LibunboundResolver) -> None:
        assert (await resolver.query(".", "NS")).dnssec is B
        assert (await resolver.query("mx1.secure.test", "A")).dnssec is B

    other = tmp_path / "root.key"
    other.write_text(". IN DS 20326 8 2 " + "00" * 32)
    run(use, tree.plain, other)


def peer_run(
    script: Callable[[Message, bool], Iterable[bytes]],
    use: Callable[[LibunboundResolver], Awaitable[None]],
    **options: Any,
) -> None:
    async def main() -> None:
        async with Peer(script) as peer:
            forwarders = [parse_server(peer.name)]
            resolver = LibunboundResolver(
                library(), forwarders=forwarders, anchors=root_anchors(system=()), **options
            )
            try:
                async with asyncio.timeout(30):
                    await use(resolver)
            finally:
                resolver.close()

    asyncio.run(main())


def test_signatures_stripped() -> None:
    """A forwarder that answers without signatures leaves nothing to believe."""

    def script(query: Message, over_tcp: bool) -> list[bytes]:
        return [response(query, f"{asked(query)} 60 A 192.0.2.1").to_wire()]

    async def use(resolver: LibunboundResolver) -> None:
        answer = await resolver.query("example.org", "A")
        assert (answer.status, answer.dnssec, answer.rdata) == (DnsStatus.SERVFAIL, B, ())
        assert answer.why_bogus

    peer_run(script, use, total_s=5.0)


@pytest.mark.parametrize("kind", ["noise", "cut", "huge", "refused"])
def test_hostile_answers(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    def script(query: Message, over_tcp: bool) -> list[bytes]:
        whole = response(query, f"{asked(query)} 60 TXT " + " / ".join(f'"{"y" * n}"' for n in range(200)))
        octets = whole.to_wire()
        return {
            "noise": [query.id.to_bytes(2) + os.urandom(200)],
            "cut": [octets[: len(octets) // 2]],
            "huge": [octets + bytes(30_000)],
            "refused": [response(query, rcode="REFUSED").to_wire()],
        }[kind]

    async def use(resolver: LibunboundResolver) -> None:
        answers = await asyncio.gather(*(resolver.query(f"h{n}.example.org", "TXT") for n in range(8)))
        assert all(answer.dnssec in (X, B) and not answer.rdata for answer in answers), answers

    peer_run(script, use, total_s=2.0)
    assert capfd.readouterr() == ("", "")  # the library keeps its thoughts to itself


def test_time_limit_and_end() -> None:
    """A forwarder that never answers; the resolver goes on, and can be closed with questions under way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        place = parse_server(f"127.0.0.1:{silent.getsockname()[1]}")

        async def main() -> None:
            resolver = LibunboundResolver(library(), forwarders=[place], total_s=0.3)
            answer = await resolver.query("a.example.org", "A")
            assert (answer.status, answer.dnssec) == (DnsStatus.TIMED_OUT, X)
            assert 0.3 <= answer.elapsed_s < 2
            resolver.total_s = 20.0
            waiting = asyncio.create_task(resolver.query("b.example.org", "A"))
            called_off = asyncio.create_task(resolver.query("c.example.org", "A"))
            await asyncio.sleep(0.1)
            called_off.cancel()
            resolver.close()
            assert (await waiting).status is DnsStatus.UNREACHABLE
            assert (await resolver.query("d.example.org", "A")).status is DnsStatus.UNREACHABLE

        asyncio.run(asyncio.wait_for(main(), 10))


def test_refused_by_the_library() -> None:
    async def main() -> None:
        with pytest.raises(LibunboundError, match="trust anchor"):
            LibunboundResolver(library(), forwarders=[parse_server("127.0.0.1:9")], anchors=["?"])

    asyncio.run(main())


def test_no_library() -> None:
    with pytest.raises(LibunboundError, match="not installed"):
        load_library(("libno-such-thing.so.1",))
    with pytest.raises(LibunboundError, match="no libunbound"):
        load_library(("libc.so.6",))
    assert library_version(library()).startswith("libunbound 1.")


def test_the_anchors_that_waxseal_brings() -> None:
    """The digest is that of the owner name, here one octet, and the RDATA of the key (RFC 4034 §5.1.4)."""
    expected = []
    for tag, key in ROOT_KEYS.items():
        rdata = bytes((1, 1, 3, 8)) + base64.b64decode(key)
        assert key_tag(rdata) == tag
        expected.append(f". IN DS {tag} 8 2 {hashlib.sha256(bytes(1) + rdata).hexdigest().upper()}")
    assert root_anchors(system=()) == tuple(expected)


def key_tag(rdata: bytes) -> int:
    """RFC 4034 appendix B."""
    total = sum(octet if at & 1 else octet << 8 for at, octet in enumerate(rdata))
    return (total + (total >> 16 & 0xFFFF)) & 0xFFFF


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", 0),
        (". IN DS 20326 8 2 E06D44B8", 1),
        (".  172800 IN DS 20326 8 2 E06D 44B8 ; comment", 1),
        (". IN DNSKEY 257 3 8 AwEAAaz/ ;{id = 20326 (ksk)} ;;state=2 [  VALID  ] ;;count=0", 1),
        (". IN DNSKEY 257 3 8 AwEAAaz/ ;;state=1 [ ADDPEND ]", 0),
        (". IN DNSKEY 385 3 8 AwEAAaz/ ;;state=4 [ REVOKED ]", 0),
        ("; . IN DS 20326 8 2 E06D44B8", 0),
        ("org. IN DS 20326 8 2 E06D44B8", 0),
        (". IN DS 20326 8 2 E06Dzz", 0),
        (". IN DS 20326 8 2 E06D\n" * 3, 1),
        ("".join(f". IN DS {n} 8 2 E06D\n" for n in range(99)), MAX_ANCHORS),
    ],
)
def test_anchor_lines(text: str, found: int) -> None:
    assert len(read_anchors(text)) == found


@given(st.text(alphabet=". INDSKEY0123456789abc;=\n\t", max_size=300) | st.text(max_size=100))
def test_anchors_of_any_text(text: str) -> None:
    assert all(line.startswith(". IN D") for line in read_anchors(text))


def test_anchor_files(tmp_path: Path) -> None:
    file = tmp_path / "root.key"
    with pytest.raises(UsageError, match="cannot be read"):
        root_anchors(file)
    file.write_bytes(b"\xff\0 nothing")
    with pytest.raises(UsageError, match="holds no trust anchor"):
        root_anchors(file)
    file.write_text(". 3600 IN DS 1 8 2 00\n. IN DS 20326 8 2 00")
    assert root_anchors(file) == (". IN DS 1 8 2 00", ". IN DS 20326 8 2 00")
    # The system's add to what waxseal brings; a missing file is no matter.
    assert len(root_anchors(system=(file, tmp_path / "missing"))) == 4
