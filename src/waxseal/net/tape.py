"""A tape of one stream: what went each way and when, and a stream that plays it back.

A recorded conversation can be given to a probe again without a network.
"""

from msgspec import Struct

from waxseal.facts import Cause
from waxseal.net.clock import Clock
from waxseal.net.errors import NetError
from waxseal.net.stream import READ_OCTETS, ByteStream


class TapePiece(Struct, frozen=True):
    """One read or write.

    Attributes:
        at_s: Seconds since the tape began.
        sender: ``C`` for what we wrote, ``S`` for what we read.
        octets: What went; empty from ``S`` for the end of the stream.
        error: Cause of the error that a read ended with; "" for none.
    """

    at_s: float
    sender: str
    octets: bytes
    error: str = ""


class RecordingStream:
    """A `ByteStream` that keeps a tape of all that passes."""

    def __init__(self, inner: ByteStream, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._began = clock.monotonic()
        self.pieces: list[TapePiece] = []

    @property
    def octets_in(self) -> int:
        """Octets read."""
        return self._inner.octets_in

    @property
    def octets_out(self) -> int:
        """Octets written."""
        return self._inner.octets_out

    @property
    def local_address(self) -> str:
        """The address that we speak from."""
        return self._inner.local_address

    def _keep(self, sender: str, octets: bytes, error: str = "") -> None:
        self.pieces.append(TapePiece(self._clock.monotonic() - self._began, sender, octets, error))

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`."""
        try:
            data = await self._inner.read(limit_octets)
        except NetError as error:
            self._keep("S", b"", error.cause.value)
            raise
        self._keep("S", data)
        return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        self._keep("C", data)
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


class ReplayStream:
    """A `ByteStream` that plays the server's side of a tape; what is written is kept in `written`.

    Reads give the pieces of the tape one by one, cut at the limit asked for, and the end of the stream when
    the tape is over. Time is not replayed.
    """

    local_address = ""

    def __init__(self, pieces: list[TapePiece]) -> None:
        self._pieces = [piece for piece in pieces if piece.sender == "S"]
        self._rest = b""
        self.written = bytearray()
        self.octets_in = 0

    @property
    def octets_out(self) -> int:
        """Octets written."""
        return len(self.written)

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """See `ByteStream.read`."""
        if not self._rest and self._pieces:
            piece = self._pieces.pop(0)
            if piece.error:
                raise NetError(Cause(piece.error))
            self._rest = piece.octets
        data, self._rest = self._rest[:limit_octets], self._rest[limit_octets:]
        self.octets_in += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """See `ByteStream.write`."""
        self.written += data

    async def close_writing(self) -> None:
        """See `ByteStream.close_writing`."""

    async def close(self) -> None:
        """See `ByteStream.close`."""

    def abort(self) -> None:
        """See `ByteStream.abort`."""
