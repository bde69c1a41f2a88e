"""Lab domains with one fault in a certificate or in the chain that is sent."""

from typing import Any

from waxseal.lab.behaviour import KEYWORDS, Behaviour
from waxseal.lab.domains.table import (
    AddressPlan,
    Expected,
    LabDomain,
    LabServer,
    broken,
    mail_domain,
    minor,
    mx,
    warns,
)
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsOrder
from waxseal.lab.zone import host_records

_AUTH = (*(keyword for keyword in KEYWORDS if keyword != "STARTTLS"), "AUTH PLAIN LOGIN")


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(3, first=60)
    rows = (*_periods(), *_issuers(), *_chains(), *_names(), *_keys_and_usage())
    return (
        *(mail_domain(name, title, plan, expected, leaf=leaf) for name, title, expected, leaf in rows),
        _one_bad_address(plan),
        _one_bad_type(plan),
        _expired_at_465(plan),
    )


_Row = tuple[str, str, Expected, dict[str, Any]]


def _periods() -> tuple[_Row, ...]:
    return (
        (
            "expired.test",
            "expired three days ago",
            warns("certificate/expired"),
            {"from_days": -93, "to_days": -3},
        ),
        (
            "not-yet-valid.test",
            "is not valid before next week",
            warns("certificate/not-yet-valid"),
            {"from_days": 7, "to_days": 97},
        ),
        (
            "expires-soon.test",
            "expires in five days",
            minor("certificate/expires-soon"),
            {"from_days": -85, "to_days": 5},
        ),
    )


def _issuers() -> tuple[_Row, ...]:
    stranger = Authority.STRANGER_ISSUING
    return (
        ("self-signed.test", "a self-signed certificate", warns("certificate/self-signed"), {"issuer": None}),
        (
            "untrusted-root.test",
            "a root that nobody trusts, sent along",
            warns("certificate/root-untrusted"),
            {"issuer": stranger, "sent": (stranger, Authority.STRANGER_ROOT)},
        ),
        (
            "unknown-issuer.test",
            "an issuer that nobody knows, nothing sent along",
            warns("certificate/issuer-unknown"),
            {"issuer": Authority.STRANGER_ROOT, "sent": ()},
        ),
        (
            "no-authority.test",
            "issued by a certificate that is no CA's",
            warns("certificate/issuer-not-a-ca"),
            {"issuer": Authority.NO_AUTHORITY},
        ),
        (
            "constrained.test",
            "issued by a CA that may not issue for this name",
            warns("certificate/name-constraints-violated"),
            {"issuer": Authority.CONSTRAINED},
        ),
        (
            "spoilt.test",
            "a signature with one bit changed",
            warns("certificate/signature-invalid"),
            {"spoilt": True},
        ),
    )


def _chains() -> tuple[_Row, ...]:
    return (
        (
            "missing-intermediate.test",
            "the intermediate certificate is not sent; the leaf names where to fetch it",
            warns("certificate/intermediate-missing"),
            {"sent": (), "ca_issuers": True},
        ),
        (
            "wrong-order.test",
            "the certificates are sent in the wrong order",
            warns("certificate/chain-out-of-order"),
            {"issuer": Authority.LOWER, "sent": (Authority.ISSUING, Authority.LOWER)},
        ),
        (
            "superfluous.test",
            "a certificate is sent that has nothing to do with it",
            warns("certificate/chain-superfluous"),
            {"sent": (Authority.ISSUING, Authority.STRANGER_ISSUING)},
        ),
    )


def _names() -> tuple[_Row, ...]:
    return (
        (
            "wrong-name.test",
            "the certificate is for another name",
            warns("certificate/name-mismatch"),
            {"names": ("www.hosting.test",)},
        ),
        (
            "cn-only.test",
            "the name stands in the common name only",
            warns("certificate/name-mismatch"),
            {"common_name_only": True},
        ),
        (
            "odd-name.test",
            "a name beside its own that cannot be one",
            warns("certificate/name-malformed"),
            {"names": ("mx.odd-name.test", "mx*.*.odd-name.test")},
        ),
    )


def _keys_and_usage() -> tuple[_Row, ...]:
    return (
        ("weak-key.test", "an RSA key of 1024 bits", warns("certificate/key-weak"), {"key": Key.RSA_1024}),
        (
            "sha1.test",
            "signed with SHA-1",
            warns("certificate/signature-weak"),
            {"issuer": Authority.RSA_ISSUING, "sha1": True},
        ),
        (
            "client-only.test",
            "a certificate for clients only",
            warns("certificate/usage-wrong"),
            {"client_only": True},
        ),
        (
            "critical-unknown.test",
            "a critical extension that nobody knows",
            warns("certificate/critical-extension-unknown"),
            {"critical_unknown": True},
        ),
    )


def _expired(host: str, key: Key = Key.EC_P256) -> LeafOrder:
    return LeafOrder(names=(host,), key=key, from_days=-93, to_days=-3)


def _one_bad_address(plan: AddressPlan) -> LabDomain:
    """Two machines behind one name, of which one was forgotten."""
    name = "one-bad-address.test"
    host = f"mx.{name}"
    good, bad = plan.pair(), plan.pair()
    forgotten = Behaviour(host=host, tls=TlsOrder(leaves=(_expired(host),)))
    return LabDomain(
        name=name,
        title="one of two machines behind one name shows an expired certificate",
        expected=warns("certificate/expired"),
        records=(*mx(name, host), *host_records(host, *good, *bad)),
        servers=(
            LabServer(addresses=good, behaviour=Behaviour(host=host)),
            LabServer(addresses=bad, behaviour=forgotten),
        ),
    )


def _one_bad_type(plan: AddressPlan) -> LabDomain:
    name = "one-bad-type.test"
    host = f"mx.{name}"
    leaves = (LeafOrder(names=(host,)), _expired(host, Key.RSA_2048))
    return mail_domain(
        name,
        "its ECDSA certificate is sound, its RSA certificate has expired",
        plan,
        warns("certificate/expired"),
        tls=TlsOrder(leaves=leaves),
    )


def _expired_at_465(plan: AddressPlan) -> LabDomain:
    host = "mail.expired.test"
    addresses = plan.pair()
    behaviour = Behaviour(host=host, implicit=True, keywords=_AUTH, tls=TlsOrder(leaves=(_expired(host),)))
    expected = broken("certificate/expired")
    return LabDomain(
        name=host,
        title="submission with an expired certificate",
        expected=expected,
        records=tuple(host_records(host, *addresses)),
        servers=(LabServer(addresses=addresses, behaviour=behaviour, port=465),),
        port=465,
    )
