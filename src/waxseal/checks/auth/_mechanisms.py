"""What is known of SASL mechanisms that a check has a word on, each with its source.

The registry is IANA's "Simple Authentication and Security Layer (SASL) Mechanisms"; its usage OBSOLETE or
LIMITED is named where no RFC says more.
"""

from msgspec import Struct

SHOW_THE_SECRET = frozenset({"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"})
"""Mechanisms that send the password itself, or a token that is as good (RFC 4616, RFC 7628)."""

MAX_LISTED = 160


class Fault(Struct, frozen=True):
    """Why a mechanism should go.

    Attributes:
        why: The fault, to follow the mechanism's name and a colon.
        source: Where it stands.
    """

    why: str
    source: str


OBSOLETE: dict[str, Fault] = {
    "DIGEST-MD5": Fault("moved to historic; MD5 is quickly searched for the password", "RFC 6331 §1"),
    "CRAM-MD5": Fault("proves no server, knows no channel binding, rests on MD5", "RFC 5802 §A"),
    "NTLM": Fault("a vendor's own, of limited use; rests on DES or MD5", "IANA registry, MS-NLMP"),
    "SKEY": Fault("obsolete, replaced by OTP", "RFC 2444 §8"),
    "KERBEROS_V4": Fault("obsolete, rests on DES; GSSAPI took its place", "IANA registry"),
    "SPNEGO": Fault("must not be used at all", "RFC 5801 §14.3"),
    "SPNEGO-PLUS": Fault("must not be used at all", "RFC 5801 §14.3"),
}
"""Mechanisms whose use is discouraged whatever stands beside them."""

LOGIN = Fault("obsolete, never a standard; PLAIN does the same", "IANA registry, draft-murchison-sasl-login")
"""As strong as PLAIN, and older clients know nothing else: a fault only where PLAIN is not offered."""


def is_scram(mechanism: str) -> bool:
    """Whether it is of the SCRAM family, with channel binding or without (RFC 5802 §4)."""
    return mechanism.startswith("SCRAM-")


def binds(mechanism: str) -> bool:
    """Whether it binds the login to the TLS channel (RFC 5802 §4, RFC 5801 §3)."""
    return mechanism.endswith("-PLUS")


def listed(mechanisms: tuple[str, ...]) -> str:
    """The names on one line, bounded."""
    return " ".join(mechanisms)[:MAX_LISTED] or "none"
