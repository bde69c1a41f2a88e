"""What several checks of IMAP, POP3 and ManageSieve share: the responses heard, and what they are worth.

The rules of the grammars, with their sources, are in ``wire.imap_response``, ``wire.pop3_response`` and
``wire.sieve_response``.
"""

from collections.abc import Sequence
from typing import NamedTuple

from waxseal.checks.absence import LISTS_CUT
from waxseal.checks.api import Judgement, not_applicable, unreached
from waxseal.facts import (
    AccessGreeting,
    AccessLogout,
    AccessStarttls,
    Attempt,
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    Endpoint,
    MailProtocol,
    Response,
    Stage,
    TlsMode,
    describe,
)
from waxseal.wire.access_client import AccessConnection
from waxseal.wire.smtp_reply import decode_text

MAX_EVIDENCE = 200
ACCESS = frozenset({MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE})
OVERSIZED = frozenset({"too-many-lines", "response-too-long"})
_LATER = frozenset({"UNAVAILABLE", "INUSE", "IN-USE", "LIMIT", "TRYLATER"})
"""Codes that say "not now": RFC 9051 §7.1, RFC 2449 §8.1.2, RFC 5804 §1.3."""


class Heard(NamedTuple):
    """A response and what it is, in words: ``the greeting``, ``the answer to STLS``."""

    what: str
    response: Response


def listing(protocol: MailProtocol) -> str:
    """The command that asks for capabilities."""
    return "CAPA" if protocol is MailProtocol.POP3 else "CAPABILITY"


def starting(protocol: MailProtocol) -> str:
    """The command that begins TLS."""
    return "STLS" if protocol is MailProtocol.POP3 else "STARTTLS"


def leaving(protocol: MailProtocol) -> str:
    """The command that ends a session."""
    return "QUIT" if protocol is MailProtocol.POP3 else "LOGOUT"


def heard(
    protocol: MailProtocol,
    greeting: AccessGreeting,
    listed: CapabilitiesClear | None,
    starttls: AccessStarttls | None,
    listed_tls: CapabilitiesTls | None,
    farewell: AccessLogout | None,
) -> tuple[Heard, ...]:
    """Every response of the conversation, in order, each once; a greeting that is none is left out."""
    found = [Heard("the greeting", greeting.response)] if greeting.response.status else []
    if listed is not None and listed.asked:
        found.append(Heard(f"the answer to {listing(protocol)}", listed.response))
    if starttls is not None:
        found.append(Heard(f"the answer to {starttls.command}", starttls.response))
    if listed_tls is not None:
        found.append(Heard("the capabilities under TLS", listed_tls.response))
    if farewell is not None and farewell.response is not None:
        found.append(Heard(f"the answer to {leaving(protocol)}", farewell.response))
    return tuple(found)


def counted(responses: Sequence[Heard]) -> str:
    """``the 4 responses heard``."""
    return f"the {len(responses)} responses heard" if len(responses) > 1 else "the one response heard"


def broken(response: Response) -> frozenset[str]:
    """The names of the rules that a response broke."""
    return frozenset(deviation.rule for deviation in response.deviations)


def whole(response: Response) -> bool:
    """Whether a response came to its end and has a status."""
    return bool(response.status) and not broken(response) & LISTS_CUT


def temporary(response: Response) -> bool:
    """Whether the code of a refusal says that it may go better later, SYS/TEMP (RFC 3206 §4) included."""
    levels = response.code.upper().split(" ")[0].split("/")
    return levels[0] in _LATER or levels[:2] == ["SYS", "TEMP"]


def referral(response: Response) -> str:
    """Where a response sends the client (RFC 2221 §3, RFC 5804 §1.3); "" for nowhere."""
    name, _, url = response.code.partition(" ")
    return url if name.upper() == "REFERRAL" else ""


def spoke_early(protocol: MailProtocol, extra: bytes) -> bool:
    """Whether octets outside a response break the turn.

    IMAP has untagged data at any time (RFC 9051 §7), IMAP and ManageSieve have BYE (RFC 5804 §1.2).
    """
    if not extra or protocol is not MailProtocol.IMAP:
        return bool(extra) and not (protocol is MailProtocol.SIEVE and extra[:3].upper() == b"BYE")
    connection = AccessConnection(protocol, greeting=False)
    connection.send(b"NOOP")  # so that untagged data are kept, and seen at the end
    return any(
        event.response.status not in ("BYE", "") or "not-a-response" in broken(event.response)
        for event in (*connection.receive(extra), *connection.end())
    )


def said(response: Response) -> str:
    """A response in one line, bounded."""
    return (str(response) or shown(response.raw))[:MAX_EVIDENCE]


def shown(octets: bytes) -> str:
    """Octets as text that is safe to show, bounded."""
    return decode_text(octets[:MAX_EVIDENCE])[:MAX_EVIDENCE]


def keywords(listed: Capabilities) -> str:
    """The names listed, in one line, bounded."""
    return ", ".join(keyword.name for keyword in listed.keywords)[:190] or "no capability at all"


def elsewhere(endpoint: Endpoint) -> Judgement | None:
    """The answer where SMTP or LMTP is spoken."""
    if endpoint.protocol in ACCESS:
        return None
    return not_applicable(f"{endpoint.protocol.label} is spoken here")


def not_of_the_protocol() -> Judgement:
    """The answer where the greeting is no greeting of the protocol."""
    return unreached(
        "what the server sent first is no greeting of the protocol, so there is nothing to judge",
        advice="see access/greeting-malformed",
    )


def unclear(response: Response, what: str) -> Judgement:
    """The answer where a response came garbled or incomplete."""
    return unreached(
        f"the answer to {what} came garbled or incomplete",
        said(response),
        advice="see the findings about the server's responses, and test again",
    )


def not_reached(attempt: Attempt, what: str) -> Judgement:
    """The answer where the conversation ended for another reason before the question arose."""
    return unreached(
        f"the conversation did not get as far as {what}: {describe(attempt.ended)}",
        advice="see the finding that names this cause, and test again",
    )


def waited_for(endpoint: Endpoint, stage: Stage) -> str:
    """What was due in a stage of the conversation, in words; "" for a stage in which no command was sent."""
    if stage is Stage.EHLO_TLS and endpoint.protocol is MailProtocol.SIEVE:
        return "the client behind the handshake"  # which need not ask (RFC 5804 §2.2)
    if stage is Stage.EHLO_TLS:
        return f"{listing(endpoint.protocol)} under TLS"
    if stage is Stage.EHLO:
        under = " under TLS" if endpoint.mode is TlsMode.IMPLICIT else ""
        return listing(endpoint.protocol) + under
    return starting(endpoint.protocol) if stage is Stage.STARTTLS else ""


def all_answered(attempt: Attempt) -> bool:
    """Whether every command before the last one was answered, be it by a refusal."""
    ended = attempt.ended
    if ended.cause is Cause.COMPLETED or ended.stage is Stage.QUIT:
        return True
    return ended.cause is Cause.DECLINED and ended.stage is not Stage.GREETING
