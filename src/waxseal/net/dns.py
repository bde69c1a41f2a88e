"""The DNS client: asks the system's resolvers, or given ones, and says how it ended (``facts.DnsAnswer``).

It is a stub resolver (RFC 1034 §5.3.1): it wants a resolver that recurses, trusts its word, and validates
nothing; the AD bit is passed on as seen (RFC 6840 §5.7 and §5.8). One question to one resolver is in
``net.dns_exchange``, messages in ``net.dns_message``, names and records in ``wire.dns_rdata``. What an answer
means is decided in ``checks/dns``.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.net.dns_exchange import Outcome, exchange
from waxseal.net.dns_message import MAX_ALIASES, Question
from waxseal.net.dns_records import type_number
from waxseal.net.resolv_conf import RESOLV_CONF, parse_server, read_resolv_conf
from waxseal.wire.dns_rdata import encode_name, name_text

DEFAULT_TIMEOUT_S = 3.0
DEFAULT_ATTEMPTS = 2
DEFAULT_TOTAL_S = 10.0
DEFAULT_IN_FLIGHT = 64
DEFAULT_CACHE_ENTRIES = 100_000

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
    ) -> None:
        """Ask the given resolvers, or the system's.

        Args:
            servers: ``9.9.9.9``, ``127.0.0.1:5353``, ``[::1]:53``; none for those of `resolv_conf`.
            timeout_s: Limit of one try; None for the file's (at most 10 s), else 3 s.
            attempts: Tries at each resolver; None for the file's (at most 5), else 2.
            total_s: Limit of one look-up.
            in_flight: How many look-ups are under way at once; more wait for a slot.
            cache_entries: How many answers are kept; the oldest goes first.
            resolv_conf: The file that names the system's resolvers.

        Raises:
            UsageError: One of `servers` is no address of a resolver.
        """
        self._servers = tuple(parse_server(text) for text in servers)
        if not self._servers:
            system = read_resolv_conf(resolv_conf)
            self._servers = system.servers
            timeout_s = system.timeout_s if timeout_s is None else timeout_s
            attempts = system.attempts if attempts is None else attempts
        self.timeout_s = DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s
        self.attempts = DEFAULT_ATTEMPTS if attempts is None else attempts
        self.total_s = total_s
        self._slots = asyncio.Semaphore(in_flight)
        self._cache: dict[tuple[bytes, int], DnsAnswer] = {}
        self._cache_entries = cache_entries
        self._flights: dict[tuple[bytes, int], _Flight] = {}

    @property
    def servers(self) -> tuple[str, ...]:
        """The resolvers asked, ``address:port`` each, IPv6 in brackets, in the order of asking."""
        return tuple(map(str, self._servers))

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        """Look up one RRset of class IN, following aliases (at most 16).

        Args:
            name: A-labels, with or without the trailing dot; ``\\X`` and ``\\DDD`` escapes are understood.
            rdtype: Type mnemonic, such as ``MX`` or ``TYPE65280``.

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
            return DnsAnswer(name.lower().removesuffix("."), rdtype, DnsStatus.NAME_INVALID)
        question = (wire, number)
        cached = self._cache.get(question)
        return cached if cached is not None else await self._share(question, rdtype)

    async def _share(self, question: tuple[bytes, int], rdtype: str) -> DnsAnswer:
        """Join the look-up that is under way, or begin it; it is called off with its last waiter."""
        flight = self._flights.get(question)
        if flight is None:
            flight = self._flights[question] = _Flight(asyncio.create_task(self._fly(question, rdtype)))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and self._flights.get(question) is flight:
                del self._flights[question]
                flight.task.cancel()

    async def _fly(self, question: tuple[bytes, int], rdtype: str) -> DnsAnswer:
        async with self._slots:
            answer = await self._look_up(Question(*question), rdtype)
        if self._cache_entries > 0:
            while len(self._cache) >= self._cache_entries:
                del self._cache[next(iter(self._cache))]
            self._cache[question] = answer
        return answer

    async def _look_up(self, question: Question, rdtype: str) -> DnsAnswer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        name = name_text(question.name)
        seen = [question.name]
        authenticated = True
        ttls: list[int] = []
        while True:
            outcome = await self._ask_in_turn(question, started + self.total_s)
            reply = outcome.reply
            status = outcome.status
            if reply is None:
                break
            authenticated &= reply.authenticated
            ttls += [] if reply.ttl_s is None else [reply.ttl_s]
            for alias in reply.aliases:
                if alias in seen or len(seen) > MAX_ALIASES:
                    status = DnsStatus.CNAME_LOOP
                    break
                seen.append(alias)
            if status is DnsStatus.CNAME_LOOP or not reply.continues:
                break
            question = Question(seen[-1], question.rdtype)
        answered = status is DnsStatus.ANSWERED
        return DnsAnswer(
            name,
            rdtype,
            status,
            rdata=reply.rdata if reply is not None and answered else (),
            ttl_s=min(ttls) if ttls and answered else None,
            aliases=tuple(map(name_text, seen[1:])),
            authenticated=reply is not None and authenticated,
            server=str(outcome.server),
            over_tcp=outcome.over_tcp,
            elapsed_s=loop.time() - started,
            extended_errors=reply.extended_errors if reply is not None else (),
        )

    async def _ask_in_turn(self, question: Question, deadline: float) -> Outcome:
        """Every resolver in turn, as often as allowed, until one answers; else the most telling failure."""
        loop = asyncio.get_running_loop()
        failures: list[Outcome] = []
        servers = list(self._servers)
        for _ in range(self.attempts):
            for server in tuple(servers):
                if loop.time() >= deadline:
                    break
                outcome = await exchange(server, question, self.timeout_s, deadline)
                if outcome.status not in _FAILURES:
                    return outcome
                failures.append(outcome)
                if outcome.status in _SPOKEN:
                    servers.remove(server)
        if not failures:
            return Outcome(DnsStatus.TIMED_OUT, None, self._servers[0])
        return min(failures, key=lambda outcome: _FAILURES.index(outcome.status))
