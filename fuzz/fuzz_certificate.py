"""Fuzz target: reading, names, strength and proofs over any octets as certificates. Nothing may raise.

Run it with ``python fuzz/fuzz_certificate.py [corpus folder] [libFuzzer options]``. The input is one octet
that says how often to split, then the certificates one after another, leaf first.
"""

import sys
from datetime import UTC, datetime

from waxseal.trust.anchors import RootStore, candidates
from waxseal.trust.certificate import parse
from waxseal.trust.chain import verify
from waxseal.trust.names import match, names_presented
from waxseal.trust.strength import key_weakness, signature_weakness

AT = datetime(2025, 6, 1, tzinfo=UTC)


def fuzz_one(data: bytes) -> None:
    """Take the octets for a chain, and its last certificate for a root as well."""
    parts = 1 + (data[0] & 3 if data else 0)
    size = max(1, -(-(len(data) - 1) // parts))
    chain = tuple(parse(data[1 + n * size : 1 + (n + 1) * size]) for n in range(parts))
    for certificate in chain:
        if len(certificate.sha256) != 64:
            raise AssertionError("a certificate without a fingerprint")
        names_presented(certificate)
        match(certificate, "mx.example.org")
        match(certificate, "192.0.2.1")
        key_weakness(certificate)
        signature_weakness(certificate)
    whole = parse(data[1:])
    store = RootStore((chain[-1].der, whole.der), "fuzz")
    for sent in (chain, (whole, *chain)):
        for anchors in (candidates(sent, store), store.roots):
            proof = verify(sent, anchors, AT)
            if proof.trusted != (not proof.problems and proof.path[-1].anchor):
                raise AssertionError("the answer contradicts its reasons")


def main() -> None:
    """Run under atheris, which is needed only here."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
