"""Names of cipher suites (registry "TLS Cipher Suites"), and which numbers only signal something.

The table itself is `waxseal.wire.tls_suite_table`; what a suite is made of is in
`waxseal.wire.tls_suite_properties`, the cipher kinds of SSL 2.0 are in `waxseal.wire.ssl2`.
"""

from typing import Final

from waxseal.wire import tls_suite_table as table

SUITE_NAMES: Final[dict[int, str]] = {**table.SUITE_NAMES, **table.UNREGISTERED_SUITES}
"""Number and name of every suite: as registered, then those that were never registered or taken back."""

SIGNALLING_SUITES: Final = frozenset({0x00FF, 0x5600})
"""TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3), TLS_FALLBACK_SCSV (RFC 7507 §4): never negotiated."""


def suite_name(number: int) -> str:
    """IANA name of a suite; ``0xC0FF`` in the same form for a number not in the table."""
    return SUITE_NAMES.get(number, f"0x{number:04X}")


def is_registered(number: int) -> bool:
    """Whether IANA's registry has the suite."""
    return number in table.SUITE_NAMES
