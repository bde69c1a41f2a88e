"""The server's side of SASL logins (RFC 4422) in the lab, without I/O and without a protocol around it.

PLAIN is RFC 4616, ANONYMOUS RFC 4505, SCRAM RFC 5802. How challenges and responses are framed is each
protocol's own: ``lab.smtp_server`` and ``lab.access_server``.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Generator

Login = Generator[bytes, bytes, bool]
"""Gives challenges, takes responses, returns whether the client is in."""

_ITERATIONS = 4096
_HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}


def decoded(text: bytes) -> bytes | None:
    """The octets of a BASE64 response; ``=`` alone is the empty one (RFC 4954 §4). None where it is none."""
    if text == b"=":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def login(mechanism: str, initial: bytes | None, account: tuple[str, str], *, anyone: bool) -> Login:
    """One exchange.

    Args:
        mechanism: Its name, upper case.
        initial: The initial response; None for none.
        account: The user and the password that are good.
        anyone: Every user and password is good, where the mechanism lets a server pretend so.
    """
    user, password = (text.encode() for text in account)
    if mechanism == "PLAIN":
        message = (yield b"") if initial is None else initial
        parts = message.split(b"\0")
        return anyone or (len(parts) == 3 and _same(parts[1], user) and _same(parts[2], password))
    if mechanism == "LOGIN":
        name = (yield b"Username:") if initial is None else initial
        word = yield b"Password:"
        return anyone or (_same(name, user) and _same(word, password))
    if mechanism == "ANONYMOUS":
        if initial is None:
            yield b""
        return True
    if mechanism == "EXTERNAL":
        if initial is None:
            yield b""
        return anyone  # the lab asks for no client certificate, so nobody has proved a name
    if mechanism == "CRAM-MD5":
        challenge = b"<" + secrets.token_hex(8).encode() + b"@lab.test>"
        response = yield challenge
        digest = hmac.new(password, challenge, "md5").hexdigest().encode()
        return anyone or _same(response, user + b" " + digest)
    if mechanism in _HASHES:
        return (yield from _scram(_HASHES[mechanism], initial, user, password))
    # The rest is offered, and lets nobody in: DIGEST-MD5, NTLM, SCRAM with channel binding, and so on.
    yield b'realm="lab.test",nonce="%s",qop="auth",algorithm=md5-sess' % secrets.token_hex(8).encode()
    return False


def _scram(algorithm: str, initial: bytes | None, user: bytes, password: bytes) -> Login:
    """Salted challenge and response (RFC 5802 §3); unknown users fail at the end, like wrong passwords."""
    first = (yield b"") if initial is None else initial
    header, _, bare = first.partition(b",,")
    if header not in (b"n", b"y"):
        return False
    asked = _attributes(bare)
    salt = secrets.token_bytes(16)
    nonce = asked.get(b"r", b"") + secrets.token_hex(12).encode()
    server_first = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt), _ITERATIONS)
    final = yield server_first
    without_proof, _, proof_text = final.rpartition(b",p=")
    proof = decoded(proof_text)
    given = _attributes(without_proof)
    message = b",".join((bare, server_first, without_proof))
    salted = hashlib.pbkdf2_hmac(algorithm, password, salt, _ITERATIONS)
    client_key = _hmac(algorithm, salted, b"Client Key")
    signature = _hmac(algorithm, hashlib.new(algorithm, client_key).digest(), message)
    due = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    bound = given.get(b"c") == base64.b64encode(header + b",,")
    if not (bound and given.get(b"r") == nonce and _same(asked.get(b"n", b""), user)):
        return False
    if proof is None or not _same(proof, due):
        return False
    verifier = _hmac(algorithm, _hmac(algorithm, salted, b"Server Key"), message)
    yield b"v=" + base64.b64encode(verifier)
    return True


def _attributes(text: bytes) -> dict[bytes, bytes]:
    """``n=user,r=nonce`` by their letters."""
    return {part[:1]: part[2:] for part in text.split(b",") if part[1:2] == b"="}


def _hmac(algorithm: str, key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, algorithm).digest()


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
