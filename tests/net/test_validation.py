"""Who is believed on DNSSEC: real validators, real resolvers that do not validate, and peers that pretend."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dns.flags
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.net.dns_peer import Message, Peer, asked, response
from tests.net.real_tree import TLS_NAME, Tree, real_tree
from waxseal.errors import UsageError
from waxseal.facts import Dnssec, DnsStatus, Validator, ValidatorKind
from waxseal.net.dns import DnsClient, Resolver
from waxseal.net.libunbound import LibunboundError, load_library
from waxseal.net.network import Validation
from waxseal.net.validation import BOGUS_NAME, Seen, SystemValidation, judge, parse_trusted
from waxseal.trust.anchors import RootStore

BOGUS = "mx1.bogus.test"
NO_LIBRARY = ("libno-such-thing.so.1",)
ANSWERED, SERVFAIL, NXDOMAIN = DnsStatus.ANSWERED, DnsStatus.SERVFAIL, DnsStatus.NXDOMAIN


@pytest.fixture(scope="module")
def tree() -> Iterator[Tree]:
    with real_tree() as running:
        yield running


def choose(
    fallback: str, *trusted: str, use: Callable[[Resolver], Awaitable[None]] | None = None, **options: Any
) -> Validator:
    """What is chosen where the system's resolver is `fallback`; nothing leaves this machine."""
    how: dict[str, Any] = {"bogus_name": BOGUS, "recursion": False, "libraries": NO_LIBRARY} | options

    async def main() -> Validator:
        async with asyncio.timeout(40):
            validation: Validation = SystemValidation([parse_trusted(text) for text in trusted], **how)
            plain = DnsClient([fallback])
            resolver, validator = await validation.choose(plain)
            assert (resolver is plain) == (validator.kind is None)
            if use is not None:
                await use(resolver)
            return validator

    return asyncio.run(main())


async def says(resolver: Resolver) -> None:
    """What it finds is what the tree holds."""
    names = ("mx1.secure.test", "mx1.insecure.test", "mx1.bogus.test", "out.secure.test")
    answers = await asyncio.gather(*(resolver.query(name, "A") for name in names))
    found = [Dnssec.SECURE, Dnssec.INSECURE, Dnssec.BOGUS, Dnssec.INSECURE]
    assert [answer.dnssec for answer in answers] == found


async def says_nothing(resolver: Resolver) -> None:
    assert (await resolver.query("mx1.secure.test", "A")).dnssec is Dnssec.UNTRUSTED


def kinds(validator: Validator) -> list[tuple[ValidatorKind, bool]]:
    return [(probe.kind, probe.validates) for probe in validator.probes]


@pytest.mark.real
def test_validating_resolver_on_loopback(tree: Tree) -> None:
    chosen = choose(tree.validator, use=says)
    assert (chosen.kind, chosen.place) == (ValidatorKind.LOOPBACK, tree.validator)
    (probe,) = chosen.probes
    assert (probe.root, probe.root_authenticated, probe.detail) == (ANSWERED, True, "")
    assert (probe.bogus, probe.bogus_unchecked) == (SERVFAIL, ANSWERED)
    assert chosen.bogus_name == BOGUS


@pytest.mark.real
def test_resolver_that_does_not_validate(tree: Tree) -> None:
    chosen = choose(tree.plain, use=says_nothing)
    assert (chosen.kind, chosen.place) == (None, "")
    assert kinds(chosen) == [(ValidatorKind.LOOPBACK, False), (ValidatorKind.LIBUNBOUND, False)]
    assert chosen.probes[0].detail.startswith("it does not validate: no AD bit")
    assert "not installed" in chosen.probes[1].detail
    # To say that it can be trusted does not help it.
    chosen = choose(tree.plain, tree.plain, use=says_nothing)
    assert kinds(chosen)[0] == (ValidatorKind.GIVEN, False)
    assert len(chosen.probes) == 2


@pytest.mark.real
def test_bogus_name_that_cannot_be_judged(tree: Tree) -> None:
    for name, said in (
        ("nothing.secure.test", "not proved: nothing.secure.test should fail to validate, and its look-up"),
        ("loop.secure.test", "not proved: loop.secure.test cannot be had without validation either"),
        ("mx1.secure.test", "it sets the AD bit, but does not validate: mx1.secure.test"),
    ):
        chosen = choose(tree.validator, bogus_name=name)
        assert chosen.kind is None
        assert said in chosen.probes[0].detail


@pytest.mark.real
def test_given_comes_before_loopback(tree: Tree) -> None:
    chosen = choose(tree.plain, tree.validator, use=says)
    assert (chosen.kind, chosen.place) == (ValidatorKind.GIVEN, tree.validator)
    assert kinds(chosen) == [(ValidatorKind.GIVEN, True)]
    # Those on loopback are tried where the given one is not believed.
    chosen = choose(tree.validator, tree.plain, use=says)
    assert kinds(chosen) == [(ValidatorKind.GIVEN, False), (ValidatorKind.LOOPBACK, True)]


@pytest.mark.real
def test_nobody(tree: Tree) -> None:
    chosen = choose(tree.validator, "none", tree.validator, use=says_nothing)
    assert (chosen.kind, chosen.probes) == (None, ())


@pytest.mark.real
@pytest.mark.parametrize("how", ["plain", "authority", "given"])
def test_libunbound(tree: Tree, how: str) -> None:
    """With the tree's own anchor, by way of resolvers that do not validate."""
    try:
        load_library()
    except LibunboundError as error:
        pytest.skip(str(error))
    options: dict[str, Any] = {"anchor_file": tree.anchor, "libraries": ("libunbound.so.8",), "use": says}
    if how == "given":
        chosen = choose(tree.validator, "libunbound", **options)
        assert kinds(chosen) == [(ValidatorKind.LIBUNBOUND, True)]
    else:
        chosen = choose(getattr(tree, how), **options)
        assert kinds(chosen) == [(ValidatorKind.LOOPBACK, False), (ValidatorKind.LIBUNBOUND, True)]
    probe = chosen.probes[-1]
    assert chosen.place.startswith("libunbound 1.")
    assert (probe.bogus, probe.bogus_unchecked, probe.detail) == (SERVFAIL, ANSWERED, "")


@pytest.mark.real
def test_libunbound_without_a_fitting_anchor(tree: Tree) -> None:
    """The root of the tree is not the one that waxseal brings the anchors of."""
    chosen = choose(tree.plain, libraries=("libunbound.so.8",), use=says_nothing)
    probe = chosen.probes[-1]
    assert (chosen.kind, probe.kind, probe.root) == (None, ValidatorKind.LIBUNBOUND, SERVFAIL)
    assert "validation failure" in probe.detail or "not installed" in probe.detail


@pytest.mark.real
def test_over_tls(tree: Tree) -> None:
    roots = RootStore([tree.ca.root_der], "lab")
    place = f"tls://{tree.over_tls}#{TLS_NAME}"
    chosen = choose(tree.plain, place, roots=roots, use=says)
    assert (chosen.kind, chosen.place) == (ValidatorKind.TLS, place)
    assert kinds(chosen) == [(ValidatorKind.TLS, True)]
    other = f"tls://{tree.over_tls}#dns.example.org"
    chosen = choose(tree.plain, other, roots=roots, use=says_nothing)
    assert chosen.probes[0].root is DnsStatus.UNREACHABLE
    assert "does not prove to be dns.example.org" in chosen.probes[0].detail
    # The order among the kinds is fixed: an address comes before TLS, however they were given.
    chosen = choose(tree.plain, other, tree.validator, roots=roots, use=says)
    assert kinds(chosen) == [(ValidatorKind.GIVEN, True)]


def pretending(how: str) -> Callable[[Message, bool], Iterable[bytes]]:
    """A resolver that behaves like a validator but for one thing."""

    def script(query: Message, over_tcp: bool) -> list[bytes]:
        name, unchecked = asked(query), bool(query.flags & dns.flags.CD)
        if name == ".":
            reply = response(query, ". 60 NS a.root-servers.net.")
            secure = how != "no-ad"
        elif how in ("answers", "always-ad") or (unchecked and how != "no-cd"):
            reply = response(query, f"{name} 60 A 192.0.2.1")
            secure = how in ("always-ad", "ad-with-cd")
        else:
            reply = response(query, rcode="NXDOMAIN" if how == "nxdomain" else "SERVFAIL")
            secure = False
        if how == "refuses":
            reply, secure = response(query, rcode="REFUSED"), False
        if secure:
            reply.flags |= dns.flags.AD
        return [] if how == "silent" else [reply.to_wire()]

    return script


def choose_among(scripts: Sequence[Callable[[Message, bool], Iterable[bytes]]]) -> tuple[Validator, float]:
    """What is chosen where the system's resolvers are scripted, and how long that took."""

    async def main() -> tuple[Validator, float]:
        peers = [Peer(script) for script in scripts]
        for peer in peers:
            await peer.__aenter__()
        try:
            fallback = DnsClient([peer.name for peer in peers])
            began = time.monotonic()
            validation = SystemValidation(recursion=False, libraries=NO_LIBRARY)
            _, validator = await validation.choose(fallback)
            return validator, time.monotonic() - began
        finally:
            for peer in peers:
                await peer.__aexit__()

    return asyncio.run(asyncio.wait_for(main(), 30))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("", ""),
        ("always-ad", f"it sets the AD bit, but does not validate: {BOGUS_NAME}"),
        ("answers", f"it sets the AD bit, but does not validate: {BOGUS_NAME}"),
        ("ad-with-cd", f"it sets the AD bit on the data of {BOGUS_NAME}"),
        ("no-ad", "it seems to validate, but the AD bit is missing"),
        ("no-cd", f"not proved: {BOGUS_NAME} cannot be had without validation either (servfail)"),
        ("nxdomain", f"not proved: {BOGUS_NAME} should fail to validate, and its look-up ended nxdomain"),
        ("refuses", "it does not answer for the name servers of the root: refused"),
        ("silent", "it does not answer: timed-out"),
    ],
)
def test_pretenders(how: str, said: str) -> None:
    validator, elapsed_s = choose_among([pretending(how)])
    probe = validator.probes[0]
    assert probe.detail.startswith(said)
    assert probe.validates == (not said)
    assert (validator.kind is None) == bool(said)
    assert elapsed_s < 6


def test_candidates_are_tried_side_by_side() -> None:
    """A silent resolver costs its time limit once; the first of those that validate is taken."""
    scripts = [pretending(how) for how in ("silent", "", "always-ad", "silent")]
    validator, elapsed_s = choose_among(scripts)
    assert [probe.validates for probe in validator.probes] == [False, True, False, False]
    assert validator.place == validator.probes[1].place
    assert elapsed_s < 6


def test_a_probe_is_one_round_trip() -> None:
    """Nothing is answered before all three questions have come."""
    held: list[tuple[Message, Any]] = []

    class Holding(Peer):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.queries.append((dns.message.from_wire(data), False))
            held.append((self.queries[-1][0], addr))
            if len(held) == 3:
                for query, place in held:
                    for octets in pretending("")(query, False):
                        self.transport.sendto(octets, place)

    async def main() -> Validator:
        async with Holding(pretending("")) as peer:
            validation = SystemValidation(recursion=False, libraries=NO_LIBRARY)
            return (await validation.choose(DnsClient([peer.name])))[1]

    assert asyncio.run(asyncio.wait_for(main(), 20)).kind is ValidatorKind.LOOPBACK


def test_resolvers_elsewhere_are_not_asked() -> None:
    """A resolver that is not on this machine is believed only where it is given, or over a channel."""

    class Elsewhere:
        servers = ("192.0.2.53:53", "lab")

        async def query(self, name: str, rdtype: str) -> Any:
            raise AssertionError("nobody asks")

    async def main() -> Validator:
        validation = SystemValidation(recursion=False, libraries=NO_LIBRARY)
        return (await validation.choose(Elsewhere()))[1]

    assert kinds(asyncio.run(main())) == [(ValidatorKind.LIBUNBOUND, False)]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(ANSWERED, True, SERVFAIL, ANSWERED), ""),
        (Seen(ANSWERED, True, SERVFAIL, None), "not proved"),
        (Seen(ANSWERED, True, SERVFAIL, DnsStatus.TIMED_OUT), "not proved"),
        (Seen(ANSWERED, True, DnsStatus.TIMED_OUT, ANSWERED), "not proved"),
        (Seen(ANSWERED, True, NXDOMAIN, NXDOMAIN), "not proved"),
        (Seen(ANSWERED, False, DnsStatus.TIMED_OUT, ANSWERED), "so it does not validate"),
        (Seen(DnsStatus.NO_DATA, True, SERVFAIL, ANSWERED), "for the name servers of the root: no-data"),
        (Seen(DnsStatus.TIMED_OUT, None, SERVFAIL, ANSWERED), "the root: timed-out"),
        (Seen(SERVFAIL, None, SERVFAIL, SERVFAIL, words="because"), "servfail (because)"),
    ],
)
def test_judgement(seen: Seen, said: str) -> None:
    detail = judge(seen, "bogus.example")
    assert said in detail
    assert bool(said) == bool(detail)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("none", None),
        ("libunbound", ValidatorKind.LIBUNBOUND),
        ("127.0.0.1", ValidatorKind.GIVEN),
        ("192.0.2.1:5353", ValidatorKind.GIVEN),
        ("[::1]:53", ValidatorKind.GIVEN),
        ("tls://9.9.9.9#dns.quad9.net", ValidatorKind.TLS),
        ("https://dns.google/dns-query", ValidatorKind.HTTPS),
    ],
)
def test_what_users_write(text: str, kind: ValidatorKind | None) -> None:
    one = parse_trusted(text)
    assert one.kind is kind
    if one.server is not None:
        assert str(one.server).startswith(text)
    if one.channel is not None:
        assert str(one.channel) == text


@pytest.mark.parametrize(
    "text", ["", "dns.quad9.net", "9.9.9.9#x", "127.0.0.1:0", "NONE", "tls://", "http://x"]
)
def test_what_users_must_not_write(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_trusted(text)
    assert caught.value.hint


@given(st.text(max_size=40) | st.from_regex(r"[0-9a-z\[\]:.#/]{0,30}", fullmatch=True))
def test_any_text(text: str) -> None:
    try:
        one = parse_trusted(text)
    except UsageError:
        return
    assert one.kind in (None, ValidatorKind.LIBUNBOUND) or (one.server is None) != (one.channel is None)


def test_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no domain name"):
        SystemValidation(bogus_name="a..b")
    with pytest.raises(UsageError, match="cannot be read"):
        SystemValidation(anchor_file=tmp_path / "missing")
    with pytest.raises(ValueError, match="root store"):
        SystemValidation([parse_trusted("tls://9.9.9.9")])
