"""Finite-field Diffie-Hellman parameters, sound and faulty, as the PEM files that servers read (PKCS #3)."""

from __future__ import annotations

import base64
import subprocess
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from .options import DhGroup

# Groups 1, 2 (RFC 2409 §6.1, §6.2) and 14 (RFC 3526 §3) share their first and last 64 bits; what stands
# between them is floor(2^k * pi) + c, so two numbers give each of them.
_OAKLEY: Final = {"dh-768": (768, 149686), "dh-1024": (1024, 129093), "dh-2048": (2048, 124476)}
_GENERATOR: Final = 2


def dh_file(group: DhGroup, folder: Path) -> Path:
    """The PEM file of a group, made when first asked for."""
    path = folder / f"{group}.pem"
    if path.exists():
        return path
    if group in _OAKLEY:
        bits, constant = _OAKLEY[group]
        path.write_text(_pem(oakley_prime(bits, constant), _GENERATOR))
    elif group == "dh-composite":
        # An odd number of 1024 bits with the small factor 3.
        prime = oakley_prime(*_OAKLEY["dh-1024"])
        path.write_text(_pem(prime - prime % 6 + 3, _GENERATOR))
    else:
        # A prime of the DSA kind: (p - 1) / 2 is composite; and a fresh safe prime of 512 bits.
        wanted = ["-dsaparam", "1024"] if group == "dh-not-safe" else ["512"]
        command = ["openssl", "dhparam", "-out", str(path), *wanted]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path


def read_prime(path: Path) -> int:
    """The prime of such a file: the first INTEGER in its SEQUENCE."""
    der = base64.b64decode("".join(line for line in path.read_text().splitlines() if "-" not in line))
    at = 4 if der[1] & 0x80 and der[1] & 0x7F == 2 else 3 if der[1] & 0x80 else 2
    size, at = der[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7F
        size, at = int.from_bytes(der[at : at + width], "big"), at + width
    return int.from_bytes(der[at : at + size], "big")


def oakley_prime(bits: int, constant: int) -> int:
    """2^bits - 2^(bits-64) - 1 + 2^64 * (floor(2^(bits-130) * pi) + constant)."""
    middle = (_pi(bits - 130) + constant) << 64
    return (1 << bits) - (1 << (bits - 64)) - 1 + middle


def _pi(bits: int) -> int:
    """floor(2^bits * pi), by Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239)."""
    guard = 64
    one = 1 << (bits + guard)

    def arctan(inverse: int) -> int:
        power = total = one // inverse
        divisor, sign = 1, 1
        while power:
            power //= inverse * inverse
            divisor, sign = divisor + 2, -sign
            total += sign * (power // divisor)
        return total

    return (16 * arctan(5) - 4 * arctan(239)) >> guard


def _pem(prime: int, generator: int) -> str:
    body = _integer(prime) + _integer(generator)
    encoded = base64.b64encode(b"\x30" + _length(len(body)) + body).decode()
    text = "\n".join(textwrap.wrap(encoded, 64))
    return f"-----BEGIN DH PARAMETERS-----\n{text}\n-----END DH PARAMETERS-----\n"


def _integer(value: int) -> bytes:
    octets = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + _length(len(octets)) + octets


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets
