"""Secrets of SSL 3.0 to TLS 1.2: PRF, main secret, key block, Finished and what a client signs.

RFC 5246 §5, §6.3, §7.4.9 and §8.1; RFC 2246 §5 for TLS 1.0 and 1.1; RFC 6101 §5.6.8, §5.6.9 and §6 for
SSL 3.0; RFC 7627 §4 for the extended main secret. Plain computation on octets; secrets come from
``wire.tls12_exchange``, records are protected in ``wire.tls12_protection``.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from waxseal.wire.tls12_suites import TLS_1_2, Suite12

SSL_3_0: Final = 0x0300
MAIN_SECRET_OCTETS: Final = 48
VERIFY_OCTETS: Final = 12
_CLIENT, _SERVER = b"client finished", b"server finished"
_SENDERS_SSL3: Final = {_CLIENT: b"CLNT", _SERVER: b"SRVR"}


def p_hash(hash_name: str, secret: bytes, seed: bytes, octets: int) -> bytes:
    """P_hash, the data expansion function (RFC 5246 §5)."""
    step, output = seed, b""
    while len(output) < octets:
        step = hmac.digest(secret, step, hash_name)
        output += hmac.digest(secret, step + seed, hash_name)
    return output[:octets]


def prf(version: int, hash_name: str, secret: bytes, label: bytes, seed: bytes, octets: int) -> bytes:
    """The PRF of TLS 1.2 (RFC 5246 §5), or that of TLS 1.0 and 1.1, of MD5 and SHA-1 (RFC 2246 §5)."""
    if version >= TLS_1_2:
        return p_hash(hash_name, secret, label + seed, octets)
    half = (len(secret) + 1) // 2
    left = p_hash("md5", secret[:half], label + seed, octets)
    right = p_hash("sha1", secret[len(secret) - half :], label + seed, octets)
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(octets, "big")


def expand_ssl3(secret: bytes, seed: bytes, octets: int) -> bytes:
    """SSL 3.0's MD5 over SHA-1 of "A", "BB", "CCC" and so on (RFC 6101 §6.1, §6.2.2)."""
    output = b""
    step = 1
    while len(output) < octets:
        salt = bytes([64 + step]) * step
        inner = _sha1(salt + secret + seed)
        output += _md5(secret + inner)
        step += 1
    return output[:octets]


@dataclass(slots=True)
class Secrets12:
    """The main secret of one handshake, and what follows from it.

    Attributes:
        version: The negotiated version.
        hash_name: Hash of TLS 1.2's PRF.
        main: The main secret; b"" before the key exchange.
    """

    version: int
    hash_name: str
    main: bytes = field(default=b"", repr=False)

    def derive(self, premain: bytes, randoms: bytes) -> None:
        """The main secret of the randoms, client's first (RFC 5246 §8.1)."""
        if self.version == SSL_3_0:
            self.main = expand_ssl3(premain, randoms, MAIN_SECRET_OCTETS)
        else:
            self.main = self._prf(premain, b"master secret", randoms, MAIN_SECRET_OCTETS)

    def derive_extended(self, premain: bytes, transcript: bytes) -> None:
        """The main secret of the session hash, over all up to ClientKeyExchange (RFC 7627 §4)."""
        self.main = self._prf(premain, b"extended master secret", self.digest(transcript), MAIN_SECRET_OCTETS)

    def key_block(self, suite: Suite12, randoms: bytes) -> tuple[tuple[bytes, bytes, bytes], ...]:
        """MAC key, key and IV of the client and of the server (RFC 5246 §6.3).

        Args:
            suite: Says how long they are.
            randoms: The server's first.
        """
        mac_octets = hashlib.new(suite.mac).digest_size if suite.mac else 0
        sizes = [mac_octets, suite.cipher.key_octets, suite.cipher.iv_octets]
        if self.version == SSL_3_0:
            block = expand_ssl3(self.main, randoms, 2 * sum(sizes))
        else:
            block = self._prf(self.main, b"key expansion", randoms, 2 * sum(sizes))
        cut = []
        for size in sizes:
            cut.append((block[:size], block[size : 2 * size]))
            block = block[2 * size :]
        return tuple((cut[0][side], cut[1][side], cut[2][side]) for side in (0, 1))

    def digest(self, transcript: bytes) -> bytes:
        """Hash of the handshake messages: that of the PRF, before TLS 1.2 MD5 and SHA-1 (RFC 2246 §7.4.9)."""
        if self.version >= TLS_1_2:
            return hashlib.new(self.hash_name, transcript).digest()
        return _md5(transcript) + _sha1(transcript)

    def finished(self, transcript: bytes, *, client: bool) -> bytes:
        """verify_data of a side's Finished (RFC 5246 §7.4.9, RFC 6101 §5.6.9)."""
        label = _CLIENT if client else _SERVER
        if self.version == SSL_3_0:
            return ssl3_hashes(self.main, transcript + _SENDERS_SSL3[label])
        return self._prf(self.main, label, self.digest(transcript), VERIFY_OCTETS)

    def to_sign(self, transcript: bytes) -> bytes:
        """The 36 octets that an RSA key signs in CertificateVerify before TLS 1.2 (RFC 2246 §7.4.8)."""
        if self.version == SSL_3_0:
            return ssl3_hashes(self.main, transcript)
        return _md5(transcript) + _sha1(transcript)

    def _prf(self, secret: bytes, label: bytes, seed: bytes, octets: int) -> bytes:
        return prf(self.version, self.hash_name, secret, label, seed, octets)


def ssl3_hashes(main: bytes, octets: bytes) -> bytes:
    """MD5 and SHA-1 of SSL 3.0's Finished and CertificateVerify (RFC 6101 §5.6.8, §5.6.9)."""
    md5 = _md5(main + b"\x5c" * 48 + _md5(octets + main + b"\x36" * 48))
    return md5 + _sha1(main + b"\x5c" * 40 + _sha1(octets + main + b"\x36" * 40))


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def _sha1(octets: bytes) -> bytes:
    return hashlib.sha1(octets, usedforsecurity=False).digest()
