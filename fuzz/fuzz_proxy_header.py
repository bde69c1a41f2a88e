"""Fuzz target: the PROXY protocol's header. No exception, the same at any cut; what is read can be written.

Run with ``python fuzz/fuzz_proxy_header.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.wire.proxy_header import ProxyHeaderReader, proxy_header


def fuzz_one(data: bytes) -> None:
    """The first octet says where to cut; the others come from the peer."""
    if not data:
        return
    step, octets = 1 + data[0] % 19, data[1:]
    whole = ProxyHeaderReader()
    whole.receive(octets)
    cut = ProxyHeaderReader()
    for start in range(0, len(octets), step):
        cut.receive(octets[start : start + step])
    assert (cut.header, bool(cut.broken), cut.leftover) == (whole.header, bool(whole.broken), whole.leftover)
    if whole.header is not None:
        again = ProxyHeaderReader()
        again.receive(proxy_header(*whole.header))
        assert again.header == whole.header


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
