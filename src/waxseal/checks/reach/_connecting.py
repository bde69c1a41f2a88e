"""What came of the connection requests, read from the attempts: shared by the checks of this folder.

One silent server proves nothing: this machine, its provider or the path may swallow the packets. So silence
is held against a server only where another connection to the same port, over the same address family, stood
in the same run. And where IPv6 fails for a port of a host as a whole while IPv4 stands,
reach/ipv6-unreachable says it once, and the checks of single addresses leave it to that.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from waxseal.checks.api import Bundle, Everywhere, Judgement, not_applicable, passed, unreached
from waxseal.facts import DIALOGUE, Attempt, Cause, ControlReach, FactSet, Scope, Stage, Subject, describe

ANSWERS = frozenset({Cause.REFUSED, Cause.UNREACHABLE})
"""The connection did not stand, but something answered the request."""
UNHEARD = ANSWERS | {Cause.TIMED_OUT, Cause.NO_ROUTE}
"""Ends of a connection request that was made and did not lead to a connection."""
CONTROL = "control"
"""Name of the probe that asks the control destination, as ``probes.control`` gives it."""
_BEFORE = frozenset({Stage.RESOLVE, Stage.CONNECT})

_SEE = {
    Cause.REFUSED: "reach/connection-refused",
    Cause.TIMED_OUT: "reach/connection-timed-out",
    Cause.UNREACHABLE: "reach/connection-unreachable",
    Cause.NO_ROUTE: "reach/connection-unreachable",
    Cause.BLOCKED_HERE: "reach/port-blocked-here",
    Cause.NOT_ALLOWED: "reach/address-not-allowed",
    Cause.BUDGET_SPENT: "reach/not-fully-tested",
}


def stood(attempt: Attempt) -> bool:
    """Whether the TCP connection came to stand, whatever happened on it later."""
    if attempt.ended.cause is Cause.COMPLETED:
        return True
    return attempt.ended.stage is not None and attempt.ended.stage not in _BEFORE


def failed_with(attempt: Attempt, *causes: Cause) -> bool:
    """Whether the connection request itself ended so."""
    return attempt.ended.cause in causes and not stood(attempt)


def otherwise(attempt: Attempt) -> Judgement:
    """The answer of a check of one way to fail, for every attempt that did not fail in that way."""
    if stood(attempt):
        return passed("the connection stood")
    ended = attempt.ended
    see = _SEE.get(ended.cause, "")
    if ended.cause in UNHEARD:
        return not_applicable(f"the connection failed in another way ({describe(ended)}); see {see}")
    return unreached(
        f"no connection was tried: {describe(ended)}",
        advice=f"see {see}" if see else "test again; see --transcript for what was heard",
    )


def dialogues(attempts: Everywhere[Attempt]) -> Iterator[tuple[Subject, Attempt]]:
    """The attempts of main conversations, each with the address and port that it was made to."""
    for subject, attempt in attempts:
        if attempt.probe == DIALOGUE and subject.scope is Scope.PORT:
            yield subject, attempt


def is_ipv6(subject: Subject) -> bool:
    """Whether a subject's address is an IPv6 address."""
    return ":" in (subject.address or "")


class Connections(Bundle, frozen=True, dict=True):
    """The attempts of the whole run, and the first that stood of each kind."""

    attempts: Everywhere[Attempt]

    @cached_property
    def families(self) -> dict[tuple[Subject, int | None], set[bool]]:
        """Whether main conversations with a host and port stood over IPv4 (False), IPv6 (True) or both."""
        found: dict[tuple[Subject, int | None], set[bool]] = defaultdict(set)
        for where, tried in dialogues(self.attempts):
            if stood(tried):
                found[where.up_to(Scope.HOST), where.port].add(is_ipv6(where))
        return found

    @cached_property
    def stood_to(self) -> dict[tuple[int | None, bool], Subject]:
        """The first place of each port and family where a connection stood."""
        stands = [where for where, attempt in self.attempts if stood(attempt)]
        return {(where.port, is_ipv6(where)): where for where in reversed(stands)}

    @cached_property
    def stood_over(self) -> dict[bool, Subject]:
        """The first address of each family, True for IPv6, to which a connection stood."""
        stands = [where for where, attempt in self.attempts if where.address and stood(attempt)]
        return {is_ipv6(where): where for where in reversed(stands)}

    @cached_property
    def control(self) -> Attempt | None:
        """The attempt that asked the control destination."""
        run = (a for where, a in self.attempts if where.scope is Scope.RUN and a.probe == CONTROL)
        return next(run, None)


def connections_of(facts: FactSet) -> Connections:
    """The connections of a run."""
    return Connections(facts.within(Attempt, Subject()))


def said_of_ipv6(subject: Subject, connections: Connections) -> Judgement | None:
    """NOT-APPLICABLE for an IPv6 address whose host is reached on that port over IPv4 only; else None."""
    if not is_ipv6(subject) or subject.host is None:
        return None
    if connections.families.get((subject.up_to(Scope.HOST), subject.port)) != {False}:
        return None
    return not_applicable("the host is reached over IPv4 and not over IPv6; see reach/ipv6-unreachable")


def egress_proof(subject: Subject, connections: Connections, control: ControlReach | None) -> str | None:
    """What proves that connections to the subject's port and address family get out of here, or None.

    A connection to another port, or over the other family, proves nothing, the control's included.
    """
    where = connections.stood_to.get((subject.port, is_ipv6(subject)))
    if where is not None:
        return f"a connection to [{where.address}]:{where.port} stood in the same run"
    if control is None or not control.connected:
        return None
    host, port = control_place(control.destination)
    if port != subject.port or _control_is_ipv6(host, connections) is not is_ipv6(subject):
        return None
    return f"the control destination {control.destination} was reached in the same run"


def control_place(destination: str) -> tuple[str, int | None]:
    """Host and port of a control destination; None for a port that is no number."""
    host, _, port = destination.rpartition(":")
    return host, int(port) if port.isdecimal() else None


def _control_is_ipv6(host: str, connections: Connections) -> bool:
    """The family over which the control was reached: by its address, or the one spoken from; else IPv4."""
    try:
        return ipaddress.ip_address(host.strip("[]")).version == 6
    except ValueError:
        attempt = connections.control
        return attempt is not None and attempt.local_address.count(":") > 1
