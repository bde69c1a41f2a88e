"""Where mail for a domain goes: MX records, their hosts' addresses, reverse names, and who may certify them.

Look-ups only; nothing is dialled. Which hosts follow from the records is RFC 5321 §5.1; what is wrong with
them is decided in ``checks/dns``.
"""

import asyncio

from waxseal.facts import (
    DnsAnswer,
    DnsStatus,
    HostAddresses,
    IssuancePolicy,
    MailService,
    MailServices,
    MxRecords,
    MxTarget,
    ReverseName,
    ReverseNames,
    ServiceTarget,
    Subject,
)
from waxseal.facts.address import canonical
from waxseal.net.network import Network
from waxseal.probes.lookups import looked_up
from waxseal.probes.recorder import Recorder, attempt
from waxseal.probes.settings import ProbeSettings
from waxseal.wire.dns_rdata import (
    address_records,
    mx_records,
    reverse_name,
    service_records,
    target_records,
)

MAX_REVERSE_NAMES = 5
MAX_ISSUANCE_STEPS = 10
MAX_SERVICE_HOSTS = 10
SERVICES = (
    "_submissions._tcp",
    "_submission._tcp",
    "_imaps._tcp",
    "_imap._tcp",
    "_pop3s._tcp",
    "_pop3._tcp",
    "_sieve._tcp",
)
"""Labels of SRV records: RFC 8314 §5.1, RFC 6186 §3.1 to §3.3, RFC 5804 §1.8."""


async def find_mail_hosts(
    network: Network, recorder: Recorder, domain: str, settings: ProbeSettings
) -> tuple[Subject, ...]:
    """Look up a domain's MX records and say which hosts take its mail, most preferred first.

    Without MX records the domain itself is the host (RFC 5321 §5.1); a null MX (RFC 7505 §3) names none; a
    look-up that fails names none either, since nobody can know. Hosts beyond the limit stay in the records
    only.
    """
    place = (Subject(domain=domain),)
    async with attempt(recorder, place, "dns.mx", network.clock) as run:
        answer = await network.resolver.query(domain, "MX")
        exchanges = mx_records(answer)
        run.emit(MxRecords(answer=answer, exchanges=exchanges))
        run.ended = looked_up(answer)
        targets: list[tuple[str, MxTarget]] = []
        if answer.status is DnsStatus.NO_DATA:
            targets.append((domain, MxTarget(exchange=domain)))
        for record in exchanges:
            if record.exchange:
                target = MxTarget(
                    exchange=record.exchange,
                    preference=record.preference,
                    literal_address=_literal(record.exchange),
                )
                targets.append((record.exchange.lower(), target))
        hosts: dict[Subject, MxTarget] = {}
        for host, target in targets:
            hosts.setdefault(Subject(domain=domain, host=host), target)
        chosen = tuple(hosts)[: settings.hosts_limit]
        for subject in chosen:
            recorder.emit((subject,), hosts[subject], run.id)
        return chosen
    return ()


def _literal(exchange: str) -> str | None:
    """The address that an exchange spells out, brackets or not; a host name was due (RFC 5321 §5.1)."""
    try:
        return canonical(exchange.strip("[]").removeprefix("ipv6:"))
    except ValueError:
        return None


async def find_addresses(
    network: Network, recorder: Recorder, subject: Subject, settings: ProbeSettings
) -> tuple[str, ...]:
    """Look up a host's A and AAAA records; a host that is an address literal has none to look up."""
    host = subject.host or ""
    async with attempt(recorder, (subject,), "dns.addresses", network.clock) as run:
        if _literal(host) is not None:
            run.emit(HostAddresses(a=None, aaaa=None))
            return ()
        a, aaaa = await asyncio.gather(
            _query(network, host, "A", 4 in settings.families),
            _query(network, host, "AAAA", 6 in settings.families),
        )
        addresses = tuple(
            dict.fromkeys(x for answer in (a, aaaa) if answer is not None for x in address_records(answer))
        )
        run.emit(HostAddresses(a=a, aaaa=aaaa, addresses=addresses))
        run.ended = looked_up(a, aaaa)
        return addresses[: settings.addresses_limit]
    return ()


async def _query(network: Network, name: str, rdtype: str, wanted: bool) -> DnsAnswer | None:
    return await network.resolver.query(name, rdtype) if wanted else None


async def find_reverse_names(
    network: Network, recorder: Recorder, subjects: tuple[Subject, ...], address: str
) -> None:
    """Look up the PTR names of an address, and what each of them resolves to."""
    async with attempt(recorder, subjects, "dns.reverse", network.clock) as run:
        answer = await network.resolver.query(reverse_name(address), "PTR")
        rdtype = "AAAA" if ":" in address else "A"
        names = target_records(answer)[:MAX_REVERSE_NAMES]
        forward = await asyncio.gather(*(network.resolver.query(name, rdtype) for name in names))
        followed = tuple(
            ReverseName(name, address_records(found), found.status)
            for name, found in zip(names, forward, strict=True)
        )
        run.emit(ReverseNames(answer=answer, names=followed))
        run.ended = looked_up(answer)


async def find_services(
    network: Network, recorder: Recorder, domain: str
) -> tuple[tuple[str, str, int], ...]:
    """Look up the SRV records of a domain's mail services, and the addresses of the hosts that they name.

    Returns:
        Label, host and port of each place that is offered, in order of the labels and of priority.
    """
    async with attempt(recorder, (Subject(domain=domain),), "dns.services", network.clock) as run:
        answers = await asyncio.gather(*(network.resolver.query(f"{s}.{domain}", "SRV") for s in SERVICES))
        services = tuple(
            MailService(label, answer, service_records(answer))
            for label, answer in zip(SERVICES, answers, strict=True)
        )
        places = [
            (service.label, record.target, record.port)
            for service in services
            for record in sorted(service.records, key=lambda record: record.priority)
            if record.target
        ]
        names = tuple(dict.fromkeys(host for _, host, _ in places))[:MAX_SERVICE_HOSTS]
        found = await asyncio.gather(
            *(network.resolver.query(name, rdtype) for name in names for rdtype in ("A", "AAAA"))
        )
        targets = tuple(
            ServiceTarget(name, found[2 * at], found[2 * at + 1]) for at, name in enumerate(names)
        )
        run.emit(MailServices(services=services, targets=targets))
        return tuple(place for place in places if place[1] in names)
    return ()


async def find_issuance(network: Network, recorder: Recorder, subject: Subject) -> None:
    """Climb from a host's name towards the root until CAA records are found (RFC 8659 §3).

    All steps are asked side by side; what lies above the one that ends the climb is left out.
    """
    async with attempt(recorder, (subject,), "dns.caa", network.clock) as run:
        labels = (subject.host or "").split(".")
        names = [".".join(labels[at:]) for at in range(min(len(labels), MAX_ISSUANCE_STEPS))]
        answers = await asyncio.gather(*(network.resolver.query(name, "CAA") for name in names))
        climb: list[DnsAnswer] = []
        for answer in answers:
            climb.append(answer)
            if answer.status not in (DnsStatus.NO_DATA, DnsStatus.NXDOMAIN):
                break
        run.emit(IssuancePolicy(answers=tuple(climb)))
        run.ended = looked_up(*climb)
