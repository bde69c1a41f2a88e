"""Ways to a server: a SOCKS5 proxy, a program, and the PROXY header in front of the first octet."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.net.loopback import LOOPBACK, free_port, read_to_end
from tests.net.relay import relay_command, socks5
from waxseal.errors import UsageError
from waxseal.facts import Cause, Stage
from waxseal.lab.listener import LabStream, Listener
from waxseal.net.command_stream import CommandStream, StreamCommand
from waxseal.net.dial import Dialer, MappedDialer, TcpDialer
from waxseal.net.errors import NetError
from waxseal.net.network import Network
from waxseal.net.proxy import Proxy
from waxseal.net.via import HeaderDialer, HostDialer, network_via, parse_via
from waxseal.wire.proxy_header import Place, ProxyHeader, ProxyHeaderReader, Version

GREETING = b"220 mx.example.test ESMTP\r\n"


async def greet_and_echo(stream: LabStream) -> None:
    await stream.write(GREETING)
    await stream.write(await stream.read_line() + b"\r\n")


def via(way: str, dialer: Dialer | None = None) -> Dialer:
    network = Network(resolver=None, roots=None, dialer=dialer or TcpDialer())  # type: ignore[arg-type]
    return network_via(network, parse_via(way)).dialer


async def talk(dialer: Dialer, port: int, address: str = LOOPBACK) -> bytes:
    stream = await dialer.dial(address, port)
    first = await stream.read(3)
    await stream.write(b"QUIT\r\n")
    await stream.close_writing()
    octets = first + await read_to_end(stream, 5)
    assert (stream.octets_in, stream.octets_out) >= (len(GREETING), len(b"QUIT\r\n"))
    await stream.close()
    return octets


def test_through_a_program_and_a_proxy(tmp_path: Path) -> None:
    async def run() -> None:
        server = Listener(greet_and_echo)
        server.start()
        async with socks5() as (proxy, port):
            for way in (relay_command(tmp_path), f"socks5://localhost:{port}"):
                assert await talk(via(way), server.port) == GREETING + b"QUIT\r\n"
            mapped = MappedDialer({("192.0.2.1", 25): (LOOPBACK, server.port)})
            assert await talk(via(f"socks5://127.0.0.1:{port}", mapped), 25, "192.0.2.1")
            assert proxy.asked == [(LOOPBACK, server.port)] * 2
        await server.stop()

    asyncio.run(run())


def error_of(dialer: Dialer, port: int, address: str = LOOPBACK) -> NetError:
    async def run() -> None:
        stream = await dialer.dial(address, port)
        try:
            await read_to_end(stream)
        finally:
            stream.abort()

    with pytest.raises(NetError) as caught:
        asyncio.run(run())
    return caught.value


def test_a_program_that_fails_is_not_the_server_s_fault(tmp_path: Path) -> None:
    error = error_of(via(relay_command(tmp_path)), free_port())
    assert (error.cause, error.phase) == (Cause.BLOCKED_HERE, Stage.CONNECT)
    assert "ended with status 1: relay: Connection refused" in error.detail
    loud = f'command:{sys.executable} -c \'import sys; sys.exit("\\x1b[2J" + "x" * 300000)\' %h'
    assert len(error_of(via(loud), 25).detail) < 400
    assert "\x1b" not in error_of(via(loud), 25).detail


def test_a_program_that_ends_in_peace_is_the_end_of_the_stream() -> None:
    async def run() -> bytes:
        stream = await via("command:echo hello %h").dial("192.0.2.1", 25)
        try:
            return await read_to_end(stream)
        finally:
            await stream.close()

    assert asyncio.run(run()) == b"hello 192.0.2.1\n"


def test_program_and_its_children_are_gone_at_the_end() -> None:
    async def run() -> list[int]:
        stream = await via("command:sh -c 'sleep 100 & echo $! $$; wait' %h").dial(LOOPBACK, 25)
        pids = [int(word) for word in (await stream.read()).split()]
        stream.abort()
        stream.abort()
        await asyncio.sleep(0.1)
        return pids

    child, shell = asyncio.run(run())
    with pytest.raises(ProcessLookupError):
        os.kill(shell, 0)
    assert "sleep" not in _command_line(child)


def _command_line(pid: int) -> str:
    """Empty of one that is gone, or that waits for being reaped by process 1."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_a_program_that_is_not_there() -> None:
    error = error_of(_Fixed(StreamCommand(("/nowhere/at/all", "%h"))), 25)
    assert (error.cause, error.phase) == (Cause.BLOCKED_HERE, Stage.CONNECT)
    assert error.detail == "command:all cannot be started: No such file or directory"


class _Fixed:
    def __init__(self, command: StreamCommand) -> None:
        self._command = command

    async def dial(self, address: str, port: int) -> CommandStream:
        return CommandStream(str(self._command), self._command.started_for(address, port))


def test_socket_of_this_machine_and_proxy_without_address() -> None:
    assert error_of(via("command:cat %h"), 0, "unix:/run/lmtp").cause is Cause.BLOCKED_HERE
    error = error_of(via("http://user:secret@proxy.invalid:3128"), 25)
    assert error.cause is Cause.BLOCKED_HERE
    assert "the proxy http://proxy.invalid:3128: no connection to it" in error.detail
    assert error_of(HostDialer(), free_port(), "localhost").cause is Cause.REFUSED


@pytest.mark.parametrize(
    ("words", "address", "filled"),
    [
        (("ssh", "-W", "%h:%p", "gw"), "192.0.2.1", ["ssh", "-W", "192.0.2.1:25", "gw"]),
        (("ssh", "-W", "%h:%p", "gw"), "2001:db8::1", ["ssh", "-W", "[2001:db8::1]:25", "gw"]),
        (("ssh", "-W", "[%h]:%p"), "2001:db8::1", ["ssh", "-W", "[2001:db8::1]:25"]),
        (("nc", "%h", "%p", "100%%h"), "2001:db8::1", ["nc", "2001:db8::1", "25", "100%h"]),
    ],
)
def test_words_are_filled_in(words: tuple[str, ...], address: str, filled: list[str]) -> None:
    assert StreamCommand(words).started_for(address, 25) == filled


def test_name_bears_no_secret() -> None:
    way = parse_via("command:/bin/echo secret %h")
    assert str(way) == "command:echo"
    assert "secret" not in repr(way)
    proxy = parse_via("socks5://u:secret@proxy.test")
    assert isinstance(proxy, Proxy)
    assert str(proxy) == "socks5://proxy.test:1080"


@pytest.mark.parametrize(
    "text",
    ["", "secret", "ftp://secret@a:1", "socks5://u:secret@", "command:", "command:echo 'secret %h",
     "command:echo secret", "command:echo secret %%h", "command:%h secret",
     "command:no-such-program-at-all %h secret"],
)  # fmt: skip
def test_bad_way_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_via(text)
    assert caught.value.hint
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("given", [None, "198.51.100.7", "2001:db8::7"])
def test_header_comes_first(version: Version, given: str | None) -> None:
    sources = (Place(given, 0),) if given else ()
    read = ProxyHeaderReader()
    peers: list[Place] = []

    async def behind_a_proxy(stream: LabStream) -> None:
        while read.header is None and not read.broken:
            read.receive(await stream.read_exactly(1))
        await stream.write(GREETING + read.leftover)

    async def run() -> bytes:
        server = Listener(behind_a_proxy)
        server.start()
        stream = await HeaderDialer(TcpDialer(), version, sources).dial(LOOPBACK, server.port)
        peers.append(Place(LOOPBACK, stream.local_port))  # type: ignore[attr-defined]
        octets = await read_to_end(stream)
        stream.abort()
        await server.stop()
        read_port = server.port
        expected = {None: peers[0], "198.51.100.7": Place("198.51.100.7", peers[0].port)}.get(given)
        ends = (expected, Place(LOOPBACK, read_port)) if expected is not None else (None, None)
        assert read.header == ProxyHeader(version, *ends)
        return octets

    assert asyncio.run(run()) == GREETING


def test_header_through_a_proxy_claims_nothing() -> None:
    read = ProxyHeaderReader()

    async def listen(stream: LabStream) -> None:
        while read.header is None and not read.broken:
            read.receive(await stream.read_exactly(1))

    async def run() -> None:
        server = Listener(listen)
        server.start()
        async with socks5() as (_, port):
            dialer = HeaderDialer(via(f"socks5://127.0.0.1:{port}"), Version.V1)
            stream = await dialer.dial(LOOPBACK, server.port)
            await read_to_end(stream)
            stream.abort()
        await server.stop()

    asyncio.run(run())
    assert read.header == ProxyHeader(Version.V1)
