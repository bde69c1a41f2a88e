"""Tests one address and port, once, for every host that shares it: the plan of its few connections.

First the main conversation, alone. Then, as far as it got: the same handshake without SNI, the key types not
yet seen, and the names of further hosts that the certificate does not cover. Nothing runs at the same time
to one address (DESIGN §7).
"""

import re

from msgspec import Struct

from waxseal.facts import (
    Cause,
    CertificateTypeQuery,
    CertificateTypes,
    Endpoint,
    MailProtocol,
    Stage,
    Subject,
    TlsMode,
)
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.probes.certificate_chain import Asker
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_dialogue import DialogueResult, smtp_dialogue
from waxseal.trust.names import match_dns_id

KEY_TYPES = ("rsa", "ec")
_SENDABLE = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
"""Names that TLS libraries take for a server_name; DNS admits any octets in an MX record."""


class EndpointPlan(Struct, frozen=True):
    """One address and port to test.

    Attributes:
        address: Canonical address.
        port: TCP port.
        mode: How TLS begins.
        protocol: What is spoken.
        subjects: Every port subject that this address stands for.
        names: For each subject, its reference names, most specific first; the first one is sent as SNI.
    """

    address: str
    port: int
    mode: TlsMode
    protocol: MailProtocol
    subjects: tuple[Subject, ...]
    names: tuple[tuple[str, ...], ...]

    @property
    def server_names(self) -> tuple[str, ...]:
        """The distinct names to send as SNI, in order of the subjects; what cannot be sent is left out."""
        return tuple(
            dict.fromkeys(names[0] for names in self.names if names and _SENDABLE.fullmatch(names[0]))
        )


def announce(recorder: Recorder, plan: EndpointPlan) -> None:
    """Record what is about to be tested."""
    for subject, names in zip(plan.subjects, plan.names, strict=True):
        endpoint = Endpoint(mode=plan.mode, reference_names=names, protocol=plan.protocol)
        recorder.emit((subject,), endpoint)


async def test_endpoint(
    network: Network, recorder: Recorder, plan: EndpointPlan, settings: ProbeSettings
) -> None:
    """Hold the conversations of the plan, within the limits of time and connections."""
    peer = Peer(
        network,
        plan.address,
        plan.port,
        time_limit_s=settings.time_limit_s,
        connection_limit=settings.connection_limit,
    )
    names = plan.server_names
    first_name = names[0] if names else ""
    result = await smtp_dialogue(
        peer, recorder, plan.subjects, settings, plan.mode, first_name, plan.protocol
    )
    asker = Asker(peer, recorder, plan.subjects, settings, plan.mode, plan.protocol)
    if not result.handshake_completed:
        if first_name and result.stage is Stage.HANDSHAKE and result.cause is Cause.ALERT:
            await asker.without_name("")
        return
    if first_name:
        await asker.without_name(result.leaf_sha256)
    queries = [CertificateTypeQuery(result.key_type, True)]
    queries += [
        await asker.of_key_type(kind, first_name, result.version)
        for kind in KEY_TYPES
        if kind != result.key_type
    ]
    recorder.emit(plan.subjects, CertificateTypes(queries=tuple(queries)))
    for name in names[1:]:
        if not _covers(result, name):
            await asker.with_name(name)


def _covers(result: DialogueResult, name: str) -> bool:
    return any(match_dns_id(name, presented) for presented in result.dns_names)
