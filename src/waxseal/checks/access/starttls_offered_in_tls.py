"""STARTTLS (STLS in POP3) is offered inside TLS.

Once TLS stands there is nothing left to start. ManageSieve forbids to list it then, IMAP advises against it
and has no such command on a port that begins with TLS, and POP3 lists only commands that are permitted at
the time. A server that still lists it has not taken notice of the handshake: mostly a proxy ends TLS before
it, and its rules for logins under TLS then work on wrong knowledge. Graver where it takes the command too.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import keywords, starting, unclear, whole
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.facts import (
    Answer,
    CapabilitiesClear,
    CapabilitiesTls,
    Endpoint,
    MailProtocol,
    StarttlsSession,
    TlsMode,
)


@check(
    title="STARTTLS is offered inside TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5804 §2.2", "RFC 9051 §6.2.1", "RFC 2595 §4"),
    remedy=Remedy(
        general="Let the program that ends TLS be the one that lists the capabilities, or tell the server "
        "behind the TLS proxy that its connections are sealed.",
        dovecot="behind a proxy that ends TLS: haproxy = yes for the listener, and a proxy that sends the "
        "PROXY protocol with its TLS part",
    ),
    rows=("B8", "K1"),
)
def judge(
    endpoint: Endpoint,
    first: CapabilitiesClear,
    second: CapabilitiesTls | None,
    session: StarttlsSession | None,
) -> Judgement:
    """Judge the capabilities that were listed under TLS."""
    inside = first if endpoint.mode is TlsMode.IMPLICIT else second
    command = starting(endpoint.protocol)
    if inside is None:
        if first.response.good and first.keywords and first.keyword(command) is None:
            return not_applicable("the server offers no TLS here")
        return unreached(
            "no capabilities were seen under TLS",
            advice="see the finding that names the cause, and test again",
        )
    if inside.keyword(command) is not None:
        again = session.again if session is not None else None
        taken = again is not None and again.status in ("OK", "+OK")
        answer = fail if taken or endpoint.protocol is MailProtocol.SIEVE else warn
        how = "listed inside TLS, and taken" if taken else "listed inside TLS"
        return answer(f"{command} is {how}", f"listed: {keywords(inside)}")
    if not inside.response.good or not whole(inside.response):
        return unclear(inside.response, "the request for capabilities under TLS")
    return passed(f"{command} is not offered inside TLS")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    again = {
        samples.IMAP: (b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n", Verdict.WARN),
        samples.POP3: (b"+OK\r\nUIDL\r\nSTLS\r\n.\r\n", Verdict.WARN),
        samples.SIEVE: (b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK\r\n', Verdict.FAIL),
    }
    for protocol, (octets, verdict) in again.items():
        start, clear, name = samples.endpoint(protocol), samples.listed(protocol), protocol.label
        sound = samples.listed_tls(protocol)
        yield Example(f"{name}, not again", Verdict.PASS, (start, clear, sound))
        yield Example(f"{name}, again", verdict, (start, clear, samples.listed_tls(protocol, octets)))
        implicit = samples.endpoint(protocol, TlsMode.IMPLICIT)
        yield Example(f"{name}, implicit, listed", verdict, (implicit, clear))
    start = samples.endpoint()
    both = samples.listed_tls(samples.IMAP, again[samples.IMAP][0])
    taken = StarttlsSession(again=Answer("OK", "Begin TLS", tag="a4"))
    yield Example("listed and taken", Verdict.FAIL, (start, samples.listed(), both, taken))
    bare = samples.listed(samples.IMAP, b"* CAPABILITY IMAP4rev1\r\na1 OK done\r\n")
    yield Example("no TLS", Verdict.NOT_APPLICABLE, (start, bare))
    yield Example("not seen", Verdict.INCONCLUSIVE, (start, samples.listed()))
    refused = samples.listed_tls(samples.IMAP, b"a1 BAD what?\r\n")
    yield Example("refused", Verdict.INCONCLUSIVE, (start, samples.listed(), refused))
