"""What was seen of one endpoint, line by line, for the detail of a report: facts, with no judgement."""

from collections.abc import Iterator

from waxseal.facts import (
    AccessGreeting,
    Attempt,
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    Certificate,
    CertificateChain,
    EhloAnswer,
    EhloClear,
    EhloTls,
    Endpoint,
    FactSet,
    Greeting,
    Handshake,
    Keyword,
    MailProtocol,
    ReverseNames,
    Subject,
    Timing,
    describe,
)
from waxseal.report.extensions import extensions_line
from waxseal.report.logins import login_lines

Line = tuple[str, str]
MOST_NAMES = 8
_COMMANDS = {
    MailProtocol.LMTP: ("LHLO", "STARTTLS", "QUIT"),
    MailProtocol.IMAP: ("CAPABILITY", "STARTTLS", "LOGOUT"),
    MailProtocol.POP3: ("CAPA", "STLS", "QUIT"),
    MailProtocol.SIEVE: ("capabilities", "STARTTLS", "LOGOUT"),
}
"""What each protocol has in the place of SMTP's EHLO, STARTTLS and QUIT."""
_STAGES = ("connect", "greeting", "ehlo", "starttls", "handshake", "ehlo_tls", "quit")


def commands(protocol: MailProtocol) -> tuple[str, str, str]:
    """What a protocol has in the place of SMTP's EHLO, STARTTLS and QUIT."""
    return _COMMANDS.get(protocol, ("EHLO", "STARTTLS", "QUIT"))


def endpoint_lines(facts: FactSet, subject: Subject) -> Iterator[Line]:
    """Label and text of each line, in the order of the conversation."""
    reverse = facts.nearest(ReverseNames, subject)
    if reverse is not None:
        names = ", ".join(name.name for name in reverse.names) or reverse.answer.status.value
        yield "Reverse name", names
    greeting = facts.nearest(Greeting, subject)
    if greeting is not None:
        yield "Greeting", f"{greeting.reply.code or ''} {greeting.reply.text}".strip()[:200]
    access = facts.nearest(AccessGreeting, subject)
    if access is not None:
        yield "Greeting", str(access.response)[:200]
    yield from _keywords("", facts.nearest(EhloClear, subject))
    yield from _capabilities("Capabilities", facts.nearest(CapabilitiesClear, subject))
    handshake = facts.nearest(Handshake, subject)
    if handshake is not None:
        name = f", name sent: {handshake.server_name}" if handshake.server_name else ", no name sent"
        yield "TLS", f"{handshake.version.replace('TLSv', 'TLS ')} {handshake.suite}{name}"
    yield from _keywords(" in TLS", facts.nearest(EhloTls, subject))
    yield from _capabilities("Capabilities in TLS", facts.nearest(CapabilitiesTls, subject))
    extensions = extensions_line(facts, subject)
    if extensions:
        yield "Extensions", extensions
    yield from login_lines(facts, subject)
    for where, chain in facts.within(CertificateChain, subject):
        yield from _certificates(where, chain)
    endpoint = facts.nearest(Endpoint, subject)
    spoken = endpoint.protocol if endpoint is not None else None
    yield from _timing(facts.nearest(Timing, subject), spoken or MailProtocol.SMTP)
    for attempt in facts.at(Attempt, subject):
        spent = f"{attempt.connections} connection{'' if attempt.connections == 1 else 's'}"
        yield attempt.probe, f"{describe(attempt.ended, spoken)}; {spent}, {attempt.elapsed_s:.2f} s"


def _keywords(where: str, answer: EhloAnswer | None) -> Iterator[Line]:
    if answer is not None:
        said = f"{answer.reply.code or ''} {answer.reply.text}".strip()[:200]
        yield f"{answer.command}{where}", _words(answer.keywords) or said


def _capabilities(label: str, answer: Capabilities | None) -> Iterator[Line]:
    if answer is not None:
        yield label, _words(answer.keywords) or str(answer.response)[:200]


def _words(keywords: tuple[Keyword, ...]) -> str:
    return ", ".join(" ".join((keyword.name, *keyword.parameters)) for keyword in keywords)[:500]


def _certificates(where: Subject, chain: CertificateChain) -> Iterator[Line]:
    asked = f"name {where.server_name}" if where.server_name else "no name sent"
    leaf = chain.leaf
    names = [*leaf.dns_names, *leaf.ip_names]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    yield "Certificate", f"{_key(leaf)}, {asked}: {leaf.subject[:120]}"
    yield "  for", (", ".join(names[:MOST_NAMES])[:400] + more) or "no subjectAltName"
    if leaf.not_before is not None and leaf.not_after is not None:
        yield "  valid", f"{leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d %H:%M} UTC"
    for number, certificate in enumerate(chain.certificates):
        if number:
            yield f"  sent {number + 1}", f"{certificate.subject[:120]} ({_key(certificate)})"
    yield "  issuer", chain.certificates[-1].issuer[:120]


def _key(certificate: Certificate) -> str:
    size = certificate.curve or (str(certificate.key_bits) if certificate.key_bits else "")
    return f"{certificate.key_type} {size}".strip()


def _timing(timing: Timing | None, protocol: MailProtocol) -> Iterator[Line]:
    if timing is None:
        return
    hello, starttls, goodbye = commands(protocol)
    words = {"ehlo": hello, "starttls": starttls, "ehlo_tls": f"{hello} in TLS", "quit": goodbye}
    parts = [
        f"{words.get(name, name)} {value * 1000:.1f} ms"
        for name in _STAGES
        if (value := getattr(timing, f"{name}_s")) is not None
    ]
    if parts:
        yield "Time", ", ".join(parts)
    if timing.starttls_extra_s is not None:
        trips = f", {timing.round_trips_extra:.1f} round trips" if timing.round_trips_extra else ""
        yield "Sealing cost", f"{timing.starttls_extra_s * 1000:.1f} ms{trips}"
