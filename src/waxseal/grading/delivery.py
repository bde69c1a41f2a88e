"""What each kind of sender would do with a message for a domain: predicted from facts alone.

The hosts are walked by preference as a sender walks them (RFC 5321 §5.1, RFC 8461 §8.4), each with what the
sender demands of it, in the precedence DANE > MTA-STS > pinned list > opportunistic (RFC 8461 §2). Every
address gives the outcomes that are possible there; where something was not seen, these are several, and the
prediction says so. The models are in ``delivery_senders``, what they meet in ``delivery_seen``.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby

from msgspec import Struct

from waxseal.facts import Dnssec, DnsStatus, FactSet, Subject, Target, TargetKind, TlsMode
from waxseal.grading.delivery_seen import (
    AddressSeen,
    DaneState,
    HostSeen,
    Proof,
    RouteSeen,
    ShownChain,
    by_root,
    route_seen,
    weigh,
)
from waxseal.grading.delivery_senders import (
    DOT_NEXTHOP,
    HOSTNAME,
    NEXTHOP,
    SenderModel,
    sender_models,
)
from waxseal.trust.names import match_dns_id, names_presented
from waxseal.wire.mta_sts import Mode, Policy, pattern_matches


class Outcome(StrEnum):
    """What becomes of a message, worst for its secrecy first."""

    CLEAR = "in clear"
    BOUNCED = "bounced"
    """Returned to its author."""
    DEFERRED = "deferred"
    """Tried again later, and returned after some days."""
    ENCRYPTED = "encrypted"
    """Safe from a listener, not from a man in the middle."""
    VERIFIED = "encrypted and verified"
    UNSEEN = "could not be seen"


class Decider(StrEnum):
    """What kind of record decides."""

    DNS = "DNS"
    DANE = "DANE"
    MTA_STS = "MTA-STS"
    LIST = "pinned list"
    REQUIRETLS = "REQUIRETLS"
    NONE = "no record"


class Met(Struct, frozen=True):
    """What can come of one address.

    Attributes:
        subject: The address and port; the host alone where its addresses are not known.
        possible: Outcomes, worst first; several where something was not seen.
        why: The reason.
    """

    subject: Subject
    possible: tuple[Outcome, ...]
    why: str


class HostOutcome(Struct, frozen=True):
    """What can come of one MX host.

    Attributes:
        host, preference: The MX record.
        outcome: One word for it.
        possible: Every outcome that is possible, worst first.
        decider: What kind of record decides.
        record: The record itself, as it is published; "" for none.
        why: The reason.
        addresses: Each of its addresses.
    """

    host: str
    preference: int
    outcome: Outcome
    possible: tuple[Outcome, ...]
    decider: Decider
    record: str
    why: str
    addresses: tuple[Met, ...]


class Prediction(Struct, frozen=True):
    """What one kind of sender would do.

    Attributes:
        sender, title: Of the model.
        outcome: One word: the worst of `possible` where all of it was seen, else `Outcome.UNSEEN`.
        possible: Every outcome that is possible, worst first; several by the address taken, or unseen.
        host: The MX host at which it is decided; "" for none.
        decider, record, why: As in `HostOutcome`, of that host.
        hosts: Every host that the message may be offered to, in order.
    """

    sender: str
    title: str
    outcome: Outcome
    possible: tuple[Outcome, ...]
    host: str
    decider: Decider
    record: str
    why: str
    hosts: tuple[HostOutcome, ...] = ()


class _Need(StrEnum):
    """What a sender asks of one host."""

    CLEAR = "clear"
    ANYTHING = "anything"
    TLS = "tls"
    DANE = "dane"
    PKIX = "pkix"
    LIST = "list"
    REQUIRETLS = "requiretls"
    SKIP = "skip"


class _Demand(Struct, frozen=True):
    need: _Need
    decider: Decider
    record: str = ""
    why: str = ""
    best: Outcome = Outcome.VERIFIED
    by_tlsa: bool = False


_ORDER = tuple(Outcome)
_UNDELIVERED = frozenset({Outcome.DEFERRED})


def predictions(facts: FactSet, root: Subject) -> tuple[Prediction, ...]:
    """What each sender model would do; empty unless the target is a domain that takes mail with STARTTLS."""
    target = next(iter(facts.at(Target, root)), None)
    if target is None or target.kind is not TargetKind.DOMAIN or target.mode is not TlsMode.STARTTLS:
        return ()
    route = route_seen(facts, root, target.port)
    return tuple(predict(model, route) for model in sender_models())


def predict(model: SenderModel, route: RouteSeen) -> Prediction:
    """What one kind of sender would do with a message for the domain."""
    early = _before_any_host(model, route)
    if early is not None:
        outcome, ends, why = early
        return Prediction(model.id, model.title, outcome, ends, "", Decider.DNS, "", why)
    visited: list[HostOutcome] = []
    possible: set[Outcome] = set()
    for _, group in groupby(route.hosts, key=lambda host: host.preference):
        met = [_host_outcome(model, route, host) for host in group]
        visited += met
        possible |= {o for host in met for o in host.possible} - _UNDELIVERED
        if not all(Outcome.DEFERRED in host.possible for host in met):
            break
    else:
        possible.add(Outcome.BOUNCED if model.requiretls else Outcome.DEFERRED)
    unseen = len(possible) > 1 and any(_uncertain(host) for host in visited)
    outcome = Outcome.UNSEEN if unseen else _worst(possible)
    decisive = _decisive(visited, outcome, bounces=model.requiretls)
    return Prediction(
        model.id,
        model.title,
        outcome,
        _sorted(possible),
        decisive.host,
        decisive.decider,
        decisive.record,
        decisive.why,
        tuple(visited),
    )


def _before_any_host(model: SenderModel, route: RouteSeen) -> tuple[Outcome, tuple[Outcome, ...], str] | None:
    """The end where the MX look-up leaves no host to go to."""
    mx = route.mx
    if route.null_mx:
        return Outcome.BOUNCED, (Outcome.BOUNCED,), "the null MX says that the domain takes no mail"
    if mx is None:
        return Outcome.UNSEEN, (), "the MX records were not looked up"
    if mx.dnssec in (Dnssec.BOGUS, Dnssec.INDETERMINATE) and model.validates:
        # (RFC 7672 §2.1.2) a failed MX look-up delays the message.
        return Outcome.DEFERRED, (Outcome.DEFERRED,), f"the MX look-up is {mx.dnssec.value}"
    if mx.status is DnsStatus.NXDOMAIN:
        return Outcome.BOUNCED, (Outcome.BOUNCED,), "the domain does not exist"
    if mx.status not in (DnsStatus.ANSWERED, DnsStatus.NO_DATA):
        return Outcome.UNSEEN, (), f"the MX look-up ended {mx.status.value}"
    if not route.hosts:
        return Outcome.UNSEEN, (), "no mail host was looked at"
    return None


def _host_outcome(model: SenderModel, route: RouteSeen, host: HostSeen) -> HostOutcome:
    """Everything that can come of one host: of each demand that the sender may make, at each address."""
    demands = _demands(model, route, host)
    met = [[_meet(demand, route, address) for address in host.addresses] for demand in demands]
    possible = {outcome for row in met for outcome in _together(row)}
    first = demands[0]
    seen = len(demands) == 1
    addresses = tuple(_merge(row) for row in zip(*met, strict=True))
    outcome = Outcome.UNSEEN if len(possible) > 1 and not seen else _one(possible, addresses)
    telling = next((a for a in addresses if outcome in a.possible or len(a.possible) > 1), None)
    if not host.addresses:
        why = host.why or "the host has no address"
    elif first.need is _Need.SKIP or telling is None or (not seen and len(telling.possible) > 1):
        why = first.why
    else:
        why = telling.why or first.why
    return HostOutcome(
        host.host, host.preference, outcome, _sorted(possible), first.decider, first.record, why, addresses
    )


def _together(row: list[Met]) -> set[Outcome]:
    """Of all addresses of a host: the next one is tried where one fails; a permanent reply ends it."""
    if not row:
        return {Outcome.DEFERRED}
    possible = {outcome for met in row for outcome in met.possible} - _UNDELIVERED
    if all(Outcome.DEFERRED in met.possible for met in row):
        possible.add(Outcome.DEFERRED)
    return possible


def _merge(row: tuple[Met, ...]) -> Met:
    possible = {outcome for met in row for outcome in met.possible}
    return Met(row[0].subject, _sorted(possible), next((met.why for met in row if met.why), ""))


def _one(possible: set[Outcome], addresses: tuple[Met, ...]) -> Outcome:
    if len(possible) > 1 and any(len(met.possible) > 1 for met in addresses):
        return Outcome.UNSEEN
    return _worst(possible)


def _uncertain(host: HostOutcome) -> bool:
    return host.outcome is Outcome.UNSEEN or any(len(met.possible) > 1 for met in host.addresses)


def _decisive(visited: list[HostOutcome], outcome: Outcome, *, bounces: bool) -> HostOutcome:
    """The host to name: the first with that outcome; where all failed, the first."""
    sought = Outcome.DEFERRED if bounces and outcome is Outcome.BOUNCED else outcome
    return next((host for host in visited if sought in (host.outcome, *host.possible)), visited[0])


def _worst(possible: Iterable[Outcome]) -> Outcome:
    return min(possible, key=_ORDER.index)


def _sorted(possible: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(sorted(set(possible), key=_ORDER.index))


def _demands(model: SenderModel, route: RouteSeen, host: HostSeen) -> tuple[_Demand, ...]:
    """What the sender may demand of the host; several where the records could not be seen or proved."""
    if host.lookup is False and model.validates:
        return (_Demand(_Need.SKIP, Decider.DNS, why=host.why),)
    if model.requiretls:
        return _requiretls(route, host)
    if model.dane == "no":
        return _without_dane(model, route, host)
    return _with_dane(model, route, host)


def _with_dane(model: SenderModel, route: RouteSeen, host: HostSeen) -> tuple[_Demand, ...]:
    seen = host.dane
    if model.dane == "always" and route.mx_secure is False:
        # (RFC 7672 §2.2.1) mandatory DANE and an insecure MX RRset: the message is delayed.
        return (_Demand(_Need.SKIP, Decider.DANE, why="the MX records are not signed"),)
    ignored = route.mx_secure is False and not model.insecure_mx
    otherwise = _without_dane(model, route, host)
    if model.dane == "always":
        otherwise = (_Demand(_Need.SKIP, Decider.DANE, why=seen.why or "no TLSA record can be used"),)
    applied = _by_tlsa(host, secure_mx=route.mx_secure is not False)
    if seen.state is DaneState.NONE or ignored:
        return otherwise
    if seen.state is DaneState.FAILED:
        # (RFC 7672 §2.1.2) a host whose TLSA look-up fails counts as unreachable.
        return (_Demand(_Need.SKIP, Decider.DANE, seen.owner, seen.why),)
    if seen.state is DaneState.UNUSABLE and model.dane == "always":
        return otherwise
    if seen.state in (DaneState.USABLE, DaneState.UNUSABLE):
        unsure = route.mx_secure is None and (model.dane == "always" or not model.insecure_mx)
        return (applied, *otherwise) if unsure else (applied,)
    return (applied, *otherwise)


def _by_tlsa(host: HostSeen, *, secure_mx: bool) -> _Demand:
    """What the records of a host demand once they are believed (RFC 7672 §2.2).

    A server found by an insecure MX is never called verified (RFC 7672 §2.2.1).
    """
    seen = host.dane
    held = next((a.dane.why for a in host.addresses if a.dane.holds), "")
    record = held or (str(seen.records[0]) if seen.records else "")
    shown = f"{seen.owner} TLSA {record}".strip() if record else seen.owner
    if seen.state is DaneState.UNUSABLE:
        return _Demand(_Need.TLS, Decider.DANE, shown, seen.why)
    if seen.state is DaneState.UNPROVED and not seen.records:
        return _Demand(_Need.SKIP, Decider.DANE, shown, seen.why)
    best = Outcome.VERIFIED if secure_mx else Outcome.ENCRYPTED
    why = seen.why if secure_mx else "the server is proved, but the MX record that names it is not signed"
    return _Demand(_Need.DANE, Decider.DANE, shown, why, best)


def _without_dane(model: SenderModel, route: RouteSeen, host: HostSeen) -> tuple[_Demand, ...]:
    usual = _usual(model, route, host)
    if not model.mta_sts:
        return (usual,)
    if route.sts.bogus and model.validates:
        return (usual,)
    if not route.sts.known:
        unknown = _Demand(_Need.PKIX, Decider.MTA_STS, why=route.sts.why)
        return (unknown, usual)
    policy = route.sts.policy
    if policy is None or policy.mode is Mode.NONE:
        return (usual,)
    line = _policy_line(policy, host)
    if policy.mode is not Mode.ENFORCE:
        # (RFC 8461 §5) what fails in testing may be delivered all the same.
        return (_Demand(usual.need, Decider.MTA_STS, line, "mode testing binds nobody", usual.best),)
    doubt = route.sts.doubt
    bound = _Demand(_Need.PKIX, Decider.MTA_STS, line, doubt)
    if not policy.allows(host.host):
        why = doubt or "no mx line of the policy matches the host"
        bound = _Demand(_Need.SKIP, Decider.MTA_STS, line, why)
    return (bound, usual) if doubt else (bound,)


def _policy_line(policy: Policy, host: HostSeen) -> str:
    line = next((p for p in policy.mx if pattern_matches(p, host.host)), "")
    shown = f"mx: {line}" if line else "no mx line"
    return f"mode: {policy.mode.value}, {shown}"


def _usual(model: SenderModel, route: RouteSeen, host: HostSeen) -> _Demand:
    """What it does without a record."""
    if model.match:
        wanted = ", ".join(_wanted(model, route, host))
        best = Outcome.ENCRYPTED if HOSTNAME in model.match and not route.mx_secure else Outcome.VERIFIED
        why = "" if best is Outcome.VERIFIED else "the server is proved, but not the MX record that names it"
        return _Demand(_Need.LIST, Decider.LIST, f"match: {wanted}", why, best)
    need = {"never": _Need.CLEAR, "may": _Need.ANYTHING}.get(model.tls, _Need.TLS)
    return _Demand(need, Decider.NONE)


def _wanted(model: SenderModel, route: RouteSeen, host: HostSeen) -> tuple[str, ...]:
    names = {NEXTHOP: route.domain, DOT_NEXTHOP: f".{route.domain}", HOSTNAME: host.host}
    return tuple(names[kind] for kind in model.match)


def _requiretls(route: RouteSeen, host: HostSeen) -> tuple[_Demand, ...]:
    """The host's name has to be vouched for by DNSSEC or MTA-STS (RFC 8689 §4.2.1 step 2).

    That is asked of names out of an MX record; without one the host is the domain itself.
    """
    demands = _authenticating(route, host)
    skip = _Demand(
        _Need.SKIP, Decider.REQUIRETLS, why="neither DNSSEC nor an MTA-STS policy vouches for the MX host"
    )
    policy = route.sts.policy
    listed = policy is not None and policy.mode is not Mode.NONE and policy.allows(host.host)
    implicit = route.mx is not None and route.mx.status is DnsStatus.NO_DATA
    if route.mx_secure or implicit or (listed and not route.sts.doubt):
        return demands
    if route.mx_secure is None or not route.sts.known or listed:
        return (skip, *demands)
    return (skip,)


def _authenticating(route: RouteSeen, host: HostSeen) -> tuple[_Demand, ...]:
    """By DANE where it applies, so that nothing else makes up for its failure, else by a trusted chain.

    RFC 8689 §4.2.1 step 4, RFC 7672 §2.2; both where either may apply.
    """
    by_dane = _Demand(_Need.REQUIRETLS, Decider.REQUIRETLS, by_tlsa=True)
    by_chain = _Demand(_Need.REQUIRETLS, Decider.REQUIRETLS)
    match host.dane.state:
        case DaneState.FAILED:
            return (_Demand(_Need.SKIP, Decider.DANE, host.dane.owner, host.dane.why),)
        case DaneState.USABLE:
            return (by_dane,) if route.mx_secure else (by_dane, by_chain)
        case DaneState.UNPROVED | DaneState.UNKNOWN:
            return (by_chain, by_dane)
        case _:
            return (by_chain,)


def _meet(demand: _Demand, route: RouteSeen, address: AddressSeen) -> Met:
    """What can come of one demand at one address."""
    at = address.subject
    if demand.need is _Need.SKIP:
        return Met(at, (Outcome.DEFERRED,), demand.why)
    if address.connects is False:
        return Met(at, (Outcome.DEFERRED,), address.why)
    match demand.need:
        case _Need.CLEAR:
            return _in_clear(address)
        case _Need.ANYTHING:
            return _opportunistic(address)
        case _Need.TLS:
            return _strict(demand, address, Proof(True), Outcome.ENCRYPTED)
        case _Need.DANE:
            proof = address.dane
        case _Need.PKIX:
            proof = address.pkix
        case _Need.LIST:
            proof = _bears(demand, address)
        case _:
            proof = _keeps_requiretls(demand, address)
    return _strict(demand, address, proof, demand.best)


def _strict(demand: _Demand, address: AddressSeen, proof: Proof, best: Outcome) -> Met:
    """Delivered as demanded, or not at all."""
    at = address.subject
    if address.tls is False:
        return Met(at, (Outcome.DEFERRED,), f"no TLS: {address.why}" if address.why else "no TLS")
    if address.tls is None:
        return Met(at, _sorted({best, Outcome.DEFERRED}), address.why)
    if proof.holds is None:
        return Met(at, _sorted({best, Outcome.DEFERRED}), proof.why)
    if not proof.holds:
        return Met(at, (Outcome.DEFERRED,), proof.why)
    return Met(at, (best,), demand.why)


def _opportunistic(address: AddressSeen) -> Met:
    """TLS where it stands; clear text where it does not, also after a handshake that failed."""
    if address.tls:
        return Met(address.subject, (Outcome.ENCRYPTED,), "TLS stands; nobody checks whose server it is")
    if address.tls is False:
        return _in_clear(address)
    clear = _in_clear(address).possible
    return Met(
        address.subject, _sorted({Outcome.ENCRYPTED, Outcome.DEFERRED, *clear}), address.why or "not seen"
    )


def _in_clear(address: AddressSeen) -> Met:
    code = address.clear_code
    if address.connects is None:
        return Met(address.subject, (Outcome.CLEAR, Outcome.BOUNCED, Outcome.DEFERRED), address.why)
    if code is not None and code != 250:
        outcome = Outcome.BOUNCED if code >= 500 else Outcome.DEFERRED
        return Met(address.subject, (outcome,), f"the server answers {code} to MAIL in clear")
    if code == 250 or address.tls is False:
        return Met(address.subject, (Outcome.CLEAR,), "the server takes mail in clear")
    why = "whether the server takes mail in clear was not asked"
    return Met(address.subject, (Outcome.CLEAR, Outcome.BOUNCED), why)


def _bears(demand: _Demand, address: AddressSeen) -> Proof:
    """A trusted chain, and a name of the list: one that starts with a dot stands for every name below it."""
    wanted = demand.record.removeprefix("match: ").split(", ")

    def prove(shown: ShownChain) -> Proof:
        presented = names_presented(shown.chain.leaf)
        if not any(_fits(name, offered) for name in wanted for offered in presented):
            return Proof(False, "the certificate bears no name of the list")
        return by_root(shown)

    return weigh(address.chains, prove)


def _fits(wanted: str, presented: str) -> bool:
    if wanted.startswith("."):
        return presented.lower().removeprefix("*").endswith(wanted)
    return match_dns_id(wanted, presented)


def _keeps_requiretls(demand: _Demand, address: AddressSeen) -> Proof:
    """Authenticated by DANE or a trusted chain, and REQUIRETLS offered (RFC 8689 §4.2.1 steps 4 and 5)."""
    if address.requiretls is False:
        return Proof(False, "REQUIRETLS is not offered")
    proof = address.dane if demand.by_tlsa else address.pkix
    if not proof.holds:
        return proof
    if address.requiretls is None:
        return Proof(None, "the answer to EHLO under TLS was not seen")
    host = address.subject.host or ""
    presented = [c.chain.leaf.dns_names or c.chain.leaf.common_names for c in address.chains]
    if not all(any(match_dns_id(host, name) for name in names) for names in presented):
        # Step 4 wants the host's name in the certificate; RFC 7672, which it refers to, does not always.
        return Proof(None, "DANE proves the server, but the certificate does not bear its name")
    return Proof(True)
