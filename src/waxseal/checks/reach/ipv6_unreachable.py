"""A mail host has IPv6 addresses, but none of them lets a connection stand, while IPv4 works.

Senders that prefer IPv6 try it first and lose time with each message before they fall back; those with IPv6
only never deliver. Often the service listens on IPv4 only, or a firewall was opened for IPv4 only. A
time-out counts only when IPv6 connections to that port are proven to get out from here; a machine without
IPv6 can say nothing. Each port is judged by itself. This stands for all IPv6 addresses of the host; the
checks of single addresses then leave it out.
"""

from collections.abc import Iterator
from typing import NamedTuple

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.reach._connecting import (
    ANSWERS,
    Connections,
    dialogues,
    egress_proof,
    failed_with,
    is_ipv6,
    stood,
)
from waxseal.facts import Attempt, Cause, ControlReach, HostAddresses, Stage, describe


@check(
    title="IPv6 is published but does not work",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 5321 §5.2", "RFC 3974 §4.1"),
    remedy=Remedy(
        general="Let the service listen on its IPv6 addresses and open the firewall for them, or take the "
        "AAAA records out of DNS.",
        postfix="inet_protocols = all; inet_interfaces = all",
        exim="disable_ipv6 = false; local_interfaces = <; ::0 ; 0.0.0.0",
        opensmtpd="listen on ::",
    ),
    rows=("A12",),
)
def judge(
    addresses: HostAddresses,
    attempts: Each[Attempt],
    connections: Connections,
    control: ControlReach | None,
) -> Judgement:
    """Judge the connections to the host's IPv6 addresses beside those to its IPv4 addresses, port by port."""
    if not any(":" in address for address in addresses.addresses):
        return not_applicable("no IPv6 address of the host is known")
    tried = list(dialogues(attempts))
    ports = sorted({where.port or 0 for where, _ in tried})
    outcomes = [_outcome(port, tried, connections, control) for port in ports]
    evidence = [line for outcome in outcomes for line in outcome.evidence]
    if failed := [outcome for outcome in outcomes if outcome.verdict is Verdict.FAIL]:
        return fail(
            f"The host is reached over IPv4, but over no IPv6 address that was tried on {_named(failed)}: "
            "such mail is late",
            *evidence,
        )
    if unseen := [outcome for outcome in outcomes if outcome.verdict is Verdict.INCONCLUSIVE]:
        return inconclusive(
            f"whether the host can be reached over IPv6 on {_named(unseen)} was not seen: {unseen[0].why}",
            *evidence,
            advice="test from a machine with working IPv6",
        )
    if reached := [outcome for outcome in outcomes if outcome.verdict is Verdict.PASS]:
        return passed(f"the host is reached over IPv6 on {_named(reached)}", *evidence)
    return not_applicable("the host is not reached over IPv4 either")


class Outcome(NamedTuple):
    """What came of IPv6 on one port of the host."""

    port: int
    verdict: Verdict
    evidence: tuple[str, ...] = ()
    why: str = ""


def _named(outcomes: list[Outcome]) -> str:
    ports = [str(outcome.port) for outcome in outcomes]
    return f"port{'s' if len(ports) > 1 else ''} {', '.join(ports)}"


def _outcome(
    port: int,
    tried: list[tuple[Subject, Attempt]],
    connections: Connections,
    control: ControlReach | None,
) -> Outcome:
    v6 = [(where, attempt) for where, attempt in tried if where.port == port and is_ipv6(where)]
    v4 = [attempt for where, attempt in tried if where.port == port and not is_ipv6(where)]
    evidence = tuple(f"[{where.address}]:{port}: {describe(attempt.ended)}" for where, attempt in v6)
    if any(stood(attempt) for _, attempt in v6):
        return Outcome(port, Verdict.PASS, evidence)
    if not any(stood(attempt) for attempt in v4):
        return Outcome(port, Verdict.NOT_APPLICABLE, evidence)
    silent = [where for where, attempt in v6 if failed_with(attempt, Cause.TIMED_OUT)]
    proof = egress_proof(silent[0], connections, control) if silent else None
    if proof or any(failed_with(attempt, *ANSWERS) for _, attempt in v6):
        return Outcome(port, Verdict.FAIL, (*evidence, *([proof] if proof else [])))
    if silent:
        why = "nothing answered over IPv6; this may be the host, the path or this machine's firewall"
    elif any(failed_with(attempt, Cause.NO_ROUTE) for _, attempt in v6):
        why = "this machine has no IPv6 route"
    else:
        why = "no connection over IPv6 was tried"
    return Outcome(port, Verdict.INCONCLUSIVE, evidence, why)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    both = samples.host_addresses("192.0.2.25", "2001:db8::25")
    v4 = (both, samples.attempt())
    for cause, verdict in (
        (Cause.REFUSED, Verdict.FAIL),
        (Cause.TIMED_OUT, Verdict.INCONCLUSIVE),
        (Cause.NO_ROUTE, Verdict.INCONCLUSIVE),
        (Cause.NOT_ALLOWED, Verdict.INCONCLUSIVE),
    ):
        failed = at(samples.attempt(cause, Stage.CONNECT), address="2001:db8::25")
        yield Example(cause.value, verdict, (*v4, failed))
    silent = at(samples.attempt(Cause.TIMED_OUT, Stage.CONNECT), address="2001:db8::25")
    control = ControlReach(destination="[2001:db8:1::1]:25", connected=True)
    yield Example("silence, IPv6 proven", Verdict.FAIL, (*v4, silent, control))
    mixed = (at(samples.attempt(), port=587), at(samples.attempt(), address="2001:db8::25", port=587))
    refused = at(samples.attempt(Cause.REFUSED, Stage.CONNECT), address="2001:db8::25")
    yield Example("one port of two refuses", Verdict.FAIL, (*v4, refused, *mixed))
    elsewhere = ControlReach(destination="[2001:db8:1::1]:587", connected=True)
    yield Example("silence, another port proven", Verdict.INCONCLUSIVE, (*v4, silent, *mixed, elsewhere))
    yield Example("both stand", Verdict.PASS, (*v4, at(samples.attempt(), address="2001:db8::25")))
    yield Example(
        "neither stands",
        Verdict.NOT_APPLICABLE,
        (both, samples.attempt(Cause.REFUSED, Stage.CONNECT), silent),
    )
    yield Example(
        "IPv4 only", Verdict.NOT_APPLICABLE, (samples.host_addresses("192.0.2.25"), samples.attempt())
    )
