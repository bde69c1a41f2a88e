"""The mail services that SRV records name: each found, spoken to in its protocol, and never in two ways."""

import asyncio

from waxseal.facts import DIALOGUE, Attempt, Cause, Endpoint, FactSet, MailProtocol, Stage, Subject, TlsMode
from waxseal.grading.seal import State
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.domains.table import LabDomain, LabServer, expect
from waxseal.lab.world import LabWorld
from waxseal.lab.zone import DnsRecord, host_records
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.scan.collect import collect
from waxseal.scan.target import parse_target

HOST, V4 = "mail.d.test", "192.0.2.1"
IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE
SETTINGS = ProbeSettings(ehlo_name="client.test", depth=Depth.GRADE, services=True, families=(4,))


def found(records: dict[str, int], *servers: tuple[MailProtocol, int, bool]) -> FactSet:
    """Facts about ``d.test``, which has SRV records for these ports, and these servers (implicit or not)."""
    domain = LabDomain(
        name="d.test",
        title="",
        expected=expect(State.SEALED),
        records=(
            DnsRecord("d.test", "MX", "0 ."),
            *host_records(HOST, V4),
            *(
                DnsRecord(f"{label}._tcp.d.test", "SRV", f"0 1 {port} {HOST}.")
                for label, port in records.items()
            ),
        ),
        servers=tuple(
            LabServer(
                addresses=(V4,),
                behaviour=AccessBehaviour(protocol=protocol, host=HOST, implicit=implicit),
                port=port,
            )
            for protocol, port, implicit in servers
        ),
    )

    async def run() -> FactSet:
        async with LabWorld((domain,)) as world:
            return await collect([parse_target("d.test")], world.network(), SETTINGS)

    return asyncio.run(run())


def spoken(facts: FactSet) -> dict[int, tuple[MailProtocol, TlsMode]]:
    endpoints = facts.within(Endpoint, Subject())
    return {where.port or 0: (endpoint.protocol, endpoint.mode) for where, endpoint in endpoints}


def test_every_service_is_spoken_to_in_its_protocol() -> None:
    labels = {"_imap": 143, "_imaps": 993, "_pop3": 110, "_pop3s": 995, "_sieve": 4190}
    servers = (
        (IMAP, 143, False),
        (IMAP, 993, True),
        (POP3, 110, False),
        (POP3, 995, True),
        (SIEVE, 4190, False),
    )
    facts = found(labels, *servers)
    assert spoken(facts) == {
        port: (protocol, TlsMode.IMPLICIT if implicit else TlsMode.STARTTLS)
        for protocol, port, implicit in servers
    }
    mains = [a.ended for _, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    assert [(e.cause, e.stage) for e in mains] == [(Cause.COMPLETED, Stage.QUIT)] * 5


def test_a_port_that_two_services_name_is_spoken_to_in_one_way() -> None:
    facts = found({"_imap": 993, "_imaps": 993}, (IMAP, 993, True))
    assert spoken(facts) == {993: (IMAP, TlsMode.IMPLICIT)}
