"""Asks what a target's domain, hosts and addresses have published, beside the conversations with its servers.

Each part is asked as soon as what it needs is known: the domain's own records at once, TLSA and CAA when a
host is known, blocklists when an address is. Probes that are not wanted are not even imported.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Any

from waxseal.facts import (
    CertificateChain,
    EarlierEndpoint,
    FactSet,
    HostAddresses,
    Keyword,
    MailProtocol,
    RunContext,
    StsEarlier,
    StsFetch,
    StsRecord,
    Subject,
    Target,
    TargetKind,
    TlsMode,
    Validator,
)
from waxseal.grading.compare_heard import heard
from waxseal.net.network import Network
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.wire.dns_rdata import txt_records


async def prove_validator(network: Network) -> tuple[Network, Validator]:
    """Find who validates DNSSEC; the network that is given back asks that one."""
    if network.validation is None:
        return network, Validator()
    resolver, chosen = await network.validation.choose(network.resolver)
    return replace(network, resolver=resolver, validation=None), chosen


_SPOKEN = {
    "_submissions._tcp": (MailProtocol.SMTP, TlsMode.IMPLICIT),
    "_submission._tcp": (MailProtocol.SMTP, TlsMode.STARTTLS),
    "_imaps._tcp": (MailProtocol.IMAP, TlsMode.IMPLICIT),
    "_imap._tcp": (MailProtocol.IMAP, TlsMode.STARTTLS),
    "_pop3s._tcp": (MailProtocol.POP3, TlsMode.IMPLICIT),
    "_pop3._tcp": (MailProtocol.POP3, TlsMode.STARTTLS),
    "_sieve._tcp": (MailProtocol.SIEVE, TlsMode.STARTTLS),
}
"""How each service is spoken to (RFC 8314 §5.1, RFC 6186 §3, RFC 5804 §1.8)."""


async def service_targets(network: Network, recorder: Recorder, domains: Iterable[str]) -> tuple[Target, ...]:
    """The places that SRV records of the domains name, as targets of their own.

    A host and port that two services name is one target, spoken to as the first of `SERVICES` has it.
    """
    from waxseal.probes.discovery import find_services

    found = await asyncio.gather(*(find_services(network, recorder, domain) for domain in domains))
    targets: dict[tuple[str, int], Target] = {}
    for domain, places in zip(domains, found, strict=True):
        for label, host, port in places:
            protocol, mode = _SPOKEN[label]
            target = Target(
                given=f"{label}.{domain}",
                kind=TargetKind.HOST,
                name=host,
                port=port,
                protocol=protocol,
                mode=mode,
            )
            if port:
                targets.setdefault((host, port), target)
    return tuple(targets.values())


def recall_endpoints(recorder: Recorder, earlier: FactSet, places: Iterable[Subject]) -> None:
    """Record what an earlier run saw of each port that this one tests (`earlier.endpoint/1`)."""
    began = earlier.nearest(RunContext, Subject())
    for place in places:
        then = heard(earlier, place)
        if then is None or began is None:
            continue
        shown = earlier.within(CertificateChain, place)
        name = then.handshake.server_name if then.handshake is not None else ""
        known = then.keywords is not None and not then.hello_unsure and not then.masks
        words = tuple(Keyword(*pair) for pair in (then.keywords or {}).items())
        fact = EarlierEndpoint(
            seen_at=began.started_at,
            keywords=words if known else None,
            starttls=then.starttls if known else None,
            version=then.handshake.version if then.handshake is not None else "",
            leaf_sha256=next((c.leaf.sha256 for where, c in shown if where.server_name == name), ""),
        )
        recorder.emit((place,), fact)


def recall(recorder: Recorder, earlier: FactSet, domains: Iterable[str]) -> None:
    """Record what an earlier run saw of the MTA-STS record and policy of each domain (`sts.earlier/1`)."""
    began = earlier.nearest(RunContext, Subject())
    for place in (Subject(domain=domain) for domain in domains):
        record = earlier.nearest(StsRecord, place)
        fetch = earlier.nearest(StsFetch, place)
        if record is None or began is None:
            continue
        body = fetch.body if fetch is not None and fetch.status == 200 else None
        texts = txt_records(record.answer)
        seen_at = began.started_at if fetch is None else fetch.fetched_at
        recorder.emit((place,), StsEarlier(seen_at=seen_at, texts=texts, body=body))


async def ask_domain(network: Network, recorder: Recorder, domain: str, settings: ProbeSettings) -> None:
    """Ask for what the domain publishes by itself, and the blocklists about addresses that send for it."""
    work: list[Coroutine[Any, Any, None]] = []
    if settings.policy:
        from waxseal.probes.transport_policy import find_sts, find_tls_rpt

        limit_s = settings.policy_time_limit_s
        work.append(find_sts(network, recorder, domain, time_limit_s=limit_s))
        work.append(find_tls_rpt(network, recorder, domain))
    if settings.authentication:
        from waxseal.probes.authentication import find_dkim, find_dmarc, find_spf

        work += [find_spf(network, recorder, domain), find_dmarc(network, recorder, domain)]
        work += [
            find_dkim(network, recorder, domain, selector, signing or domain)
            for selector, signing in settings.dkim_keys
        ]
    for address in settings.sending_addresses:
        from waxseal.probes.blocklists import ask_blocklists
        from waxseal.probes.discovery import find_reverse_names

        place = (Subject(domain=domain, address=address),)
        work.append(find_reverse_names(network, recorder, place, address))
        lists = settings.blocklists
        work.append(ask_blocklists(network, recorder, place, address, lists, sending=True))
    await asyncio.gather(*work)


async def ask_about_host(
    network: Network, recorder: Recorder, host: Subject, port: int, settings: ProbeSettings
) -> tuple[str, ...]:
    """Ask for a host's TLSA and CAA records; give the TLSA base domains other than its own name."""
    found = recorder.last(HostAddresses, host)
    if found is None or (found.a is None and found.aaaa is None):
        return ()
    work: list[Coroutine[Any, Any, None]] = []
    if settings.authentication:
        from waxseal.probes.discovery import find_issuance

        work.append(find_issuance(network, recorder, host))
    if not settings.policy:
        await asyncio.gather(*work)
        return ()
    from waxseal.probes.dane import find_tlsa

    records, *_ = await asyncio.gather(find_tlsa(network, recorder, host, port, found), *work)
    if records is None:
        return ()
    return tuple(x.base for x in records.lookups if x.records and x.base != host.host)


async def ask_about_addresses(
    network: Network,
    recorder: Recorder,
    of_address: Mapping[str, tuple[Subject, ...]],
    settings: ProbeSettings,
) -> None:
    """Ask the blocklists about every address that is tested."""
    if not settings.blocklists:
        return
    from waxseal.probes.blocklists import ask_blocklists

    await asyncio.gather(
        *(
            ask_blocklists(network, recorder, subjects, address, settings.blocklists)
            for address, subjects in of_address.items()
        )
    )
