"""What a sender meets on the way to a domain, read from facts: hosts in order, addresses, records, proofs.

What could not be seen stays None, with the reason. What each kind of sender makes of it is in ``delivery``.
"""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from waxseal.checks.absence import accepts_no_mail
from waxseal.checks.mta_sts._policy import PublishedPolicy, is_bogus, media_type
from waxseal.checks.reach._connecting import ANSWERS, connections_of, egress_proof, failed_with
from waxseal.facts import (
    Cause,
    CertificateChain,
    ControlReach,
    DnsAnswer,
    Dnssec,
    DnsStatus,
    EhloTls,
    EnvelopeAnswers,
    FactSet,
    Handshake,
    HostAddresses,
    KeyProof,
    MxRecords,
    MxTarget,
    Scope,
    StarttlsSession,
    StsFetch,
    StsRecord,
    Subject,
    TlsaLookup,
    TlsaRecord,
    TlsaRecords,
    TrustAnchors,
    describe,
)
from waxseal.grading.seal import EndpointSeal, Seal, endpoint_seals, main_attempt
from waxseal.trust import chain as trust_chain
from waxseal.trust import dane
from waxseal.trust.dane import DaneProof, MatchFault
from waxseal.trust.names import match
from waxseal.trust.proof import plain
from waxseal.wire.mta_sts import Policy

_ANSWERS = (DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)
_OURS = frozenset({Cause.NO_ROUTE, Cause.BLOCKED_HERE, Cause.NOT_ALLOWED, Cause.BUDGET_SPENT, Cause.CRASHED})
"""Ends that say nothing of what another client would meet."""
_MOST_WORDS = 160


class Proof(Struct, frozen=True):
    """Whether a server proves itself: None where it could not be seen, or hangs on the certificate shown."""

    holds: bool | None
    why: str = ""


class DaneState(StrEnum):
    """What the TLSA look-ups of a host mean (RFC 7672 §2.2)."""

    NONE = "none"
    """No records, or the host's zone is not signed: DANE does not apply."""
    USABLE = "usable"
    """Secure, at least one usable: TLS and authentication are mandatory."""
    UNUSABLE = "unusable"
    """Secure, none usable: TLS is mandatory, without authentication."""
    FAILED = "failed"
    """A look-up failed or is bogus: the host counts as unreachable (RFC 7672 §2.1.2)."""
    UNPROVED = "unproved"
    """There are records, or there may be, and nobody validated it whose word can be taken."""
    UNKNOWN = "unknown"
    """The records were not looked up."""


class DaneSeen(Struct, frozen=True):
    """The TLSA records of a host, and their standing.

    Attributes:
        state: What they mean to a sender.
        owner: The name they stand at; "" where none were found.
        records: As received.
        why: What to say of it.
    """

    state: DaneState
    owner: str = ""
    records: tuple[TlsaRecord, ...] = ()
    why: str = ""


class ShownChain(Struct, frozen=True):
    """A chain as a server showed it.

    Attributes:
        chain: The chain.
        trusted: Whether its path holds and ends in a root of the store; None where it could not be judged.
        server_name: The name that was sent; "" for none.
        fault: What is wrong with the path; "" for nothing, or where it could not be judged.
    """

    chain: CertificateChain
    trusted: bool | None
    server_name: str = ""
    fault: str = ""


class AddressSeen(Struct, frozen=True):
    """One address of a host.

    Attributes:
        subject: Down to the port; without an address where the host's are not known.
        connects: Whether a connection stands; None where it was not seen.
        tls: Whether TLS comes to stand; None likewise.
        why: The reason for `connects` or `tls`.
        chains: Those shown to a client that names the host.
        pkix: The chain ends in a trusted root and bears the host's name (RFC 8461 §4.2).
        dane: The host's TLSA records authenticate it (RFC 7672 §3).
        requiretls: Whether REQUIRETLS is offered under TLS (RFC 8689 §2).
        clear_code: Reply code to MAIL in clear that is about TLS, or 250; None where it was not seen.
    """

    subject: Subject
    connects: bool | None
    tls: bool | None
    why: str
    chains: tuple[ShownChain, ...] = ()
    pkix: Proof = Proof(None)
    dane: Proof = Proof(None)
    requiretls: bool | None = None
    clear_code: int | None = None


class HostSeen(Struct, frozen=True):
    """One MX host, or the domain itself where it has no MX records.

    Attributes:
        host: A-label.
        preference: Of the MX record; 0 for the implicit one.
        dane: Its TLSA records.
        addresses: Empty only where DNS says that it has none.
        names: The reference identifiers for DANE-TA(2) (RFC 7672 §3.2.2).
        lookup: Of its addresses: True answered, False bogus, None failed or not made.
        why: About the look-up, where it is not True.
    """

    host: str
    preference: int
    dane: DaneSeen
    addresses: tuple[AddressSeen, ...]
    names: tuple[str, ...] = ()
    lookup: bool | None = True
    why: str = ""


class StsSeen(Struct, frozen=True):
    """The MTA-STS policy that a sender without a cached one takes today.

    Attributes:
        policy: The policy; None for none.
        known: Whether that was seen.
        why: Why there is none.
        doubt: Why not every sender takes it; "" where each has to.
        bogus: The TXT record is bogus: there is no policy for senders that validate; what others see was not
            seen.
    """

    policy: Policy | None
    known: bool
    why: str = ""
    doubt: str = ""
    bogus: bool = False


class RouteSeen(Struct, frozen=True):
    """The way to a domain.

    Attributes:
        domain: The next hop.
        mx: The MX look-up.
        null_mx: The domain takes no mail (RFC 7505 §3).
        mx_secure: Whether the MX RRset is secure; None where nobody validated it.
        hosts: By preference.
        sts: Its MTA-STS policy.
    """

    domain: str
    mx: DnsAnswer | None
    null_mx: bool
    mx_secure: bool | None
    hosts: tuple[HostSeen, ...]
    sts: StsSeen


def route_seen(facts: FactSet, root: Subject, port: int) -> RouteSeen:
    """Read the way to a domain from facts.

    Args:
        facts: All that was seen.
        root: A domain's subject.
        port: The port that mail is brought to.
    """
    records = facts.nearest(MxRecords, root)
    mx = records.answer if records is not None else None
    seals = {seal.subject: seal for seal in endpoint_seals(facts, (), root)}
    hosts = tuple(_host(facts, place, mx, seals, port) for place in _hosts(facts, root))
    named = {host.host for host in hosts}
    beyond = tuple(
        _unseen_host(record.exchange.lower(), record.preference, root, port)
        for record in (records.exchanges if records is not None else ())
        if record.exchange and record.exchange.lower() not in named
    )
    return RouteSeen(
        domain=root.domain or "",
        mx=mx,
        null_mx=accepts_no_mail(facts, root),
        mx_secure=_secure(mx),
        hosts=tuple(sorted((*hosts, *beyond), key=lambda host: host.preference)),
        sts=sts_seen(facts, root),
    )


def sts_seen(facts: FactSet, root: Subject) -> StsSeen:
    """The policy that a sender without a cached one takes."""
    record = facts.nearest(StsRecord, root)
    fetch = facts.nearest(StsFetch, root)
    if record is None:
        return StsSeen(None, False, "the MTA-STS record was not looked up")
    found = PublishedPolicy(record=record, fetch=fetch)
    obstacle = found.obstacle
    # (RFC 8461 §3.3) where no policy can be had, senders go on as if there were none.
    if is_bogus(record.answer):
        return StsSeen(None, False, "the MTA-STS record is bogus", bogus=True)
    doubt = _doubt(found) if found.policy is not None else ""
    return StsSeen(found.policy, obstacle is None or obstacle.seen, found.why, doubt)


def _doubt(found: PublishedPolicy) -> str:
    """What a strict sender takes amiss in a policy that can be read."""
    if found.body is not None and not found.body.conforms:
        # (RFC 8461 §3.2) only what is syntactically valid has to be accepted.
        return "the policy is out of form, so not every sender takes it"
    if found.fetch is not None and media_type(found.fetch) != "text/plain":
        return "the policy is not served as text/plain, so not every sender takes it"
    if found.fetch is not None and found.fetch.version in ("TLSv1", "TLSv1.1"):
        return "the policy host speaks only old TLS, so not every sender gets the policy"
    return ""


def dane_seen(facts: FactSet, host: Subject, port: int) -> DaneSeen:
    """What the TLSA look-ups of a host mean to a sender that validates (RFC 7672 §2.2)."""
    addresses = facts.nearest(HostAddresses, host)
    answers = [a for a in (addresses.a, addresses.aaaa) if a is not None] if addresses is not None else []
    statuses = {answer.dnssec for answer in answers}
    found = next((f for f in reversed(facts.at(TlsaRecords, host)) if f.port == port), None)
    alias = found.alias if found is not None else None
    if statuses == {Dnssec.INSECURE} and (alias is None or alias.dnssec is Dnssec.INSECURE):
        # (RFC 7672 §2.2.2) senders ask no further then, so that it does not matter how their question ends.
        return DaneSeen(DaneState.NONE, why="the host's zone is not signed")
    if found is None:
        return DaneSeen(DaneState.UNKNOWN, why="the TLSA records were not looked up")
    chosen = found.chosen
    if chosen is None:
        return DaneSeen(DaneState.NONE, why="no TLSA records")
    owner = f"_{port}._tcp.{chosen.base}"
    answer = chosen.answer
    if answer.status is not DnsStatus.ANSWERED:
        state = DaneState.UNPROVED if Dnssec.UNTRUSTED in statuses else DaneState.FAILED
        word = "is bogus" if answer.dnssec is Dnssec.BOGUS else f"ended {answer.status.value}"
        return DaneSeen(state, owner, (), f"the TLSA look-up {word}")
    usable = any(not dane.unusable(record) for record in chosen.records)
    match answer.dnssec:
        case Dnssec.SECURE:
            state = DaneState.USABLE if usable else DaneState.UNUSABLE
            return DaneSeen(state, owner, chosen.records, "" if usable else "no TLSA record is usable")
        case Dnssec.INSECURE:
            return DaneSeen(DaneState.NONE, owner, chosen.records, "the TLSA records are not signed")
        case Dnssec.UNTRUSTED:
            why = "nobody validated the TLSA records whose word can be taken"
            return DaneSeen(DaneState.UNPROVED, owner, chosen.records, why)
        case _:
            return DaneSeen(DaneState.FAILED, owner, chosen.records, f"the TLSA look-up is {answer.dnssec}")


def _hosts(facts: FactSet, root: Subject) -> list[Subject]:
    return [host for host in facts.inside(root, Scope.HOST) if facts.at(MxTarget, host)]


def _secure(answer: DnsAnswer | None) -> bool | None:
    if answer is None or answer.dnssec is Dnssec.UNTRUSTED:
        return None
    return answer.dnssec is Dnssec.SECURE


def _host(
    facts: FactSet,
    place: Subject,
    mx: DnsAnswer | None,
    seals: dict[Subject, EndpointSeal],
    port: int,
) -> HostSeen:
    found = facts.nearest(HostAddresses, place)
    records = dane_seen(facts, place, port)
    names = _reference_names(facts, place, mx, port)
    lookup, why = _lookup(found)
    tested = [s for s in seals.values() if s.subject.within(place) and s.subject.port == port]
    addresses = [_address(facts, seal, records, names) for seal in tested]
    known = {seal.subject.address for seal in tested}
    addresses += [
        _unseen(Subject(place.domain, place.host, address, port), "this address was not tested")
        for address in (found.addresses if found is not None else ())
        if address not in known
    ]
    if not addresses and lookup is not True:
        addresses = [_unseen(Subject(place.domain, place.host, port=port), why)]
    targets = facts.at(MxTarget, place)
    preference = min((t.preference for t in targets if t.preference is not None), default=0)
    return HostSeen(place.host or "", preference, records, tuple(addresses), names, lookup, why)


def _unseen_host(host: str, preference: int, root: Subject, port: int) -> HostSeen:
    why = "this host is beyond the limit of the run"
    nowhere = _unseen(Subject(domain=root.domain, host=host, port=port), why)
    return HostSeen(host, preference, DaneSeen(DaneState.UNKNOWN, why=why), (nowhere,), lookup=None, why=why)


def _unseen(subject: Subject, why: str) -> AddressSeen:
    return AddressSeen(subject, None, None, why)


def _lookup(found: HostAddresses | None) -> tuple[bool | None, str]:
    """Whether the addresses of a host are known: False where a validating sender gets none."""
    if found is None:
        return None, "the host's addresses were not looked up"
    answers = [answer for answer in (found.a, found.aaaa) if answer is not None]
    for answer in answers:
        if answer.dnssec is Dnssec.BOGUS:
            return False, f"the {answer.rdtype} records are bogus"
    for answer in answers:
        if answer.status not in _ANSWERS and not found.addresses:
            return None, f"the {answer.rdtype} look-up ended {answer.status.value}"
    return True, ""


def tlsa_lookup(facts: FactSet, host: Subject, port: int) -> TlsaLookup | None:
    """The TLSA look-up that decides for a port of a host; None where there are no records."""
    found = next((f for f in reversed(facts.at(TlsaRecords, host)) if f.port == port), None)
    return found.chosen if found is not None else None


def _reference_names(facts: FactSet, place: Subject, mx: DnsAnswer | None, port: int) -> tuple[str, ...]:
    """The reference identifiers of DANE-TA(2) (RFC 7672 §3.2.2), the TLSA base domain first."""
    chosen = tlsa_lookup(facts, place, port)
    names = [chosen.base if chosen is not None else place.host or ""]
    if place.host == place.domain:
        names.append(place.domain or "")
    elif mx is not None and mx.dnssec in (Dnssec.SECURE, Dnssec.UNTRUSTED):
        names += [place.domain or "", *mx.aliases[-1:]]
    return tuple(dict.fromkeys(name for name in names if name))


def _address(facts: FactSet, seal: EndpointSeal, records: DaneSeen, names: tuple[str, ...]) -> AddressSeen:
    subject = seal.subject
    connects, why = _connects(facts, subject)
    tls = {Seal.EXPOSED: False, Seal.UNKNOWN: None}.get(seal.seal, True)
    handshake = facts.nearest(Handshake, subject)
    if handshake is not None and handshake.key_proof is KeyProof.MISMATCH:
        tls, why = False, "the handshake is not signed with the certificate's key, so clients break it off"
    chains = _chains(facts, subject) if tls else ()
    ehlo = facts.nearest(EhloTls, subject) if tls else None
    return AddressSeen(
        subject,
        connects,
        False if connects is False else tls,
        why or (seal.ended or "STARTTLS is not offered" if tls is False else seal.ended),
        chains,
        weigh(chains, lambda shown: _pkix(shown, subject.host or "")),
        weigh(chains, lambda shown: _dane(shown, records, names)) if records.records else Proof(None),
        None if ehlo is None else ehlo.keyword("REQUIRETLS") is not None,
        _clear_code(facts, subject),
    )


def _connects(facts: FactSet, subject: Subject) -> tuple[bool | None, str]:
    attempt = main_attempt(facts, subject)
    if attempt is None:
        return None, "no conversation was held"
    said = describe(attempt.ended)[:_MOST_WORDS]
    if failed_with(attempt, *ANSWERS):
        return False, said
    if failed_with(attempt, Cause.TIMED_OUT):
        connections = facts.once(connections_of)
        reached = egress_proof(subject, connections, facts.nearest(ControlReach, Subject()))
        return (None if reached is None else False), said
    if facts.nearest(Handshake, subject) is None and attempt.ended.cause in _OURS:
        return None, said
    return True, ""


def _chains(facts: FactSet, subject: Subject) -> tuple[ShownChain, ...]:
    shown = [_shown(facts, where, chain) for where, chain in facts.within(CertificateChain, subject)]
    return tuple([found for found in shown if found.server_name] or shown)


def _shown(facts: FactSet, where: Subject, chain: CertificateChain) -> ShownChain:
    name = where.server_name or ""
    anchors = facts.nearest(TrustAnchors, where)
    if anchors is None or anchors.store_size == 0 or chain.sent_count > len(chain.certificates):
        return ShownChain(chain, None, name)
    proof = trust_chain.verify(chain.certificates, anchors.candidates, chain.shown_at)
    told = (f"{p.code.value.replace('-', ' ')}: {p.detail}" for p in proof.problems)
    fault = next(told, "").removesuffix(": ")
    return ShownChain(chain, proof.trusted, name, fault)


def weigh(chains: tuple[ShownChain, ...], judge: Callable[[ShownChain], Proof]) -> Proof:
    """One proof for a server that shows several certificates: which of them a sender gets is its choice."""
    proofs = [judge(shown) for shown in chains]
    if not proofs:
        return Proof(None, "no certificate was seen")
    if len({proof.holds for proof in proofs}) == 1:
        return proofs[0]
    told = []
    for shown, proof in zip(chains, proofs, strict=True):
        words = proof.why.removeprefix("the certificate ")
        fault = words if words != proof.why else f"fails ({words})"
        told.append(f"the {shown.chain.leaf.key_type.upper()} one {'holds' if proof.holds else fault}")
    return Proof(None, f"it hangs on the certificate that is shown: {', '.join(told)}"[:_MOST_WORDS])


def _pkix(shown: ShownChain, host: str) -> Proof:
    if not match(shown.chain.leaf, host).matched:
        return Proof(False, "the certificate does not bear the host's name")
    return by_root(shown)


def by_root(shown: ShownChain) -> Proof:
    """Whether a chain leads to a root of the store."""
    if shown.trusted is None:
        return Proof(None, "its path could not be judged")
    if shown.trusted:
        return Proof(True)
    why = shown.fault or "it leads to no root of the store"
    return Proof(False, plain(f"the certificate does not hold ({why})", _MOST_WORDS))


def _dane(shown: ShownChain, records: DaneSeen, names: tuple[str, ...]) -> Proof:
    chain = shown.chain
    proof = dane.verify(records.records, chain.certificates, names, chain.shown_at)
    held = next((found.record for found in proof.matches if found.holds), None)
    if held is not None:
        return Proof(True, str(held))
    if chain.sent_count > len(chain.certificates):
        return Proof(None, "not every certificate that was sent was kept")
    if shown.server_name not in ("", *names[:1]):
        return Proof(None, f"what is shown to the name {names[0]} was not seen"[:_MOST_WORDS])
    return Proof(False, _why_not(proof))


_NEARNESS = (MatchFault.NAME, MatchFault.CHAIN, MatchFault.UNMATCHED)
"""How far a record that fails came, the farthest first: its fault is the one to mend."""


def _why_not(proof: DaneProof) -> str:
    """Why no record authenticates the server."""
    failed = [found for found in proof.matches if found.fault in _NEARNESS]
    if all(found.fault is MatchFault.UNMATCHED and found.record.usage == dane.DANE_EE for found in failed):
        return "the certificate matches no TLSA record"
    told = min(failed, key=lambda found: _NEARNESS.index(found.fault or MatchFault.UNMATCHED))
    if told.fault is MatchFault.NAME:
        return plain(told.why, _MOST_WORDS)
    return plain(f"no TLSA record authenticates it: {told.why}", _MOST_WORDS)


def _clear_code(facts: FactSet, subject: Subject) -> int | None:
    """The reply to MAIL in clear, as far as it is about TLS: 530 (RFC 3207 §4), or refused in clear only."""
    seen = facts.nearest(EnvelopeAnswers, subject)
    clear = seen.clear_mail.code if seen is not None and seen.clear_mail is not None else None
    session = facts.nearest(StarttlsSession, subject)
    if clear is None and session is not None and session.clear_mail is not None:
        told = session.clear_mail.status
        clear = int(told) if told.isdigit() else None
    sealed = seen.tls_mail.code if seen is not None and seen.tls_mail is not None else None
    if clear is None:
        return None
    return clear if clear in (250, 530) or sealed == 250 else None
