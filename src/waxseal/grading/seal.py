"""Is it sealed? One state for each endpoint and one for each target, from facts and weighed findings.

"Could not be seen" is a state of its own and is never rounded to good or bad.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from waxseal.checks.absence import accepts_no_mail
from waxseal.checks.api import Verdict
from waxseal.facts import (
    Attempt,
    Cause,
    CertificateChain,
    EhloClear,
    Endpoint,
    FactSet,
    Handshake,
    Scope,
    Subject,
    describe,
)
from waxseal.grading.profile import GradedFinding
from waxseal.grading.severity import Severity


class Seal(StrEnum):
    """State of one endpoint."""

    SEALED = "sealed"
    """TLS stands, and nothing of weight speaks against the certificate or the encryption."""
    ENCRYPTED = "encrypted"
    """TLS stands, but something of weight wants mending."""
    EXPOSED = "exposed"
    """The server was heard, and no TLS came to stand."""
    UNKNOWN = "unknown"
    """It could not be seen."""


class State(StrEnum):
    """State of a target, in the order in which one outweighs another."""

    EXPOSED = "exposed"
    """Somewhere, mail can travel in clear."""
    UNDELIVERABLE = "undeliverable"
    """DNS names nowhere to deliver to, or every server refuses for good."""
    MEND = "mend"
    """Encrypted wherever it was seen, and something of weight wants mending."""
    PARTLY_UNKNOWN = "partly-unknown"
    """Sealed where it was seen; some of it could not be seen."""
    UNKNOWN = "unknown"
    """Nothing could be seen."""
    SEALED = "sealed"
    NO_MAIL = "no-mail"
    """The domain says that it takes no mail (RFC 7505)."""


class EndpointSeal(Struct, frozen=True):
    """What came of one endpoint.

    Attributes:
        subject: The port subject.
        seal: Its state.
        version, suite: Negotiated; "" without TLS.
        key_types: Key types of the certificates shown, sorted.
        days_left: Until the first leaf expires, rounded down; None without one.
        ended: How the main conversation ended, in words; "" where it came to its planned end.
        connections: How many were spent on it, all its probes together.
    """

    subject: Subject
    seal: Seal
    version: str = ""
    suite: str = ""
    key_types: tuple[str, ...] = ()
    days_left: int | None = None
    ended: str = ""
    connections: int = 0


_OURS = frozenset({Cause.TLS_FAILED, Cause.LIMIT, Cause.BUDGET_SPENT, Cause.CRASHED})
"""Causes that say nothing of what another client would meet."""
_WEIGHTY = Severity.MEDIUM


def endpoint_seals(
    facts: FactSet, findings: Iterable[GradedFinding], root: Subject
) -> tuple[EndpointSeal, ...]:
    """The state of every endpoint inside a target, in the order of the plan."""
    weighty = [f for f in findings if f.severity >= _WEIGHTY]
    endpoints = dict.fromkeys(subject for subject, _ in facts.within(Endpoint, root))
    return tuple(_endpoint_seal(facts, weighty, subject) for subject in endpoints)


def _endpoint_seal(facts: FactSet, weighty: list[GradedFinding], subject: Subject) -> EndpointSeal:
    handshake = facts.nearest(Handshake, subject)
    attempt = main_attempt(facts, subject)
    completed = attempt is not None and attempt.ended.cause is Cause.COMPLETED
    ended = "" if attempt is None or completed else describe(attempt.ended)
    connections = sum(a.connections for a in facts.at(Attempt, subject))
    if handshake is None:
        ehlo = facts.nearest(EhloClear, subject)
        heard = ehlo is not None and ehlo.reply.code == 250
        cause = attempt.ended.cause if attempt is not None else Cause.BUDGET_SPENT
        exposed = cause is Cause.NOT_TLS or (heard and cause not in _OURS)
        seal = Seal.EXPOSED if exposed else Seal.UNKNOWN
        return EndpointSeal(subject, seal, ended=ended, connections=connections)
    against = any(f.subject.within(subject) for f in weighty)
    chains = [chain for _, chain in facts.within(CertificateChain, subject)]
    left = [(c.leaf.not_after - c.shown_at).days for c in chains if c.leaf.not_after is not None]
    return EndpointSeal(
        subject,
        Seal.ENCRYPTED if against else Seal.SEALED,
        version=handshake.version,
        suite=handshake.suite,
        key_types=tuple(sorted({c.leaf.key_type for c in chains})),
        days_left=min(left, default=None),
        ended=ended,
        connections=connections,
    )


def main_attempt(facts: FactSet, subject: Subject) -> Attempt | None:
    """The attempt of an endpoint's main conversation."""
    return next((a for a in facts.at(Attempt, subject) if a.probe == "smtp.dialogue"), None)


def state_of(
    facts: FactSet, findings: Iterable[GradedFinding], seals: tuple[EndpointSeal, ...], root: Subject
) -> State:
    """The one state of a target.

    Args:
        facts: All that was seen.
        findings: Those of the target and of the run.
        seals: Of the target's endpoints.
        root: The target's subject.
    """
    if root.domain is not None and accepts_no_mail(facts, root):
        return State.NO_MAIL
    inside = [f for f in findings if f.subject != Subject()]
    states = {seal.seal for seal in seals}
    if Seal.EXPOSED in states:
        return State.EXPOSED
    if not states or states == {Seal.UNKNOWN}:
        final = any(f.verdict is Verdict.FAIL and f.severity >= _WEIGHTY for f in inside)
        return State.UNDELIVERABLE if final else State.UNKNOWN
    if any(f.severity >= _WEIGHTY for f in inside):
        return State.MEND
    return State.PARTLY_UNKNOWN if Seal.UNKNOWN in states else State.SEALED


def scope_word(root: Subject) -> str:
    """What a target is called in a sentence: its domain, host or address."""
    match root.scope:
        case Scope.ADDRESS:
            return f"[{root.address}]"
        case _:
            return root.domain or root.host or "this target"
