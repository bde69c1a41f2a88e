"""Fronts that change from connection to connection, for `start_tls` to use in place of its own."""

import asyncio
from functools import partial
from typing import Any

import pytest

from tests.tls import servers
from tests.tls.delayed import Delayed
from tests.tls.faults import FaultyFront
from tests.tls.front import Front


class TurningFront(FaultyFront):
    """Sound for its first connections, then faulty."""

    def __init__(self, *given: Any, sound: int, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sound = sound
        self._begun = 0

    async def _talk(self, reader: asyncio.StreamReader, out: Delayed, *, busy: bool) -> None:
        self._begun += 1
        if self._begun <= self._sound:
            await Front._talk(self, reader, out, busy=busy)
        else:
            await super()._talk(reader, out, busy=busy)

    async def _relay(self, reader: asyncio.StreamReader, out: Delayed, first: bytes) -> None:
        if self._begun <= self._sound:
            await Front._relay(self, reader, out, first)
        else:
            await super()._relay(reader, out, first)


class SharingFront(Front):
    """Hands every other connection to another server."""

    def __init__(self, *given: Any, other_port: int, **named: Any) -> None:
        super().__init__(*given, **named)
        self._other_port = other_port
        self._turn = False

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._turn = not self._turn
        if self._turn:
            return await super()._connect()
        return await asyncio.open_connection("127.0.0.1", self._other_port)


def turn_after(monkeypatch: pytest.MonkeyPatch, sound: int) -> None:
    """Let faults begin after so many sound connections."""
    monkeypatch.setattr(servers, "FaultyFront", partial(TurningFront, sound=sound))


def share_with(monkeypatch: pytest.MonkeyPatch, other_port: int) -> None:
    """Let every other connection go to this server."""
    monkeypatch.setattr(servers, "Front", partial(SharingFront, other_port=other_port))


def short_minutes(monkeypatch: pytest.MonkeyPatch, window_s: float) -> None:
    """Let the minute of `per_minute` be so short."""
    monkeypatch.setattr(servers, "Front", partial(Front, window_s=window_s))
