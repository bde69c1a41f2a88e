import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.net.loopback import connected, nothing, read_to_end
from waxseal.facts import Cause
from waxseal.lab.listener import LabStream, PeerGone
from waxseal.net.clock import SystemClock
from waxseal.net.dial import TcpDialer
from waxseal.net.errors import NetError
from waxseal.net.stream import ByteStream, SocketStream, read_within
from waxseal.net.tape import RecordingStream

Talk = Callable[[LabStream], Awaitable[None]]


def say(*pieces: bytes) -> Talk:
    async def talk(stream: LabStream) -> None:
        for piece in pieces:
            await stream.write(piece)

    return talk


async def reset(stream: LabStream) -> None:
    stream.reset()
    raise PeerGone


def run(talk: Talk, work: Callable[[ByteStream], Awaitable[None]]) -> None:
    async def both() -> None:
        async with connected(talk) as stream:
            await asyncio.wait_for(work(stream), 10)

    asyncio.run(both())


def test_reads_what_is_there_and_the_end() -> None:
    async def work(stream: ByteStream) -> None:
        assert await read_to_end(stream) == b"one two"
        assert await stream.read() == b""
        assert stream.octets_in == 7

    run(say(b"one ", b"two"), work)


def test_reads_no_more_than_asked_for_and_leaves_the_rest() -> None:
    async def work(stream: ByteStream) -> None:
        assert await stream.read(3) == b"abc"
        assert stream.octets_in == 3
        assert await read_to_end(stream, 2) == b"defgh"

    run(say(b"abcdefgh"), work)


def test_writes_all_of_it_in_one_call_and_counts() -> None:
    got: list[bytes] = []

    async def talk(stream: LabStream) -> None:
        got.append(await stream.read_line())
        got.append(await stream.read_line())

    async def work(stream: ByteStream) -> None:
        await stream.write(b"EHLO a\r\nMAIL FROM:<>\r\n")
        assert stream.octets_out == 22
        assert await stream.read() == b""

    run(talk, work)
    assert got == [b"EHLO a", b"MAIL FROM:<>"]


def test_knows_the_address_that_it_speaks_from() -> None:
    async def work(stream: ByteStream) -> None:
        assert stream.local_address == "127.0.0.1"

    run(nothing, work)


def test_a_reset_is_not_an_end() -> None:
    async def work(stream: ByteStream) -> None:
        with pytest.raises(NetError) as caught:
            await read_to_end(stream)
        assert caught.value.cause is Cause.RESET
        assert caught.value.detail == "ECONNRESET"
        assert caught.value.phase is None

    run(reset, work)


def test_octets_before_a_reset_are_read_first() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.write(b"last words")
        await asyncio.sleep(0.05)
        await reset(stream)

    async def work(stream: ByteStream) -> None:
        assert await stream.read() == b"last words"
        with pytest.raises(NetError) as caught:
            await stream.read()
        assert caught.value.cause is Cause.RESET

    run(talk, work)


def test_writing_after_a_reset_is_a_reset() -> None:
    async def work(stream: ByteStream) -> None:
        with pytest.raises(NetError):
            await stream.read()
        with pytest.raises(NetError) as caught:
            await stream.write(b"hello")
        assert caught.value.cause is Cause.RESET
        assert stream.octets_out == 0

    run(reset, work)


def test_closing_ends_in_order_and_may_be_done_twice() -> None:
    ends: list[str] = []

    async def talk(stream: LabStream) -> None:
        try:
            await stream.read_line()
        except PeerGone as gone:
            ends.append("reset" if isinstance(gone.__cause__, OSError) else "closed")

    async def work(stream: ByteStream) -> None:
        await stream.close()
        await stream.close()
        stream.abort()
        await asyncio.sleep(0.05)

    run(talk, work)
    assert ends == ["closed"]


def test_a_reading_that_is_called_off_leaves_the_stream_usable() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.read_line()
        await stream.write(b"answer")

    async def work(stream: ByteStream) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await stream.read()
        await stream.write(b"question\r\n")
        assert await stream.read() == b"answer"

    run(talk, work)


def test_time_limits_strike_although_octets_never_stop() -> None:
    """A peer in a thread of its own, faster than we read: what is always there must not starve the loop."""
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def flood() -> None:
        sock, _ = listening.accept()
        with sock:
            ends_at = time.monotonic() + 2
            while not stop.is_set() and time.monotonic() < ends_at:
                try:
                    sock.sendall(b"x" * 65536)
                except OSError:
                    return

    async def work() -> None:
        stream = await TcpDialer().dial("127.0.0.1", listening.getsockname()[1])
        turns = 0
        try:
            async with asyncio.timeout(0.2):
                while True:
                    assert await stream.read(16)
                    turns += 1
        except TimeoutError:
            pass
        finally:
            stream.abort()
        assert turns > 10

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    try:
        asyncio.run(asyncio.wait_for(work(), 5))
    finally:
        stop.set()
        listening.close()
        thread.join(5)


def test_a_limit_strikes_although_another_one_was_later() -> None:
    async def work(stream: ByteStream) -> None:
        assert isinstance(stream, SocketStream)
        for limit_s in (60.0, 0.1, 0.05):
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stream.read_within(limit_s), 0.2)
            assert time.monotonic() - began >= min(limit_s, 0.2) - 0.01

    run(nothing, work)


def test_a_limit_that_is_longer_than_a_tick_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waxseal.net.stream._TICK_S", 0.02)

    async def work(stream: ByteStream) -> None:
        assert isinstance(stream, SocketStream)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await stream.read_within(0.15)
        assert 0.14 <= time.monotonic() - began < 5

    run(nothing, work)


def test_any_stream_is_read_within_a_limit() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.read_line()
        await stream.write(b"answer")

    async def work(stream: ByteStream) -> None:
        for reading in (stream, RecordingStream(stream, SystemClock())):
            with pytest.raises(TimeoutError):
                await read_within(reading, 0.05)
        await stream.write(b"question\r\n")
        assert await read_within(RecordingStream(stream, SystemClock()), 5) == b"answer"
        assert await read_within(stream, 5) == b""

    run(talk, work)


def test_what_nobody_reads_stays_in_the_kernel_and_wakes_nobody() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.write(b"first")
        await stream.read_line()
        await stream.write(b"second")

    async def work(stream: ByteStream) -> None:
        assert isinstance(stream, SocketStream)
        assert await stream.read() == b"first"
        calls = 0
        really = stream._on_readable

        def counted() -> None:
            nonlocal calls
            calls += 1
            really()

        asyncio.get_running_loop().add_reader(stream._descriptor, counted)
        await stream.write(b"go on\r\n")
        await asyncio.sleep(0.1)
        assert calls == 1
        assert stream.octets_in == 5
        assert await stream.read(3) == b"sec"
        assert await read_to_end(stream) == b"ond"

    run(talk, work)


def test_octets_of_a_reading_that_is_called_off_too_late_are_not_lost() -> None:
    async def work(stream: ByteStream) -> None:
        assert isinstance(stream, SocketStream)
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0)
        while not stream.octets_in:
            stream._on_readable()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await stream.read(4) == b"answ"
        assert await read_to_end(stream) == b"er"

    run(say(b"answer"), work)


def test_two_readings_at_once_are_a_mistake() -> None:
    async def work(stream: ByteStream) -> None:
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await stream.read()
        reading.cancel()

    run(nothing, work)


def test_letting_go_ends_a_reading() -> None:
    async def work(stream: ByteStream) -> None:
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0)
        stream.abort()
        stream.abort()
        for late in (reading, stream.read()):
            with pytest.raises(NetError) as caught:
                await late
            assert caught.value.cause is Cause.BLOCKED_HERE
        assert stream.local_address == "127.0.0.1"

    run(nothing, work)
