"""Fuzz target: TLS-RPT records. No exception, and a record that is used has a destination."""

import sys

from waxseal.wire.tls_rpt import read_record, write_record


def fuzz_one(data: bytes) -> None:
    """The octets as one record, as several (cut at NUL), and as the value of rua."""
    for texts in ([data], data.split(b"\0"), [b"v=TLSRPTv1; rua=" + data]):
        found = read_record(texts)
        assert found.present == bool(found.destinations)
        assert all(bool(one.place) == one.supported for one in found.destinations)
        uris = [one.uri for one in found.destinations if one.supported]
        if uris:
            assert [one.uri for one in read_record([write_record(uris).encode()]).destinations] == uris


def main() -> None:
    """Run until something is found."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
