"""The IMAP server greets with PREAUTH: it says that the client is logged in already.

Behind PREAUTH the client may no longer say STARTTLS. So in clear it forces the session to stay in clear, and
it is the known trick with which somebody on the path keeps a mail program from TLS and then receives what
it stores (drafts, sent mail). No server on a network should send it in clear; a sound mail program hangs up.
Under TLS it is a login by client certificate; here none was shown, and so anybody is let in.
"""

from collections.abc import Iterator

from waxseal.checks.absence import is_local
from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import said
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    fail,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.facts import AccessGreeting, Endpoint, MailProtocol, TlsMode


@check(
    title="IMAP greets with PREAUTH",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9051 §7.1.4", "RFC 9051 §11.3", "RFC 8314 §3.2"),
    remedy=Remedy(
        general="Let the server greet with OK on every port that a network reaches. Test from another "
        "network as well: if PREAUTH comes from one network only, somebody on that path says it.",
        dovecot="imap started by hand or by inetd logs its user in; let imap-login listen instead",
    ),
    rows=("K4",),
)
def judge(subject: Subject, endpoint: Endpoint, greeting: AccessGreeting) -> Judgement:
    """Judge the status of the greeting."""
    if is_local(subject):
        return not_applicable("a socket of this machine: the system itself knows who is at the other end")
    if endpoint.protocol is not MailProtocol.IMAP:
        return not_applicable("only IMAP has PREAUTH")
    response = greeting.response
    if not response.status:
        return unreached(
            "what the server sent first is no whole greeting of IMAP",
            advice="see access/greeting-malformed and access/greeting-missing",
        )
    if response.status != "PREAUTH":
        return passed("the server does not take the client for logged in")
    if greeting.in_tls:
        return warn(
            "The server takes a client under TLS for logged in that has shown no certificate", said(response)
        )
    return fail(
        "The server takes the client for logged in, in clear, so that STARTTLS is not possible",
        said(response),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start, implicit = samples.endpoint(), samples.endpoint(samples.IMAP, TlsMode.IMPLICIT)
    octets = b"* PREAUTH IMAP4rev2 server logged in as Smith\r\n"
    yield Example("OK", Verdict.PASS, (start, samples.greeting()))
    yield Example("in clear", Verdict.FAIL, (start, samples.greeting(samples.IMAP, octets)))
    sealed = samples.greeting(samples.IMAP, octets, in_tls=True)
    yield Example("under TLS", Verdict.WARN, (implicit, sealed))
    local = (
        at(start, address="unix:/run/imap", port=0),
        at(samples.greeting(samples.IMAP, octets), address="unix:/run/imap", port=0),
    )
    yield Example("on a socket", Verdict.NOT_APPLICABLE, local)
    garbage = samples.greeting(samples.IMAP, b"220 mx\r\n")
    yield Example("no IMAP", Verdict.INCONCLUSIVE, (start, garbage))
    pop3 = (samples.endpoint(samples.POP3), samples.greeting(samples.POP3))
    yield Example("POP3", Verdict.NOT_APPLICABLE, pop3)
