"""TLSA records for the examples of this folder, of the certificates in ``checks.certificate._samples``."""

from typing import Any

from waxseal.checks import samples
from waxseal.checks.api import At, at
from waxseal.checks.certificate._chains import CHAINS
from waxseal.checks.certificate._samples import chain, der
from waxseal.facts import (
    Dnssec,
    DnsStatus,
    HostAddresses,
    MxRecords,
    TlsaLookup,
    TlsaRecord,
    TlsaRecords,
)
from waxseal.trust import dane
from waxseal.trust.certificate import parse

OTHER = TlsaRecord(3, 1, 1, bytes.fromhex("ab" * 32))
"""A record of a key that no sample shows."""
HOST = "mx.example.org"


def record(parameters: str, name: str, place: int = 0) -> TlsaRecord:
    """The record ``3 1 1`` (say) of a certificate of a sample chain."""
    usage, selector, matching_type = map(int, parameters.split())
    return dane.record_for(parse(der(CHAINS[name][place])), usage, selector, matching_type)


def tlsa(
    *records: TlsaRecord,
    dnssec: Dnssec = Dnssec.SECURE,
    status: DnsStatus = DnsStatus.ANSWERED,
    base: str = HOST,
    **changes: Any,
) -> TlsaRecords:
    """A TLSA look-up for port 25; `changes` are of the answer (``ttl_s``)."""
    rdata = tuple(map(str, records))
    found = samples.answer(f"_25._tcp.{base}", "TLSA", *rdata, status=status, dnssec=dnssec, **changes)
    return TlsaRecords(port=25, lookups=(TlsaLookup(base, found, records),))


def no_tlsa(dnssec: Dnssec = Dnssec.SECURE) -> TlsaRecords:
    """A denial."""
    return tlsa(status=DnsStatus.NO_DATA, dnssec=dnssec)


def addresses(dnssec: Dnssec = Dnssec.SECURE, server: str = "192.0.2.53:53") -> HostAddresses:
    """A host's addresses with their status."""
    a = samples.answer(HOST, "A", "192.0.2.25", dnssec=dnssec, server=server)
    aaaa = samples.answer(HOST, "AAAA", status=DnsStatus.NO_DATA, dnssec=dnssec, server=server)
    return HostAddresses(a=a, aaaa=aaaa, addresses=("192.0.2.25",))


def mx(dnssec: Dnssec = Dnssec.SECURE, status: DnsStatus = DnsStatus.ANSWERED, **changes: Any) -> MxRecords:
    """The domain's MX look-up with its status."""
    found = samples.mx_records((10, HOST))
    rdata = found.answer.rdata if status is DnsStatus.ANSWERED else ()
    exchanges = found.exchanges if status is DnsStatus.ANSWERED else ()
    answer = samples.answer("example.org", "MX", *rdata, status=status, dnssec=dnssec, **changes)
    return MxRecords(answer=answer, exchanges=exchanges)


def shown(name: str, **place: Any) -> tuple[Any, ...]:
    """A server on port 25 that shows a sample chain, reached by secure MX records."""
    return (mx(), samples.endpoint(), chain(name, **place)[0])


def elsewhere(fact: Any, host: str) -> At:
    """The fact at another host."""
    return at(fact, host=host)
