"""Finds somebody who validates DNSSEC and whose word can be taken, and records every try.

In this order: resolvers on loopback and those given as trusted, libunbound in this process, resolvers over an
authenticated channel. What the user names comes first. An address proves nothing: each candidate is probed
with three look-ups side by side (`judge`) before it is believed. Where none is left, answers stay untrusted.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from waxseal.errors import UsageError
from waxseal.facts import Dnssec, DnsStatus, Validator, ValidatorKind, ValidatorProbe
from waxseal.net.dns import DnsClient, Resolver
from waxseal.net.dns_channel import Channel, parse_channel
from waxseal.net.dns_encrypted import HttpsTransport, TlsTransport, transport
from waxseal.net.dns_exchange import Outcome, PlainTransport, Transport
from waxseal.net.dns_message import Question
from waxseal.net.dns_records import TYPE_A, TYPE_NS
from waxseal.net.libunbound import (
    LIBRARY_NAMES,
    LibunboundError,
    LibunboundResolver,
    Validated,
    load_library,
)
from waxseal.net.resolv_conf import Server, parse_server
from waxseal.net.root_anchors import root_anchors
from waxseal.wire.dns_rdata import encode_name

if TYPE_CHECKING:
    from waxseal.trust.anchors import RootStore

BOGUS_NAME: Final = "dnssec-failed.org"
"""Kept with wrong signatures by its owner, for tests like this one."""
PROBE_LIMIT_S: Final = 5.0
TRY_LIMIT_S: Final = 2.0
"""Of one try over UDP; a question that is not answered is asked twice."""
MAX_CANDIDATES: Final = 16

_ORDER: Final = (ValidatorKind.GIVEN, ValidatorKind.LIBUNBOUND, ValidatorKind.TLS, ValidatorKind.HTTPS)
_ROOT = b"\0"
_SILENT = (DnsStatus.TIMED_OUT, DnsStatus.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Trusted:
    """One thing that the user says to trust.

    Attributes:
        kind: GIVEN, LIBUNBOUND, TLS or HTTPS; None for nobody at all.
        server: The resolver, where it is given by address.
        channel: The resolver, where it is given with a channel.
    """

    kind: ValidatorKind | None
    server: Server | None = None
    channel: Channel | None = None


def parse_trusted(text: str) -> Trusted:
    """Read what ``--trusted-resolver`` takes.

    Args:
        text: ``127.0.0.1``, ``192.0.2.53:5353``, ``[::1]:53``, ``tls://9.9.9.9#dns.quad9.net``,
            ``https://dns.example/dns-query``, ``libunbound`` or ``none``.

    Raises:
        UsageError: It is none of these.
    """
    if text == "none":
        return Trusted(None)
    if text == ValidatorKind.LIBUNBOUND.value:
        return Trusted(ValidatorKind.LIBUNBOUND)
    if "://" in text:
        channel = parse_channel(text)
        return Trusted(channel.kind, channel=channel)
    try:
        return Trusted(ValidatorKind.GIVEN, parse_server(text))
    except UsageError:
        raise UsageError(
            f"{text!r} names no resolver to trust",
            "give an address such as 127.0.0.1:5353, tls://9.9.9.9#dns.quad9.net, "
            "https://dns.example/dns-query, libunbound, or none",
        ) from None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the three look-ups of a probe came to.

    Attributes:
        root: Of ``. NS``.
        root_secure: Whether that answer is called authentic; None without an answer.
        bogus: Of the address of the name known to be bogus.
        unchecked: Of the same with CD set (RFC 4035 §3.2.2); None where it could not be asked.
        unchecked_secure: Whether that answer, too, is called authentic.
        words: The candidate's own, where it has some: why the root is bogus, what is wrong with the channel.
    """

    root: DnsStatus
    root_secure: bool | None
    bogus: DnsStatus
    unchecked: DnsStatus | None
    unchecked_secure: bool = False
    words: str = ""


def judge(seen: Seen, bogus_name: str) -> str:
    """What speaks against a candidate; "" where all three look-ups came as a validator gives them.

    A validator sets AD on what it has authenticated and on nothing else (RFC 4035 §3.2.3), answers SERVFAIL
    where signatures do not hold (RFC 4035 §5.5), and gives the data away where CD is set (RFC 4035 §3.2.2).
    """
    wrong = _of_root(seen, bogus_name) or _of_bogus(seen, bogus_name)
    return f"{wrong} ({seen.words})" if wrong and seen.words else wrong


def _of_root(seen: Seen, bogus_name: str) -> str:
    if seen.root in _SILENT and seen.bogus in _SILENT:
        return f"it does not answer: {seen.root.value}"
    if seen.root is not DnsStatus.ANSWERED:
        return f"it does not answer for the name servers of the root: {seen.root.value}"
    if seen.root_secure:
        return ""
    if seen.bogus is DnsStatus.SERVFAIL and seen.unchecked is DnsStatus.ANSWERED:
        return "it seems to validate, but the AD bit is missing on the name servers of the root"
    if seen.bogus is DnsStatus.ANSWERED:
        return f"it does not validate: no AD bit for the root, and {bogus_name}, which is bogus, is answered"
    return "it does not set the AD bit on the name servers of the root, so it does not validate"


def _of_bogus(seen: Seen, bogus_name: str) -> str:
    if seen.bogus is DnsStatus.ANSWERED:
        return f"it sets the AD bit, but does not validate: {bogus_name}, which is bogus, is answered"
    if seen.bogus is not DnsStatus.SERVFAIL:
        return f"not proved: {bogus_name} should fail to validate, and its look-up ended {seen.bogus.value}"
    if seen.unchecked is None:
        return f"not proved: {bogus_name} could not be looked up without validation"
    if seen.unchecked is not DnsStatus.ANSWERED:
        return f"not proved: {bogus_name} cannot be had without validation either ({seen.unchecked.value})"
    if seen.unchecked_secure:
        return f"it sets the AD bit on the data of {bogus_name}, which it calls bogus itself"
    return ""


class SystemValidation:
    """Implements `Validation` with what this machine and its user have to offer."""

    def __init__(
        self,
        trusted: Sequence[Trusted] = (),
        *,
        roots: "RootStore | None" = None,
        bogus_name: str = BOGUS_NAME,
        anchor_file: Path | None = None,
        recursion: bool = True,
        libraries: tuple[str, ...] = LIBRARY_NAMES,
    ) -> None:
        """Look among the given ones, then on the system.

        Args:
            trusted: What the user says to trust; with one of kind None nobody is looked for.
            roots: Whom to believe about the names of resolvers over TLS and HTTPS.
            bogus_name: A name whose address record is known to be bogus.
            anchor_file: The root's trust anchors for libunbound, instead of those of `root_anchors`.
            recursion: Whether libunbound may ask the root servers itself, where forwarding does not do.
            libraries: What the library may be called.

        Raises:
            UsageError: The anchors cannot be read, or the name cannot be asked for.
            ValueError: A resolver over TLS or HTTPS is given without `roots`.
        """
        bogus = encode_name(bogus_name)
        if bogus is None:
            raise UsageError(
                f"{bogus_name!r} is no domain name", "give a name that is known to be bogus, as A-label"
            )
        if roots is None and any(one.channel is not None for one in trusted):
            raise ValueError("resolvers over TLS need a root store")
        self.bogus_name = bogus_name.lower().removesuffix(".")
        self._bogus = Question(bogus, TYPE_A)
        self._trusted = tuple(trusted)[:MAX_CANDIDATES]
        self._roots = roots
        self._anchors = root_anchors(anchor_file) if anchor_file is not None else ()
        self._recursion = recursion
        self._libraries = libraries

    async def choose(self, fallback: Resolver) -> tuple[Resolver, Validator]:
        """See `Validation.choose`; nothing that the network does is raised."""
        probes: list[ValidatorProbe] = []
        for stage in self._stages(fallback):
            tried = await stage()
            probes += [probe for _, probe in tried]
            for resolver, probe in tried:
                if probe.validates and resolver is not None:
                    return resolver, Validator(
                        kind=probe.kind, place=probe.place, bogus_name=self.bogus_name, probes=tuple(probes)
                    )
        return fallback, Validator(bogus_name=self.bogus_name, probes=tuple(probes))

    def _stages(self, fallback: Resolver) -> "list[_Stage]":
        """What is tried one after the other; the next only where nothing is taken."""
        if any(one.kind is None for one in self._trusted):
            return []
        known = tuple(server for text in fallback.servers if (server := _server(text)) is not None)
        stages: list[_Stage] = []
        for kind in _ORDER:
            named = [one for one in self._trusted if one.kind is kind]
            if named and kind is ValidatorKind.LIBUNBOUND:
                stages.append(partial(self._libunbound, known))
            elif named:
                stages.append(
                    partial(self._side_by_side, [partial(self._named, one, fallback) for one in named])
                )
        given = [one.server for one in self._trusted]
        local = [server for server in dict.fromkeys(known) if _is_loopback(server) and server not in given]
        tries = [partial(self._plain, ValidatorKind.LOOPBACK, server) for server in local]
        stages.append(partial(self._side_by_side, tries))
        if all(one.kind is not ValidatorKind.LIBUNBOUND for one in self._trusted):
            stages.append(partial(self._libunbound, known))
        return stages

    async def _side_by_side(self, tries: "Sequence[Callable[[], Awaitable[_Tried]]]") -> "Sequence[_Tried]":
        return await asyncio.gather(*(one() for one in tries))

    async def _named(self, one: Trusted, fallback: Resolver) -> "_Tried":
        if one.server is not None:
            return await self._plain(ValidatorKind.GIVEN, one.server)
        assert one.channel is not None  # noqa: S101 - of the kinds that come here, the others have one
        assert self._roots is not None  # noqa: S101 - see __init__
        way = transport(one.channel, self._roots, fallback)
        probe = await self._probe(one.channel.kind, str(one.channel), way)
        if not probe.validates:
            way.close()
        return DnsClient(validates=True, transports=(way,)), probe

    async def _plain(self, kind: ValidatorKind, server: Server) -> "_Tried":
        probe = await self._probe(kind, str(server), PlainTransport(server, TRY_LIMIT_S))
        return DnsClient([str(server)], validates=True), probe

    async def _probe(
        self, kind: ValidatorKind, place: str, way: PlainTransport | TlsTransport | HttpsTransport
    ) -> ValidatorProbe:
        """The three look-ups, side by side: one round trip."""
        limit = asyncio.get_running_loop().time() + PROBE_LIMIT_S
        root, bogus, unchecked = await asyncio.gather(
            _ask(way, Question(_ROOT, TYPE_NS), limit),
            _ask(way, self._bogus, limit),
            _ask(way, self._bogus, limit, checking_disabled=True),
        )
        seen = Seen(
            root.status,
            root.reply.authenticated if root.reply is not None else None,
            bogus.status,
            unchecked.status,
            unchecked.reply is not None and unchecked.reply.authenticated,
            "" if isinstance(way, PlainTransport) else way.failure,
        )
        return self._judged(kind, place, seen)

    def _judged(self, kind: ValidatorKind, place: str, seen: Seen) -> ValidatorProbe:
        detail = judge(seen, self.bogus_name)
        return ValidatorProbe(
            kind=kind,
            place=place,
            root=seen.root,
            root_authenticated=seen.root_secure,
            bogus=seen.bogus,
            bogus_unchecked=seen.unchecked,
            validates=not detail,
            detail=detail,
        )

    async def _libunbound(self, known: Sequence[Server]) -> "Sequence[_Tried]":
        """By way of the system's resolvers; where they answer, but not with what DNSSEC needs, by itself."""
        tried = [await self._library(known)] if known else []
        done = any(probe.root in (None, DnsStatus.TIMED_OUT) or probe.validates for _, probe in tried)
        if self._recursion and not done:
            tried.append(await self._library(()))
        return tried

    async def _library(self, forwarders: Sequence[Server]) -> "_Tried":
        kind = ValidatorKind.LIBUNBOUND
        try:
            anchors = self._anchors or root_anchors()
            resolver = LibunboundResolver(
                load_library(self._libraries), forwarders=forwarders, anchors=anchors
            )
        except LibunboundError as error:
            return None, ValidatorProbe(kind=kind, place="libunbound", detail=str(error))
        root, bogus = await asyncio.gather(
            resolver.ask(Question(_ROOT, TYPE_NS), PROBE_LIMIT_S), resolver.ask(self._bogus, PROBE_LIMIT_S)
        )
        probe = self._judged(kind, str(resolver), _seen_by_library(root, bogus))
        if not probe.validates:
            resolver.close()
        return resolver, probe


_Tried = tuple[Resolver | None, ValidatorProbe]
_Stage = Callable[[], Awaitable[Sequence[_Tried]]]


def _seen_by_library(root: Validated, bogus: Validated) -> Seen:
    """The library gives bogus data together with its judgement, so that CD need not be asked for."""
    return Seen(
        root.status,
        None if root.reply is None else root.dnssec is Dnssec.SECURE,
        bogus.status,
        bogus.unchecked,
        words=root.why_bogus,
    )


async def _ask(
    way: Transport, question: Question, limit: float, *, checking_disabled: bool = False
) -> Outcome:
    """Ask twice at most, as datagrams may be lost."""
    outcome = Outcome(DnsStatus.UNREACHABLE, None, str(way))
    for _ in range(2):
        try:
            outcome = await way.ask(question, limit, dnssec_ok=True, checking_disabled=checking_disabled)
        except OSError:  # no socket is left
            return outcome
        if outcome.status is not DnsStatus.TIMED_OUT:
            break
    return outcome


def _server(text: str) -> Server | None:
    try:
        return parse_server(text)
    except UsageError:
        return None


def _is_loopback(server: Server) -> bool:
    return ipaddress.ip_address(server.address).is_loopback
