"""waxseal against real mail servers: exactly the findings that each set-up deserves, and what it cost."""

from __future__ import annotations

import asyncio

import pytest

from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.facts import CertificateChain, CertificateTypes, Handshake, Subject
from waxseal.grading.seal import State
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.zone import DnsRecord, Zone, host_records
from waxseal.net.dns import DnsClient
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots
from waxseal.probes.settings import ProbeSettings

from .servers import SET_UPS, RealServer

pytestmark = pytest.mark.real

DOMAIN = "real.test"
SETTINGS = ProbeSettings(ehlo_name="probe.test")


async def check_server(server: RealServer, settings: ProbeSettings = SETTINGS) -> Result:
    """Check one listener, with a DNS world in which its name and address belong together."""
    zone = Zone([*host_records(server.name, server.host), DnsRecord(DOMAIN, "MX", f"10 {server.name}.")])
    dns = DnsServer(zone)
    await dns.start()
    try:
        network = Network(
            resolver=DnsClient([dns.address]),
            roots=load_roots(str(server.root_pem)),
            guard=AddressGuard(["127.0.0.0/8"]),
        )
        scheme = "submissions" if server.mode == "implicit" else "smtp"
        return await check(
            f"{scheme}://{server.host}:{server.port}",
            network=network,
            name=server.name,
            settings=settings,
        )
    finally:
        await dns.stop()


WARN, FAIL = Verdict.WARN, Verdict.FAIL
EXPECTED: dict[str, tuple[State, set[tuple[str, Verdict]]]] = {
    "default": (State.SEALED, set()),
    "dual": (State.SEALED, set()),
    "implicit": (State.SEALED, set()),
    "submission": (State.SEALED, set()),
    "tls12-only": (State.SEALED, {("tls/version-13-missing", WARN)}),
    "no-starttls": (State.EXPOSED, {("smtp/starttls-missing", FAIL)}),
    "expired": (State.MEND, {("certificate/expired", WARN)}),
    "self-signed": (State.MEND, {("certificate/self-signed", WARN)}),
    "missing-intermediate": (State.MEND, {("certificate/intermediate-missing", WARN)}),
    "self-made": (State.MEND, {("certificate/self-signed", WARN), ("certificate/name-mismatch", WARN)}),
}
"""What each set-up deserves, whatever the software."""
_OLD = {("tls/version-old-accepted", FAIL), ("tls/forward-secrecy-missing", WARN)}
OLD_VERSIONS = {"postfix": {*_OLD, ("tls/suite-anonymous", FAIL)}, "exim": _OLD}
"""Software that Debian configures with TLS 1.0 and 1.1, and what that and its suites come to where clients
connect by implicit TLS. The suites are proved by OpenSSL's own client in ``test_full_depth``."""
INSISTING = ("postfix", "dovecot")
"""Software whose `submission` takes no mail in clear, which would be too much of an MX
host, which it is taken for on its port."""
BROKEN_HANDSHAKE = {("tls/handshake-refused", FAIL)}


def expected(server: RealServer) -> tuple[State, set[tuple[str, Verdict]]]:
    if not server.can_handshake and server.set_up != "no-starttls":
        return (State.EXPOSED if server.mode == "starttls" else State.UNDELIVERABLE), BROKEN_HANDSHAKE
    state, findings = EXPECTED[server.set_up]
    if server.set_up == "submission" and server.software in INSISTING:
        findings = findings | {("smtp/unencrypted-refused", WARN)}
    if server.software not in OLD_VERSIONS or server.set_up in ("tls12-only", "no-starttls"):
        return state, findings
    if server.mode == "implicit":  # who connects there reads and sends mail of their own, with a password
        return State.MEND, findings | OLD_VERSIONS[server.software]
    return state, findings | {("tls/version-old-accepted", WARN)}


@pytest.mark.parametrize("real_server", SET_UPS, indirect=True, ids="-".join)
def test_exactly_what_the_set_up_deserves_is_found(real_server: RealServer) -> None:
    report = asyncio.run(check_server(real_server)).reports[0]
    found = {(f.check, f.verdict) for f in report.findings if f.verdict in (WARN, FAIL)}
    assert (report.headline.state, found) == expected(real_server)
    assert not [f for f in report.findings if f.crashed]
    assert 1 <= report.connections <= SETTINGS.connections


@pytest.mark.parametrize("real_server", [s for s in SET_UPS if s[1] == "dual"], indirect=True, ids="-".join)
def test_both_key_types_are_found(real_server: RealServer) -> None:
    facts = asyncio.run(check_server(real_server)).facts
    (types,) = (fact for _, fact in facts.within(CertificateTypes, Subject()))
    assert {(q.certificate_type, q.shown) for q in types.queries} == {("rsa", True), ("ec", True)}
    leaves = {chain.leaf.key_type for _, chain in facts.within(CertificateChain, Subject())}
    assert leaves == {"rsa", "ec"}


@pytest.mark.parametrize(
    "real_server", [s for s in SET_UPS if s[1] == "default"], indirect=True, ids="-".join
)
def test_a_server_hello_alone_is_no_handshake(real_server: RealServer) -> None:
    facts = asyncio.run(check_server(real_server)).facts
    assert bool(facts.within(Handshake, Subject())) is real_server.can_handshake
