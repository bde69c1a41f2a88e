"""Fixtures that give tests a running TLS server, or skip them where it cannot run.

Other folders take them over by name in their own conftest, see README.md.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.packages import UnavailableError

from .servers import TlsServers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .options import TlsServer


@pytest.fixture(scope="session")
def tls_servers() -> Iterator[TlsServers]:
    """The session's servers and their certificates; nothing runs until asked for."""
    with TlsServers() as servers:
        yield servers


@pytest.fixture(scope="session")
def start_tls(tls_servers: TlsServers) -> Callable[..., TlsServer]:
    """`TlsServers.start`, which skips the test where a server cannot be had, or fails it where it must."""

    def start(kind: str, *given: Any, **chosen: Any) -> TlsServer:
        try:
            return tls_servers.start(kind, *given, **chosen)
        except UnavailableError as error:
            if _must_run():
                pytest.fail(f"{kind} must run here: {error}", pytrace=False)
            pytest.skip(f"{kind}: {error}")

    return start


def _must_run() -> bool:
    """WAXSEAL_REQUIRE_REAL decides, "0" or "1"; without it, continuous integration must run them."""
    return os.environ.get("WAXSEAL_REQUIRE_REAL", os.environ.get("CI", "")).lower() not in ("", "0", "false")
