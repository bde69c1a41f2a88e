"""Chains with known faults: one table for waxseal's answers and for the comparison with OpenSSL's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ipaddress import ip_network
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.trust import pki
from tests.trust.pki import CA, CLIENT, DAY, NOW, SERVER, Entity, Wish, issue, leaf_wish
from waxseal.trust.proof import ProblemCode as Code

Faults = Sequence[tuple[Code, int]]


@dataclass(frozen=True)
class Scenario:
    """A chain as sent, the anchors, and what is wrong with it.

    Attributes:
        differs: Why OpenSSL decides otherwise; "" where it decides the same.
    """

    name: str
    chain: tuple[bytes, ...]
    anchors: tuple[bytes, ...]
    faults: tuple[tuple[Code, int], ...] = ()
    at: datetime = NOW
    superfluous: tuple[int, ...] = ()
    root_sent: bool = False
    out_of_order: bool = False
    differs: str = ""


def scenario(
    name: str, chain: Sequence[Entity], anchors: Sequence[Entity], *faults: tuple[Code, int], **more: Any
) -> Scenario:
    return Scenario(name, tuple(c.der for c in chain), tuple(c.der for c in anchors), faults, **more)


ROOT = issue("Root", CA)
INTER = issue("Inter", CA, ROOT)
LEAF = issue("mx.example.org", leaf_wish(), INTER)
DIRECT = issue("mx.example.org", leaf_wish(), ROOT)
STRANGER = issue("Stranger", CA)


@cache
def everything() -> tuple[Scenario, ...]:
    groups: tuple[Callable[[], Iterator[Scenario]], ...] = (
        plain,
        dates,
        ends,
        authorities,
        path_lengths,
        usages,
        extensions,
        signatures,
        alternatives,
        several,
        constraints,
        odd,
    )
    return tuple(each for group in groups for each in group())


def plain() -> Iterator[Scenario]:
    upper = issue("Upper", CA, ROOT)
    lower = issue("Lower", CA, upper)
    deep = issue("mx.example.org", leaf_wish(), lower)
    yield scenario("sound", (LEAF, INTER), (ROOT,))
    yield scenario("sound among other roots", (LEAF, INTER), (STRANGER, ROOT))
    yield scenario("directly below the root", (DIRECT,), (ROOT,))
    yield scenario("root sent", (LEAF, INTER, ROOT), (ROOT,), root_sent=True)
    yield scenario("in order", (deep, lower, upper), (ROOT,))
    yield scenario("out of order", (deep, upper, lower), (ROOT,), out_of_order=True)
    yield scenario(
        "root before intermediate", (LEAF, ROOT, INTER), (ROOT,), root_sent=True, out_of_order=True
    )
    yield scenario("superfluous intermediate", (LEAF, INTER, upper), (ROOT,), superfluous=(2,))
    yield scenario("intermediate twice", (LEAF, INTER, INTER), (ROOT,), superfluous=(2,))
    yield scenario("leaf twice", (LEAF, LEAF, INTER), (ROOT,), superfluous=(1,))
    yield scenario("another root sent", (LEAF, INTER, STRANGER), (ROOT,), superfluous=(2,), root_sent=True)
    yield scenario("intermediate is the anchor", (LEAF,), (INTER,))


def dates() -> Iterator[Scenario]:
    old = {"not_before": NOW - 90 * DAY, "not_after": NOW - DAY}
    early = {"not_before": NOW + DAY, "not_after": NOW + 90 * DAY}
    yield scenario("leaf expired", (issue("a", leaf_wish(**old), INTER), INTER), (ROOT,), (Code.EXPIRED, 0))
    yield scenario(
        "leaf not yet valid", (issue("a", leaf_wish(**early), INTER), INTER), (ROOT,), (Code.NOT_YET_VALID, 0)
    )
    for what, more, code in (("expired", old, Code.EXPIRED), ("not yet valid", early, Code.NOT_YET_VALID)):
        wish = Wish(ca=True, key_usage=pki.CA_USAGE, **more)  # type: ignore[arg-type]
        inter = issue("Inter", wish, ROOT)
        root = issue("Root", wish)
        yield scenario(f"intermediate {what}", (LEAF, inter), (ROOT,), (code, 1))
        yield scenario(f"root {what}", (LEAF, INTER), (root,), (code, 2))
    end = LEAF.fact.not_after
    assert end is not None
    yield scenario(
        "last second", (LEAF, INTER), (ROOT,), at=end, differs="OpenSSL takes the last second for past"
    )


def ends() -> Iterator[Scenario]:
    alone = issue("mx.example.org", leaf_wish())
    ca_leaf = issue("mx.example.org", Wish(ca=True, alt_names=[pki.general("mx.example.org")]))
    place = "http://ca.example/inter.cer"
    named = issue("mx.example.org", leaf_wish(caissuers=place), INTER)
    yield scenario("self-signed leaf", (alone,), (ROOT,), (Code.SELF_SIGNED_LEAF, 0))
    yield scenario("self-signed CA as leaf", (ca_leaf,), (ROOT,), (Code.SELF_SIGNED_LEAF, 0))
    yield scenario("self-signed leaf, no anchors", (alone,), (), (Code.SELF_SIGNED_LEAF, 0))
    yield scenario("self-signed leaf is the anchor", (alone,), (alone,))
    yield scenario("issued leaf is the anchor", (LEAF,), (LEAF,))
    yield scenario(
        "untrusted root sent",
        (LEAF, INTER, ROOT),
        (STRANGER,),
        (Code.SELF_SIGNED_ROOT_UNTRUSTED, 2),
        root_sent=True,
    )
    yield scenario("issuer unknown", (LEAF,), (ROOT,), (Code.ISSUER_UNKNOWN, 0))
    yield scenario("root unknown", (LEAF, INTER), (STRANGER,), (Code.ISSUER_UNKNOWN, 1))
    yield scenario("intermediate missing", (named,), (ROOT,), (Code.INTERMEDIATE_MISSING, 0))
    yield scenario(
        "only something else sent", (named, STRANGER), (ROOT,), (Code.INTERMEDIATE_MISSING, 0),
        superfluous=(1,), root_sent=True,
    )  # fmt: skip
    namesake = issue("Root", CA, own=pki.key("namesake"))
    yield scenario("root of the same name and another key", (DIRECT,), (namesake,), (Code.ISSUER_UNKNOWN, 0))
    fake = issue("Inter", CA, namesake)
    below = issue("mx.example.org", leaf_wish(), fake)
    yield scenario(
        "fake root of a known name",
        (below, fake, namesake),
        (ROOT,),
        (Code.SELF_SIGNED_ROOT_UNTRUSTED, 2),
        root_sent=True,
    )


def authorities() -> Iterator[Scenario]:
    def below(wish: Wish, name: str = "Inter") -> tuple[Entity, Entity]:
        inter = issue(name, wish, ROOT)
        return issue("mx.example.org", leaf_wish(), inter), inter

    yield scenario("cA false", below(Wish(ca=False)), (ROOT,), (Code.NOT_A_CA, 1))
    yield scenario("no basicConstraints", below(Wish()), (ROOT,), (Code.NOT_A_CA, 1))
    yield scenario(
        "keyCertSign alone is not enough", below(Wish(key_usage=pki.CA_USAGE)), (ROOT,), (Code.NOT_A_CA, 1)
    )
    yield scenario(
        "no keyCertSign", below(Wish(ca=True, key_usage=pki.LEAF_USAGE)), (ROOT,), (Code.NOT_A_CA, 1)
    )
    yield scenario(
        "neither", below(Wish(key_usage=pki.LEAF_USAGE)), (ROOT,), (Code.NOT_A_CA, 1), (Code.NOT_A_CA, 1)
    )
    yield scenario("no keyUsage at all", below(Wish(ca=True)), (ROOT,))
    for what, wish, faults in (
        ("without extensions", Wish(), ((Code.NOT_A_CA, 1),)),
        ("with keyCertSign only", Wish(key_usage=pki.CA_USAGE), ()),
        ("with cA false", Wish(ca=False), ((Code.NOT_A_CA, 1),)),
    ):
        root = issue("Root", wish)
        yield scenario(f"root {what}", (DIRECT,), (root,), *faults)
    old = pki.rebuilt(ROOT, ROOT.key, lambda fields: [f for f in fields if f[0] not in {0xA0, 0xA3}])
    yield scenario("root of version 1", (LEAF, INTER), (old,))
    inter = pki.rebuilt(INTER, ROOT.key, lambda fields: [f for f in fields if f[0] not in {0xA0, 0xA3}])
    yield scenario("intermediate of version 1", (LEAF, inter), (ROOT,), (Code.NOT_A_CA, 1))
    yield scenario(
        "a leaf issues a leaf",
        (issue("mail.example.org", leaf_wish(), LEAF), LEAF, INTER),
        (ROOT,),
        (Code.NOT_A_CA, 1),
        (Code.NOT_A_CA, 1),
    )


def path_lengths() -> Iterator[Scenario]:
    for limit in (0, 1):
        upper = issue("Upper", Wish(ca=True, path_length=limit, key_usage=pki.CA_USAGE), ROOT)
        lower = issue("Lower", CA, upper)
        leaf = issue("mx.example.org", leaf_wish(), lower)
        faults = ((Code.PATH_LENGTH_EXCEEDED, 2),) if limit == 0 else ()
        yield scenario(f"path length {limit}, one below", (leaf, lower, upper), (ROOT,), *faults)
    upper = issue("Upper", Wish(ca=True, path_length=0), ROOT)
    again = issue("Upper", CA, upper, own=pki.key("again"))
    leaf = issue("mx.example.org", leaf_wish(), again)
    yield scenario("self-issued is not counted", (leaf, again, upper), (ROOT,))
    root = issue("Root", Wish(ca=True, path_length=0))
    yield scenario("root with path length 0", (LEAF, INTER), (root,), (Code.PATH_LENGTH_EXCEEDED, 2))


def usages() -> Iterator[Scenario]:
    every = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
    for what, purposes, faulty in (
        ("client only", (CLIENT,), True),
        ("server and client", (SERVER, CLIENT), False),
        ("any", (every,), True),
        ("none named", None, False),
        ("server-gated", (x509.ObjectIdentifier("2.16.840.1.113730.4.1"),), False),
    ):
        leaf = issue("mx.example.org", leaf_wish(purposes=purposes), INTER)
        inter = issue("Inter", Wish(ca=True, purposes=purposes), ROOT)
        root = issue("Root", Wish(ca=True, purposes=purposes))
        for where, chain, anchor, depth in (
            ("leaf", (leaf, INTER), ROOT, 0),
            ("intermediate", (LEAF, inter), ROOT, 1),
            ("root", (LEAF, INTER), root, 2),
        ):
            faults = ((Code.EXTENDED_KEY_USAGE, depth),) if faulty else ()
            yield scenario(f"{where} for {what}", chain, (anchor,), *faults)
    for what, bits, faulty in (
        ("keyEncipherment", ("key_encipherment",), False),
        ("keyAgreement", ("key_agreement",), False),
        ("keyCertSign", ("key_cert_sign",), True),
    ):
        leaf = issue("mx.example.org", leaf_wish(key_usage=pki.usage(*bits)), INTER)
        yield scenario(f"leaf key for {what}", (leaf, INTER), (ROOT,), *([(Code.KEY_USAGE, 0)] * faulty))


def extensions() -> Iterator[Scenario]:
    unknown = ("1.3.6.1.4.1.55555.1", True, b"\x05\x00")
    tolerated = ("1.3.6.1.4.1.55555.1", False, b"\x05\x00")
    policies = ("2.5.29.32", True, bytes.fromhex("300630040602") + b"\x2a\x03")
    leaf = issue("mx.example.org", leaf_wish(extra=(unknown,)), INTER)
    inter = issue("Inter", Wish(ca=True, extra=(unknown,)), ROOT)
    root = issue("Root", Wish(ca=True, extra=(unknown,)))
    fault = Code.UNKNOWN_CRITICAL_EXTENSION
    yield scenario("unknown critical in leaf", (leaf, INTER), (ROOT,), (fault, 0))
    yield scenario("unknown critical in intermediate", (LEAF, inter), (ROOT,), (fault, 1))
    yield scenario("unknown critical in root", (LEAF, INTER), (root,), (fault, 2))
    for what, extra in (("unknown", tolerated), ("critical policies", policies)):
        leaf = issue("mx.example.org", leaf_wish(extra=(extra,)), INTER)
        yield scenario(f"{what} in leaf", (leaf, INTER), (ROOT,))
    san = pki.extension("2.5.29.17", bytes.fromhex("300382") + b"\x05a")
    broken = pki.with_extensions(LEAF, INTER.key, san)
    yield scenario("broken subjectAltName", (broken, INTER), (ROOT,), (Code.UNPARSEABLE, 0))
    fine = pki.extension("2.5.29.17", bytes.fromhex("3003820161"))
    twice = pki.with_extensions(LEAF, INTER.key, fine, fine)
    yield scenario("extension twice", (twice, INTER), (ROOT,), (Code.UNPARSEABLE, 0))
    negative = pki.with_extensions(
        INTER, ROOT.key, pki.extension("2.5.29.19", bytes.fromhex("30060101ff0201ff"))
    )
    yield scenario(
        "negative path length", (LEAF, negative), (ROOT,), (Code.UNPARSEABLE, 1), (Code.NOT_A_CA, 1)
    )
    info = pki.extension("1.3.6.1.5.5.7.1.1", b"\x30\x05\x00")
    odd = pki.with_extensions(LEAF, INTER.key, info, fine)
    yield scenario("broken authorityInfoAccess does no harm", (odd, INTER), (ROOT,))


def signatures() -> Iterator[Scenario]:
    wrong = issue("mx.example.org", leaf_wish(), INTER, signed_by=pki.key("wrong"))
    yield scenario("leaf's signature wrong", (wrong, INTER), (ROOT,), (Code.SIGNATURE_INVALID, 0))
    inter = issue("Inter", CA, ROOT, signed_by=pki.key("wrong"))
    yield scenario("intermediate's signature wrong", (LEAF, inter), (ROOT,), (Code.SIGNATURE_INVALID, 1))
    forged = issue("Root", CA, signed_by=pki.key("wrong"))
    yield scenario("the anchor's own signature is not looked at", (LEAF, INTER), (forged,))
    alone = issue("a", leaf_wish(), signed_by=pki.key("wrong"))
    yield scenario(
        "leaf names itself, signature wrong",
        (alone,),
        (ROOT,),
        (Code.SELF_SIGNED_LEAF, 0),
        (Code.SIGNATURE_INVALID, 0),
    )
    outer = bytes.fromhex("300a06082a8648ce3d040303")
    two = pki.rebuilt(LEAF, INTER.key, lambda fields: fields, outer=outer)
    yield scenario("two algorithm identifiers", (two, INTER), (ROOT,), (Code.SIGNATURE_INVALID, 0))
    for kind in ("rsa", "ec384", "ed25519", "ed448", "dsa", "rsa1024"):
        root = issue(f"{kind} root", CA, own=pki.key("root", kind))
        leaf = issue("mx.example.org", leaf_wish(), root)
        yield scenario(f"signed with {kind}", (leaf,), (root,))
    root = issue("rsa root", CA, own=pki.key("root", "rsa"))
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    leaf = issue("mx.example.org", leaf_wish(), root, rsa_padding=pss, digest=hashes.SHA384())
    yield scenario("signed with RSASSA-PSS", (leaf,), (root,))
    for algorithm, digest in ((pki.RSA_SHA1, hashes.SHA1()), (pki.RSA_MD5, hashes.MD5())):
        weak = pki.rebuilt(
            issue("mx.example.org", leaf_wish(), root),
            root.key,
            lambda fields: fields,
            algorithm=algorithm,
            digest=digest,
        )
        yield scenario(f"signed with {digest.name}", (weak,), (root,))


def alternatives() -> Iterator[Scenario]:
    old_root = issue("Old Root", CA)
    crossed = issue("Root", CA, old_root, own=ROOT.key)
    past = Wish(ca=True, not_before=NOW - 90 * DAY, not_after=NOW - DAY)
    expired_root = issue("Old Root", past)
    expired = issue("Root", past, old_root, own=ROOT.key)
    both = (LEAF, INTER, crossed)
    yield scenario("cross-signed, new root known", both, (ROOT,), superfluous=(2,))
    yield scenario("cross-signed, old root known", both, (old_root,))
    yield scenario("cross-signed, both known", both, (old_root, ROOT), superfluous=(2,))
    yield scenario("cross-signed, old root expired", both, (expired_root, ROOT), superfluous=(2,))
    yield scenario("cross-signed, only the expired root known", both, (expired_root,), (Code.EXPIRED, 3))
    yield scenario("cross-certificate expired", (LEAF, INTER, expired), (ROOT,), superfluous=(2,))
    yield scenario(
        "two cross-certificates, one expired", (LEAF, INTER, expired, crossed), (old_root,), superfluous=(2,)
    )
    yield scenario(
        "the renewed intermediate sent after the expired one",
        (LEAF, issue("Inter", past, ROOT), INTER),
        (ROOT,),
        superfluous=(1,),
    )
    one, two = issue("One", CA), issue("Two", CA)
    circle = (issue("a", leaf_wish(), one), issue("One", CA, two), issue("Two", CA, one))
    yield scenario("a circle", circle, (ROOT,), (Code.ISSUER_UNKNOWN, 2))
    yield scenario("a circle with a way out", circle, (two,), superfluous=(2,))
    banned = issue("Inter", Wish(ca=True, excluded=[x509.DNSName("example.org")]), ROOT)
    yield scenario(
        "the second of two namesakes will do",
        (LEAF, banned, INTER),
        (ROOT,),
        superfluous=(1,),
        differs="OpenSSL takes the first candidate and looks no further",
    )


def several() -> Iterator[Scenario]:
    old = {"not_before": NOW - 90 * DAY, "not_after": NOW - DAY}
    leaf = issue("a", leaf_wish(purposes=(CLIENT,), **old), STRANGER)
    yield scenario(
        "expired, wrong purpose, unknown issuer",
        (leaf,),
        (ROOT,),
        (Code.ISSUER_UNKNOWN, 0),
        (Code.EXPIRED, 0),
        (Code.EXTENDED_KEY_USAGE, 0),
    )
    inter = issue("Bad", Wish(ca=False, key_usage=pki.LEAF_USAGE, **old), ROOT)  # type: ignore[arg-type]
    leaf = issue("b", leaf_wish(**old), inter, signed_by=pki.key("wrong"))
    yield scenario(
        "all wrong at once",
        (leaf, inter),
        (ROOT,),
        (Code.SIGNATURE_INVALID, 0),
        (Code.EXPIRED, 0),
        (Code.EXPIRED, 1),
        (Code.NOT_A_CA, 1),
        (Code.NOT_A_CA, 1),
    )
    alone = issue("c", leaf_wish(**old))
    yield scenario(
        "expired and self-signed", (alone,), (ROOT,), (Code.SELF_SIGNED_LEAF, 0), (Code.EXPIRED, 0)
    )
    yield scenario("expired anchor as leaf", (alone,), (alone,), (Code.EXPIRED, 0))


def constraints() -> Iterator[Scenario]:
    dns = x509.DNSName

    def net(text: str) -> x509.IPAddress:
        return x509.IPAddress(ip_network(text))

    there = x509.DirectoryName(pki.name("O=Sealed,C=NL"))
    mail = x509.RFC822Name
    uri = x509.UniformResourceIdentifier
    other = x509.OtherName(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    table: tuple[tuple[str, dict[str, Any], str, Sequence[x509.GeneralName], bool], ...] = (
        ("host permitted", {"permitted": [dns("example.org")]}, "", [dns("mx.example.org")], True),
        ("the base itself", {"permitted": [dns("example.org")]}, "", [dns("EXAMPLE.org")], True),
        ("host not permitted", {"permitted": [dns("example.org")]}, "", [dns("mx.example.net")], False),
        ("only a label's end", {"permitted": [dns("example.org")]}, "", [dns("badexample.org")], False),
        ("one of two not", {"permitted": [dns("a.org")]}, "", [dns("a.org"), dns("b.org")], False),
        ("one of two bases", {"permitted": [dns("a.org"), dns("b.org")]}, "", [dns("x.b.org")], True),
        ("host excluded", {"excluded": [dns("example.org")]}, "", [dns("mx.example.org")], False),
        ("host not excluded", {"excluded": [dns("example.org")]}, "", [dns("mx.example.net")], True),
        ("every host excluded", {"excluded": [dns("")]}, "", [dns("mx.example.net")], False),
        ("leading dot, below", {"permitted": [dns(".a.org")]}, "", [dns("x.a.org")], True),
        ("leading dot, itself", {"permitted": [dns(".a.org")]}, "", [dns("a.org")], False),
        ("permitted but excluded", {"permitted": [dns("a.org")], "excluded": [dns("b.a.org")]}, "",
         [dns("x.b.a.org")], False),
        ("another form of name", {"permitted": [dns("a.org")]}, "", [pki.general("192.0.2.1")], True),
        ("wildcard within", {"permitted": [dns("a.org")]}, "", [dns("*.a.org")], True),
        ("wildcard over excluded", {"excluded": [dns("b.a.org")]}, "", [dns("*.a.org")], False),
        ("address permitted", {"permitted": [net("192.0.2.0/24")]}, "", [pki.general("192.0.2.7")], True),
        ("address not permitted", {"permitted": [net("192.0.2.0/24")]}, "",
         [pki.general("192.0.3.7")], False),
        ("address excluded", {"excluded": [net("2001:db8::/32")]}, "", [pki.general("2001:db8::1")], False),
        ("address of another family", {"permitted": [net("192.0.2.0/24")]}, "",
         [pki.general("2001:db8::1")], False),
        ("subject permitted", {"permitted": [there]}, "CN=mx,O=Sealed,C=NL", [dns("a.org")], True),
        ("subject folded", {"permitted": [there]}, "CN=mx,O=\\  SEALED,C=nl", [dns("a.org")], True),
        ("subject not permitted", {"permitted": [there]}, "CN=mx,O=Other,C=NL", [dns("a.org")], False),
        ("subject excluded", {"excluded": [there]}, "CN=mx,O=Sealed,C=NL", [dns("a.org")], False),
        ("empty subject", {"permitted": [there]}, "", [dns("a.org")], True),
        ("mailbox of a host", {"permitted": [mail("a.org")]}, "", [mail("x@a.org")], True),
        ("mailbox elsewhere", {"permitted": [mail("a.org")]}, "", [mail("x@b.a.org")], False),
        ("mailbox of a domain", {"permitted": [mail(".a.org")]}, "", [mail("x@b.a.org")], True),
        ("one mailbox", {"permitted": [mail("x@a.org")]}, "", [mail("x@A.org")], True),
        ("another mailbox", {"permitted": [mail("x@a.org")]}, "", [mail("y@a.org")], False),
        ("URI within", {"permitted": [uri(".a.org")]}, "", [uri("https://b.a.org/x")], True),
        ("URI outside", {"permitted": [uri(".a.org")]}, "", [uri("https://b.org/x")], False),
        ("form unknown", {"excluded": [other]}, "", [other], False),
        ("form unknown, not used", {"excluded": [other]}, "", [dns("a.org")], True),
        ("common name not permitted", {"permitted": [dns("a.org")]}, "CN=mx.b.org",
         [pki.general("192.0.2.1")], False),
        ("common name not looked at", {"permitted": [dns("a.org")]}, "CN=mx.b.org", [dns("a.org")], True),
    )  # fmt: skip
    for what, limits, subject, names, fine in table:
        inter = issue("Limited", Wish(ca=True, **limits), ROOT)
        leaf = issue(subject, leaf_wish(alt_names=list(names)), inter, own=pki.key("leaf"))
        faults = () if fine else ((Code.NAME_CONSTRAINTS_VIOLATED, 0),)
        differs = "OpenSSL compares a wildcard as a label" if what == "wildcard over excluded" else ""
        yield scenario(f"constraints: {what}", (leaf, inter), (ROOT,), *faults, differs=differs)
    limited = issue("Root", Wish(ca=True, permitted=[dns("example.net")]))
    yield scenario("constraints of the root", (LEAF, INTER), (limited,), (Code.NAME_CONSTRAINTS_VIOLATED, 0))
    upper = issue("Upper", Wish(ca=True, permitted=[there]), ROOT)
    lower = issue("CN=Lower,O=Other", CA, upper)
    leaf = issue("CN=mx,O=Sealed,C=NL", leaf_wish("mx.example.org"), lower)
    fault = (Code.NAME_CONSTRAINTS_VIOLATED, 1)
    yield scenario("constraints bind intermediates", (leaf, lower, upper), (ROOT,), fault)
    base = pki.encode(0x82, b"a.org")
    subtree = pki.encode(0x30, base + b"\x80\x01\x00" + b"\x81\x01\x05")
    value = pki.encode(0x30, pki.encode(0xA0, subtree))
    bounded = pki.with_extensions(
        INTER,
        ROOT.key,
        pki.extension("2.5.29.19", b"\x30\x03\x01\x01\xff"),
        pki.extension("2.5.29.30", value),
    )
    yield scenario("subtree with a maximum", (LEAF, bounded), (ROOT,), (Code.NAME_CONSTRAINTS_VIOLATED, 0))


def odd() -> Iterator[Scenario]:
    yield scenario(
        "not a certificate",
        (LEAF.with_octets(b"hello"), INTER),
        (ROOT,),
        (Code.ISSUER_UNKNOWN, 0),
        (Code.UNPARSEABLE, 0),
        superfluous=(1,),
    )
    print_form = pki.rebuilt(
        LEAF, INTER.key, lambda fields: [f.replace(b"\x0c\x05Inter", b"\x13\x05iNTER") for f in fields]
    )
    yield scenario("issuer in another string type and case", (print_form, INTER), (ROOT,))
    serial = pki.rebuilt(LEAF, INTER.key, lambda fields: [fields[0], b"\x02\x01\xf0", *fields[2:]])
    yield scenario("negative serial number", (serial, INTER), (ROOT,))
    timeless = pki.rebuilt(LEAF, INTER.key, lambda fields: [
        *fields[:4], pki.encode(0x30, pki.encode(0x17, b"2501010000Z") * 2), *fields[5:]
    ])  # fmt: skip
    yield scenario("times that cannot be read", (timeless, INTER), (ROOT,), (Code.UNPARSEABLE, 0))
    yield scenario("curve spelled out", (spelled_out(), INTER), (ROOT,), (Code.CURVE_NOT_NAMED, 0))


def spelled_out() -> Entity:
    """The leaf with the parameters of P-256 in place of its name (SEC 2 §2.4.2)."""
    p = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
    a = "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
    b = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"
    g = (
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    n = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    field = pki.encode(0x30, pki.encode_oid("1.2.840.10045.1.1") + pki.encode(2, bytes.fromhex("00" + p)))
    curve = pki.encode(0x30, pki.encode(4, bytes.fromhex(a)) + pki.encode(4, bytes.fromhex(b)))
    base, order = pki.encode(4, bytes.fromhex(g)), pki.encode(2, bytes.fromhex("00" + n))
    parameters = pki.encode(0x30, b"\x02\x01\x01" + field + curve + base + order + b"\x02\x01\x01")
    named = pki.encode_oid("1.2.840.10045.3.1.7")
    kind = pki.encode_oid("1.2.840.10045.2.1")

    def edit(fields: list[bytes]) -> list[bytes]:
        point = fields[6][-68:]
        assert named in fields[6]
        return [*fields[:6], pki.encode(0x30, pki.encode(0x30, kind + parameters) + point), *fields[7:]]

    return pki.rebuilt(LEAF, INTER.key, edit)
