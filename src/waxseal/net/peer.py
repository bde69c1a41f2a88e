"""One address and port under test: its deadline, its budget of connections, and how each stage is timed.

Whatever a peer does, a stage ends at its deadline, and a connection that was not planned is not made
(DESIGN §7).
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from waxseal.facts import Cause, Stage
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

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._deadline - self.network.clock.monotonic())

    def back_off(self) -> None:
        """Open no further connection: the server has asked with 421 to come back later (RFC 5321 §3.8)."""
        self._put_off = True

    async def dial(self) -> tuple[ByteStream, float]:
        """Open one connection, and say how long the connecting took.

        Raises:
            NetError: NOT_ALLOWED, BUDGET_SPENT, or what the dialer met, all at `Stage.CONNECT`.
        """
        refusal = self.network.guard.refusal(self.address)
        if refusal is not None:
            raise NetError(Cause.NOT_ALLOWED, refusal, phase=Stage.CONNECT)
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
        return await self.timed(
            Stage.CONNECT, self.network.dialer.dial(self.address, self.port), CONNECT_LIMIT_S
        )

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
        clock = self.network.clock
        began = clock.monotonic() if began is None else began
        remaining = self.remaining_s
        limit = remaining if limit_s is None else min(limit_s, remaining)
        try:
            async with asyncio.timeout(limit):
                result = await work
        except TimeoutError as error:
            elapsed = clock.monotonic() - began
            had = self._deadline - began
            if limit == remaining and had < self._time_limit_s / 2:
                text = f"{max(0.0, had):.1f} s were left of the time limit"
                raise NetError(Cause.BUDGET_SPENT, text, phase=stage, elapsed_s=elapsed) from error
            raise NetError(
                Cause.TIMED_OUT, f"after {elapsed:.1f} s", phase=stage, elapsed_s=elapsed
            ) from error
        except NetError as error:
            error.phase = error.phase or stage
            error.elapsed_s = clock.monotonic() - began
            raise
        return result, clock.monotonic() - began
