"""The server showed a certificate, and did not prove that it holds the certificate's key.

Anybody can show a copy of a certificate. What proves the server is its signature over the handshake, or that
it could decrypt what was encrypted to the key. Where the signature is of another key, somebody else may
stand between: the certificate says nothing of who answered. It is the same where a server was given a
certificate and a key that do not belong together, and goes on all the same.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.facts import Handshake, KeyProof


@check(
    title="The server does not prove that it holds the certificate's key",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8446 §4.4.3", "RFC 5246 §7.4.3"),
    remedy=Remedy(
        general="Look from another network: if the answer differs, something on the path answers in the "
        "server's place. Else install key and certificate anew, as a pair.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem; tls_privatekey = /path/key.pem",
    ),
    rows=("D1",),
)
def judge(handshake: Handshake) -> Judgement:
    """Judge the proof of the main handshake."""
    line = f"{handshake.version} {handshake.suite}"[:120]
    match handshake.key_proof:
        case KeyProof.MISMATCH:
            return fail("The signature of the handshake is not of the certificate's key", line)
        case KeyProof.SIGNATURE:
            return passed("The server signed the handshake with the certificate's key", line)
        case KeyProof.DECRYPTION:
            return passed("The server decrypted with the certificate's key", line)
        case KeyProof.NONE:
            return not_applicable("nothing was signed, or no certificate shown")
        case _:
            return inconclusive(
                "whether the server holds the certificate's key could not be checked",
                line,
                advice="test again with a newer waxseal",
            )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    for proof, verdict in (
        (KeyProof.MISMATCH, Verdict.FAIL),
        (KeyProof.SIGNATURE, Verdict.PASS),
        (KeyProof.DECRYPTION, Verdict.PASS),
        (KeyProof.NONE, Verdict.NOT_APPLICABLE),
        (KeyProof.UNCHECKED, Verdict.INCONCLUSIVE),
        (None, Verdict.INCONCLUSIVE),
    ):
        yield Example(str(proof), verdict, (samples.handshake(key_proof=proof),))
