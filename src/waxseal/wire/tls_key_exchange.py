"""ServerKeyExchange: ECDHE (RFC 8422 §5.4), DHE (RFC 5246 §7.4.3), RSA_EXPORT (RFC 2246 §7.4.3).

Its form depends on the suite's key exchange, which the message does not name. The signature is kept and not
verified. The parser takes the whole message with its 4-octet header and never raises on what a server sent.
"""

from dataclasses import dataclass
from enum import Enum

from waxseal.facts import Deviation
from waxseal.wire.tls_fields import FieldReader
from waxseal.wire.tls_server_hello import Unreadable, open_message, unreadable
from waxseal.wire.tls_suites import suite_name

NAMED_CURVE = 3
EXPLICIT_PRIME = 1
EXPLICIT_CHAR2 = 2


class KeyExchange(Enum):
    """Key exchanges that tell the forms of ServerKeyExchange apart."""

    ECDHE = "ECDHE"
    DHE = "DHE"
    RSA = "RSA"
    """RSA_EXPORT's temporary key; plain RSA has no such message."""
    OTHER = "other"
    """PSK, SRP and what has no name here: kept as octets."""


_EXPORT = {
    **dict.fromkeys((0x0003, 0x0006, 0x0008), KeyExchange.RSA),
    **dict.fromkeys((0x000B, 0x000E, 0x0011, 0x0014, 0x0017, 0x0019), KeyExchange.DHE),
}
"""The export suites (RFC 2246 appendix A.5), which nobody offers in earnest."""


@dataclass(frozen=True, slots=True)
class ServerKeyExchange:
    """What a server sent for its key exchange. Fields of other key exchanges are None or empty.

    Attributes:
        octets: The message as it came.
        exchange: How it was read.
        curve_type: 3 named, 1 explicit prime, 2 explicit characteristic 2 (ECDHE).
        group: Number of the named curve (ECDHE).
        public: The server's public point, or Ys (ECDHE, DHE).
        prime: Modulus p (DHE), or the temporary key's modulus (RSA), as sent.
        generator: g (DHE), or the temporary key's exponent (RSA), as sent.
        scheme: Signature scheme: TLS 1.2 names it; None before, and where nothing is signed.
        signature: b"" for an anonymous exchange.
        rest: What was not read: all of it with `KeyExchange.OTHER`, the parameters of an explicit curve.
        deviations: What does not fit.
    """

    octets: bytes
    exchange: KeyExchange
    curve_type: int | None = None
    group: int | None = None
    public: bytes = b""
    prime: bytes = b""
    generator: bytes = b""
    scheme: int | None = None
    signature: bytes = b""
    rest: bytes = b""
    deviations: tuple[Deviation, ...] = ()

    @property
    def prime_bits(self) -> int:
        """Bits of `prime`; 0 where there is none."""
        return int.from_bytes(self.prime, "big").bit_length()


def key_exchange_of(suite: int) -> KeyExchange:
    """The key exchange of a suite up to TLS 1.2, by its registered name."""
    exchange = suite_name(suite).removeprefix("TLS_").partition("_WITH_")[0]
    if suite in _EXPORT:
        return _EXPORT[suite]
    if "PSK" in exchange or "SRP" in exchange:
        return KeyExchange.OTHER
    if exchange.startswith(("ECDHE_", "ECDH_anon")):
        return KeyExchange.ECDHE
    if exchange.startswith(("DHE_", "DH_anon")):
        return KeyExchange.DHE
    return KeyExchange.RSA if exchange.startswith("RSA") else KeyExchange.OTHER


def parse_server_key_exchange(
    octets: bytes, exchange: KeyExchange, *, version: int = 0x0303
) -> ServerKeyExchange | Unreadable:
    """Read a ServerKeyExchange.

    Args:
        octets: The message.
        exchange: Key exchange of the negotiated suite, see `key_exchange_of`.
        version: The negotiated version: from TLS 1.2 on the signature has its scheme before it.
    """
    reader = open_message(octets, "RFC 8422 §5.4" if exchange is KeyExchange.ECDHE else "RFC 5246 §7.4.3")
    curve_type = group = None
    public = prime = generator = b""
    if exchange is KeyExchange.ECDHE:
        curve_type = reader.number(1)
        if curve_type != NAMED_CURVE and not reader.short:
            reader.flag("curve-not-named", at=4)
            return _kept(octets, exchange, reader, curve_type)
        group = reader.number(2)
        public = reader.vector(1)
    elif exchange is KeyExchange.OTHER:
        return _kept(octets, exchange, reader, None)
    else:
        prime = reader.vector(2)
        generator = reader.vector(2)
        public = reader.vector(2) if exchange is KeyExchange.DHE else b""
    if reader.short:
        return unreadable(octets, reader)
    scheme, signature = _signature(reader, version)
    return ServerKeyExchange(
        octets,
        exchange,
        curve_type,
        group,
        public,
        prime,
        generator,
        scheme,
        signature,
        deviations=tuple(reader.deviations),
    )


def _signature(reader: FieldReader, version: int) -> tuple[int | None, bytes]:
    """Scheme and signature; an anonymous exchange ends before them (RFC 5246 §7.4.3)."""
    if not reader.left:
        return None, b""
    scheme = reader.number(2) if version >= 0x0303 else None
    signature = reader.vector(2)
    reader.finish()
    return scheme, signature


def _kept(
    octets: bytes, exchange: KeyExchange, reader: FieldReader, curve_type: int | None
) -> ServerKeyExchange | Unreadable:
    if reader.short:
        return unreadable(octets, reader)
    rest = reader.take(reader.left)
    return ServerKeyExchange(octets, exchange, curve_type, rest=rest, deviations=tuple(reader.deviations))
