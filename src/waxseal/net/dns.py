"""The DNS client: asks the system's resolvers, or given ones, and says how it ended (``facts.DnsAnswer``).

It is a stub resolver (RFC 1034 §5.3.1): it wants a resolver that recurses, and trusts its word. It checks no
signature itself: where it is told that its resolvers validate and that their word can be taken, the AD bit
and the CD bit tell what they found (RFC 4035 §3.2.2 and §3.2.3, RFC 6840 §5.7 to §5.9); else the AD bit is
passed on as seen, and proves nothing. Whether a resolver validates is found out in ``net.validation``; one
question to one resolver is in ``net.dns_exchange``, messages in ``net.dns_message``, names and records in
``wire.dns_rdata``. What an answer means is decided in ``checks/dns``.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from waxseal.facts import DnsAnswer, Dnssec, DnsStatus
from waxseal.net.dns_exchange import Outcome, PlainTransport, Transport
from waxseal.net.dns_message import MAX_ALIASES, Question
from waxseal.net.dns_records import type_number
from waxseal.net.resolv_conf import RESOLV_CONF, parse_server, read_resolv_conf
from waxseal.wire.dns_rdata import encode_name, name_text

DEFAULT_TIMEOUT_S = 3.0
DEFAULT_ATTEMPTS = 2
DEFAULT_TOTAL_S = 10.0
DEFAULT_IN_FLIGHT = 64
DEFAULT_CACHE_ENTRIES = 100_000

_NAMED_AS_WRITTEN = re.compile(r"[a-z0-9_.-]+")  # what `name_text` gives back as it is

# Failures, the most telling first: where the resolvers failed in different ways, the first is the answer's.
_FAILURES = (
    DnsStatus.SERVFAIL,
    DnsStatus.REFUSED,
    DnsStatus.OTHER_RCODE,
    DnsStatus.MALFORMED,
    DnsStatus.TIMED_OUT,
    DnsStatus.UNREACHABLE,
)
# A resolver that failed so has answered; asking it again would get the same.
_SPOKEN = (DnsStatus.SERVFAIL, DnsStatus.REFUSED, DnsStatus.OTHER_RCODE)
# What the answer of a validator with CD set comes to where only its own check was in the way.
_SEEN = (DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN, DnsStatus.CNAME_LOOP)
_DNSSEC_ERRORS = frozenset(map(str, range(6, 13)))
# The worst first: an answer is as good as the worst step of its alias chain.
_WORST_FIRST = (Dnssec.BOGUS, Dnssec.INDETERMINATE, Dnssec.INSECURE, Dnssec.SECURE)


class Resolver(Protocol):
    """Who answers DNS questions: `DnsClient`, the lab's, or a test's."""

    @property
    def servers(self) -> tuple[str, ...]:
        """The resolvers asked, ``address:port`` each, IPv6 in brackets, in the order of asking."""

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        """Look up one RRset of class IN.

        Args:
            name: A-labels, with or without the trailing dot; never completed by a search list.
            rdtype: Type mnemonic, such as ``MX``.
        """


class _Key(NamedTuple):
    name: bytes
    rdtype: int
    checking_disabled: bool


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[DnsAnswer]
    waiters: int = 0


class DnsClient:
    """A stub resolver over UDP and TCP. One client belongs to one event loop.

    A question that is asked while it is under way is sent once, and every answer, failures included, is kept
    for the life of the client whatever its TTL: within a run, the same question has the same answer.

    Attributes:
        timeout_s: Limit of one try at one resolver.
        attempts: How often each resolver is tried.
        total_s: Limit of one look-up, everything included but waiting for a slot.
        validates: Whether the resolvers validate DNSSEC and their word is taken.
    """

    def __init__(
        self,
        servers: Iterable[str] = (),
        *,
        timeout_s: float | None = None,
        attempts: int | None = None,
        total_s: float = DEFAULT_TOTAL_S,
        in_flight: int = DEFAULT_IN_FLIGHT,
        cache_entries: int = DEFAULT_CACHE_ENTRIES,
        resolv_conf: Path = RESOLV_CONF,
        validates: bool = False,
        transports: Sequence[Transport] = (),
    ) -> None:
        """Ask the given resolvers, or the system's.

        Args:
            servers: ``9.9.9.9``, ``127.0.0.1:5353``, ``[::1]:53``; where there are none, and no `transports`
                either, those of `resolv_conf`.
            timeout_s: Limit of one try; None for the file's (at most 10 s), else 3 s.
            attempts: Tries at each resolver; None for the file's (at most 5), else 2.
            total_s: Limit of one look-up.
            in_flight: How many look-ups are under way at once; more wait for a slot.
            cache_entries: How many answers are kept; the oldest goes first.
            resolv_conf: The file that names the system's resolvers.
            validates: The resolvers are known to validate DNSSEC, and the way to them to be safe: signatures
                are asked for, and every answer says what they found. Without it every answer is
                `Dnssec.UNTRUSTED`.
            transports: Other ways to resolvers; they are asked before `servers`, in order.

        Raises:
            UsageError: One of `servers` is no address of a resolver.
        """
        plain = tuple(parse_server(text) for text in servers)
        if not plain and not transports:
            system = read_resolv_conf(resolv_conf)
            plain = system.servers
            timeout_s = system.timeout_s if timeout_s is None else timeout_s
            attempts = system.attempts if attempts is None else attempts
        self.timeout_s = DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s
        self.attempts = DEFAULT_ATTEMPTS if attempts is None else attempts
        self.total_s = total_s
        self.validates = validates
        ways = (PlainTransport(server, self.timeout_s) for server in plain)
        self._transports: tuple[Transport, ...] = (*transports, *ways)
        self._slots = asyncio.Semaphore(in_flight)
        self._cache: dict[_Key, DnsAnswer] = {}
        self._cache_entries = cache_entries
        self._flights: dict[_Key, _Flight] = {}

    @property
    def servers(self) -> tuple[str, ...]:
        """The resolvers asked, ``address:port`` each, IPv6 in brackets, in the order of asking."""
        return tuple(map(str, self._transports))

    async def query(self, name: str, rdtype: str, *, checking_disabled: bool = False) -> DnsAnswer:
        """Look up one RRset of class IN, following aliases (at most 16).

        Args:
            name: A-labels, with or without the trailing dot; ``\\X`` and ``\\DDD`` escapes are understood.
            rdtype: Type mnemonic, such as ``MX`` or ``TYPE65280``.
            checking_disabled: Ask for the data even where a validator rejects it (RFC 4035 §3.2.2); the
                answer is then `Dnssec.UNTRUSTED`.

        Returns:
            How it ended; nothing that the network or a resolver does is raised.

        Raises:
            ValueError: `rdtype` is no type of records.
            OSError: This process can open no more sockets.
        """
        rdtype = rdtype.upper()
        number = type_number(rdtype)
        wire = encode_name(name)
        if wire is None:
            dnssec = Dnssec.INDETERMINATE if self.validates and not checking_disabled else Dnssec.UNTRUSTED
            return DnsAnswer(name.lower().removesuffix("."), rdtype, DnsStatus.NAME_INVALID, dnssec=dnssec)
        key = _Key(wire, number, checking_disabled)
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        plain = name.lower().removesuffix(".")
        if not _NAMED_AS_WRITTEN.fullmatch(plain):
            plain = name_text(wire)
        return await self._share(key, plain, rdtype)

    async def _share(self, key: _Key, name: str, rdtype: str) -> DnsAnswer:
        """Join the look-up that is under way, or begin it; it is called off with its last waiter."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(self._fly(key, name, rdtype)))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and self._flights.get(key) is flight:
                del self._flights[key]
                flight.task.cancel()

    async def _fly(self, key: _Key, name: str, rdtype: str) -> DnsAnswer:
        async with self._slots:
            answer = await self._look_up(key, name, rdtype)
        if self._cache_entries > 0:
            while len(self._cache) >= self._cache_entries:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = answer
        return answer

    async def _look_up(self, key: _Key, name: str, rdtype: str) -> DnsAnswer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + self.total_s
        question = Question(key.name, key.rdtype)
        seen = [question.name]
        steps: list[_Step] = []
        while True:
            step = await self._step(question, deadline, key.checking_disabled)
            steps.append(step)
            status = step.outcome.status
            reply = step.outcome.reply
            if reply is None:
                break
            for alias in reply.aliases:
                if alias in seen or len(seen) > MAX_ALIASES:
                    status = DnsStatus.CNAME_LOOP
                    break
                seen.append(alias)
            if status is DnsStatus.CNAME_LOOP or not reply.continues:
                break
            question = Question(seen[-1], question.rdtype)
        answered = status is DnsStatus.ANSWERED
        replies = [step.outcome.reply for step in steps if step.outcome.reply is not None]
        ttls = [reply.ttl_s for reply in replies if reply.ttl_s is not None]
        ends = [reply.signed_until for reply in replies if reply.signed_until is not None]
        return DnsAnswer(
            name,
            rdtype,
            status,
            rdata=reply.rdata if reply is not None and answered else (),
            ttl_s=min(ttls) if ttls and answered else None,
            aliases=tuple(map(name_text, seen[1:])),
            authenticated=len(replies) == len(steps) and all(reply.authenticated for reply in replies),
            server=step.outcome.server,
            over_tcp=step.outcome.over_tcp,
            elapsed_s=loop.time() - started,
            extended_errors=reply.extended_errors if reply is not None else (),
            dnssec=_worst(steps),
            why_bogus=step.why_bogus,
            signed_until=datetime.fromtimestamp(min(ends), UTC) if ends and self.validates else None,
            rrset_ttl_s=reply.rrset_ttl_s if reply is not None and answered else None,
        )

    async def _step(self, question: Question, deadline: float, checking_disabled: bool) -> "_Step":
        """One name of the alias chain, and what the validator says of it.

        A validator answers SERVFAIL where signatures do not hold, and gives the same data away where CD is
        set (RFC 4035 §3.2.2, §5.5). Since a zone that was out of reach for a moment looks the same, SERVFAIL
        without a DNSSEC error is asked for a second time before it is called bogus.
        """
        outcome = await self._ask_in_turn(question, deadline, checking_disabled=checking_disabled)
        if not self.validates or checking_disabled:
            return _Step(outcome, Dnssec.UNTRUSTED)
        if outcome.status is DnsStatus.SERVFAIL:
            unchecked = await self._ask_in_turn(question, deadline, checking_disabled=True)
            if unchecked.status not in _SEEN:
                return _Step(outcome, Dnssec.INDETERMINATE)
            if outcome.reply is None or not any(map(_names_dnssec, outcome.reply.extended_errors)):
                again = await self._ask_in_turn(question, deadline)
                outcome = again if again.status in (*_SEEN, DnsStatus.SERVFAIL) else outcome
            if outcome.status is DnsStatus.SERVFAIL:
                return _Step(outcome, Dnssec.BOGUS, _why_bogus(outcome, unchecked))
        if outcome.status not in _SEEN or outcome.reply is None:
            return _Step(outcome, Dnssec.INDETERMINATE)
        return _Step(outcome, Dnssec.SECURE if outcome.reply.authenticated else Dnssec.INSECURE)

    async def _ask_in_turn(
        self, question: Question, deadline: float, *, checking_disabled: bool = False
    ) -> Outcome:
        """Every resolver in turn, as often as allowed, until one answers; else the most telling failure."""
        loop = asyncio.get_running_loop()
        failures: list[Outcome] = []
        transports = list(self._transports)
        for _ in range(self.attempts):
            for transport in tuple(transports):
                now = loop.time()
                if now >= deadline:
                    break
                plain = isinstance(transport, PlainTransport)  # which limits each of its tries by itself
                outcome = await transport.ask(
                    question,
                    deadline if plain else min(now + self.timeout_s, deadline),
                    dnssec_ok=self.validates,
                    checking_disabled=checking_disabled,
                )
                if outcome.status not in _FAILURES:
                    return outcome
                failures.append(outcome)
                if outcome.status in _SPOKEN:
                    transports.remove(transport)
        if not failures:
            return Outcome(DnsStatus.TIMED_OUT, None, str(self._transports[0]))
        return min(failures, key=lambda outcome: _FAILURES.index(outcome.status))


class _Step(NamedTuple):
    """One name of an alias chain: how asking for it ended, and what DNSSEC says of it."""

    outcome: Outcome
    dnssec: Dnssec
    why_bogus: str = ""


def _worst(steps: list[_Step]) -> Dnssec:
    """An answer reached over aliases is secure only where each of them is (RFC 4035 §3.2.3)."""
    if len(steps) == 1:
        return steps[0].dnssec
    found = {step.dnssec for step in steps}
    return next((dnssec for dnssec in _WORST_FIRST if dnssec in found), Dnssec.UNTRUSTED)


def _names_dnssec(error: str) -> bool:
    """Whether an extended DNS error says that validation failed (RFC 8914 §4.7 to §4.13)."""
    return error.partition(" ")[0] in _DNSSEC_ERRORS


def _why_bogus(checked: Outcome, unchecked: Outcome) -> str:
    """The extended DNS errors of the refusal, else those of the data that were given with CD set."""
    for reply in (checked.reply, unchecked.reply):
        if reply is not None and reply.extended_errors:
            return "; ".join(reply.extended_errors)
    return ""
