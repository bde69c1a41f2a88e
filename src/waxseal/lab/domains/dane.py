"""Lab domains with DANE (RFC 7672): in order, or with one fault in the records, their zone or the server."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from waxseal.lab.behaviour import KEYWORDS, Behaviour
from waxseal.lab.domains.table import (
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    LabServer,
    both,
    broken,
    exposed,
    mail_domain,
    minor,
    mx,
    report_record,
    sound_host,
    warns,
)
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsaOrder, TlsOrder
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, host_records

DANE_HOST = "mx.dane-only.test"
_DAY_S = 86400
_PLAIN = tuple(keyword for keyword in KEYWORDS if keyword != "STARTTLS")

Orders = Callable[[str], tuple[TlsaOrder, ...]]


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(1, first=100)
    return (
        *_in_order(plan),
        *_forms(plan),
        *_matches(plan),
        *_anchors(plan),
        *_machines(plan),
        *_zones(plan),
        *_look_ups(plan),
        *_hosts(plan),
    )


def sound_leaf(host: str) -> LeafOrder:
    """The certificate that a sound server of the lab shows."""
    return LeafOrder(names=(host,))


def key_of(host: str, **changes: Any) -> TlsaOrder:
    """The record that RFC 7672 §3.1 advises, ``3 1 1``, for the sound leaf of a host."""
    return replace(TlsaOrder(host, 3, 1, 1, sound_leaf(host)), **changes)


def next_key(host: str) -> TlsaOrder:
    """The record of a key that is not in use yet."""
    return key_of(host, of=LeafOrder(names=(host,), to_days=90))


def _ready(host: str) -> tuple[TlsaOrder, ...]:
    return key_of(host), next_key(host)


def _dane(
    name: str,
    title: str,
    plan: AddressPlan,
    expected: Expected,
    orders: Orders = _ready,
    *,
    faults: tuple[FaultyName, ...] = (),
    records: tuple[DnsRecord, ...] = (),
    signed: bool = True,
    none_published: bool | None = None,
    **changes: Any,
) -> LabDomain:
    """A signed domain with one MX host on two addresses, with the TLSA records that are ordered."""
    whole = mail_domain(name, title, plan, expected, **changes)
    return replace(
        whole,
        records=(*whole.records, *records),
        faults=faults,
        signed=signed,
        tlsa=orders(f"mx.{name}"),
        tls_rpt=(report_record(name),),
        none_published=none_published,
    )


def _in_order(plan: AddressPlan) -> tuple[LabDomain, ...]:
    both = "mx.dane-rsa-and-ecdsa.test"
    leaves = tuple(LeafOrder(names=(both,), key=key) for key in (Key.EC_P256, Key.RSA_2048))
    stranger = Authority.STRANGER_ISSUING
    return (
        _dane(
            "dane-only.test", "DANE in order: the key of the server is in DNS, and the next one", plan, SEALED
        ),
        _dane(
            "dane-rsa-and-ecdsa.test",
            "an RSA and an ECDSA certificate, both with their TLSA record",
            plan,
            SEALED,
            lambda host: (*(TlsaOrder(host, 3, 1, 1, leaf) for leaf in leaves), next_key(host)),
            tls=TlsOrder(leaves=leaves),
        ),
        _dane(
            "dane-unready.test",
            "the key in use is in DNS, and no next one",
            plan,
            minor("dane/rollover-unready"),
            lambda host: (key_of(host),),
        ),
        _dane(
            "dane-anchor.test",
            "the key of the issuing CA is in DNS",
            plan,
            SEALED,
            lambda host: (TlsaOrder(host, 2, 1, 1, Authority.ISSUING),),
        ),
        _dane(
            "dane-private-ca.test",
            "a private CA, which its TLSA record vouches for",
            plan,
            SEALED,
            lambda host: (TlsaOrder(host, 2, 0, 1, Authority.STRANGER_ROOT),),
            leaf={"issuer": stranger, "sent": (stranger, Authority.STRANGER_ROOT)},
        ),
        _dane(
            "dane-expired.test",
            "an expired certificate, whose key is in DNS: dates do not matter there",
            plan,
            SEALED,
            lambda host: (
                key_of(host, of=LeafOrder(names=(host,), from_days=-93, to_days=-3)),
                next_key(host),
            ),
            leaf={"from_days": -93, "to_days": -3},
        ),
    )


def _forms(plan: AddressPlan) -> tuple[LabDomain, ...]:
    short = bytes(20)
    return (
        _dane(
            "dane-pkix.test",
            "TLSA records of usages 0 and 1 only, which mail does not know",
            plan,
            broken("dane/none-usable"),
            lambda host: (
                TlsaOrder(host, 0, 1, 1, Authority.ISSUING),
                TlsaOrder(host, 1, 1, 1, sound_leaf(host)),
            ),
        ),
        _dane(
            "dane-pkix-beside.test",
            "a TLSA record of usage 1 beside a good one",
            plan,
            minor("dane/usage-pkix"),
            lambda host: (*_ready(host), key_of(host, usage=1)),
        ),
        _dane(
            "dane-unknown.test",
            "a TLSA record of an unknown matching type beside a good one",
            plan,
            warns("dane/parameters-unknown"),
            lambda host: (*_ready(host), key_of(host, matching_type=7)),
        ),
        _dane(
            "dane-digest-length.test",
            "a SHA-256 digest of 20 octets beside a good one",
            plan,
            warns("dane/data-malformed"),
            lambda host: (*_ready(host), key_of(host, of=short)),
        ),
        _dane(
            "dane-full.test",
            "the whole certificate in DNS",
            plan,
            minor("dane/full-data"),
            lambda host: tuple(replace(order, selector=0, matching_type=0) for order in _ready(host)),
        ),
        _dane(
            "dane-sha512.test",
            "a SHA-512 digest and no other",
            plan,
            minor("dane/sha512-alone"),
            lambda host: tuple(replace(order, matching_type=2) for order in _ready(host)),
        ),
        _dane(
            "dane-ttl.test",
            "TLSA records that are kept for a week",
            plan,
            minor("dane/ttl-long"),
            lambda host: tuple(replace(order, ttl_s=7 * _DAY_S) for order in _ready(host)),
        ),
    )


def _matches(plan: AddressPlan) -> tuple[LabDomain, ...]:
    half = "mx.dane-one-bad-type.test"
    leaves = tuple(LeafOrder(names=(half,), key=key) for key in (Key.EC_P256, Key.RSA_2048))
    return (
        _dane(
            "dane-mismatch.test",
            "the key in DNS is not the server's",
            plan,
            broken("dane/mismatch"),
            lambda host: (key_of(host, wrong=True),),
        ),
        _dane(
            "dane-one-bad-type.test",
            "two certificates, of which only the RSA one is in DNS",
            plan,
            broken("dane/mismatch"),
            lambda host: (TlsaOrder(host, 3, 1, 1, leaves[1]),),
            tls=TlsOrder(leaves=leaves),
        ),
        _dane(
            "dane-stale.test",
            "beside a good record, one of another kind that was forgotten",
            plan,
            warns("dane/combination-unmatched"),
            lambda host: (key_of(host), key_of(host, selector=0, wrong=True)),
        ),
    )


def _anchors(plan: AddressPlan) -> tuple[LabDomain, ...]:
    return (
        _dane(
            "dane-anchor-not-sent.test",
            "the root is in DNS, and the server does not send it",
            plan,
            broken("dane/anchor-not-sent"),
            lambda host: (TlsaOrder(host, 2, 0, 1, Authority.ROOT),),
        ),
        _dane(
            "dane-anchor-name.test",
            "the CA is in DNS, and the certificate is for another name",
            plan,
            both("dane/anchor-name-mismatch", "certificate/name-mismatch"),
            lambda host: (TlsaOrder(host, 2, 1, 1, Authority.ISSUING),),
            leaf={"names": ("www.hosting.test",)},
        ),
        _dane(
            "dane-anchor-expired.test",
            "the CA is in DNS, and the certificate has expired",
            plan,
            both("dane/anchor-chain-invalid", "certificate/expired"),
            lambda host: (TlsaOrder(host, 2, 1, 1, Authority.ISSUING),),
            leaf={"from_days": -93, "to_days": -3},
        ),
    )


def _machines(plan: AddressPlan) -> tuple[LabDomain, ...]:
    """Two machines behind one name, and a server that offers no TLS at all."""
    name = "dane-one-bad-address.test"
    host = f"mx.{name}"
    good, bad = plan.pair(), plan.pair()
    forgotten = TlsOrder(leaves=(LeafOrder(names=(host,), to_days=70),))
    return (
        LabDomain(
            name=name,
            title="one of two machines behind one name has a key that is not in DNS",
            expected=broken("dane/mismatch"),
            records=(*mx(name, host), *host_records(host, *good, *bad)),
            servers=(
                LabServer(addresses=good, behaviour=Behaviour(host=host)),
                LabServer(addresses=bad, behaviour=Behaviour(host=host, tls=forgotten)),
            ),
            signed=True,
            tlsa=(key_of(host),),
            tls_rpt=(report_record(name),),
        ),
        _dane(
            "dane-no-starttls.test",
            "TLSA records, and no STARTTLS",
            plan,
            exposed("dane/starttls-missing", "smtp/starttls-missing"),
            keywords=_PLAIN,
        ),
    )


def _zones(plan: AddressPlan) -> tuple[LabDomain, ...]:
    soon = _dane(
        "dane-ends-soon.test",
        "the signature of the TLSA records ends in a few hours",
        plan,
        warns("dane/signature-ends-soon"),
        faults=(FaultyName("_25._tcp.mx.dane-ends-soon.test", DnsFault.ENDING),),
    )
    return (
        soon,
        _dane(
            "dane-unsigned.test",
            "TLSA records in an unsigned zone",
            plan,
            warns("dane/unsigned"),
            signed=False,
        ),
    )


def _look_ups(plan: AddressPlan) -> tuple[LabDomain, ...]:
    """Each of these keeps mail waiting: a failed look-up is no denial (RFC 7672 §2.1.2)."""

    def failing(label: str, title: str, fault: DnsFault, check: str, **more: Any) -> LabDomain:
        name = f"dane-{label}.test"
        struck = (FaultyName(f"_25._tcp.mx.{name}", fault, "TLSA"),)
        return _dane(name, title, plan, broken(check), faults=struck, none_published=False, **more)

    def nothing(host: str) -> tuple[TlsaOrder, ...]:
        return ()

    looping = "dane-loop.test"
    owners = (f"_25._tcp.mx.{looping}", f"_dane.mx.{looping}")
    aliases = (DnsRecord(owners[0], "CNAME", f"{owners[1]}."), DnsRecord(owners[1], "CNAME", f"{owners[0]}."))
    failed, bogus = "dane/lookup-failed", "dane/answer-bogus"
    return (
        failing("servfail", "the TLSA look-up ends with SERVFAIL", DnsFault.SERVFAIL, failed, orders=nothing),
        failing("notimp", "its name server knows no TLSA", DnsFault.NOT_IMPLEMENTED, failed, orders=nothing),
        failing("silent", "the TLSA look-up is never answered", DnsFault.SILENCE, failed, orders=nothing),
        failing(
            "wrong-id", "the TLSA look-up gets another's answer", DnsFault.WRONG_ID, failed, orders=nothing
        ),
        failing(
            "denial", "that there is no TLSA record is not proved", DnsFault.BOGUS, bogus, orders=nothing
        ),
        failing("bogus", "the signature of the TLSA records does not hold", DnsFault.BOGUS, bogus),
        failing("outdated", "the signature of the TLSA records has ended", DnsFault.EXPIRED, bogus),
        _dane(
            looping,
            "the TLSA records are an alias that goes round in circles",
            plan,
            broken(failed),
            nothing,
            records=aliases,
            none_published=False,
        ),
    )


def _hosts(plan: AddressPlan) -> tuple[LabDomain, ...]:
    """Domains with more than one MX host, with another's, and with an alias for one."""
    partial, hosted, alias = "dane-partial.test", "dane-mx-insecure.test", "dane-alias.test"
    first, second = f"mx1.{partial}", f"mx2.{partial}"
    first_records, first_server = sound_host(first, plan)
    second_records, second_server = sound_host(second, plan)
    names = (f"alias.{alias}", f"mx.{alias}")
    addresses = plan.pair()
    behaviour = Behaviour(host=names[1], tls=TlsOrder(leaves=(LeafOrder(names=names),)))
    return (
        LabDomain(
            name=partial,
            title="two MX hosts, of which one has no TLSA record",
            expected=warns("dane/mx-partial"),
            records=(*mx(partial, first, second), *first_records, *second_records),
            servers=(first_server, second_server),
            signed=True,
            tlsa=_ready(first),
            tls_rpt=(report_record(partial),),
        ),
        LabDomain(
            name=hosted,
            title="an unsigned domain, whose MX host is in a signed one with TLSA records",
            expected=warns("dane/mx-insecure"),
            records=mx(hosted, DANE_HOST),
            tls_rpt=(report_record(hosted),),
            none_published=False,
        ),
        LabDomain(
            name=alias,
            title="the MX record names an alias; the TLSA records are where it leads to",
            expected=broken("dns/mx-is-alias"),
            records=(
                *mx(alias, names[0]),
                DnsRecord(names[0], "CNAME", f"{names[1]}."),
                *host_records(names[1], *addresses),
            ),
            servers=(LabServer(addresses=addresses, behaviour=behaviour),),
            signed=True,
            tlsa=(key_of(names[1], of=LeafOrder(names=names)), next_key(names[1])),
            tls_rpt=(report_record(alias),),
        ),
    )
