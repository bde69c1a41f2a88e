"""The lab's SASL against RFC figures, and against a client of our own for SCRAM."""

import base64
import hashlib
import hmac

import pytest

from waxseal.lab.sasl import decoded, login

ACCOUNT = ("user", "pencil")


def outcome(mechanism: str, *responses: bytes, initial: bool = True, anyone: bool = False) -> bool:
    """Whether these responses let in; the first one goes as the initial response where told so."""
    first, rest = (responses[0], responses[1:]) if initial else (None, responses)
    exchange = login(mechanism, first, ACCOUNT, anyone=anyone)
    try:
        next(exchange)
        for response in rest:
            exchange.send(response)
    except StopIteration as end:
        return bool(end.value)
    raise AssertionError("the exchange goes on")


@pytest.mark.parametrize(
    ("mechanism", "responses", "good"),
    [
        ("PLAIN", (b"\0user\0pencil",), True),
        ("PLAIN", (b"\0user\0pen",), False),
        ("PLAIN", (b"user",), False),
        ("LOGIN", (b"user", b"pencil"), True),
        ("LOGIN", (b"user", b"x"), False),
        ("ANONYMOUS", (b"",), True),
        ("EXTERNAL", (b"",), False),
        ("CRAM-MD5", (b"", b"user 00"), False),
        ("DIGEST-MD5", (b"", b"x"), False),
        ("NTLM", (b"", b"x"), False),
        ("SCRAM-SHA-1", (b"p=tls-unique,,n=user,r=a",), False),
    ],
)
def test_outcomes(mechanism: str, responses: tuple[bytes, ...], good: bool) -> None:
    assert outcome(mechanism, *responses) is good


def test_anyone() -> None:
    assert outcome("PLAIN", b"\0n0nce\0n0nce", anyone=True)
    assert outcome("LOGIN", b"a", b"b", initial=False, anyone=True)
    assert outcome("EXTERNAL", b"", anyone=True)


def test_cram_md5() -> None:
    exchange = login("CRAM-MD5", None, ACCOUNT, anyone=False)
    digest = hmac.new(b"pencil", next(exchange), "md5").hexdigest()
    with pytest.raises(StopIteration) as end:
        exchange.send(f"user {digest}".encode())
    assert end.value.value is True


def scram(algorithm: str, user: bytes, password: bytes) -> bool:
    """A client's side (RFC 5802 §3), the server's signature checked."""
    exchange = login(
        f"SCRAM-{ {'sha1': 'SHA-1', 'sha256': 'SHA-256'}[algorithm] }", None, ACCOUNT, anyone=False
    )
    assert next(exchange) == b""
    bare = b"n=" + user + b",r=abc"
    first = exchange.send(b"n,," + bare)
    nonce, salt, rounds = (part[2:] for part in first.split(b","))
    salted = hashlib.pbkdf2_hmac(algorithm, password, base64.b64decode(salt), int(rounds))
    key = hmac.new(salted, b"Client Key", algorithm).digest()
    final = b"c=biws,r=" + nonce
    message = b",".join((bare, first, final))
    signature = hmac.new(hashlib.new(algorithm, key).digest(), message, algorithm).digest()
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    try:
        verifier = exchange.send(final + b",p=" + base64.b64encode(proof))
    except StopIteration as end:
        return bool(end.value)
    server_key = hmac.new(salted, b"Server Key", algorithm).digest()
    due = hmac.new(server_key, message, algorithm).digest()
    assert verifier == b"v=" + base64.b64encode(due)
    with pytest.raises(StopIteration) as finished:
        exchange.send(b"")
    return bool(finished.value.value)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_scram(algorithm: str) -> None:
    assert scram(algorithm, b"user", b"pencil")
    assert not scram(algorithm, b"user", b"pen")
    assert not scram(algorithm, b"n0nce", b"pencil")


def test_decoding() -> None:
    assert decoded(b"=") == b""
    assert decoded(b"YQ==") == b"a"
    assert decoded(b"*") is None
