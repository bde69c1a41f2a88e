"""How users could log in, in clear and under TLS side by side, and what a login that was asked for met."""

from collections.abc import Iterator

from waxseal.facts import (
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    EhloAnswer,
    EhloClear,
    EhloTls,
    Endpoint,
    FactSet,
    ImapLogin,
    MailProtocol,
    Subject,
    TlsMode,
)

Line = tuple[str, str]
Heard = EhloAnswer | Capabilities
MOST_CHARACTERS = 300


def login_lines(facts: FactSet, subject: Subject) -> Iterator[Line]:
    """Label and text of each line; none where no server's list was heard."""
    endpoint = facts.nearest(Endpoint, subject)
    if endpoint is None:
        return
    first: Heard | None = facts.nearest(EhloClear, subject) or facts.nearest(CapabilitiesClear, subject)
    second: Heard | None = facts.nearest(EhloTls, subject) or facts.nearest(CapabilitiesTls, subject)
    if endpoint.mode is TlsMode.IMPLICIT:
        first, second = None, first
    for label, heard in (("Logins in clear", first), ("Logins in TLS", second)):
        if heard is not None and _is_list(heard):
            yield label, _offered(endpoint.protocol, heard)[:MOST_CHARACTERS]


def _is_list(heard: Heard) -> bool:
    return heard.reply.code == 250 if isinstance(heard, EhloAnswer) else heard.response.good


def _offered(protocol: MailProtocol, heard: Heard) -> str:
    """The mechanisms, and what the protocol has beside them.

    IMAP's LOGIN is open unless LOGINDISABLED is listed (RFC 9051 §7.2.2); POP3 lists USER for USER and PASS
    (RFC 2449 §6.2).
    """
    parts = [" ".join(heard.mechanisms)] if heard.mechanisms else []
    disabled = heard.keyword("LOGINDISABLED") is not None
    if protocol is MailProtocol.IMAP and not disabled:
        parts.append("the command LOGIN")
    if protocol is MailProtocol.POP3 and heard.keyword("USER") is not None:
        parts.append("the command USER")
    return (", ".join(parts) or "none") + (" (LOGINDISABLED)" if disabled else "")


def login_met(login: ImapLogin) -> str:
    """What an account's login met, and what could be read behind it."""
    parts = [f"{login.mechanism} was answered {login.response}"]
    if login.examine is not None:
        parts.append(f"EXAMINE {login.mailbox}: {login.examine.status}")
    if login.messages is not None:
        parts.append(f"{login.messages} messages")
    if login.envelopes is not None:
        parts.append(f"{login.envelopes} envelopes fetched")
    return ", ".join(parts)[:MOST_CHARACTERS]
