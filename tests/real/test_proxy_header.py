"""The PROXY protocol's header at real servers that want it: it is believed, and nothing works without.

Both forms, at Postfix and Dovecot; and through a SOCKS proxy, where the header says nothing of the source.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.net.relay import socks5
from waxseal.api import check
from waxseal.facts import Attempt, CertificateChain, FactSet, Handshake, Subject
from waxseal.net.dns import DnsClient
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots
from waxseal.net.via import network_via, network_with_header, parse_via
from waxseal.wire.proxy_header import Place, Version

from .servers import RealServer, RealServers
from .test_check import SETTINGS

pytestmark = pytest.mark.real

SOURCE = "192.0.2.77"
SERVERS = pytest.mark.parametrize(
    "real_server",
    [("postfix-services", "haproxy"), ("dovecot-access", "submission-haproxy")],
    indirect=True,
    ids="-".join,
)


def network(server: RealServer) -> Network:
    return Network(
        resolver=DnsClient(["127.0.0.1:9"]),
        roots=load_roots(str(server.root_pem)),
        guard=AddressGuard(["127.0.0.0/8"]),
    )


async def look(server: RealServer, world: Network) -> FactSet:
    target = f"smtp://{server.host}:{server.port}"
    return (await check(target, network=world, settings=SETTINGS, name=server.name)).facts


@SERVERS
@pytest.mark.parametrize("version", list(Version), ids=str)
def test_header_is_believed(real_server: RealServer, real_servers: RealServers, version: Version) -> None:
    world = network_with_header(network(real_server), version, (Place(SOURCE, 40000),))
    facts = asyncio.run(look(real_server, world))
    assert facts.within(Handshake, Subject())
    assert facts.within(CertificateChain, Subject())
    assert not {a.probe for _, a in facts.within(Attempt, Subject()) if a.ended.cause == "crashed"}
    assert SOURCE in real_servers.log(real_server.software)


@SERVERS
@pytest.mark.parametrize("version", list(Version), ids=str)
def test_header_through_a_proxy(real_server: RealServer, version: Version) -> None:
    async def run() -> FactSet:
        async with socks5() as (_, port):
            through = network_via(network(real_server), parse_via(f"socks5://127.0.0.1:{port}"))
            return await look(real_server, network_with_header(through, version))

    heard = bool(asyncio.run(run()).within(Handshake, Subject()))
    # Postfix turns UNKNOWN down, as the specification warns that receivers may (§2.1).
    assert heard is (version is Version.V2 or real_server.software != "postfix-services")


@SERVERS
def test_without_a_header_nothing_is_seen(real_server: RealServer) -> None:
    facts = asyncio.run(look(real_server, network(real_server)))
    assert not facts.within(Handshake, Subject())
