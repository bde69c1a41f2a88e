"""What is asked of one endpoint beside its main conversation and TLS: STARTTLS flaws, logins, relaying.

Every probe has the same form, takes connections of the endpoint's budget, and is imported where it is wanted.
"""

from waxseal.facts import MailProtocol, Subject, TlsMode
from waxseal.net.peer import Peer
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.probes.way import Way

_MAIL = (MailProtocol.SMTP, MailProtocol.LMTP)


_ON_REQUEST = {"auth": 2, "login": 1, "relay": 2, "smuggling": 8}
"""Connections that probes on request take at the most; they come on top of the endpoint's limit."""


async def ask_around(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Ask what the settings want, one after the other; what is recorded is said at each probe."""
    if settings.depth is not Depth.GRADE:
        from waxseal.probes.cross_protocol import try_cross_protocol
        from waxseal.probes.starttls_session import try_session

        if way.mode is TlsMode.STARTTLS:
            await try_session(peer, recorder, subjects, settings, way)
        await try_cross_protocol(peer, recorder, subjects, settings, way)
        if way.protocol in _MAIL:
            from waxseal.probes.smtp_commands import ask_commands

            await ask_commands(peer, recorder, subjects, settings, way)
        if way.mode is TlsMode.STARTTLS and settings.injection:
            from waxseal.probes.injection import try_injection

            await try_injection(peer, recorder, subjects, settings, way)
    if settings.active_auth:
        from waxseal.probes.auth_trials import try_auth

        peer.connection_limit += _ON_REQUEST["auth"]
        await try_auth(peer, recorder, subjects, settings, way)
    if settings.account is not None and way.protocol is MailProtocol.IMAP:
        from waxseal.probes.imap_login import try_login

        peer.connection_limit += _ON_REQUEST["login"]
        await try_login(peer, recorder, subjects, settings, way)
    if settings.relay and way.protocol is MailProtocol.SMTP:
        from waxseal.probes.relay import try_relay

        peer.connection_limit += _ON_REQUEST["relay"]
        await try_relay(peer, recorder, subjects, settings, way)
    if settings.own_recipient and way.protocol is MailProtocol.SMTP:
        from waxseal.probes.smuggling import try_smuggling

        peer.connection_limit += _ON_REQUEST["smuggling"]
        await try_smuggling(peer, recorder, subjects, settings, way)
