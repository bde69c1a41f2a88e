"""What a simulated client would make of the server's answer: one reading for checks and reports."""

from enum import StrEnum
from functools import cache

from msgspec import Struct

from waxseal.facts import Cause, ClientSimulation
from waxseal.wire.client_shapes import client_shapes
from waxseal.wire.tls_record import alert_name
from waxseal.wire.tls_suites import suite_name

_REFUSALS = frozenset({Cause.ALERT, Cause.CLOSED})
_BREAKS_OFF = frozenset(
    {"suite-not-offered", "group-not-offered", "compression-not-offered", "downgrade-sentinel"}
)
"""Selections at which every client has to end the handshake (RFC 8446 §4.1.3, §4.2.8)."""


class Outcome(StrEnum):
    """How far a client comes."""

    TAKEN = "taken"
    """The server selected something that the client offered."""
    LOCKED_OUT = "locked out"
    """The server refused, or selected what the client cannot take."""
    UNSEEN = "unseen"
    """No answer came, or the client was not asked for."""


class ClientOutcome(Struct, frozen=True):
    """One client's outcome, and the words for it."""

    outcome: Outcome
    words: str


def outcome_of(seen: ClientSimulation) -> ClientOutcome:
    """The outcome of one simulation."""
    reaction = seen.reaction
    if reaction.cause is Cause.COMPLETED and seen.version and seen.suite is not None:
        chosen = f"{seen.version} {suite_name(seen.suite)}"
        if seen.lists_versions and seen.version not in seen.offered:
            return ClientOutcome(
                Outcome.LOCKED_OUT, f"the server chose {chosen}, a version it does not offer"
            )
        against = next((d.rule for d in seen.deviations if d.rule in _BREAKS_OFF), "")
        if against:
            return ClientOutcome(Outcome.LOCKED_OUT, f"the server chose {chosen}: {against}")
        return ClientOutcome(Outcome.TAKEN, chosen)
    if reaction.cause is Cause.ALERT and reaction.alert is not None:
        return ClientOutcome(Outcome.LOCKED_OUT, f"refused with the alert {alert_name(reaction.alert)}")
    if reaction.cause in _REFUSALS:
        return ClientOutcome(Outcome.LOCKED_OUT, "the server closed the connection at its hello")
    why = f"{reaction.cause.value} {reaction.detail}".strip()
    return ClientOutcome(Outcome.UNSEEN, why[:120])


def outcome_line(seen: ClientSimulation) -> str:
    """Client, library and outcome in a line of evidence."""
    basis = ", known from documents" if seen.documented else ""
    return f"{seen.software} ({seen.library}{basis}): {outcome_of(seen).words}"[:200]


@cache
def mainstream_clients() -> frozenset[str]:
    """Ids of the clients that are both common and current."""
    return frozenset(shape.id for shape in client_shapes() if shape.mainstream)
