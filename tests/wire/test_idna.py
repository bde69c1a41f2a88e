"""Names between U-labels and A-labels, and what is wrong with them."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire.idna import InvalidName, a_label_problem, hostname_problem, to_a_label, to_u_label


@pytest.mark.parametrize(
    ("name", "a_label"),
    [
        ("example.org", "example.org"),
        ("Example.ORG.", "example.org"),
        (" example.org\n", "example.org"),
        ("_25._tcp.mx.example.org", "_25._tcp.mx.example.org"),
        ("localhost", "localhost"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example.", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.bücher.example", "xn--bcher-kva.xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｅｘａｍｐｌｅ．ｏｒｇ", "example.org"),
        ("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
        ("\u05d0.example", "xn--4db.example"),
        # Cherokee, where the capital letters are the valid ones.
        ("\u13fc\uabbb.example", "xn--bcer.example"),
        ("a--b.example", "a--b.example"),
        ("xn--.example", "xn--.example"),
    ],
)
def test_to_a_labels(name: str, a_label: str) -> None:
    assert to_a_label(name) == a_label


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        (".", "it is empty"),
        ("  ", "it is empty"),
        ("a..b", "empty label"),
        (".example.org", "empty label"),
        ("ü..b", "empty label"),
        ("user@example.org", "the character '@'"),
        ("two words.example", "the character ' '"),
        ("example.org/path", "the character '/'"),
        ("[192.0.2.1]", r"the character '\['"),
        ("a\0b.example", "the character '.x00'"),
        ("a" * 64 + ".example", "more than 63"),
        ("ü" * 60 + ".example", "."),
        (".".join(["a" * 60] * 5), "at most 253"),
        ("a" * 5000, "far too long"),
        ("ü" * 5000, "far too long"),
        ("-ü.example", "cannot be a domain name's"),
        ("☃.example", "cannot be a domain name's"),
        ("a\u200db\u00fc.example", "cannot be a domain name's"),
        ("\u05d0a.example", "cannot be a domain name's"),
        ("ü@example.org", "."),
        ("\ud800.example", "."),
    ],
)
def test_what_is_no_domain_name(name: str, reason: str) -> None:
    with pytest.raises(InvalidName, match=reason) as caught:
        to_a_label(name)
    assert not str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "u_label"),
    [
        ("example.org", "example.org"),
        ("Example.org.", "Example.org."),
        ("xn--bcher-kva.example", "bücher.example"),
        ("XN--BCHER-KVA.Example", "bücher.Example"),
        ("xn--bcher-kva.xn--zz.example", "bücher.xn--zz.example"),
        ("xn--.example", "xn--.example"),
        ("", ""),
        ("..xn--fa-hia..", "..faß.."),
    ],
)
def test_to_u_labels(name: str, u_label: str) -> None:
    assert to_u_label(name) == u_label


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("example.org", None),
        ("xn--bcher-kva.example", None),
        ("XN--BCHER-KVA.example.", None),
        ("xn--.example", "xn--"),
        ("a.xn--a.example", "'xn--a'"),
        ("xn--example-.org", "xn--example-"),
        ("xn--" + "a" * 70, "longer than 63"),
        ("xn--bcher-KVA\u00fc.example", "no valid A-label"),
        ("xn--n3h.example", "no valid A-label"),
    ],
)
def test_a_label_problems(name: str, problem: str | None) -> None:
    found = a_label_problem(name)
    if problem is None:
        assert found is None
    else:
        assert found is not None
        assert problem in found


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("mx.example.org", None),
        ("3com.com", None),
        ("a.b", None),
        ("xn--bcher-kva.example", None),
        ("MX1.Example.ORG", None),
        ("a" * 63 + ".example", None),
        ("", "empty"),
        ("localhost", "fully qualified"),
        ("mx_1.example.org", "underscore"),
        ("192.0.2.1", "IP address"),
        ("[192.0.2.1]", "IP address"),
        ("2001:db8::1", "IP address"),
        ("[IPv6:2001:db8::1]", "IP address"),
        ("mx.example.org.", "ends in a dot"),
        ("mx..example.org", "empty label"),
        (".example.org", "empty label"),
        ("-mx.example.org", "hyphen"),
        ("mx-.example.org", "hyphen"),
        ("a" * 64 + ".example", "longer than 63"),
        (".".join(["a" * 60] * 5), "longer than 253"),
        ("bücher.example", "A-labels"),
        ("mx example.org", "something else"),
        ("*.example.org", "something else"),
        ("mx.example.org\n", "something else"),
        ("192.0.2.256", "last label"),
        ("mx.example.2", "last label"),
    ],
)
def test_hostname_problems(name: str, problem: str | None) -> None:
    found = hostname_problem(name)
    if problem is None:
        assert found is None
    else:
        assert found is not None
        assert problem in found


_name = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.one_of(
            st.text(alphabet="abXN-_üßא日\u200d.", max_size=10),
            st.text(alphabet="abcn-0129", max_size=12).map(lambda text: "xn--" + text),
        ),
        max_size=5,
    ).map(".".join),
)


@given(_name)
def test_any_text_gives_a_name_or_invalid_name(name: str) -> None:
    try:
        a_label = to_a_label(name)
    except InvalidName:
        return
    assert a_label.isascii()
    assert a_label == a_label.lower()
    assert 1 <= len(a_label) <= 253
    assert all(1 <= len(label) <= 63 for label in a_label.split("."))
    assert to_a_label(a_label) == a_label


@given(_name)
def test_display_and_problems_never_raise(name: str) -> None:
    shown = to_u_label(name)
    assert shown.count(".") == name.count(".")
    a_label_problem(name)
    hostname_problem(name)


@given(_name)
def test_valid_names_survive_the_round_trip(name: str) -> None:
    try:
        a_label = to_a_label(name)
    except InvalidName:
        return
    if a_label_problem(a_label) is None:
        assert to_a_label(to_u_label(a_label)) == a_label


def test_the_idna_tables_are_loaded_only_when_needed() -> None:
    code = (
        "import sys; from waxseal.wire.idna import to_a_label, to_u_label;"
        " to_a_label('Example.org'); to_u_label('example.org'); assert 'idna' not in sys.modules;"
        " to_a_label('b\\xfccher.example'); assert 'idna' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
