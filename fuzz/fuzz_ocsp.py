"""Fuzz target: OCSP responses, CRLs and SCT lists of any octets. Nothing may raise.

Run it with ``python fuzz/fuzz_ocsp.py [corpus folder] [libFuzzer options]``. The first octet says
what the rest is.
"""

import sys
from datetime import UTC, datetime

from waxseal.trust.certificate import parse
from waxseal.trust.crl import judge_crl
from waxseal.trust.ocsp import judge_ocsp, ocsp_request
from waxseal.trust.timestamps import read_list

AT = datetime(2025, 6, 1, tzinfo=UTC)
EMPTY = parse(b"")


def fuzz_one(data: bytes) -> None:
    """Read the octets as one of two things."""
    kind, octets = data[:1] or b"\x00", data[1:]
    if kind[0] % 2 == 0:
        look_at(octets)
    else:
        listed = read_list(octets)
        if bool(octets) != bool(listed.timestamps or listed.unknown_versions or listed.deviations):
            raise AssertionError("octets that are neither a timestamp nor a breach")


def look_at(octets: bytes) -> None:
    """A statement on a certificate; the same octets are taken for the certificates as well."""
    certificate = parse(octets)
    for leaf, issuer in ((EMPTY, EMPTY), (certificate, certificate)):
        ocsp_request(leaf, issuer)
        for verdict in (judge_ocsp(octets, leaf, issuer, AT), judge_crl(octets, leaf, issuer, AT)):
            if verdict.holds:
                raise AssertionError("a statement that nobody signed holds")


def main() -> None:
    """Run under atheris, which is needed only here."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
