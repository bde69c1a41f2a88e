"""What the world is told today, read from the facts of a run, as a plan takes it (``change``)."""

from collections.abc import Iterable

from waxseal.facts import (
    Certificate,
    CertificateChain,
    Dnssec,
    DnsStatus,
    FactSet,
    HostAddresses,
    MailExchange,
    MxRecords,
    StsRecord,
    Subject,
    TlsaRecords,
)
from waxseal.grading.change import implicit_mx
from waxseal.grading.change_steps import HostPublished, Published
from waxseal.grading.delivery_seen import DaneSeen, DaneState, dane_seen, route_seen, sts_seen, tlsa_lookup
from waxseal.grading.zone_lines import tlsa_owner
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.mta_sts import read_record


def published(facts: FactSet, domain: str, port: int, new_hosts: Iterable[str] = ()) -> Published | None:
    """What a domain publishes; None where its mail hosts could not be seen, or it takes no mail.

    Args:
        facts: Of a run that looked at the domain, and perhaps at new hosts by name.
        domain: A-labels.
        port: Where its mail is brought to.
        new_hosts: Hosts that are no MX hosts yet.
    """
    root = Subject(domain=domain)
    records = facts.nearest(MxRecords, root)
    if records is None or records.answer.status not in (DnsStatus.ANSWERED, DnsStatus.NO_DATA):
        return None
    mx = tuple(record for record in records.exchanges if record.exchange)
    if not mx and records.answer.status is DnsStatus.NO_DATA:
        mx = implicit_mx(domain)
    if not mx:
        return None
    names = {host.host: host.names for host in route_seen(facts, root, port).hosts}
    # (RFC 7672 §3.2.2) the next-hop domain is a reference identifier where the MX RRset is not insecure.
    named = (domain,) if records.answer.dnssec in (Dnssec.SECURE, Dnssec.UNTRUSTED) else ()
    names |= {host: (host, *named) for host in new_hosts if host not in names}
    hosts = [_host(facts, Subject(domain=domain, host=record.exchange.lower()), port, names) for record in mx]
    hosts += [_host(facts, Subject(host=name), port, names) for name in new_hosts]
    sts = sts_seen(facts, root)
    record = facts.nearest(StsRecord, root)
    reading = read_record(txt_records(record.answer)).record if record is not None else None
    return Published(
        domain=domain,
        port=port,
        mx=tuple(MailExchange(r.preference, r.exchange.lower()) for r in mx),
        mx_ttl_s=records.answer.lifetime_s,
        hosts=tuple(dict.fromkeys(hosts)),
        policy=sts.policy,
        policy_known=sts.known,
        policy_why=sts.why,
        policy_id=reading.id if reading is not None else "",
        record_ttl_s=record.answer.lifetime_s if record is not None else None,
    )


def _host(facts: FactSet, place: Subject, port: int, names: dict[str, tuple[str, ...]]) -> HostPublished:
    name = place.host or ""
    seen = dane_seen(facts, place, port) if facts.at(HostAddresses, place) else None
    if seen is None:
        chains = _chains(facts, place, port)
        return HostPublished(name, tlsa_owner(name, port), names=names.get(name, (name,)), chains=chains)
    records = () if seen.state is DaneState.NONE else seen.records
    return HostPublished(
        host=name,
        owner=_owner(facts, place, port) or tlsa_owner(name, port),
        records=records,
        ttl_s=_ttl(facts, place, port),
        secure=_secure(seen),
        known=seen.state not in (DaneState.UNKNOWN, DaneState.FAILED) and (bool(records) or not _open(seen)),
        why=seen.why,
        signed=_signed(facts, place),
        names=names.get(name, (name,)),
        chains=_chains(facts, place, port),
    )


def _owner(facts: FactSet, place: Subject, port: int) -> str:
    """Where the TLSA records of a host stand, aliases followed (RFC 7672 §2.2.3); "" for none."""
    chosen = tlsa_lookup(facts, place, port)
    return (chosen.answer.name, *chosen.answer.aliases)[-1] if chosen is not None else ""


def _signed(facts: FactSet, place: Subject) -> bool | None:
    """Whether the zone of a host is signed, by the standing of its addresses, or of its alias."""
    found = facts.nearest(HostAddresses, place)
    answers = [a for a in (found.a, found.aaaa) if a is not None] if found is not None else []
    answers += [tlsa.alias for tlsa in facts.at(TlsaRecords, place) if tlsa.alias is not None]
    statuses = {answer.dnssec for answer in answers}
    if Dnssec.SECURE in statuses:
        return True
    return False if statuses == {Dnssec.INSECURE} else None


def _open(seen: DaneSeen) -> bool:
    """Whether there may be records that were not seen."""
    return seen.state is DaneState.UNPROVED


def _secure(seen: DaneSeen) -> bool | None:
    if seen.state is DaneState.UNPROVED:
        return None
    return seen.state in (DaneState.USABLE, DaneState.UNUSABLE)


def _ttl(facts: FactSet, place: Subject, port: int) -> int | None:
    chosen = tlsa_lookup(facts, place, port)
    return chosen.answer.lifetime_s if chosen is not None else None


def _chains(facts: FactSet, place: Subject, port: int) -> tuple[tuple[Certificate, ...], ...]:
    """The chains that the host shows to a client that names it, on any of its addresses, each once."""
    shown = [(where, chain) for where, chain in facts.within(CertificateChain, place) if where.port == port]
    named = [chain.certificates for where, chain in shown if where.server_name]
    return tuple(dict.fromkeys(named or [chain.certificates for _, chain in shown]))
