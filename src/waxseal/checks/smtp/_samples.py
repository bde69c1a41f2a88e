"""Sample facts that only the examples of the dialogue's checks need; the others are in ``checks.samples``."""

from typing import Any

from waxseal.checks import samples
from waxseal.facts import (
    DnsStatus,
    EhloClear,
    EhloTls,
    Greeting,
    QuitAnswer,
    Reply,
    ReverseName,
    ReverseNames,
)
from waxseal.wire.smtp_ehlo import greeting_host_name, parse_ehlo
from waxseal.wire.smtp_reply import ReplyParser


def parsed(octets: bytes) -> Reply:
    """The first reply in these octets, whole or as far as it goes.

    Raises:
        ValueError: There are no octets.
    """
    parser = ReplyParser()
    reply, _ = parser.feed_until_reply(octets)
    reply = reply or parser.finish()
    if reply is None:
        raise ValueError("an example needs octets")
    return reply


def greeting(octets: bytes, **changes: Any) -> Greeting:
    """A greeting as it came over the wire."""
    reply = parsed(octets)
    return samples.greeting(**{"reply": reply, "host_name": greeting_host_name(reply), **changes})


def ehlo(octets: bytes, **changes: Any) -> EhloClear:
    """A first EHLO answer as it came over the wire."""
    reply = parsed(octets)
    host_name, keywords = parse_ehlo(reply)
    return EhloClear(
        **{"command": "EHLO", "reply": reply, "host_name": host_name, "keywords": keywords, **changes}
    )


def ehlo_tls(octets: bytes, **changes: Any) -> EhloTls:
    """An EHLO answer under TLS as the server sent it."""
    reply = parsed(octets)
    host_name, keywords = parse_ehlo(reply)
    return EhloTls(
        **{"command": "EHLO", "reply": reply, "host_name": host_name, "keywords": keywords, **changes}
    )


def farewell(code: int = 221, text: str = "2.0.0 Bye") -> QuitAnswer:
    """The answer to QUIT."""
    return QuitAnswer(reply=samples.reply(code, text), elapsed_s=0.02)


def reverse(*names: str, status: DnsStatus = DnsStatus.ANSWERED) -> ReverseNames:
    """The PTR names of the sample address, each resolving back to it."""
    return ReverseNames(
        answer=samples.answer("25.2.0.192.in-addr.arpa", "PTR", *names, status=status),
        names=tuple(ReverseName(name, ("192.0.2.25",), DnsStatus.ANSWERED) for name in names),
    )
