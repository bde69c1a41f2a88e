"""The certificates and records that tests/data/tlsa-vectors.toml speaks of, made anew in each run."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.trust import pki
from tests.trust.pki import CA, CLIENT, DAY, Entity, Wish, issue, leaf_wish
from waxseal.facts import TlsaRecord

NOW = pki.NOW
OLD: dict[str, Any] = {"not_before": NOW - 90 * DAY, "not_after": NOW - DAY}
LATER: dict[str, Any] = {"not_before": NOW + DAY, "not_after": NOW + 90 * DAY}
HOST = "mx.example.org"


@cache
def entities() -> dict[str, Entity]:
    root = issue("Root", CA)
    inter = issue("Inter", CA, root)
    old = issue("Old", Wish(ca=True, key_usage=pki.CA_USAGE, **OLD), root)
    old_root = issue("Old Root", Wish(ca=True, key_usage=pki.CA_USAGE, **OLD))
    later = issue("Later", Wish(ca=True, key_usage=pki.CA_USAGE, **LATER), root)
    clients = issue("Clients", Wish(ca=True, key_usage=pki.CA_USAGE, purposes=(CLIENT,)), root)
    odd = issue("Odd", Wish(ca=True, key_usage=pki.CA_USAGE, extra=[("1.2.3.4", True, b"\x05\x00")]), root)
    short = issue("Short", Wish(ca=True, path_length=0, key_usage=pki.CA_USAGE), root)
    lower = issue("Lower", CA, short)
    narrow_wish = Wish(ca=True, key_usage=pki.CA_USAGE, permitted=[pki.general("example.net")])
    narrow = issue("Narrow", narrow_wish, root)
    leaf = issue(HOST, leaf_wish(), inter)

    def below(issuer: Entity, *hosts: str, subject: str = "", **changes: Any) -> Entity:
        return issue(subject, leaf_wish(*hosts, **changes), issuer, own=pki.key(f"{hosts}{subject}{changes}"))

    return {
        "root": root,
        "inter": inter,
        "old": old,
        "short": short,
        "lower": lower,
        "narrow": narrow,
        "stranger": issue("Stranger", CA),
        "leaf": leaf,
        "renewed": issue(HOST, leaf_wish(serial=77), inter, own=leaf.key),
        "direct": below(root),
        "expired": below(inter, **OLD),
        "expired_direct": below(root, **OLD),
        "future": below(inter, **LATER),
        "other_name": below(inter, "mx.example.com"),
        "next_hop": below(inter, "example.org"),
        "for_clients": below(inter, purposes=(CLIENT,)),
        "wildcard": below(inter, "*.example.org"),
        "part_wildcard": below(inter, "m*.example.org"),
        "capitals": below(inter, "MX.Example.ORG"),
        "cn_only": below(inter, subject=HOST, alt_names=None),
        "cn_beside": below(inter, "mx.example.com", subject=HOST),
        "cn_with_address": below(inter, "192.0.2.25", subject=HOST),
        "self_signed": issue(HOST, leaf_wish(), own=pki.key("self")),
        "self_signed_expired": issue("other", leaf_wish("mx.example.com", **OLD), own=pki.key("self2")),
        "below_old": below(old),
        "old_root": old_root,
        "later": later,
        "clients": clients,
        "odd": odd,
        "below_old_root": below(old_root),
        "below_later": below(later),
        "below_clients": below(clients),
        "below_odd": below(odd),
        "below_leaf": below(leaf, serial=78),
        "below_short": below(short),
        "below_lower": below(lower),
        "below_narrow": below(narrow),
        "within_narrow": below(narrow, "mx.example.net"),
        "forged": issue(HOST, leaf_wish(), inter, own=pki.key("forged"), signed_by=pki.key("elsewhere")),
    }


@dataclass(frozen=True)
class Vector:
    """One vector; fields as in the data file."""

    name: str
    section: str
    records: tuple[str, ...]
    each: tuple[str, ...]
    chain: tuple[str, ...] = ("leaf", "inter")
    names: tuple[str, ...] = (HOST,)
    holds: bool = True
    combinations: tuple[str, ...] | None = None
    differs: str = ""

    @property
    def tlsa(self) -> tuple[TlsaRecord, ...]:
        return tuple(map(record, self.records))


def record(text: str) -> TlsaRecord:
    """A record out of the words of the data file."""
    usage, selector, matching_type, what, *change = text.split(" ")
    numbers = int(usage), int(selector), int(matching_type)
    if what.startswith("hex:"):
        return TlsaRecord(*numbers, bytes.fromhex(what.removeprefix("hex:")))
    of_key = what.startswith("key:") or numbers[1] == 1
    certificate = entities()[what.removeprefix("key:")].x509
    data = _selected(certificate, of_key)
    if numbers[2]:
        data = (hashlib.sha512 if numbers[2] == 2 else hashlib.sha256)(data).digest()
    changed = {"cut": data[:-1], "long": data + b"\x00"}
    return TlsaRecord(*numbers, changed[change[0]] if change else data)


def _selected(certificate: x509.Certificate, of_key: bool) -> bytes:
    if of_key:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_bytes(Encoding.DER)


def vectors() -> tuple[Vector, ...]:
    path = Path(__file__).parents[1] / "data" / "tlsa-vectors.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["vector"]
    return tuple(Vector(**{key: _frozen(value) for key, value in table.items()}) for table in tables)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
