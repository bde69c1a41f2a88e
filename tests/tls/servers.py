"""Every test server there is, started by its kind; what each one speaks is in README.md.

`TlsServers` is for tests: servers run in processes, fronts in an event loop of a thread, so that blocking
code can talk to them. `serving` is the same for code in an event loop, such as a measurement.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tests.real.packages import UnavailableError

from . import flawed_tls, gnutls, openssl_node, python_ssl, s_server
from .dialogue import DIALOGUES
from .faults import FaultyFront
from .front import Front
from .identities import Identities
from .options import TlsOptions, TlsServer
from .process import Order, Running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from types import TracebackType
    from typing import Self

    from .dialogue import Protocol

T = TypeVar("T")

_STARTERS: dict[str, Callable[[Order], Running]] = {
    **dict.fromkeys(openssl_node.RELEASES, openssl_node.start),
    **dict.fromkeys(gnutls.KINDS, gnutls.start),
    **dict.fromkeys(s_server.KINDS, s_server.start),
    **dict.fromkeys(python_ssl.KINDS, python_ssl.start),
    **dict.fromkeys(flawed_tls.KINDS, flawed_tls.start),
}
_WORK_LIMIT_S = 10.0

KINDS: tuple[str, ...] = tuple(_STARTERS)
"""Every kind that `start` knows."""


class TlsServers:
    """All test servers of a session; a context manager that ends what it started."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="waxseal-tls-"))  # mode 0700: it holds keys
        self._running: list[Running] = []
        self._shared: dict[tuple[str, TlsOptions, Protocol, bool], Running] = {}
        self._failed: dict[str, UnavailableError] = {}
        self._fronts: list[Front] = []
        self._loop = _LoopThread()
        self.identities = Identities(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every server and front; a second call does nothing."""
        for front in self._fronts:
            self._loop.run(front.__aexit__(None, None, None))
        self._fronts.clear()
        for running in self._running:
            running.process.close()
        self._running.clear()
        self._shared.clear()
        self._loop.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(
        self,
        kind: str,
        options: TlsOptions | None = None,
        *,
        behind: Protocol = "smtp",
        implicit: bool = False,
        fresh: bool = False,
        delay_s: float = 0.0,
        per_minute: int | None = None,
        at_once: int | None = None,
        fault: str | None = None,
        **chosen: Any,
    ) -> TlsServer:
        """A server of that kind behind a front of its own; equal servers are shared by their fronts.

        Args:
            kind: One of `KINDS`.
            options: How it shakes hands; or give the fields of `TlsOptions` as keyword arguments.
            behind: What is spoken up to STARTTLS, and within TLS.
            implicit: TLS from the first octet.
            fresh: Not to be shared, for tests that change its state or count its doings.
            delay_s, per_minute, at_once: See `Front`.
            fault: One of `faults.FAULTS` or `OTHER_FAULTS`: the front makes an ill server of a sound one.
            **chosen: Fields of `TlsOptions`.

        Raises:
            UnavailableError: It cannot run on this machine.
            StartError: It should run but did not come up.
            ValueError: There is no such kind, or it cannot do what is asked.
        """
        wanted = replace(options or TlsOptions(), **chosen)
        running = self._backend(kind, wanted, behind, implicit, fresh=fresh)
        limits: dict[str, Any] = {"delay_s": delay_s, "per_minute": per_minute, "at_once": at_once}
        protocol = None if implicit else behind
        if fault is None:
            front = Front(running.process.address, protocol, **limits)
        else:
            front = FaultyFront(running.process.address, protocol, fault=fault, **limits)
        self._loop.run(front.__aenter__())
        self._fronts.append(front)
        return TlsServer(
            kind=kind,
            version_text=running.version_text,
            host=front.host,
            port=front.port,
            tls_port=running.process.address[1] if isinstance(running.process.address, tuple) else None,
            protocol=behind,
            implicit=implicit,
            speaks=running.speaks,
            root_pem=self.identities.root_pem,
            pid=running.process.pid,
            front=front,
        )

    def _backend(
        self, kind: str, options: TlsOptions, behind: Protocol, implicit: bool, *, fresh: bool
    ) -> Running:
        if kind not in _STARTERS:
            raise ValueError(f"there is no test server {kind!r}; there are {', '.join(KINDS)}")
        key = (kind, options, behind, implicit)
        shared = self._shared.get(key)
        if shared is not None and shared.process.runs and not fresh:
            return shared
        if kind in self._failed:
            raise self._failed[kind]
        folder = Path(tempfile.mkdtemp(dir=self._folder, prefix=f"{kind}-"))
        order = Order(kind, options, self.identities, folder, DIALOGUES[behind], greets=implicit)
        try:
            running = _STARTERS[kind](order)
        except UnavailableError as error:
            self._failed[kind] = error  # a second attempt would only take as long again
            raise
        self._running.append(running)
        if not fresh:
            self._shared[key] = running
        return running


@asynccontextmanager
async def serving(kind: str, options: TlsOptions | None = None, **given: Any) -> AsyncIterator[TlsServer]:
    """One server for code in an event loop; arguments and exceptions are those of `TlsServers.start`."""
    servers = await asyncio.to_thread(TlsServers)
    try:
        yield await asyncio.to_thread(servers.start, kind, options, **given)
    finally:
        await asyncio.to_thread(servers.close)


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it there and waits for its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WORK_LIMIT_S)

    def stop(self) -> None:
        """Ends the loop; a second call does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_WORK_LIMIT_S)
            self._loop.close()
