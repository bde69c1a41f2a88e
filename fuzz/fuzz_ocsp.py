"""Fuzz target: OCSP responses, CRLs, SCT lists and HTTP responses of any octets. Nothing may raise.

Run it with ``python fuzz/fuzz_ocsp.py [corpus folder] [libFuzzer options]``. The first octet says which of
them the rest is.
"""

import sys
from datetime import UTC, datetime

from waxseal.trust.certificate import parse
from waxseal.trust.crl import judge_crl
from waxseal.trust.ocsp import judge_ocsp, ocsp_request
from waxseal.trust.timestamps import read_list
from waxseal.wire.http_message import ResponseReader, parse_url, redirected, request

AT = datetime(2025, 6, 1, tzinfo=UTC)
EMPTY = parse(b"")


def fuzz_one(data: bytes) -> None:
    """Read the octets as one of four things."""
    kind, octets = data[:1] or b"\x00", data[1:]
    if kind[0] % 4 == 0:
        look_at(octets)
    elif kind[0] % 4 == 1:
        listed = read_list(octets)
        if bool(octets) != bool(listed.timestamps or listed.unknown_versions or listed.deviations):
            raise AssertionError("octets that are neither a timestamp nor a breach")
    elif kind[0] % 4 == 2:
        whole, parts = ResponseReader(1000), ResponseReader(1000)
        whole.feed(octets)
        for octet in octets:
            parts.feed(bytes((octet,)))
        whole.end()
        parts.end()
        if whole.response != parts.response or (whole.response is None) != bool(whole.failure):
            raise AssertionError("another response where the octets are cut")
    else:
        url = parse_url(octets.decode("latin-1"))
        if url is not None:
            if len(request(url).splitlines()) != 6:
                raise AssertionError("a URL that adds a line to the request")
            redirected(url, octets.decode("latin-1"))


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
