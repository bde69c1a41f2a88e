"""What a domain publishes about its mail transport: its MTA-STS record and policy, its TLS-RPT record.

RFC 8461 §3 and RFC 8460 §3. The destinations of reports are tried as far as that does no harm: nothing is
ever sent to them. What was published is read in ``wire.mta_sts`` and ``wire.tls_rpt`` and judged in
``checks``; TLSA records are looked up in ``probes.dane``.
"""

import asyncio
from datetime import datetime
from urllib.parse import urlsplit

from waxseal.facts import (
    Cause,
    DnsAnswer,
    DnsStatus,
    Ended,
    OnwardReports,
    ReportDestination,
    Stage,
    StsFetch,
    StsRecord,
    Subject,
    TlsRptRecord,
)
from waxseal.net.host_addresses import HostLookup, is_address, looking_up
from waxseal.net.http import Fetch, HttpClient
from waxseal.net.network import Network
from waxseal.probes.certificate_chain import MAX_CERTIFICATES
from waxseal.probes.key_proof import key_proof
from waxseal.probes.lookups import looked_up
from waxseal.probes.recorder import Recorder, Run, attempt
from waxseal.trust.anchors import candidates
from waxseal.trust.certificate import parse
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.http_message import HttpUrl
from waxseal.wire.tls_rpt import Destination, read_record

FETCH_LIMIT_S = 60.0
"""The time that RFC 8461 §3.3 suggests."""
POLICY_LIMIT_OCTETS = 64 * 1024
"""The size that RFC 8461 §3.3 suggests."""
ENDPOINT_LIMIT_S = 10.0
MAX_FIELDS = 32
MAX_FIELD_OCTETS = 1024
MAX_DESTINATIONS = 10
MAX_ONWARD = 3


async def find_sts(
    network: Network, recorder: Recorder, domain: str, *, time_limit_s: float = FETCH_LIMIT_S
) -> None:
    """Look up a domain's MTA-STS record, and fetch its policy.

    Both begin at once: the policy is asked for as soon as the policy host has an address, whether a record
    announces it or not, so that a policy without its record is seen. Where it has none, the fetch has failed
    if there is a record; without either there is nothing to fetch, and no `StsFetch`.

    Args:
        network: The outside world.
        recorder: Where `StsRecord` and `StsFetch` go.
        domain: Policy domain, A-label.
        time_limit_s: For the fetch, look-ups of the policy host included.
    """
    record = asyncio.ensure_future(network.resolver.query(f"_mta-sts.{domain}", "TXT"))
    try:
        await asyncio.gather(
            _find_record(network, recorder, domain, record),
            _fetch_policy(network, recorder, domain, record, time_limit_s),
        )
    finally:
        record.cancel()


async def _find_record(
    network: Network, recorder: Recorder, domain: str, record: "asyncio.Future[DnsAnswer]"
) -> None:
    async with attempt(recorder, (Subject(domain=domain),), "sts.record", network.clock) as run:
        answer = await record
        run.emit(StsRecord(answer=answer))
        run.ended = looked_up(answer)


async def _fetch_policy(
    network: Network,
    recorder: Recorder,
    domain: str,
    record: "asyncio.Future[DnsAnswer]",
    limit_s: float,
) -> None:
    """Ask for the one URL of RFC 8461 §3.2; redirections are not followed, caches not used (§3.3)."""
    url = HttpUrl("https", f"mta-sts.{domain}", 443, "/.well-known/mta-sts.txt")
    async with attempt(recorder, (Subject(domain=domain),), "sts.policy", network.clock) as run:
        began = network.clock.monotonic()
        async with looking_up(network.resolver, url.host) as lookup:
            if not await lookup.found() and (await record).status is not DnsStatus.ANSWERED:
                run.ended = Ended(Cause.COMPLETED, Stage.RESOLVE)
                return
            client = HttpClient(network, time_limit_s=limit_s, streams=run.streams)
            found = await client.ask(url, size_limit=POLICY_LIMIT_OCTETS, lookup=lookup)
            run.connections = client.connections
            run.ended = found.ended
            elapsed_s = network.clock.monotonic() - began
            fetched_at = network.clock.now()
            await lookup.settle(max(0.0, limit_s - elapsed_s))
            run.emit(_as_fact(network, found, lookup, fetched_at, elapsed_s))


def _as_fact(
    network: Network, found: Fetch, lookup: HostLookup, fetched_at: datetime, elapsed_s: float
) -> StsFetch:
    chain = tuple(parse(der) for der in found.certificates[:MAX_CERTIFICATES])
    exchange = found.exchange
    return StsFetch(
        url=str(found.url),
        ended=found.ended,
        fetched_at=fetched_at,
        a=lookup.answer("A"),
        aaaa=lookup.answer("AAAA"),
        address=found.address,
        version=found.version,
        certificates=chain,
        key_proof=key_proof(found.events) if found.events else None,
        anchors=candidates(chain, network.roots),
        store=network.roots.id,
        store_size=network.roots.size,
        status=exchange.status,
        fields=tuple(
            (name[:MAX_FIELD_OCTETS], value[:MAX_FIELD_OCTETS])
            for name, value in exchange.fields[:MAX_FIELDS]
        ),
        body=exchange.body,
        body_octets=exchange.body_octets,
        elapsed_s=elapsed_s,
    )


async def find_tls_rpt(network: Network, recorder: Recorder, domain: str) -> None:
    """Look up a domain's TLS-RPT record, and try each destination that it names, at most `MAX_DESTINATIONS`.

    Of a mailbox, the hosts that its domain takes mail at are looked up, and where the reports about that
    domain go, since a report is a mail too (RFC 8460 §3). An https endpoint is asked for its head, which
    changes nothing; any status shows that it answers. Reports are never sent.

    Args:
        network: The outside world.
        recorder: Where `TlsRptRecord` and a `ReportDestination` for each go.
        domain: Policy domain, A-label.
    """
    place = (Subject(domain=domain),)
    destinations: tuple[Destination, ...] = ()
    async with attempt(recorder, place, "tlsrpt.record", network.clock) as run:
        answer = await _report_record(network, domain)
        run.emit(TlsRptRecord(answer=answer))
        run.ended = looked_up(answer)
        destinations = _destinations(answer)
    if destinations:
        async with attempt(recorder, place, "tlsrpt.destinations", network.clock) as run:
            await asyncio.gather(*(_try_destination(network, run, there) for there in destinations))


async def _try_destination(network: Network, run: Run, there: Destination) -> None:
    if there.scheme == "https":
        run.emit(await _try_endpoint(network, run, there))
    elif there.scheme == "mailto" and not is_address(there.place):
        run.emit(await _try_mailbox(network, there))
    else:  # another scheme, or an address literal: there is nothing to look up
        run.emit(ReportDestination(uri=there.uri, place=there.place))


async def _try_mailbox(network: Network, there: Destination) -> ReportDestination:
    """Look up where mail to the mailbox's domain goes (RFC 5321 §5.1), and the reports about that domain."""
    domain = there.place
    mx, onward = await asyncio.gather(network.resolver.query(domain, "MX"), _onward(network, domain))
    a = aaaa = None
    if mx.status is DnsStatus.NO_DATA:
        a, aaaa = await asyncio.gather(
            network.resolver.query(domain, "A"), network.resolver.query(domain, "AAAA")
        )
    return ReportDestination(uri=there.uri, place=domain, mx=mx, a=a, aaaa=aaaa, onward=onward)


async def _try_endpoint(network: Network, run: Run, there: Destination) -> ReportDestination:
    """Ask an endpoint for its head; its certificate may be ignored (RFC 8460 §3)."""
    parts = urlsplit(there.uri)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = HttpUrl("https", there.place, there.port or 443, target)
    client = HttpClient(network, time_limit_s=ENDPOINT_LIMIT_S, streams=run.streams)
    async with looking_up(network.resolver, url.host) as lookup:
        found = await client.ask(url, size_limit=0, method="HEAD", lookup=lookup)
        run.connections += client.connections
        await lookup.settle(max(0.0, ENDPOINT_LIMIT_S - found.elapsed_s))
        return ReportDestination(
            uri=there.uri,
            place=url.host,
            a=lookup.answer("A"),
            aaaa=lookup.answer("AAAA"),
            ended=found.ended,
            status=found.exchange.status,
        )


async def _onward(network: Network, first: str) -> tuple[OnwardReports, ...]:
    """Follow the reports about a mailbox's domain, breadth first, each domain once."""
    found: dict[str, OnwardReports] = {}
    waiting = [first]
    while waiting and len(found) < MAX_ONWARD:
        domain = waiting.pop(0)
        if domain not in found:
            answer = await _report_record(network, domain)
            found[domain] = OnwardReports(domain, answer)
            waiting += [x.place for x in _destinations(answer) if x.scheme == "mailto" and x.place != domain]
    return tuple(found.values())


async def _report_record(network: Network, domain: str) -> DnsAnswer:
    return await network.resolver.query(f"_smtp._tls.{domain}", "TXT")


def _destinations(answer: DnsAnswer) -> tuple[Destination, ...]:
    """The destinations of the record that counts, at most `MAX_DESTINATIONS`."""
    return read_record(txt_records(answer)).destinations[:MAX_DESTINATIONS]
