"""A client's certificate and the key that proves it (RFC 8446 §4.4.2, RFC 5246 §7.4.6).

The key stays with the caller, who signs; nothing here reads a certificate or a key.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client answers a CertificateRequest with.

    Attributes:
        chain: DER of each certificate, leaf first; empty shows none.
        schemes: Numbers of the signature schemes that `sign` can do, in order of preference.
        sign: Gives the signature with a scheme over octets, which are neither hashed nor framed further.
    """

    chain: tuple[bytes, ...]
    schemes: tuple[int, ...]
    sign: Callable[[int, bytes], bytes] = field(repr=False)

    def scheme(self, asked: tuple[int, ...]) -> int | None:
        """The first of our schemes that the server takes; None where there is none (RFC 8446 §4.4.2.3)."""
        return next((scheme for scheme in self.schemes if scheme in asked), None)
