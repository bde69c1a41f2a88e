"""The client's side of SASL mechanisms that prove a password, without I/O (RFC 4422).

PLAIN (RFC 4616), LOGIN (as widely deployed; no RFC), CRAM-MD5 (RFC 2195), SCRAM-SHA-1 (RFC 5802) and
SCRAM-SHA-256 (RFC 7677), and Base64 as the mail protocols carry it. Nonces are passed in. How challenges and
responses are framed belongs to each protocol; which mechanism is fit to be used, to the caller. Channel
binding (the -PLUS variants) is not spoken.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final, Protocol

MAX_CHALLENGE_OCTETS: Final = 12288
"""Octets in Base64 that are sufficient for deployed mechanisms (RFC 4954 §4); longer ones are not decoded."""
MAX_ITERATIONS: Final = 1_000_000
"""Rounds of hashing that a server may ask for; more is taken for an attack on the client."""

PREFERENCE: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "LOGIN", "CRAM-MD5")
"""The mechanisms spoken, in the order to try an account with under TLS to a proved server.

PLAIN comes first, since it works with every form in which a server stores passwords; SCRAM and CRAM-MD5 fail
where theirs is not among them, however right the password.
"""

_SCRAM: Final = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
_SERVER_FIRST = re.compile(r"r=([!-+\--~]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})(?:,.*)?", re.DOTALL)


class SaslError(Exception):
    """The exchange cannot go on by the mechanism's rules; the message names the rule and no secret."""


class SaslClient(Protocol):
    """One login.

    Attributes:
        initial: The initial response; None where the server speaks first, or the mechanism has none.
        proved: Whether the server proved that it knows the password; None where the mechanism does not ask.
    """

    initial: bytes | None
    proved: bool | None

    def answer(self, challenge: bytes) -> bytes:
        """The response to the next challenge, both without Base64.

        Raises:
            SaslError: The challenge is none of the mechanism's, or one too many.
        """
        ...


def client(mechanism: str, user: str, password: str, nonce: str) -> SaslClient:
    """The client of one login.

    Args:
        mechanism: One of `PREFERENCE`.
        user: User name, sent as UTF-8.
        password: Sent as UTF-8, or hashed.
        nonce: For SCRAM: random printable US-ASCII without a comma, different each time (RFC 5802 §5.1).

    Raises:
        ValueError: The mechanism is not spoken here, or cannot carry that user, password or nonce.
    """
    makers: dict[str, Callable[[], SaslClient]] = {
        "PLAIN": lambda: _Plain(user, password),
        "LOGIN": lambda: _Login(user, password),
        "CRAM-MD5": lambda: _CramMd5(user, password),
    }
    if mechanism in _SCRAM:
        return _Scram(_SCRAM[mechanism], user, password, nonce)
    if mechanism not in makers:
        raise ValueError(f"{mechanism[:20]!r} is not spoken")
    return makers[mechanism]()


def carries(mechanism: str, user: str, password: str) -> bool:
    """Whether a mechanism can carry that user and password.

    SCRAM would have them prepared with SASLprep (RFC 5802 §5.1), which printable US-ASCII passes unchanged;
    others are left to the mechanisms with which the server prepares them.
    """
    if not user or not password or "\0" in user + password:
        return False
    plain = all(" " <= character <= "~" for character in user + password)
    return plain or mechanism in ("PLAIN", "LOGIN")


def encoded(octets: bytes) -> bytes:
    """Base64 as it is sent; "" for nothing."""
    return base64.b64encode(octets)


def decoded(text: bytes) -> bytes | None:
    """The octets of a challenge; None where it is not Base64, which no client may overlook (RFC 4954 §4)."""
    if len(text) > MAX_CHALLENGE_OCTETS:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


class _Plain:
    """User and password in one message, NUL before each (RFC 4616 §2)."""

    def __init__(self, user: str, password: str) -> None:
        _refuse_nul(user, password)
        self.initial: bytes | None = b"\0" + user.encode() + b"\0" + password.encode()
        self.proved: bool | None = None
        self._spent = False

    def answer(self, challenge: bytes) -> bytes:
        """The message, where the server asked before it was sent."""
        if self._spent or self.initial is None:
            raise SaslError("PLAIN has one message only")
        self._spent = True
        return self.initial


class _Login:
    """User, then password, each behind a challenge whose text says nothing reliable."""

    def __init__(self, user: str, password: str) -> None:
        _refuse_nul(user, password)
        self.initial: bytes | None = None
        self.proved: bool | None = None
        self._left = [user.encode(), password.encode()]

    def answer(self, challenge: bytes) -> bytes:
        """The next of the two."""
        if not self._left:
            raise SaslError("LOGIN has two messages only")
        return self._left.pop(0)


class _CramMd5:
    """The server's challenge under the password's key (RFC 2195 §2)."""

    def __init__(self, user: str, password: str) -> None:
        _refuse_nul(user, password)
        self.initial: bytes | None = None
        self.proved: bool | None = None
        self._user = user.encode()
        self._key = password.encode()
        self._spent = False

    def answer(self, challenge: bytes) -> bytes:
        """User, SP and digest in lower-case hexadecimal."""
        if self._spent or not challenge:
            raise SaslError("CRAM-MD5 has one challenge only, and it is not empty")
        self._spent = True
        return self._user + b" " + hmac.new(self._key, challenge, "md5").hexdigest().encode()


class _Scram:
    """Salted challenge and response, without channel binding (RFC 5802 §3, §5)."""

    def __init__(self, algorithm: str, user: str, password: str, nonce: str) -> None:
        if not carries("SCRAM", user, password):
            raise ValueError("SCRAM takes printable US-ASCII here")
        if not re.fullmatch(r"[!-+\--~]{1,128}", nonce):
            raise ValueError("a nonce is printable US-ASCII without a comma")
        name = user.replace("=", "=3D").replace(",", "=2C")  # (RFC 5802 §5.1)
        self._algorithm = algorithm
        self._password = password.encode()
        self._nonce = nonce
        self._bare = f"n={name},r={nonce}"
        self._left = ["first", "final", "end"]
        self._signature = b""
        self.initial: bytes | None = f"n,,{self._bare}".encode()
        self.proved: bool | None = False

    def answer(self, challenge: bytes) -> bytes:
        """client-first where it was not sent yet, client-final, and nothing behind server-final."""
        if self._left[:1] == ["first"] and not challenge and self.initial is not None:
            self._left.pop(0)
            return self.initial
        if self._left[:1] == ["first"]:
            self._left.pop(0)
        step = self._left.pop(0) if self._left else ""
        if step == "final":
            return self._final(challenge)
        if step == "end":
            # "v=" and the signature that only a server with the key can make (RFC 5802 §7)
            given = re.match(rb"v=([A-Za-z0-9+/]+={0,2})", challenge)
            found = decoded(given[1]) if given else None
            self.proved = found is not None and hmac.compare_digest(found, self._signature)
            if not self.proved:
                raise SaslError("the server's signature is wrong, or it refused with an error")
            return b""
        raise SaslError("SCRAM has no further message")

    def _final(self, server_first: bytes) -> bytes:
        text = server_first.decode("ascii", "replace")
        found = _SERVER_FIRST.fullmatch(text)
        # The server's nonce begins with the client's, and "m" means what we do not know (RFC 5802 §5.1).
        if found is None or not found[1].startswith(self._nonce) or len(found[1]) == len(self._nonce):
            raise SaslError("server-first is not of SCRAM's form, or does not repeat the nonce")
        salt, rounds = decoded(found[2].encode()), int(found[3])
        if salt is None or rounds > MAX_ITERATIONS:
            raise SaslError("the salt is not Base64, or the number of rounds out of all proportion")
        without_proof = f"c=biws,r={found[1]}".encode()  # "biws" is "n,," in Base64: no channel binding
        message = b",".join((self._bare.encode(), server_first, without_proof))
        salted = hashlib.pbkdf2_hmac(self._algorithm, self._password, salt, rounds)
        key = self._keyed(salted, b"Client Key")
        signature = self._keyed(hashlib.new(self._algorithm, key).digest(), message)
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        self._signature = self._keyed(self._keyed(salted, b"Server Key"), message)
        return without_proof + b",p=" + base64.b64encode(proof)

    def _keyed(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, self._algorithm).digest()


def _refuse_nul(user: str, password: str) -> None:
    if not carries("PLAIN", user, password):
        raise ValueError("user and password are not empty and hold no NUL")
