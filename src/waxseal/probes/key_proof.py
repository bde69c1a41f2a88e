"""Whether a handshake proved that the server holds the key of the leaf that it showed.

A chain alone proves nothing: anybody can show a copy. What the words mean for trust is judged in
``checks/certificate/key_not_proved``.
"""

from collections.abc import Iterable

from waxseal.facts import KeyProof
from waxseal.trust.handshake_signature import verify_handshake_signature
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_events import Event
from waxseal.wire.tls_suite_properties import suite_properties
from waxseal.wire.tls_summary import summarize


def key_proof(events: Iterable[Event]) -> KeyProof:
    """The proof that the events of a whole handshake hold."""
    summary = summarize(events)
    if not summary.certificates:
        return KeyProof.NONE
    if summary.signature:
        fits = verify_handshake_signature(
            summary.scheme,
            summary.signature,
            summary.signed,
            summary.certificates[0],
            tls13=summary.version == TLS_1_3,
        )
        return {True: KeyProof.SIGNATURE, False: KeyProof.MISMATCH, None: KeyProof.UNCHECKED}[fits]
    properties = suite_properties(summary.suite or 0)
    # With RSA key exchange, only the holder of the key can finish (RFC 5246 §7.4.7.1).
    found = None if properties is None else (properties.key_exchange, properties.authentication)
    return KeyProof.DECRYPTION if found == ("RSA", "RSA") and summary.completed else KeyProof.NONE
