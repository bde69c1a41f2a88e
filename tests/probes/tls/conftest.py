"""The fixtures of this folder's tests."""

from collections.abc import Callable

import pytest

from tests.probes.tls.examining import Examined, examine
from tests.probes.tls.peers import SERVERS
from tests.tls.fixtures import start_tls as start_tls
from tests.tls.fixtures import tls_servers as tls_servers
from tests.tls.options import TlsServer


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests count the connections of TLS alone, and their peers know nothing else."""

    async def ask_nothing(*_: object) -> None:
        return

    monkeypatch.setattr("waxseal.scan.endpoint.ask_around", ask_nothing)


@pytest.fixture(scope="session")
def examined(start_tls: Callable[..., TlsServer]) -> Callable[[str], tuple[TlsServer, Examined]]:
    """Gives a server of `SERVERS`, examined in full once."""
    done: dict[str, tuple[TlsServer, Examined]] = {}

    def of(kind: str) -> tuple[TlsServer, Examined]:
        if kind not in done:
            server = start_tls(kind, SERVERS[kind])
            done[kind] = server, examine(server)
        return done[kind]

    return of
