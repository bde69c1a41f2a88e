"""Conversations written as generators, held over any stream; over a socket of ours without a task for each.

A conversation yields what it needs next (`Step`), and gets the octets that came; what went wrong is raised
where it stands. So it reads from top to bottom like a coroutine, and over a `SocketStream` it goes on in the
very moment in which the loop finds octets: no future, no task switch and no timer for each reading.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any

from waxseal.net.errors import NetError
from waxseal.net.stream import ByteStream, SocketStream, read_within, told

Step = bytes | float | Awaitable[Any] | None
"""Octets to write; or how many seconds to wait for octets; or something else to wait for; or None, to end our
side of the stream."""

Conversation = Generator[Step, bytes, None]
"""A float that it yields gives it the octets that came, b"" at the end of the stream; anything else, b"".

`NetError` is raised in it for what the stream met, and TimeoutError where nothing came in time.
"""


async def converse(stream: ByteStream, conversation: Conversation) -> None:
    """Hold a conversation to its end; the stream stays open.

    Raises:
        Exception: What the conversation raises, or did not catch.
    """
    try:
        if isinstance(stream, SocketStream):
            await _Held(stream, conversation).to_the_end()
        else:
            await _hold(stream, conversation)
    finally:
        conversation.close()


async def _hold(stream: ByteStream, conversation: Conversation) -> None:
    """Over any stream, by its own coroutines."""
    resume: Callable[[], Step] = partial(next, conversation)
    while True:
        try:
            step = resume()
        except StopIteration:
            return
        try:
            octets = b""
            if isinstance(step, float):
                octets = await read_within(stream, step)
            elif isinstance(step, bytes):
                await stream.write(step)
            elif step is None:
                await stream.close_writing()
            else:
                await step
        except Exception as error:
            resume = partial(conversation.throw, error)
        else:
            resume = partial(conversation.send, octets)


class _Held:
    """A conversation over a socket: a `waxseal.net.stream.Waiter` that goes on when it is told something."""

    __slots__ = ("_conversation", "_over", "_pending", "_stream")

    def __init__(self, stream: SocketStream, conversation: Conversation) -> None:
        self._stream = stream
        self._conversation = conversation
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending: asyncio.Future[Any] | None = None

    async def to_the_end(self) -> None:
        self._go_on(self._conversation.send, None)
        try:
            await self._over
        finally:
            self._stream.forget(self)
            if self._pending is not None:
                self._pending.cancel()

    def done(self) -> bool:
        """See `Waiter`."""
        return self._over.done()

    def set_result(self, result: bytes, /) -> None:
        """See `Waiter`."""
        self._go_on(self._conversation.send, result)

    def set_exception(self, exception: Exception, /) -> None:
        """See `Waiter`."""
        told_of = told(exception) if isinstance(exception, OSError) else exception
        self._go_on(self._conversation.throw, told_of)

    def _go_on(self, resume: Callable[[Any], Step], with_what: object) -> None:
        """Go on until something has to be waited for, or to the end."""
        stream = self._stream
        try:
            while True:
                step = resume(with_what)
                resume, with_what = self._conversation.send, b""
                try:
                    if isinstance(step, float):
                        stream.await_octets(self, step)
                        return
                    if isinstance(step, bytes):
                        sent = stream.write_now(step)
                        if sent == len(step):
                            continue
                        step = stream.write(step[sent:])
                    elif step is None:
                        stream.end_writing()
                        continue
                except NetError as error:
                    resume, with_what = self._conversation.throw, error
                    continue
                self._pending = asyncio.ensure_future(step)
                self._pending.add_done_callback(self._resume)
                return
        except StopIteration:
            if not self._over.done():
                self._over.set_result(None)
        except Exception as error:
            if not self._over.done():
                self._over.set_exception(error)

    def _resume(self, pending: asyncio.Future[Any]) -> None:
        """What was waited for besides octets is there."""
        self._pending = None
        if self._over.done():
            return
        if pending.cancelled():
            self._over.cancel()
            return
        error = pending.exception()
        if error is not None:
            self._go_on(self._conversation.throw, error)
        else:
            self._go_on(self._conversation.send, b"")
