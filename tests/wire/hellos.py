"""Reads a ClientHello back into its data, for servers in tests."""

from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import FieldReader


def client_hello(message: bytes) -> ClientHello:
    """The data of a ClientHello message with its 4-octet header."""
    reader = FieldReader(message, "test", 4)
    version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    suites, compressions = reader.inner(2).numbers(2), tuple(reader.vector(1))
    extensions: tuple[Extension, ...] | None = None
    if reader.left:
        block, extensions = reader.inner(2), ()
        while block.left:
            extensions += (Extension(block.number(2), block.vector(2)),)
        assert not block.deviations
    assert not reader.deviations
    assert not reader.left
    return ClientHello(random, suites, extensions, version, session_id, compressions)


def numbers_in(hello: ClientHello, extension: int, prefix: int) -> tuple[int, ...]:
    """A list of 2-octet numbers in an extension; none where it is not there."""
    found = hello.extension(extension)
    return FieldReader(found.octets, "test").inner(prefix).numbers(2) if found is not None else ()


def shares_in(hello: ClientHello) -> dict[int, bytes]:
    """The key shares by group."""
    found = hello.extension(51)
    assert found is not None
    shares, reader = {}, FieldReader(found.octets, "test").inner(2)
    while reader.left:
        group = reader.number(2)
        shares[group] = reader.vector(2)
    return shares
