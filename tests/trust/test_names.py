"""RFC 9525 §6 as a table, and what is told beside the match."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waxseal.facts import Certificate
from waxseal.trust.names import NameMatch, match, match_dns_id, names_presented

LONG = "a" * 63


@pytest.mark.parametrize(
    ("reference", "presented", "matched"),
    [
        ("mx.example.org", "mx.example.org", True),
        ("MX.Example.ORG", "mx.example.org", True),
        ("mx.example.org", "MX.EXAMPLE.ORG", True),
        ("mx.example.org.", "mx.example.org", True),
        ("mx.example.org..", "mx.example.org", False),
        ("mx.example.org", "mx.example.org.", False),
        ("mx.example.org", "example.org", False),
        ("example.org", "mx.example.org", False),
        ("mx.example.org", "mxaexample.org", False),
        ("mx_1.example.org", "mx_1.example.org", True),
        (f"{LONG}.example.org", f"{LONG}.example.org", True),
        (f"a{LONG}.example.org", f"a{LONG}.example.org", False),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "XN--BCHER-KVA.example", True),
        ("bücher.example", "xn--bcher-kva.example", False),
        ("bücher.example", "bücher.example", False),
        ("\u212a.example", "k.example", False),
        ("mx.example.org", "*.example.org", True),
        ("mx.example.org.", "*.Example.org", True),
        ("xn--bcher-kva.example.org", "*.example.org", True),
        ("example.org", "*.example.org", False),
        ("a.mx.example.org", "*.example.org", False),
        ("mx.example.org", "m*.example.org", False),
        ("mx.example.org", "*x.example.org", False),
        ("foo.example.org", "f*o.example.org", False),
        ("mx.example.org", "mx.*.org", False),
        ("mx.example.org", "*.*.org", False),
        ("mx.example.org", "**.example.org", False),
        ("mx.example.org", "*", False),
        ("*.example.org", "*.example.org", False),
        ("example.org", "*.org", True),
        ("localhost", "*", True),
        ("localhost", "localhost", True),
        ("192.0.2.1", "192.0.2.1", False),
        ("192.0.2.1", "*.0.2.1", False),
        ("2001:db8::1", "2001:db8::1", False),
        ("", "", False),
        (".", "", False),
        ("mx.example.org", "", False),
        ("mx.example.org", "mx.example.org\x00.evil.example", False),
        ("mx.example.org\x00", "mx.example.org", False),
        ("mx.example.org\n", "mx.example.org", False),
        ("mx.example.org", "mx.example.org\n", False),
        ("-mx.example.org", "-mx.example.org", False),
        ("mx.example.org", ".example.org", False),
        ("mx..example.org", "mx..example.org", False),
    ],
)
def test_dns_id(reference: str, presented: str, matched: bool) -> None:
    assert match_dns_id(reference, presented) is matched


def certificate(dns: tuple[str, ...] = (), ip: tuple[str, ...] = (), cn: tuple[str, ...] = ()) -> Certificate:
    return Certificate(der=b"", sha256="", dns_names=dns, ip_names=ip, common_names=cn)


@pytest.mark.parametrize(
    ("held", "reference", "answer"),
    [
        (certificate(("a.org", "*.b.org")), "x.b.org", NameMatch(True, "*.b.org")),
        (certificate(("X.b.org", "*.b.org")), "x.b.org", NameMatch(True, "X.b.org")),
        (certificate(("a.org",)), "b.org", NameMatch(False)),
        (certificate(("a.org",), cn=("b.org",)), "b.org", NameMatch(False, "", True)),
        (certificate(cn=("*.b.org",)), "mx.b.org", NameMatch(False, "", True)),
        (certificate(("b.org",), cn=("b.org",)), "b.org", NameMatch(True, "b.org")),
        (certificate(ip=("192.0.2.1",)), "192.0.2.1", NameMatch(True, "192.0.2.1")),
        (certificate(("192.0.2.1",)), "192.0.2.1", NameMatch(False, malformed=("192.0.2.1",))),
        (certificate(cn=("192.0.2.1",)), "192.0.2.1", NameMatch(False, "", True)),
        (certificate(ip=("2001:db8::1",)), "2001:DB8:0:0::1", NameMatch(True, "2001:db8::1")),
        (certificate(ip=("::ffff:192.0.2.1",)), "192.0.2.1", NameMatch(False)),
        (certificate(ip=("fe80::1",)), "fe80::1%eth0", NameMatch(False)),
        (certificate(("f*o.org", "ok.org")), "ok.org", NameMatch(True, "ok.org", malformed=("f*o.org",))),
        (certificate(("a..org", "b.org.")), "b.org", NameMatch(False, malformed=("a..org", "b.org."))),
    ],
)  # fmt: skip
def test_match(held: Certificate, reference: str, answer: NameMatch) -> None:
    assert match(held, reference) == answer


def test_names_presented_are_those_of_the_alternative_name() -> None:
    held = certificate(("a.org", "f*o.org"), ("192.0.2.1",), ("c.org",))
    assert names_presented(held) == ("a.org", "f*o.org", "192.0.2.1")


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_text_raises(reference: str, presented: str) -> None:
    match_dns_id(reference, presented)
    match(certificate((presented,), (presented,), (presented,)), reference)


LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)  # all digits could be an address


@settings(deadline=None)
@given(st.lists(LABEL, min_size=2, max_size=5), LABEL)
def test_a_wildcard_stands_for_one_label(labels: list[str], other: str) -> None:
    wildcard = ".".join(["*", *labels])
    if match_dns_id(".".join([*labels]), ".".join(labels)):
        assert match_dns_id(".".join([other, *labels]), wildcard)
    assert not match_dns_id(".".join(labels), wildcard)
    assert not match_dns_id(".".join([other, other, *labels]), wildcard)
