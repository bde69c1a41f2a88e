"""Examines a test server as a run of waxseal does, and keeps what it gave at hand."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.tls.options import TlsServer
from waxseal.api import default_network
from waxseal.facts import (
    Attempt,
    Cause,
    Fact,
    FactSet,
    MailProtocol,
    Ssl2Answer,
    Target,
    TargetKind,
    TlsGroups,
    TlsMode,
    TlsSchemes,
    TlsSpending,
    TlsSuites,
    TlsTolerance,
    TlsVersions,
)
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.scan.collect import collect

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Examined:
    """What a run gave.

    Attributes:
        facts: All of it.
        connections: As the server's front counted them.
        wall_s: How long it took.
    """

    facts: FactSet
    connections: int
    wall_s: float

    def every(self, kind: type[F]) -> list[F]:
        """The facts of one kind."""
        return [record.fact for record in self.facts if isinstance(record.fact, kind)]

    def one(self, kind: type[F]) -> F:
        """The only fact of one kind."""
        (found,) = self.every(kind)
        return found

    @property
    def versions(self) -> dict[str, bool | None]:
        """Whether each version is accepted."""
        return {answer.version: answer.accepted for answer in self.one(TlsVersions).answers}

    @property
    def suites(self) -> dict[str, set[int]]:
        """Suites accepted, of the versions that are; the cipher kinds for SSL 2.0."""
        found = {found.version: set(found.accepted) for found in self.one(TlsSuites).lists}
        kinds = {kind for answer in self.every(Ssl2Answer) for kind in answer.kinds}
        return {**found, "SSLv2": kinds} if kinds else found

    @property
    def undecided(self) -> int:
        """How many pairs of an accepted version and a suite are not decided."""
        return sum(len(found.undecided) for found in self.one(TlsSuites).lists)

    @property
    def groups(self) -> dict[str, set[int]]:
        """Groups accepted."""
        return {found.version: set(found.accepted) for found in self.one(TlsGroups).lists}

    @property
    def schemes(self) -> dict[str, set[int]]:
        """Signature schemes accepted."""
        return {found.version: set(found.accepted) for found in self.one(TlsSchemes).lists}

    @property
    def spending(self) -> TlsSpending:
        """What it took."""
        return self.one(TlsSpending)

    @property
    def attempt(self) -> Attempt:
        """How the examination ended."""
        (found,) = [attempt for attempt in self.every(Attempt) if attempt.probe == "tls"]
        return found

    @property
    def intolerances(self) -> dict[str, Cause]:
        """Unusual hellos that were not answered as the others are, but for ``all``."""
        answers = self.one(TlsTolerance).answers
        return {
            a.what: a.reaction.cause
            for a in answers
            if a.what != "all" and a.reaction.cause is not Cause.COMPLETED
        }


def examine(server: TlsServer, depth: Depth = Depth.FULL, **settings: Any) -> Examined:
    """Examine a server behind STARTTLS, or with implicit TLS; `settings` are those of `ProbeSettings`."""
    network = default_network(("127.0.0.1:9",), str(server.root_pem), ("127.0.0.0/8",))
    target = Target(
        given="the test",
        kind=TargetKind.ADDRESS,
        name=server.host,
        port=server.port,
        mode=TlsMode.IMPLICIT if server.implicit else TlsMode.STARTTLS,
        protocol=MailProtocol(server.protocol),
        expected_name=server.name,
    )
    rules = ProbeSettings(ehlo_name="probe.test", depth=depth, **settings)
    before = server.front.counts.connections
    began = time.monotonic()
    facts = asyncio.run(collect([target], network, rules))
    wall_s = time.monotonic() - began
    return Examined(facts, server.front.counts.connections - before, wall_s)
