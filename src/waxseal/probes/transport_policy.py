"""What a domain publishes about its mail transport: its MTA-STS record and policy, its TLS-RPT record.

RFC 8461 §3 and RFC 8460 §3. The destinations of reports are tried as far as that does no harm: nothing is ever
sent to them. What was published is read in ``wire.mta_sts`` and ``wire.tls_rpt`` and judged in ``checks``; TLSA
records are looked up in ``probes.dane``.
"""

import asyncio
from urllib.parse import unquote

from waxseal.facts import DnsAnswer, DnsStatus, Ended, Stage, StsFetch, StsRecord, Subject
from waxseal.facts.attempt import Cause
from waxseal.facts.policy import OnwardReports, ReportDestination, TlsRptRecord
from waxseal.net.host_addresses import HostLookup, looking_up
from waxseal.net.http import Fetch, HttpClient
from waxseal.net.network import Network
from waxseal.net.stream import ByteStream
from waxseal.probes.certificate_chain import MAX_CERTIFICATES
from waxseal.probes.discovery import ended_by
from waxseal.probes.key_proof import key_proof
from waxseal.probes.recorder import Recorder, Run, attempt
from waxseal.trust.anchors import candidates
from waxseal.trust.certificate import parse
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.http_message import HttpUrl, parse_url
from waxseal.wire.idna import InvalidName, to_a_label

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
    announces it or not, so that a policy without its record is seen. Where it has none, the fetch has failed if
    there is a record; without either there is nothing to fetch, and no `StsFetch`.

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
        run.ended = ended_by(answer)


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
            fetched = _as_fact(network, found, network.clock.monotonic() - began)
            await lookup.settle(max(0.0, limit_s - found.elapsed_s))
            _emit_fetch(run, fetched, lookup)


def _as_fact(network: Network, found: Fetch, elapsed_s: float) -> StsFetch:
    chain = tuple(parse(der) for der in found.certificates[:MAX_CERTIFICATES])
    exchange = found.exchange
    return StsFetch(
        url=str(found.url),
        ended=found.ended,
        fetched_at=network.clock.now(),
        address=found.address,
        version=found.version,
        certificates=chain,
        key_proof=key_proof(found.events) if found.events else None,
        anchors=candidates(chain, network.roots),
        store=network.roots.id,
        store_size=network.roots.size,
        status=exchange.status,
        fields=tuple((name[:MAX_FIELD_OCTETS], value[:MAX_FIELD_OCTETS]) for name, value in exchange.fields)[
            :MAX_FIELDS
        ],
        body=exchange.body,
        body_octets=exchange.body_octets,
        elapsed_s=elapsed_s,
    )
