"""Keys, signatures and denials of the lab's signed zones (RFC 4033 to 4035), made when they are asked for.

Every zone has one ECDSA P-256 key (RFC 6605), which signs its DNSKEY RRset too. Which records there are, and
what a resolver answers, is in ``lab.zone``.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

DENIAL_TTL_S = 60
KEY_TTL_S = 3600
_SECURE_ENTRY_POINT = 257  # a zone key that parents and anchors point to (RFC 4034 §2.1.1)


@dataclass(frozen=True)
class ZoneCut:
    """Where a zone begins.

    Attributes:
        name: Its apex, A-labels, no trailing dot; "" for the root.
        signed: Whether it is signed; the zone above then holds its DS record (RFC 4035 §2.4).
        wrong_ds: That DS record fits none of its keys.
    """

    name: str
    signed: bool = False
    wrong_ds: bool = False


class Flaw(StrEnum):
    """What is wrong with a signature."""

    NONE = ""
    SPOILT = "spoilt"
    """One bit of it is changed."""
    EXPIRED = "expired"
    """It ended two days ago."""
    ENDING = "ending"
    """It ends within hours."""


_LASTS = {Flaw.EXPIRED: timedelta(days=-2), Flaw.ENDING: timedelta(hours=5)}
_SOUND_LASTS = timedelta(days=14)


def parent(name: str) -> str:
    """The name one label up; "" is the root."""
    return name.partition(".")[2]


def owner(name: str) -> dns.name.Name:
    """A name as dnspython has it."""
    return dns.name.from_text(f"{name}.")


def rrset(name: str, ttl_s: int, rdtype: str, *rdata: str) -> dns.rrset.RRset:
    """An RRset out of presentation form."""
    if rdtype == "TLSA":
        return dns.rrset.from_rdata_list(owner(name), ttl_s, [_tlsa(text) for text in rdata])
    return dns.rrset.from_text(owner(name), ttl_s, "IN", rdtype, *rdata)


def _tlsa(text: str) -> dns.rdata.GenericRdata:
    """A TLSA record as octets (RFC 6698 §2.1), because dnspython makes none with data of a wrong length."""
    usage, selector, matching_type, *data = text.split()
    octets = bytes((int(usage), int(selector), int(matching_type))) + bytes.fromhex("".join(data))
    return dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, octets)


class Signer:
    """Signs for all zones, each with its own key.

    Args:
        cuts: The zones.
        now: The moment around which signatures are dated; aware.
    """

    def __init__(self, cuts: Iterable[ZoneCut], now: datetime) -> None:
        self._cuts = {cut.name: cut for cut in cuts}
        self._now = now
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._made: dict[tuple[object, ...], dns.rrset.RRset] = {}

    def dnskey(self, zone: str) -> dns.rrset.RRset:
        """The DNSKEY RRset of a signed zone."""
        key = self._key(zone).public_key()
        record = dns.dnssec.make_dnskey(key, dns.dnssectypes.Algorithm.ECDSAP256SHA256, _SECURE_ENTRY_POINT)
        return dns.rrset.from_rdata(owner(zone), KEY_TTL_S, record)

    def ds(self, zone: str) -> dns.rrset.RRset:
        """The DS RRset that the zone above holds, or that stands for the trust anchor (RFC 4034 §5)."""
        record = dns.dnssec.make_ds(owner(zone), self.dnskey(zone)[0], "SHA256")
        if not self._cuts[zone].wrong_ds:
            return dns.rrset.from_rdata(owner(zone), KEY_TTL_S, record)
        wrong = record.replace(digest=bytes(octet ^ 0xFF for octet in record.digest))
        return dns.rrset.from_rdata(owner(zone), KEY_TTL_S, wrong)

    def rrsig(self, covered: dns.rrset.RRset, zone: str, flaw: Flaw = Flaw.NONE) -> dns.rrset.RRset:
        """The signature over an RRset by the key of its zone; the same again for the same RRset."""
        key = (covered.name, covered.rdtype, zone, flaw)
        if key not in self._made:
            self._made[key] = self._sign(covered, zone, flaw)
        return self._made[key]

    def _sign(self, covered: dns.rrset.RRset, zone: str, flaw: Flaw) -> dns.rrset.RRset:
        until = self._now + _LASTS.get(flaw, _SOUND_LASTS)
        record = dns.dnssec.sign(
            covered,
            self._key(zone),
            owner(zone),
            self.dnskey(zone)[0],
            inception=until - timedelta(days=15),
            expiration=until,
        )
        if flaw is not Flaw.SPOILT:
            return dns.rrset.from_rdata(covered.name, covered.ttl, record)
        spoilt = record.replace(signature=record.signature[:-1] + bytes((record.signature[-1] ^ 1,)))
        return dns.rrset.from_rdata(covered.name, covered.ttl, spoilt)

    def _key(self, zone: str) -> ec.EllipticCurvePrivateKey:
        if zone not in self._keys:
            self._keys[zone] = ec.generate_private_key(ec.SECP256R1())
        return self._keys[zone]


class DenialChain:
    """The NSEC records of one zone (RFC 4034 §4): each name with its types, and the name that comes next.

    Args:
        types: Every name that owns records in the zone, zones below included, with the types that are there
            by right of this zone; those of NSEC and RRSIG are added.
    """

    def __init__(self, types: Mapping[str, Iterable[str]]) -> None:
        self._types = {name: frozenset(those) for name, those in types.items()}
        self._order = sorted(self._types, key=_canonical)
        self._keys = [_canonical(name) for name in self._order]

    def covering(self, name: str) -> dns.rrset.RRset:
        """The record at the name, or the one whose span it falls into."""
        at = bisect_right(self._keys, _canonical(name)) - 1
        place, following = self._order[at], self._order[(at + 1) % len(self._order)]
        types = sorted(
            self._types[place] | {"NSEC", "RRSIG"}, key=lambda rdtype: dns.rdatatype.from_text(rdtype)
        )
        return rrset(place, DENIAL_TTL_S, "NSEC", f"{following}. {' '.join(types)}")


def _canonical(name: str) -> tuple[bytes, ...]:
    """What names are sorted by: labels from the root down, in lower case (RFC 4034 §6.1)."""
    return tuple(reversed(owner(name).canonicalize().labels))
