"""The envelope of a message that is never sent, at real servers."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.facts import EnvelopeAnswers, Reply, Subject
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.zone import DnsRecord, Zone, host_records
from waxseal.net.dns import DnsClient
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots

from .servers import RealServer
from .test_check import SETTINGS

pytestmark = pytest.mark.real

ENVELOPE = structs.replace(SETTINGS, envelope=True)


async def try_domain(server: RealServer) -> Result:
    """Check the domain whose MX host the server is."""
    domain = server.name.partition(".")[2]
    zone = Zone([*host_records(server.name, server.host), DnsRecord(domain, "MX", f"10 {server.name}.")])
    dns = DnsServer(zone)
    await dns.start()
    try:
        network = Network(
            resolver=DnsClient([dns.address]),
            roots=load_roots(str(server.root_pem)),
            guard=AddressGuard(["127.0.0.0/8"]),
        )
        return await check(domain, network=network, settings=ENVELOPE, port=server.port)
    finally:
        await dns.stop()


def code(reply: Reply | None) -> int | None:
    return None if reply is None else reply.code


def verdict(result: Result, name: str) -> Verdict:
    (found,) = {f.verdict for f in result.reports[0].findings if f.check == name}
    return found


@pytest.mark.parametrize("real_server", [("postfix", "default"), ("exim", "default")], indirect=True)
def test_a_public_server_takes_it_all(real_server: RealServer) -> None:
    result = asyncio.run(try_domain(real_server))
    ((_, answers),) = result.facts.within(EnvelopeAnswers, Subject())
    assert (code(answers.clear_mail), code(answers.tls_mail), code(answers.tls_recipient)) == (250, 250, 250)
    assert answers.recipient == f"postmaster@{real_server.name.partition('.')[2]}"
    assert verdict(result, "smtp/unencrypted-refused") is Verdict.PASS
    assert verdict(result, "smtp/envelope-deferred") is Verdict.PASS
    assert verdict(result, "smtp/postmaster-refused") is Verdict.PASS


@pytest.mark.parametrize("real_server", [("postfix", "submission")], indirect=True)
def test_a_server_that_demands_starttls(real_server: RealServer) -> None:
    result = asyncio.run(try_domain(real_server))
    ((_, answers),) = result.facts.within(EnvelopeAnswers, Subject())
    assert code(answers.clear_mail) == 530
    assert verdict(result, "smtp/unencrypted-refused") is Verdict.WARN
