"""One address and port under test: its deadline, its budget of connections, and how each stage is timed.

Whatever a peer does, a stage ends at its deadline, and a connection that was not planned is not made
(DESIGN §7).
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from waxseal.facts import Cause, Stage
from waxseal.net.dial import dial_within
from waxseal.net.errors import NetError
from waxseal.net.network import Network
from waxseal.net.stream import ByteStream

T = TypeVar("T")

CONNECT_LIMIT_S = 10.0


class Peer:
    """An address and port with what may still be spent on it.

    Args:
        network: The outside world.
        address: Address to dial, canonical.
        port: TCP port.
        time_limit_s: For everything that is done with this peer together, from now on.
        connection_limit: How many connections may be opened.
    """

    def __init__(
        self, network: Network, address: str, port: int, *, time_limit_s: float, connection_limit: int
    ) -> None:
        self.network = network
        self.address = address
        self.port = port
        self.connection_limit = connection_limit
        self.connections = 0
        self._time_limit_s = time_limit_s
        self._deadline = network.clock.monotonic() + time_limit_s
        self._put_off = False
        self._refusal = network.guard.refusal(address)

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._deadline - self.network.clock.monotonic())

    def seconds_from(self, began: float) -> float:
        """Seconds from a time of the monotonic clock to the deadline; negative behind it."""
        return self._deadline - began

    def back_off(self) -> None:
        """Open no further connection: the server has asked with 421 to come back later (RFC 5321 §3.8)."""
        self._put_off = True

    async def dial(self) -> tuple[ByteStream, float]:
        """Open one connection, and say how long the connecting took.

        Raises:
            NetError: NOT_ALLOWED, BUDGET_SPENT, or what the dialer met, all at `Stage.CONNECT`.
        """
        if self._refusal:
            raise NetError(Cause.NOT_ALLOWED, self._refusal, phase=Stage.CONNECT)
        if self._put_off:
            raise NetError(
                Cause.BUDGET_SPENT, "the server asked with 421 to come back later", phase=Stage.CONNECT
            )
        if self.connections >= self.connection_limit:
            raise NetError(
                Cause.BUDGET_SPENT, f"all {self.connection_limit} connections are spent", phase=Stage.CONNECT
            )
        if self.remaining_s <= 0:
            raise NetError(Cause.BUDGET_SPENT, "the time limit is spent", phase=Stage.CONNECT)
        self.connections += 1
        dialer = self.network.mail_dialer or self.network.dialer
        with self.stage(Stage.CONNECT, CONNECT_LIMIT_S) as under_way:
            stream = await dial_within(dialer, self.address, self.port, under_way.limit_s)
        return stream, under_way.elapsed_s

    async def timed(
        self, stage: Stage, work: Awaitable[T], limit_s: float | None = None, *, began: float | None = None
    ) -> tuple[T, float]:
        """Wait for a stage, within the deadline and its own limit; give its result and its seconds.

        Args:
            stage: What is waited for.
            work: What to wait for.
            limit_s: The stage's own limit, for what is left of it.
            began: When the stage began, by the monotonic clock, where it is waited for in several parts.

        Raises:
            NetError: With the stage and its seconds filled in; TIMED_OUT where time ran out, BUDGET_SPENT
                where most of it had gone before this stage began, which the stage is not to blame for.
        """
        with self.stage(stage, limit_s, began=began) as under_way:
            async with asyncio.timeout(under_way.limit_s):
                result = await work
        return result, under_way.elapsed_s

    def stage(self, stage: Stage, limit_s: float | None = None, *, began: float | None = None) -> "StageTime":
        """The time that a stage has, for one who keeps to it himself; the arguments are those of `timed`.

        In ``with peer.stage(...) as under_way``, a TimeoutError becomes the `NetError` of `timed`, and a
        `NetError` gets the stage and its seconds.
        """
        return StageTime(self, stage, limit_s, began)

    def had_little(self, left_s: float) -> bool:
        """Whether a stage that began with so much left before the deadline is not to blame for its end."""
        return left_s < self._time_limit_s / 2


class StageTime:
    """How long a stage may take, and took; made by `Peer.stage`.

    Attributes:
        limit_s: What it may take from now on, in seconds.
        elapsed_s: What it took; set at its end.
    """

    __slots__ = ("_at_deadline", "_began", "_peer", "_stage", "elapsed_s", "limit_s")

    def __init__(self, peer: Peer, stage: Stage, limit_s: float | None, began: float | None) -> None:
        now = peer.network.clock.monotonic()
        left = peer.seconds_from(now)
        self._peer = peer
        self._stage = stage
        self._began = now if began is None else began
        self._at_deadline = limit_s is None or limit_s >= left
        self.limit_s = max(0.0, left) if limit_s is None or limit_s > left else limit_s
        self.elapsed_s = 0.0

    def __enter__(self) -> "StageTime":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.elapsed_s = elapsed = self._peer.network.clock.monotonic() - self._began
        if error is None:
            return
        if isinstance(error, NetError):
            error.phase = error.phase or self._stage
            error.elapsed_s = elapsed
        elif isinstance(error, TimeoutError):
            had = self._peer.seconds_from(self._began)
            spent = self._at_deadline and self._peer.had_little(had)
            cause = Cause.BUDGET_SPENT if spent else Cause.TIMED_OUT
            text = f"{max(0.0, had):.1f} s were left of the time limit" if spent else f"after {elapsed:.1f} s"
            raise NetError(cause, text, phase=self._stage, elapsed_s=elapsed) from error
