import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.net.loopback import LOOPBACK, nothing
from waxseal.facts import Cause
from waxseal.lab.listener import LabStream, Listener, PeerGone
from waxseal.net.clock import SystemClock
from waxseal.net.conversation import Conversation, converse
from waxseal.net.dial import TcpDialer
from waxseal.net.errors import NetError
from waxseal.net.stream import ByteStream
from waxseal.net.tape import RecordingStream

Talk = Callable[[LabStream], Awaitable[None]]

PATIENCE_S = 5.0


def hold(over: str, talk: Talk, conversation: Callable[[], Conversation]) -> ByteStream:
    """Hold a conversation with a server that does as told, over a socket or over another stream."""

    async def run() -> ByteStream:
        server = Listener(talk)
        server.start()
        stream: ByteStream = await TcpDialer().dial(LOOPBACK, server.port)
        if over == "another":
            stream = RecordingStream(stream, SystemClock())
        try:
            await asyncio.wait_for(converse(stream, conversation()), 10)
        finally:
            stream.abort()
            await server.stop()
        return stream

    return asyncio.run(run())


both = pytest.mark.parametrize("over", ["socket", "another"])


async def answer_lines(stream: LabStream) -> None:
    """Answer each line with the same in capitals, until the client has ended its side; then say so."""
    try:
        while True:
            await stream.write((await stream.read_line()).upper() + b"\r\n")
    except PeerGone:
        await stream.write(b"bye\r\n")


@both
def test_writes_and_reads_in_turn_and_ends_its_side(over: str) -> None:
    heard: list[bytes] = []

    def talk() -> Conversation:
        for line in (b"one\r\n", b"two\r\n"):
            yield line
            heard.append((yield PATIENCE_S))
        yield None
        heard.append((yield PATIENCE_S))
        heard.append((yield PATIENCE_S))

    stream = hold(over, answer_lines, talk)
    assert heard == [b"ONE\r\n", b"TWO\r\n", b"bye\r\n", b""]
    assert (stream.octets_out, stream.octets_in) == (10, 15)


@both
def test_silence_is_raised_where_it_is_waited_for_and_the_conversation_goes_on(over: str) -> None:
    heard: list[bytes] = []

    def talk() -> Conversation:
        with pytest.raises(TimeoutError):
            yield 0.05
        yield b"hello\r\n"
        heard.append((yield PATIENCE_S))

    hold(over, answer_lines, talk)
    assert heard == [b"HELLO\r\n"]


@both
def test_a_reset_is_raised_in_the_conversation(over: str) -> None:
    causes: list[Cause] = []

    async def reset(stream: LabStream) -> None:
        await stream.read_line()
        stream.reset()
        raise PeerGone

    def talk() -> Conversation:
        yield b"hello\r\n"
        for _ in range(2):
            try:
                assert (yield PATIENCE_S) == b""  # behind the reset
            except NetError as error:
                causes.append(error.cause)
        try:
            yield b"more\r\n"
        except NetError as error:
            causes.append(error.cause)

    hold(over, reset, talk)
    assert causes[0] is causes[-1] is Cause.RESET


@both
def test_waits_for_something_else(over: str) -> None:
    heard: list[bytes] = []

    async def later() -> None:
        await asyncio.sleep(0.02)
        heard.append(b"waited")

    async def fails() -> None:
        raise NetError(Cause.LIMIT)

    def talk() -> Conversation:
        assert (yield later()) == b""
        with pytest.raises(NetError):
            yield fails()
        yield b"hello\r\n"
        heard.append((yield PATIENCE_S))

    hold(over, answer_lines, talk)
    assert heard == [b"waited", b"HELLO\r\n"]


@both
def test_octets_that_come_while_nothing_is_read_wait(over: str) -> None:
    heard: list[bytes] = []

    async def speak(stream: LabStream) -> None:
        await stream.write(b"early")
        await stream.swallow()

    def talk() -> Conversation:
        yield asyncio.sleep(0.05)
        heard.append((yield 0.0 + PATIENCE_S))

    hold(over, speak, talk)
    assert heard == [b"early"]


@both
def test_what_the_conversation_raises_comes_out(over: str) -> None:
    def talk() -> Conversation:
        yield b"hello\r\n"
        yield PATIENCE_S
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hold(over, answer_lines, talk)


@both
def test_what_the_conversation_does_not_catch_comes_out(over: str) -> None:
    def talk() -> Conversation:
        yield 0.02

    with pytest.raises(TimeoutError):
        hold(over, nothing, talk)


@both
def test_more_than_the_kernel_takes_at_once_is_written(over: str) -> None:
    much = b"x" * 8_000_000
    got: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        got.append(len(await reader.readexactly(len(much) + 2)))
        writer.write(b"all")
        writer.close()

    def talk() -> Conversation:
        yield much
        yield b"\r\n"
        assert (yield PATIENCE_S) == b"all"

    async def run() -> ByteStream:
        server = await asyncio.start_server(count, LOOPBACK, 0)
        stream: ByteStream = await TcpDialer().dial(LOOPBACK, server.sockets[0].getsockname()[1])
        if over == "another":
            stream = RecordingStream(stream, SystemClock())
        async with server:
            await asyncio.wait_for(converse(stream, talk()), 10)
            stream.abort()
        return stream

    assert asyncio.run(run()).octets_out == len(much) + 2
    assert got == [len(much) + 2]


@both
def test_called_off_it_is_closed_and_the_stream_can_still_be_read(over: str) -> None:
    closed: list[bool] = []

    async def run(waits_for: Callable[[], Any]) -> bytes:
        server = Listener(answer_lines)
        server.start()
        stream: ByteStream = await TcpDialer().dial(LOOPBACK, server.port)
        if over == "another":
            stream = RecordingStream(stream, SystemClock())

        def talk() -> Conversation:
            try:
                yield waits_for()
            finally:
                closed.append(True)

        try:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(converse(stream, talk()), 0.05)
            await stream.write(b"still\r\n")
            return await asyncio.wait_for(stream.read(), 5)
        finally:
            stream.abort()
            await server.stop()

    assert asyncio.run(run(lambda: PATIENCE_S)) == b"STILL\r\n"
    assert asyncio.run(run(lambda: asyncio.sleep(PATIENCE_S))) == b"STILL\r\n"
    assert closed == [True, True]
