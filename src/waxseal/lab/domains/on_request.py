"""Lab domains with faults that are only looked for on request: DKIM keys, the envelope, blocklists.

Unless asked so all but one are sound; what is said of them when asked is in `REQUESTS`.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from waxseal.grading.seal import State
from waxseal.lab.behaviour import reply
from waxseal.lab.domains.table import (
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    broken,
    expect,
    hosted_domain,
    mail_domain,
    minor,
    slight,
)
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, reverse_name, text_records

DKIM_DOMAIN = "dkim.test"
BLOCKLIST_ID = "spamhaus-zen"
_BLOCKLIST_ZONE = "zen.spamhaus.org"
_UNASKED = {"envelope-demands-tls.test": minor("smtp/unencrypted-refused")}
"""What is said unasked, where that is not that all is well."""


@dataclass(frozen=True)
class Request:
    """A way of asking, and what comes of it.

    Attributes:
        target: The domain.
        settings: Fields of `ProbeSettings`.
        expected: What waxseal should say, `NONE_PUBLISHED` aside where mail is taken on port 25.
    """

    target: str
    settings: dict[str, Any]
    expected: Expected


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(2, first=120)
    return (_dkim(), *_envelopes(plan), *_listings(plan), *_services())


def _services() -> tuple[LabDomain, ...]:
    """Domains whose SRV records lead mail programs astray."""
    rows = (
        ("services-clear.test", "SRV records for submission with STARTTLS only", "0 1 587 mail.sound.test."),
        ("services-gone.test", "an SRV record that names a host without address", "0 1 587 gone.test."),
    )
    return tuple(
        hosted_domain(name, title, SEALED, records=(DnsRecord(f"_submission._tcp.{name}", "SRV", rdata),))
        for name, title, rdata in rows
    )


def _dkim() -> LabDomain:
    failing = FaultyName(f"servfail._domainkey.{DKIM_DOMAIN}", DnsFault.SERVFAIL)
    return hosted_domain(
        DKIM_DOMAIN,
        "DKIM keys in order and not, by selector",
        SEALED,
        records=tuple(_dkim_records()),
        faults=(failing,),
    )


def _dkim_records() -> Iterator[DnsRecord]:
    strong, weak = _public_key(2048), _public_key(1024)
    texts = {
        "good": f"v=DKIM1; k=rsa; p={strong}",
        "revoked": "v=DKIM1; k=rsa; p=",
        "malformed": "v=DKIM1; k=rsa; p=@@@@",
        "weak": f"v=DKIM1; k=rsa; p={weak}",
        "testing": f"v=DKIM1; k=rsa; t=y; p={strong}",
    }
    for selector, text in texts.items():
        yield from text_records(f"{selector}._domainkey.{DKIM_DOMAIN}", text)


@cache
def _public_key(bits: int) -> str:
    """The public half of a key whose private half is thrown away."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _envelopes(plan: AddressPlan) -> tuple[LabDomain, ...]:
    greylisted = reply(451, "4.7.1 Greylisted, try again in five minutes")
    rows: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("envelope.test", "takes the envelope of a message", {}),
        ("envelope-greylisted.test", "puts messages of unknown senders off", {"recipient": greylisted}),
        (
            "envelope-postmaster.test",
            "takes no mail for its postmaster",
            {"recipient": reply(550, "5.1.1 No such user")},
        ),
        (
            "envelope-demands-tls.test",
            "takes no message in clear",
            {"mail": reply(530, "5.7.0 Must issue a STARTTLS command first")},
        ),
    )
    return tuple(
        mail_domain(name, title, plan, _UNASKED.get(name, SEALED), **changes) for name, title, changes in rows
    )


def _listings(plan: AddressPlan) -> tuple[LabDomain, ...]:
    def host(label: str, title: str, address: str = "", *faults: DnsFault) -> LabDomain:
        whole = mail_domain(f"blocklist-{label}.test", title, plan, SEALED)
        entry = _listing_name(whole.servers[0].addresses[0])
        records = (DnsRecord(entry, "A", address), *text_records(entry, "see the lab")) if address else ()
        return replace(
            whole,
            records=(*whole.records, *records),
            faults=tuple(FaultyName(entry, fault) for fault in faults),
        )

    return (
        host("clean", "on no blocklist"),
        host("listed", "on a blocklist", "127.0.0.2"),
        host("refused", "a blocklist that does not answer us", "127.255.255.254"),
        host("servfail", "a blocklist whose look-up ends with SERVFAIL", "", DnsFault.SERVFAIL),
    )


def _listing_name(address: str) -> str:
    """Where the blocklist has an entry for an IPv4 address (RFC 5782 §2.1)."""
    return reverse_name(address).removesuffix("in-addr.arpa") + _BLOCKLIST_ZONE


def _requests() -> Iterator[Request]:
    for selector, expected in _DKIM.items():
        yield Request(DKIM_DOMAIN, {"dkim_keys": ((selector, DKIM_DOMAIN),)}, expected)
    for label, expected in _ENVELOPES.items():
        yield Request(f"envelope{label}.test", {"envelope": True}, expected)
    for label, expected in _LISTINGS.items():
        yield Request(f"blocklist-{label}.test", {"blocklists": (BLOCKLIST_ID,)}, expected)
    for label, expected in _SERVICES.items():
        yield Request(f"services-{label}.test", {"services": True}, expected)


_DKIM: dict[str, Expected] = {
    "good": SEALED,
    "missing": broken("dkim/key-missing"),
    "revoked": broken("dkim/key-revoked"),
    "malformed": broken("dkim/key-malformed"),
    "weak": minor("dkim/key-weak"),
    "testing": minor("dkim/testing-flag"),
    "servfail": slight("dkim/lookup-failed"),
}
_ENVELOPES = {
    "": SEALED,
    "-greylisted": minor("smtp/envelope-deferred"),
    "-postmaster": minor("smtp/postmaster-refused"),
    "-demands-tls": minor("smtp/unencrypted-refused"),
}
_LISTINGS = {
    "clean": SEALED,
    "listed": minor("dnsbl/listed"),
    "refused": expect(State.SEALED, inconclusive=("dnsbl/refused",)),
    "servfail": expect(State.SEALED, inconclusive=("dnsbl/unanswered",)),
}
_SERVICES = {
    "clear": minor("dns/service-implicit-tls-missing"),
    "gone": expect(
        State.MEND,
        fails=("dns/service-target-wrong",),
        warns=("dns/service-implicit-tls-missing",),
    ),
}
REQUESTS = tuple(_requests())
