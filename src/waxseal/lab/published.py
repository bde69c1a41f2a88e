"""What the lab's domains publish, made into one DNS tree: the records of their rows and those that follow
from them (TLSA, MTA-STS, TLS-RPT, SPF, DMARC), the zones, and a few names of the lab's own.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.dnssec import ZoneCut
from waxseal.lab.domains.table import LabDomain
from waxseal.lab.orders import LeafOrder, TlsaOrder
from waxseal.lab.web import POLICY_HOST_PREFIX, WebHost
from waxseal.lab.zone import DnsRecord, Zone, host_records, text_records

BOGUS_NAME = "bogus.lab.test"
"""A name whose zone is bogus: a validating resolver gives its records to nobody but those who set CD."""
ISSUER = "ca.lab.test"
"""The CA that may issue for all of ``test`` (RFC 8659 §4.2)."""
_TLD = "test"
_LAB = "lab.test"
_SHA = {1: hashlib.sha256, 2: hashlib.sha512}


def dns_tree(
    domains: Iterable[LabDomain],
    sites: Mapping[WebHost, tuple[str, ...]],
    ca: CertificateAuthority,
    now: datetime,
) -> Zone:
    """All that the lab's DNS knows.

    Args:
        domains: What is in the lab.
        sites: Its HTTPS hosts, each with its addresses.
        ca: Makes the certificates that TLSA records stand for.
        now: The moment around which signatures are dated.
    """
    wanted = tuple(domains)
    records = [*_own_records()]
    for domain in wanted:
        records += domain.records
        records += _texts(domain, now)
        records += (tlsa_record(order, ca) for order in domain.tlsa)
    for site, addresses in sites.items():
        records += () if site.missing else host_records(site.host, *addresses, reverse="")
    faults = [fault for domain in wanted for fault in domain.faults]
    return Zone(records, faults, cuts=_cuts(wanted), now=now)


def web_hosts(domain: LabDomain) -> tuple[WebHost, ...]:
    """The HTTPS hosts of a domain, its policy host first."""
    if domain.policy_host is not None:
        return (domain.policy_host, *domain.web)
    if domain.policy is None:
        return domain.web
    return (WebHost(host=POLICY_HOST_PREFIX + domain.name, body=domain.policy.encode()), *domain.web)


def tlsa_record(order: TlsaOrder, ca: CertificateAuthority) -> DnsRecord:
    """The record that was ordered (RFC 6698 §2.1), at the name of RFC 6698 §3."""
    if isinstance(order.of, bytes):
        data = order.of
    else:
        der = ca.leaf(order.of).der if isinstance(order.of, LeafOrder) else ca.authority_der(order.of)
        certificate = x509.load_der_x509_certificate(der)
        data = der
        if order.selector == 1:
            data = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if order.matching_type in _SHA:
            data = _SHA[order.matching_type](data).digest()
    if order.wrong:
        data = data[:-1] + bytes((data[-1] ^ 1,))
    rdata = f"{order.usage} {order.selector} {order.matching_type} {data.hex()}"
    return DnsRecord(f"_{order.port}._tcp.{order.host}", "TLSA", rdata.strip(), order.ttl_s)


def _texts(domain: LabDomain, now: datetime) -> Iterator[DnsRecord]:
    if domain.announcements is not None:
        yield from text_records(f"_mta-sts.{domain.name}", *domain.announcements)
    elif domain.policy is not None or domain.policy_host is not None:
        # The id changes with every start (RFC 8461 §3.1), because the policy may have.
        yield from text_records(f"_mta-sts.{domain.name}", f"v=STSv1; id={now:%Y%m%d%H%M%S}")
    yield from text_records(f"_smtp._tls.{domain.name}", *domain.tls_rpt)
    if domain.port != 25:
        return
    if domain.spf:
        yield from text_records(domain.name, domain.spf)
    if domain.dmarc:
        yield from text_records(f"_dmarc.{domain.name}", domain.dmarc.format(domain=domain.name))


def _cuts(domains: tuple[LabDomain, ...]) -> tuple[ZoneCut, ...]:
    """The root, ``test``, the lab's own zones, and one for each domain that has anything to say."""
    zones: dict[str, ZoneCut] = {}
    there = (d for d in domains if d.records or d.spf or d.dmarc or d.faults)
    for domain in sorted(there, key=lambda domain: domain.signed):
        zones[domain.zone] = ZoneCut(domain.zone, domain.signed or domain.wrong_ds, domain.wrong_ds)
    return (
        ZoneCut("", signed=True),
        ZoneCut("arpa"),
        ZoneCut(_TLD, signed=True),
        ZoneCut(_LAB, signed=True),
        ZoneCut(BOGUS_NAME, signed=True, wrong_ds=True),
        *(cut for name, cut in zones.items() if name not in ("", _TLD, _LAB)),
    )


def _own_records() -> Iterator[DnsRecord]:
    yield DnsRecord(_TLD, "CAA", f'0 issue "{ISSUER}"')
    yield DnsRecord(f"ns.{_LAB}", "A", "192.0.2.251")
    yield DnsRecord(BOGUS_NAME, "A", "192.0.2.251")
    yield from text_records(BOGUS_NAME, "nobody should see this")
