"""STARTTLS and the ClientHello in one segment, for a server that takes what is behind STARTTLS for TLS.

RFC 9051 §6.2.1 allows that, and calls it friendlier than throwing the octets away. A handshake that is
completed so shows where such octets go.
"""

from waxseal.facts import Answer, Cause, Stage
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, ByteStream
from waxseal.probes.exchange_grammar import Grammar, Heard

MAX_CLEAR_OCTETS = 64 * 1024
"""Octets taken in before the answer to STARTTLS."""


class AheadStream:
    """A `ByteStream` below TLS that says STARTTLS with the first octets and keeps its answer apart.

    Args:
        inner: The plain stream.
        grammar: Where STARTTLS has been registered.
        command: Its octets.

    Attributes:
        heard: What was answered in clear; empty while nothing was.
        first: The octets of the first segment.
    """

    def __init__(self, inner: ByteStream, grammar: Grammar, command: bytes) -> None:
        self._inner = inner
        self._grammar = grammar
        self._command = command
        self._clear_octets = 0
        self.heard: list[Heard] = []
        self.first = b""

    @property
    def octets_in(self) -> int:
        """See `ByteStream.octets_in`."""
        return self._inner.octets_in

    @property
    def octets_out(self) -> int:
        """See `ByteStream.octets_out`."""
        return self._inner.octets_out

    @property
    def local_address(self) -> str:
        """See `ByteStream.local_address`."""
        return self._inner.local_address

    @property
    def answer(self) -> Answer | None:
        """The answer to STARTTLS; None while there is none."""
        return next((one.answer for one in self.heard if one.asked), None)

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`; what stands behind the answer. Empty where the answer is no go-ahead.

        Raises:
            NetError: LIMIT, beside what `ByteStream.read` raises.
        """
        while self.answer is None:
            data = await self._inner.read()
            if not data:
                return data
            self._clear_octets += len(data)
            if self._clear_octets > MAX_CLEAR_OCTETS:
                raise NetError(Cause.LIMIT, f"{self._clear_octets} octets in clear", phase=Stage.STARTTLS)
            self.heard += self._grammar.receive(data)
            if self.answer is not None:
                if not self._grammar.tls_due:
                    return b""
                rest = self._grammar.leftover
                self._grammar.start_tls()
                if rest:
                    return rest
        return await self._inner.read(limit_octets)

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        if not self.first:
            data = self.first = self._command + data
        await self._inner.write(data)

    async def close_writing(self) -> None:
        """See `ByteStream.close_writing`."""
        await self._inner.close_writing()

    async def close(self) -> None:
        """See `ByteStream.close`."""
        await self._inner.close()

    def abort(self) -> None:
        """See `ByteStream.abort`."""
        self._inner.abort()
