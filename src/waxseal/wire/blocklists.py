"""DNS blocklists of addresses: our table of them, the name to ask for, and what an answer means (RFC 5782).

The table is ``data/blocklists.toml``. Asking is in ``probes.blocklists``, judging in ``checks/dnsbl``.
"""

import ipaddress
import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert

from waxseal.facts import BlocklistAnswer, DnsStatus
from waxseal.wire.dns_rdata import reverse_name, txt_records

_CODES = ipaddress.IPv4Network("127.0.0.0/8")
_REFUSALS = ipaddress.IPv4Network("127.255.255.0/24")
_DENIALS = (DnsStatus.NXDOMAIN, DnsStatus.NO_DATA)


class Blocklist(Struct, frozen=True, forbid_unknown_fields=True):
    """One list.

    Attributes:
        id: What users call it.
        zone: Its DNS zone.
        title: Its name.
        look_up: Page where a listing is explained and ended.
        terms: Page with its terms, and what they say about programs.
        automated: The terms let a program ask without an agreement.
        families: Address families that it lists: 4, 6.
        codes: Address in an answer to its meaning.
        refusals: Address in an answer that is no listing to its meaning.
    """

    id: str
    zone: str
    title: str
    look_up: str
    terms: str
    automated: bool
    families: tuple[int, ...]
    codes: dict[str, str]
    refusals: dict[str, str] = {}


@cache
def blocklists() -> dict[str, Blocklist]:
    """Every list of the table by its id."""
    text = files("waxseal").joinpath("data", "blocklists.toml").read_text(encoding="utf-8")
    lists = convert(tomllib.loads(text)["list"], tuple[Blocklist, ...])
    return {known.id: known for known in lists}


def question(known: Blocklist, address: str) -> str | None:
    """The name whose A records answer for an address (RFC 5782 §2.1, IPv6 §2.4); None: it lists no such."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if parsed.version not in known.families:
        return None
    labels = reverse_name(address).rsplit(".", 2)[0]  # without in-addr.arpa or ip6.arpa
    return f"{labels}.{known.zone}"


class Standing(StrEnum):
    """What a list says of an address."""

    LISTED = "listed"
    CLEAR = "clear"
    REFUSED = "refused"
    """The list answered, but not the question."""
    UNKNOWN = "unknown"
    """No answer came."""


def read_answer(fact: BlocklistAnswer) -> tuple[Standing, tuple[str, ...]]:
    """What a list said, and its reasons in words.

    A refusal code is never a listing, and neither is an address outside 127.0.0.0/8, as comes of a zone
    that was given up and answers every name.
    """
    if fact.answer.status in _DENIALS:
        return Standing.CLEAR, ()
    if fact.answer.status is not DnsStatus.ANSWERED:
        return Standing.UNKNOWN, (fact.answer.status.value,)
    known = blocklists().get(fact.list_id)
    listed: list[str] = []
    refused: list[str] = []
    for text in fact.answer.rdata:
        code = ipaddress.IPv4Address(text)
        refusal = known.refusals.get(text) if known else None
        if code in _REFUSALS or refusal:
            refused.append(f"{text}: {refusal or 'refuses to answer'}")
        elif code not in _CODES:
            refused.append(f"{text}: no answer of a blocklist")
        else:
            meaning = known.codes.get(text) if known else None
            listed.append(f"{text}: {meaning or 'for a reason that we do not know'}")
    if not listed:
        return Standing.REFUSED, tuple(refused)
    texts = txt_records(fact.text) if fact.text is not None else ()
    return Standing.LISTED, tuple(listed + [_printable(text) for text in texts[:2]])


def _printable(text: bytes) -> str:
    decoded = text[:160].decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in decoded)
