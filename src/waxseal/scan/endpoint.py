"""Tests one address and port, once, for every host that shares it: the plan of its few connections.

First the main conversation, alone. Then, where its handshake was completed, the examination of the TLS with a
few connections at a time, which asks for the further hosts' names too (DESIGN §7). Last what is asked around
that (``scan.around``), of servers that were heard without TLS as well.
"""

import re

from msgspec import Struct, structs

from waxseal.facts import (
    Cause,
    CertificateChain,
    Endpoint,
    MailProtocol,
    Stage,
    Subject,
    TlsMode,
    TrustAnchors,
)
from waxseal.net.network import Network
from waxseal.net.peer import Peer
from waxseal.probes.dialogue import DialogueResult
from waxseal.probes.main_dialogue import main_dialogue
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.examine import Examination
from waxseal.probes.way import Way
from waxseal.scan.around import ask_around
from waxseal.trust.names import match_dns_id

_SENDABLE = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
"""Names that TLS libraries take for a server_name; DNS admits any octets in an MX record."""


class Names(Struct, frozen=True):
    """The names of one port subject.

    Attributes:
        reference: Its reference names, most specific first; the first one is sent as SNI.
        bases: TLSA base domains that are not the host's own name (RFC 7672 §2.2.2); sent as SNI too, as
            senders that know DANE do (RFC 7672 §8.1).
    """

    reference: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()


class EndpointPlan(Struct, frozen=True):
    """One address and port to test.

    Attributes:
        address: Canonical address, or ``unix:/path``.
        port: TCP port; 0 of a UNIX socket.
        mode: How TLS begins.
        protocol: What is spoken.
        subjects: Every port subject that this address stands for.
        names: The names of each subject.
        submission: Whether the user says that mail programs hand in mail there.
    """

    address: str
    port: int
    mode: TlsMode
    protocol: MailProtocol
    subjects: tuple[Subject, ...]
    names: tuple[Names, ...]
    submission: bool = False

    @property
    def server_names(self) -> tuple[str, ...]:
        """The distinct names to send as SNI, in order of the subjects; what cannot be sent is left out."""
        wanted = [name for names in self.names for name in names.reference[:1]]
        return tuple(dict.fromkeys(name for name in wanted + list(self.bases) if _SENDABLE.fullmatch(name)))

    @property
    def bases(self) -> tuple[str, ...]:
        """The distinct TLSA base domains of all subjects."""
        return tuple(dict.fromkeys(base for names in self.names for base in names.bases))


def announce(recorder: Recorder, plan: EndpointPlan) -> None:
    """Record what is about to be tested."""
    for subject, names in zip(plan.subjects, plan.names, strict=True):
        endpoint = Endpoint(
            mode=plan.mode,
            reference_names=names.reference,
            protocol=plan.protocol,
            submission=plan.submission,
        )
        recorder.emit((subject,), endpoint)


async def test_endpoint(
    network: Network, recorder: Recorder, plan: EndpointPlan, settings: ProbeSettings
) -> None:
    """Hold the conversations of the plan, within the limits of time and connections."""
    peer = Peer(
        network,
        plan.address,
        plan.port,
        time_limit_s=settings.seconds,
        connection_limit=settings.connections,
    )
    names = plan.server_names
    first_name = names[0] if names else ""
    result = await main_dialogue(
        peer, recorder, plan.subjects, settings, plan.mode, first_name, plan.protocol
    )
    examination = Examination(peer, recorder, plan.subjects, settings, plan.mode, plan.protocol)
    if result.handshake_completed:
        others = tuple(name for name in names[1:] if name in plan.bases or not _covers(result, name))
        await examination.run(result, first_name, others)
        if settings.online_revocation:
            await _ask_revocation(network, recorder, plan)
        if settings.envelope and plan.protocol is MailProtocol.SMTP:
            await _try_envelope(peer, recorder, plan, settings)
    elif first_name and result.stage is Stage.HANDSHAKE and result.cause is Cause.ALERT:
        await examination.without_name(result)
    if result.handshake_completed or result.heard_without_tls:
        way = Way(plan.protocol, plan.mode, first_name, plan.subjects[0].domain)
        await ask_around(peer, recorder, plan.subjects, settings, way)


async def _try_envelope(peer: Peer, recorder: Recorder, plan: EndpointPlan, settings: ProbeSettings) -> None:
    """Ask for the postmaster of each domain that shares the address."""
    from waxseal.probes.envelope import try_envelope  # seldom wanted

    of_domain: dict[str | None, list[Subject]] = {}
    for subject in plan.subjects:
        of_domain.setdefault(subject.domain, []).append(subject)
    for domain, subjects in of_domain.items():
        recipient = f"postmaster@{domain}" if domain is not None else ""
        name = next(iter(plan.server_names), "")
        await try_envelope(peer, recorder, tuple(subjects), settings, plan.mode, name, recipient)


async def _ask_revocation(network: Network, recorder: Recorder, plan: EndpointPlan) -> None:
    """Ask the issuers about every chain that was shown; once for all subjects that share the address."""
    from waxseal.probes.revocation import ask_revocation  # heavy, and seldom wanted

    facts = recorder.facts()
    for where, chain in facts.within(CertificateChain, plan.subjects[0]):
        places = tuple(
            structs.replace(s, server_name=where.server_name, certificate_type=where.certificate_type)
            for s in plan.subjects
        )
        anchors = facts.nearest(TrustAnchors, where)
        if anchors is not None:
            await ask_revocation(network, recorder, places, chain, anchors)


def _covers(result: DialogueResult, name: str) -> bool:
    return any(match_dns_id(name, presented) for presented in result.dns_names)
