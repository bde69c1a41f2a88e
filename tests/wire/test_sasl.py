"""SASL messages, by the examples of the RFCs, and by properties."""

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.wire import sasl

ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)
NONCE = "fyko+d2lbbFgONRv9qkxdawL"


def test_plain_as_in_rfc_4616() -> None:
    assert sasl.client("PLAIN", "tim", "tanstaaftanstaaf", "").initial == b"\0tim\0tanstaaftanstaaf"


def test_plain_answers_an_empty_challenge_once() -> None:
    login = sasl.client("PLAIN", "jürgen", "a b", "")
    assert login.answer(b"") == "\0jürgen\0a b".encode()
    with pytest.raises(sasl.SaslError):
        login.answer(b"")


def test_login_is_user_then_password() -> None:
    login = sasl.client("LOGIN", "tim", "secret", "")
    assert login.initial is None
    assert [login.answer(b"Username:"), login.answer(b"Password:")] == [b"tim", b"secret"]
    with pytest.raises(sasl.SaslError):
        login.answer(b"again?")


def test_cram_md5_as_in_rfc_2195() -> None:
    login = sasl.client("CRAM-MD5", "tim", "tanstaaftanstaaf", "")
    challenge = b64decode("PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+")
    assert login.answer(challenge) == b64decode("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw")


SCRAM = [
    pytest.param(
        "SCRAM-SHA-1",
        NONCE,
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        id="RFC 5802",
    ),
    pytest.param(
        "SCRAM-SHA-256",
        "rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        id="RFC 7677",
    ),
]


@pytest.mark.parametrize("asked_first", [False, True])
@pytest.mark.parametrize(("mechanism", "nonce", "server_first", "client_final", "server_final"), SCRAM)
def test_scram(
    mechanism: str,
    nonce: str,
    server_first: bytes,
    client_final: bytes,
    server_final: bytes,
    asked_first: bool,
) -> None:
    login = sasl.client(mechanism, "user", "pencil", nonce)
    first = login.answer(b"") if asked_first else login.initial
    assert first == f"n,,n=user,r={nonce}".encode()
    assert login.answer(server_first) == client_final
    assert login.proved is False
    assert login.answer(server_final) == b""
    assert login.proved is True


def test_scram_quotes_the_user() -> None:
    assert sasl.client("SCRAM-SHA-1", "a=b,c", "x", "n").initial == b"n,,n=a=3Db=2Cc,r=n"


@pytest.mark.parametrize(
    "server_first",
    [
        b"r=other,s=QSXCR+Q6sek8bf92,i=4096",
        b"r=" + NONCE.encode() + b",s=QSXCR+Q6sek8bf92,i=4096",  # nothing of the server's own
        b"m=new,r=" + NONCE.encode() + b"x,s=QSXCR+Q6sek8bf92,i=4096",
        b"r=" + NONCE.encode() + b"x,s=QSXCR+Q6sek8bf92,i=1000000001",
        b"r=" + NONCE.encode() + b"x,s=QSX,i=4096",
        b"r=" + NONCE.encode() + b"x,s=QSXCR+Q6sek8bf92,i=0",
        b"e=unknown-user",
    ],
)
def test_scram_refuses(server_first: bytes) -> None:
    login = sasl.client("SCRAM-SHA-1", "user", "pencil", NONCE)
    with pytest.raises(sasl.SaslError):
        login.answer(server_first)


def test_a_server_without_the_key_is_found_out() -> None:
    login = sasl.client("SCRAM-SHA-1", "user", "pencil", NONCE)
    login.answer(b"r=" + NONCE.encode() + b"x,s=QSXCR+Q6sek8bf92,i=4096")
    with pytest.raises(sasl.SaslError):
        login.answer(b"v=" + b64encode(b"0" * 20))
    assert login.proved is False


@given(ASCII, ASCII, st.sampled_from(["sha1", "sha256"]))
def test_scram_proof_holds_for_a_server_of_rfc_5802(user: str, password: str, algorithm: str) -> None:
    login = sasl.client({"sha1": "SCRAM-SHA-1"}.get(algorithm, "SCRAM-SHA-256"), user, password, "abc")
    assert login.initial is not None
    server_first = b"r=abcdef,s=" + b64encode(b"salt") + b",i=2"
    final = login.answer(server_first)
    bare, (without_proof, proof) = login.initial[3:], final.rsplit(b",p=", 1)
    salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), b"salt", 2)
    stored = hashlib.new(algorithm, hmac.digest(salted, b"Client Key", algorithm)).digest()
    signature = hmac.digest(stored, b",".join((bare, server_first, without_proof)), algorithm)
    key = bytes(a ^ b for a, b in zip(signature, b64decode(proof), strict=True))
    assert hashlib.new(algorithm, key).digest() == stored


@given(
    st.sampled_from(sasl.PREFERENCE),
    st.lists(
        st.binary(max_size=200) | st.from_regex(rb"r=n[!-+]{1,9},s=[A-Za-z]{0,9},i=[0-9]{1,2}"), max_size=5
    ),
)
def test_any_challenges_end_in_an_answer_or_a_sasl_error(mechanism: str, challenges: list[bytes]) -> None:
    login = sasl.client(mechanism, "user", "pencil", "n")
    for challenge in challenges:
        try:
            told = login.answer(challenge)
        except sasl.SaslError as error:
            told = str(error).encode()
            mechanism = ""
        assert b"pencil" not in told or mechanism in ("PLAIN", "LOGIN")


@given(st.binary(max_size=300))
def test_base64_goes_round(octets: bytes) -> None:
    assert sasl.decoded(sasl.encoded(octets)) == octets


@pytest.mark.parametrize("text", [b"=AAA", b"AAA=BBB", b"A", b"AA AA", b"\xff", b"A" * 20000])
def test_what_is_no_base64(text: bytes) -> None:
    assert sasl.decoded(text) is None


@pytest.mark.parametrize(
    ("mechanism", "user", "password", "yes"),
    [
        ("PLAIN", "jürgen", "ä", True),
        ("SCRAM-SHA-1", "jürgen", "a", False),
        ("CRAM-MD5", "tim", "ä", False),
        ("LOGIN", "tim", "", False),
        ("PLAIN", "t\0m", "a", False),
        ("SCRAM-SHA-256", "tim", "a b", True),
    ],
)
def test_what_a_mechanism_carries(mechanism: str, user: str, password: str, yes: bool) -> None:
    assert sasl.carries(mechanism, user, password) is yes
    if "\0" in user or not password:
        with pytest.raises(ValueError, match="NUL"):
            sasl.client("PLAIN", user, password, "")


def test_other_mechanisms_are_not_spoken() -> None:
    with pytest.raises(ValueError, match="GSSAPI"):
        sasl.client("GSSAPI", "a", "b", "n")
