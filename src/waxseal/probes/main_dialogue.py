"""The main conversation with an endpoint, by the protocol that is spoken there."""

from waxseal.facts import MailProtocol, Subject, TlsMode
from waxseal.net.peer import Peer
from waxseal.probes.dialogue import DialogueResult
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings

_SMTP = (MailProtocol.SMTP, MailProtocol.LMTP)


async def main_dialogue(
    peer: Peer,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    settings: ProbeSettings,
    mode: TlsMode,
    server_name: str,
    protocol: MailProtocol,
) -> DialogueResult:
    """Hold the main conversation and record it for every subject; never raises for what the peer does.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO, and the depth.
        mode: How TLS begins.
        server_name: SNI; "" for none.
        protocol: What is spoken.
    """
    if protocol in _SMTP:
        from waxseal.probes.smtp_dialogue import smtp_dialogue

        return await smtp_dialogue(peer, recorder, subjects, settings, mode, server_name, protocol)
    from waxseal.probes.access_dialogue import access_dialogue

    return await access_dialogue(peer, recorder, subjects, settings, mode, server_name, protocol)
