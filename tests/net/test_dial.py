import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.net.loopback import LOOPBACK, free_port, has_ipv6, nothing
from waxseal.facts import Cause, Stage
from waxseal.lab.listener import Listener
from waxseal.net.dial import (
    NO_ROUTE,
    REFUSED,
    SILENT,
    UNREACHABLE,
    Dialer,
    MappedDialer,
    TcpDialer,
    dial_within,
)
from waxseal.net.errors import NetError
from waxseal.net.stream import ByteStream


def failure(dialer: Dialer, address: str, port: int) -> NetError:
    async def run() -> NetError:
        with pytest.raises(NetError) as caught:
            await asyncio.wait_for(dialer.dial(address, port), 5)
        return caught.value

    return asyncio.run(run())


def open_sockets() -> int:
    return sum(1 for number in os.listdir("/proc/self/fd") if _is_socket(number))


def _is_socket(number: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
    except OSError:
        return False


@pytest.mark.parametrize("word", [REFUSED, UNREACHABLE, NO_ROUTE])
def test_words_of_the_map_are_causes(word: str) -> None:
    error = failure(MappedDialer({("192.0.2.1", 25): word}), "192.0.2.1", 25)
    assert (error.cause.value, error.phase) == (word, Stage.CONNECT)
    assert "192.0.2.1:25" in error.detail


def test_what_is_not_in_the_map_cannot_be_reached() -> None:
    dialer = MappedDialer({("192.0.2.1", 25): (LOOPBACK, free_port())})
    for address, port in (("192.0.2.2", 25), ("192.0.2.1", 26)):
        assert failure(dialer, address, port).cause is Cause.UNREACHABLE


def test_silence_lasts_until_it_is_called_off() -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await MappedDialer({("192.0.2.1", 25): SILENT}).dial("192.0.2.1", 25)

    asyncio.run(run())


def test_the_map_leads_to_another_place_through_the_inner_dialer() -> None:
    asked: list[tuple[str, int]] = []

    class Inner:
        async def dial(self, address: str, port: int) -> ByteStream:
            asked.append((address, port))
            raise NetError(Cause.RESET)

    dialer = MappedDialer({("2001:db8::1", 25): ("127.0.0.1", 2525)}, Inner())
    assert failure(dialer, "2001:db8::1", 25).cause is Cause.RESET
    assert asked == [("127.0.0.1", 2525)]


def exchange(address: str, family: socket.AddressFamily) -> bytes:
    async def run() -> bytes:
        if family == socket.AF_INET:
            server = Listener(nothing)
            server.start()
            stream = await TcpDialer().dial(address, server.port)
            local = stream.local_address
            await stream.close()
            await server.stop()
            return local.encode()
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
        with listening:
            stream = await TcpDialer().dial(address, listening.getsockname()[1])
            local = stream.local_address
            stream.abort()
            return local.encode()

    return asyncio.run(run())


def test_connects_over_ipv4() -> None:
    assert exchange("127.0.0.1", socket.AF_INET) == b"127.0.0.1"


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_connects_over_ipv6() -> None:
    assert exchange("::1", socket.AF_INET6) == b"::1"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_where_nothing_listens_refuses(address: str) -> None:
    if ":" in address and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    error = failure(TcpDialer(), address, free_port(family))
    assert (error.cause, error.phase, error.detail) == (Cause.REFUSED, Stage.CONNECT, "ECONNREFUSED")


@pytest.mark.parametrize(
    ("number", "cause"),
    [(101, Cause.NO_ROUTE), (113, Cause.UNREACHABLE), (1, Cause.BLOCKED_HERE), (110, Cause.TIMED_OUT)],
)
def test_what_the_system_says_of_connecting(
    monkeypatch: pytest.MonkeyPatch, number: int, cause: Cause
) -> None:
    class Refusing(socket.socket):
        def connect_ex(self, address: object) -> int:
            return number

    monkeypatch.setattr(socket, "socket", Refusing)
    error = failure(TcpDialer(), "192.0.2.1", 25)
    assert (error.cause, error.phase) == (cause, Stage.CONNECT)


def test_a_machine_without_the_address_family_has_no_route(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def make(family: int = -1, *rest: Any, **more: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, *rest, **more)

    async def run() -> NetError:
        monkeypatch.setattr(socket, "socket", make)
        with pytest.raises(NetError) as caught:
            await TcpDialer().dial("2001:db8::1", 25)
        return caught.value

    assert asyncio.run(run()).cause is Cause.NO_ROUTE


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts sockets in /proc")
def test_no_socket_is_left_behind_where_connecting_fails_or_is_called_off() -> None:
    async def run() -> None:
        before = open_sockets()
        with pytest.raises(NetError):
            await TcpDialer().dial(LOOPBACK, free_port())
        full = socket.socket()
        full.bind((LOOPBACK, 0))
        full.listen(0)
        waiting = [asyncio.create_task(TcpDialer().dial(LOOPBACK, full.getsockname()[1])) for _ in range(6)]
        _, stuck = await asyncio.wait(waiting, timeout=0.2)
        for task in waiting:
            task.cancel()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            if not isinstance(outcome, BaseException):
                outcome.abort()
        full.close()
        assert stuck
        assert open_sockets() == before

    asyncio.run(run())


def test_connecting_is_given_up_in_time_by_any_dialer() -> None:
    async def run() -> None:
        before = open_sockets()
        with pytest.raises(TimeoutError):
            await dial_within(MappedDialer({("192.0.2.1", 25): SILENT}), "192.0.2.1", 25, 0.05)
        full = socket.socket()
        full.bind((LOOPBACK, 0))
        full.listen(0)
        port = full.getsockname()[1]
        outcomes = await asyncio.gather(
            *(dial_within(TcpDialer(), LOOPBACK, port, 0.2) for _ in range(6)), return_exceptions=True
        )
        assert any(type(outcome) is TimeoutError for outcome in outcomes)
        for outcome in outcomes:
            if not isinstance(outcome, BaseException):
                outcome.abort()
        full.close()
        assert open_sockets() == before

    asyncio.run(run())


def test_connects_to_a_socket_and_waits_in_its_line(tmp_path: Path) -> None:
    path = str(tmp_path / "s")

    async def run() -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen(0)
            first = await TcpDialer().dial(f"unix:{path}", 0)
            assert first.local_address == ""
            with pytest.raises(TimeoutError):
                await dial_within(TcpDialer(), f"unix:{path}", 0, 0.2)
            waiting = asyncio.create_task(TcpDialer().dial(f"unix:{path}", 0))
            await asyncio.sleep(0.1)
            held, _ = listening.accept()
            second = await asyncio.wait_for(waiting, 5)
            first.abort()
            second.abort()
            held.close()

    asyncio.run(run())


def test_a_socket_where_nothing_listens_refuses(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    error = failure(TcpDialer(), f"unix:{path}", 0)
    assert (error.cause, error.phase) == (Cause.REFUSED, Stage.CONNECT)
    assert failure(TcpDialer(), f"unix:{path}x", 0).detail == "ENOENT"
