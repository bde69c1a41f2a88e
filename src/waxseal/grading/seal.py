"""Is it sealed? One state for each endpoint and one for each target, from facts and weighed findings.

"Could not be seen" is a state of its own and is never rounded to good or bad.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from waxseal.checks.absence import accepts_no_mail, came_whole, is_local, lists_no_starttls
from waxseal.checks.api import Verdict
from waxseal.checks.patience import ENOUGH_S
from waxseal.facts import (
    DIALOGUE,
    AccessGreeting,
    Attempt,
    CapabilitiesClear,
    Cause,
    CertificateChain,
    DnsStatus,
    EhloClear,
    Endpoint,
    FactSet,
    Handshake,
    HostAddresses,
    MxRecords,
    Scope,
    Stage,
    Subject,
    describe,
)
from waxseal.grading.profile import GradedFinding
from waxseal.grading.severity import Severity


class Seal(StrEnum):
    """State of one endpoint."""

    SEALED = "sealed"
    """TLS stands, and nothing of weight speaks against the encryption or the proof of whose server it is."""
    ENCRYPTED = "encrypted"
    """TLS stands, but something of weight wants mending, or the certificates could not be judged."""
    EXPOSED = "exposed"
    """The server was heard, and no TLS came to stand."""
    UNKNOWN = "unknown"
    """It could not be seen."""


class State(StrEnum):
    """State of a target, in the order in which one outweighs another."""

    EXPOSED = "exposed"
    """Somewhere, mail can travel in clear."""
    UNDELIVERABLE = "undeliverable"
    """Each place that DNS names, if any, turns mail down for good or cannot be reached by anybody."""
    MEND = "mend"
    """Encrypted wherever it was seen, and something of weight wants mending."""
    PARTLY_UNKNOWN = "partly-unknown"
    """Encrypted where it was seen, and nothing to mend; some of it could not be seen."""
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
_PROOF = ("dane/", "mta-sts/")
"""Topics by which senders tell the server from a false one.

What they find at a mail host or its domain (a TLSA look-up that fails, a policy that leaves the host out or
that senders do not get, MX records that can be forged) opens the way to a man in the middle, or makes senders
refuse. So it counts against the endpoints of that host, or of all hosts of that domain.
"""
_NOT_YET = frozenset({"dane/data-malformed", "dane/parameters-unknown", "dane/signature-ends-soon"})
"""Those of them that stop no sender today: a good record stands beside, or the time is not over."""
_NO_ANSWER = frozenset(
    {
        DnsStatus.TIMED_OUT,
        DnsStatus.UNREACHABLE,
        DnsStatus.REFUSED,
        DnsStatus.MALFORMED,
        DnsStatus.OTHER_RCODE,
    }
)
FINAL = frozenset(
    {
        "access/greeting-malformed",
        "dns/domain-missing",
        "dns/mx-host-lookup-failed",
        "dns/mx-host-unresolvable",
        "dns/mx-is-address-literal",
        "dns/mx-is-localhost",
        "dns/mx-lookup-failed",
        "dns/no-mail-destination",
        "reach/connection-refused",
        "reach/connection-timed-out",
        "reach/connection-unreachable",
        "smtp/greeting-malformed",
        "smtp/greeting-refused",
        "tls/handshake-cut",
        "tls/handshake-refused",
        "tls/handshake-stalled",
    }
)
"""Checks whose FAIL means that no sender can deliver to the place that it is about."""
_PROVES_NOTHING = frozenset(
    {
        "certificate/expired",
        "certificate/intermediate-missing",
        "certificate/issuer-not-a-ca",
        "certificate/issuer-unknown",
        "certificate/key-not-proved",
        "certificate/name-constraints-violated",
        "certificate/name-mismatch",
        "certificate/not-yet-valid",
        "certificate/revoked",
        "certificate/root-untrusted",
        "certificate/self-signed",
        "certificate/signature-invalid",
        "certificate/unreadable",
        "certificate/usage-wrong",
        "dane/mismatch",
    }
)
"""Checks whose FAIL or WARN means that the certificate does not prove whose server it is."""
_RUN = Subject()
_SPECIAL_ADDRESS = "dns/mx-special-address"
"""The same, for those addresses of a host that our guard refused."""


def endpoint_seals(
    facts: FactSet, findings: Iterable[GradedFinding], root: Subject
) -> tuple[EndpointSeal, ...]:
    """The state of every endpoint inside a target, in the order of the plan."""
    weighty = [f for f in findings if weighs(f) or _unproven(f)]
    endpoints = dict.fromkeys(subject for subject, _ in facts.within(Endpoint, root))
    return tuple(_endpoint_seal(facts, weighty, subject) for subject in endpoints)


def weighs(finding: GradedFinding) -> bool:
    """Whether something is not in order, as far as a seal goes, whatever a profile exempts.

    A certificate that proves nothing is none, however little a profile makes of it.
    """
    if finding.severity >= _WEIGHTY or finding.waived >= _WEIGHTY:
        return True
    return finding.check in _PROVES_NOTHING and finding.verdict in (Verdict.FAIL, Verdict.WARN)


def _unproven(finding: GradedFinding) -> bool:
    """Whether a question about a certificate stayed open, so that nothing proves the server."""
    return finding.verdict is Verdict.INCONCLUSIVE and finding.check.startswith("certificate/")


def _endpoint_seal(facts: FactSet, weighty: list[GradedFinding], subject: Subject) -> EndpointSeal:
    handshake = facts.nearest(Handshake, subject)
    attempt = main_attempt(facts, subject)
    completed = attempt is not None and attempt.ended.cause is Cause.COMPLETED
    endpoint = facts.nearest(Endpoint, subject)
    spoken = endpoint.protocol if endpoint is not None else None
    ended = "" if attempt is None or completed else describe(attempt.ended, spoken)
    connections = sum(a.connections for a in facts.at(Attempt, subject))
    if handshake is None and is_local(subject) and not ended:
        ended = "no TLS; nothing crosses a network at a socket of this machine"
        return EndpointSeal(subject, Seal.UNKNOWN, ended=ended, connections=connections)
    if handshake is None:
        seal = Seal.EXPOSED if attempt is not None and _no_tls(facts, subject, attempt) else Seal.UNKNOWN
        return EndpointSeal(subject, seal, ended=ended, connections=connections)
    against = any(f.subject.within(subject) or _bears_on(f, subject) for f in weighty)
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


def _bears_on(finding: GradedFinding, endpoint: Subject) -> bool:
    """Whether a finding about the endpoint's host or domain is about what proves the server."""
    around = finding.subject != Subject() and endpoint.within(finding.subject)
    return around and finding.check.startswith(_PROOF) and finding.check not in _NOT_YET


def _no_tls(facts: FactSet, subject: Subject, attempt: Attempt) -> bool:
    """Whether the server was heard, and mail to it would go in clear or not at all.

    An EHLO answer that was cut short or came in pieces may have lost its STARTTLS, so nothing follows from it
    unless STARTTLS was tried all the same.
    """
    ended = attempt.ended
    ehlo = facts.nearest(EhloClear, subject)
    if ended.cause is Cause.NOT_TLS:
        return True
    if ended.cause in _OURS or (ended.cause is Cause.TIMED_OUT and ended.stage_s < ENOUGH_S):
        return False
    if ehlo is None:
        return _no_access_tls(facts, subject, attempt)
    if ehlo.reply.code != 250:
        return False
    if ended.cause is Cause.COMPLETED and ehlo.keyword("STARTTLS") is not None:
        return False  # facts of a later version, whose handshake cannot be read
    return came_whole(ehlo) or ended.stage in (Stage.STARTTLS, Stage.HANDSHAKE)


def _no_access_tls(facts: FactSet, subject: Subject, attempt: Attempt) -> bool:
    """The same of IMAP, POP3 and ManageSieve. Behind PREAUTH there is no STARTTLS (RFC 9051 §6.2)."""
    greeting = facts.nearest(AccessGreeting, subject)
    if greeting is not None and greeting.response.status == "PREAUTH" and not greeting.in_tls:
        return True
    heard = facts.nearest(CapabilitiesClear, subject) is not None
    tried = attempt.ended.stage in (Stage.STARTTLS, Stage.HANDSHAKE)
    return lists_no_starttls(facts, subject) or (heard and tried)


def main_attempt(facts: FactSet, subject: Subject) -> Attempt | None:
    """The attempt of an endpoint's main conversation."""
    return next((a for a in facts.at(Attempt, subject) if a.probe == DIALOGUE), None)


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
    inside = [f for f in findings if f.subject != _RUN]
    states = {seal.seal for seal in seals}
    if Seal.EXPOSED in states:
        return State.EXPOSED
    if not states or states == {Seal.UNKNOWN}:
        return State.UNDELIVERABLE if _turned_down(facts, inside, seals, root) else State.UNKNOWN
    if any(weighs(f) for f in inside):
        return State.MEND
    if states != {Seal.SEALED} or left_out(facts, seals, root) != LeftOut():
        return State.PARTLY_UNKNOWN
    return State.SEALED


class LeftOut(Struct, frozen=True):
    """Where mail may go, and what no endpoint stands for.

    Attributes:
        hosts: Mail hosts of which no address was tested.
        addresses: Addresses of tested hosts that were not.
        families: Tested hosts of which the look-up of one address family got no answer.
    """

    hosts: int = 0
    addresses: int = 0
    families: int = 0


def left_out(facts: FactSet, seals: tuple[EndpointSeal, ...], root: Subject) -> LeftOut:
    """What of a target was not even tried: beyond the limits of a run, or without an answer from DNS."""
    addresses = families = 0
    hosts = _beyond(facts, root)
    for host in _hosts(facts, root):
        tested = {seal.subject.address for seal in seals if seal.subject.within(host)}
        if not tested:
            hosts += 1
            continue
        for found in facts.at(HostAddresses, host):
            addresses += len(set(found.addresses) - tested)
            families += any(a is not None and a.status in _NO_ANSWER for a in (found.a, found.aaaa))
    return LeftOut(hosts, addresses, families)


def _hosts(facts: FactSet, root: Subject) -> list[Subject]:
    return [host for host in facts.inside(root, Scope.HOST) if host.host is not None]


def _beyond(facts: FactSet, root: Subject) -> int:
    """How many mail hosts the MX records name beyond those that were looked at."""
    mx = facts.nearest(MxRecords, root) if root.domain is not None else None
    named = (
        {record.exchange.lower() for record in mx.exchanges if record.exchange} if mx is not None else set()
    )
    return len(named - {host.host for host in _hosts(facts, root)})


def _turned_down(
    facts: FactSet, inside: list[GradedFinding], seals: tuple[EndpointSeal, ...], root: Subject
) -> bool:
    """Whether a finding says of each place to deliver to that nobody can deliver there."""
    failed = [f for f in inside if f.verdict is Verdict.FAIL]
    tried = [seal.subject for seal in seals]
    untried = [host for host in _hosts(facts, root) if not any(place.within(host) for place in tried)]

    def turned_down(place: Subject) -> bool:
        attempt = main_attempt(facts, place)
        refused_here = attempt is not None and attempt.ended.cause is Cause.NOT_ALLOWED
        final = FINAL | {_SPECIAL_ADDRESS} if refused_here else FINAL
        return any(f.check in final and place.within(f.subject) for f in failed)

    return not _beyond(facts, root) and all(turned_down(place) for place in [*tried, *untried] or [root])


def scope_word(root: Subject) -> str:
    """What a target is called in a sentence: its domain, host or address."""
    match root.scope:
        case Scope.ADDRESS:
            return f"[{root.address}]"
        case _:
            return root.domain or root.host or "this target"
