"""Fixtures that give tests a running real mail server, or skip them where none can run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .packages import UnavailableError
from .servers import RealServer, RealServers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def real_servers() -> Iterator[RealServers]:
    """The session's servers, their certificates and logs; nothing runs until asked for."""
    with RealServers() as servers:
        yield servers


@pytest.fixture(scope="session")
def start_real(real_servers: RealServers) -> Callable[[str, str], RealServer]:
    """Gives the server of a (software, set-up), or skips the test that asks."""

    def start(software: str, set_up: str) -> RealServer:
        try:
            return real_servers.server(software, set_up)
        except UnavailableError as error:
            if _must_run():
                pytest.fail(f"{software} must run here: {error}", pytrace=False)
            pytest.skip(f"{software}: {error}")

    return start


@pytest.fixture
def real_server(request: pytest.FixtureRequest, start_real: Callable[[str, str], RealServer]) -> RealServer:
    """The server of the (software, set-up) given by indirect parametrisation, for instance with SET_UPS."""
    software, set_up = request.param
    return start_real(software, set_up)


def _must_run() -> bool:
    """WAXSEAL_REQUIRE_REAL decides, "0" or "1"; without it, continuous integration must run them."""
    return os.environ.get("WAXSEAL_REQUIRE_REAL", os.environ.get("CI", "")).lower() not in ("", "0", "false")
