import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.net.loopback import LOOPBACK, FakeClock, free_port
from tests.probes.scripted import network
from waxseal.facts import Cause, Ended, Stage
from waxseal.lab.listener import LabStream, Listener
from waxseal.net.dial import SILENT, MappedDialer
from waxseal.net.errors import NetError
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.peer import CONNECT_LIMIT_S, Peer
from waxseal.net.stream import ByteStream


class CountingDialer:
    """Gives no stream; notes what it was asked for."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    async def dial(self, address: str, port: int) -> ByteStream:
        self.dialled.append((address, port))
        raise NetError(Cause.REFUSED, "ECONNREFUSED")


def peer(outside: Network, *, limit_s: float = 5.0, connections: int = 3, address: str = "192.0.2.1") -> Peer:
    return Peer(outside, address, 25, time_limit_s=limit_s, connection_limit=connections)


def failure(work: Awaitable[Any]) -> NetError:
    async def run() -> NetError:
        with pytest.raises(NetError) as caught:
            await work
        return caught.value

    return asyncio.run(run())


def test_dials_address_and_port_and_counts() -> None:
    dialer = CountingDialer()
    one = peer(network(dialer))
    error = failure(one.dial())
    assert (error.cause, error.phase) == (Cause.REFUSED, Stage.CONNECT)
    assert dialer.dialled == [("192.0.2.1", 25)]
    assert one.connections == 1


def test_says_how_long_connecting_took() -> None:
    async def run() -> None:
        async def talk(stream: LabStream) -> None:
            await stream.swallow()

        server = Listener(talk)
        server.start()
        try:
            one = Peer(network(), LOOPBACK, server.port, time_limit_s=5, connection_limit=1)
            stream, seconds = await one.dial()
            assert 0 <= seconds < 5
            assert stream.local_address == LOOPBACK
            stream.abort()
        finally:
            await server.stop()

    asyncio.run(run())


def test_a_connection_over_the_budget_is_not_made() -> None:
    dialer = CountingDialer()
    one = peer(network(dialer), connections=2)
    assert failure(one.dial()).cause is Cause.REFUSED
    assert failure(one.dial()).cause is Cause.REFUSED
    error = failure(one.dial())
    assert error.ended() == Ended(Cause.BUDGET_SPENT, Stage.CONNECT, detail="all 2 connections are spent")
    assert len(dialer.dialled) == one.connections == 2


def test_a_connection_after_the_deadline_is_not_made() -> None:
    dialer, clock = CountingDialer(), FakeClock()
    one = peer(network(dialer, clock), limit_s=10)
    assert one.remaining_s == 10
    clock.time_s += 4
    assert one.remaining_s == 6
    clock.time_s += 100
    assert one.remaining_s == 0
    error = failure(one.dial())
    assert (error.cause, error.phase) == (Cause.BUDGET_SPENT, Stage.CONNECT)
    assert dialer.dialled == []
    assert one.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1", "64:ff9b::7f00:1", "mx.test"])
def test_an_address_that_the_guard_refuses_is_not_dialled(address: str) -> None:
    dialer = CountingDialer()
    guarded = replace(network(dialer), guard=AddressGuard())
    one = peer(guarded, address=address)
    error = failure(one.dial())
    assert (error.cause, error.phase) == (Cause.NOT_ALLOWED, Stage.CONNECT)
    assert error.detail
    assert dialer.dialled == []
    assert one.connections == 0


def test_an_allowed_network_is_dialled() -> None:
    dialer = CountingDialer()
    guarded = replace(network(dialer), guard=AddressGuard(["10.1.0.0/16"]))
    assert failure(peer(guarded, address="10.1.2.3").dial()).cause is Cause.REFUSED
    assert failure(peer(guarded, address="10.2.2.3").dial()).cause is Cause.NOT_ALLOWED


def test_a_server_that_said_421_is_left_alone() -> None:
    dialer = CountingDialer()
    one = peer(network(dialer))
    one.back_off()
    error = failure(one.dial())
    assert error.cause is Cause.BUDGET_SPENT
    assert "421" in error.detail
    assert dialer.dialled == []


def test_silence_at_connecting_ends_with_the_time_limit() -> None:
    one = peer(network(MappedDialer({("192.0.2.1", 25): SILENT})), limit_s=0.1)
    error = failure(one.dial())
    assert (error.cause, error.phase) == (Cause.TIMED_OUT, Stage.CONNECT)
    assert 0.09 < error.elapsed_s < 2
    assert one.connections == 1


def test_connecting_has_a_limit_of_its_own() -> None:
    assert 5 <= CONNECT_LIMIT_S < 30


def test_a_refusal_names_its_errno() -> None:
    one = Peer(network(), LOOPBACK, free_port(), time_limit_s=5, connection_limit=1)
    error = failure(one.dial())
    ended = error.ended()
    assert Ended(ended.cause, ended.stage, detail=ended.detail) == Ended(
        Cause.REFUSED, Stage.CONNECT, detail="ECONNREFUSED"
    )


async def answer() -> int:
    return 42


async def never() -> None:
    await asyncio.Event().wait()


def raising(error: Exception) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        raise error

    return work


def test_a_stage_gives_its_result_and_its_seconds() -> None:
    clock = FakeClock()

    async def work() -> str:
        clock.time_s += 1.5
        return "done"

    one = peer(network(CountingDialer(), clock), limit_s=10)
    assert asyncio.run(one.timed(Stage.EHLO, work())) == ("done", 1.5)


@pytest.mark.parametrize("stage", list(Stage))
def test_a_stage_that_takes_too_long_is_named(stage: Stage) -> None:
    error = failure(peer(network(CountingDialer())).timed(stage, never(), 0.02))
    assert (error.cause, error.phase) == (Cause.TIMED_OUT, stage)
    assert error.elapsed_s >= 0.02


def test_the_deadline_goes_before_the_limit_of_a_stage() -> None:
    error = failure(peer(network(CountingDialer()), limit_s=0.05).timed(Stage.QUIT, never(), 60))
    assert error.cause is Cause.TIMED_OUT
    assert error.elapsed_s < 5


def test_a_stage_that_begins_after_the_deadline_ends_at_once() -> None:
    clock = FakeClock()
    one = peer(network(CountingDialer(), clock), limit_s=1)
    clock.time_s += 5
    error = failure(one.timed(Stage.EHLO, never()))
    assert (error.cause, error.phase) == (Cause.BUDGET_SPENT, Stage.EHLO)


@pytest.mark.parametrize(
    ("gone_s", "limit_s", "cause"),
    [
        (0.0, None, Cause.TIMED_OUT),
        (0.06, None, Cause.TIMED_OUT),
        (0.14, None, Cause.BUDGET_SPENT),
        (0.14, 9.0, Cause.BUDGET_SPENT),
        (0.14, 0.01, Cause.TIMED_OUT),
    ],
)
def test_a_stage_is_not_blamed_for_time_that_others_spent(
    gone_s: float, limit_s: float | None, cause: Cause
) -> None:
    clock = FakeClock()
    one = peer(network(CountingDialer(), clock), limit_s=0.2)
    clock.time_s += gone_s
    assert failure(one.timed(Stage.EHLO, never(), limit_s)).cause is cause


def test_a_stage_in_several_parts_counts_from_its_beginning() -> None:
    clock = FakeClock()
    one = peer(network(CountingDialer(), clock), limit_s=10)
    began = clock.monotonic()
    clock.time_s += 3
    assert asyncio.run(one.timed(Stage.EHLO, answer(), began=began)) == (42, 3)


def test_an_error_gets_the_stage_and_the_seconds() -> None:
    error = failure(peer(network(CountingDialer())).timed(Stage.STARTTLS, raising(NetError(Cause.RESET))()))
    assert (error.cause, error.phase) == (Cause.RESET, Stage.STARTTLS)
    assert error.elapsed_s >= 0


def test_an_error_keeps_the_stage_that_it_knows() -> None:
    inner = NetError(Cause.UNREACHABLE, phase=Stage.CONNECT)
    assert failure(peer(network(CountingDialer())).timed(Stage.EHLO, raising(inner)())).phase is Stage.CONNECT


def test_other_exceptions_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(peer(network(CountingDialer())).timed(Stage.EHLO, raising(ZeroDivisionError())()))


def test_cancellation_is_no_timeout() -> None:
    async def run() -> None:
        task = asyncio.create_task(peer(network(CountingDialer())).timed(Stage.EHLO, never()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_a_result_in_time_needs_no_limit() -> None:
    assert asyncio.run(peer(network(CountingDialer())).timed(Stage.EHLO, answer()))[0] == 42
