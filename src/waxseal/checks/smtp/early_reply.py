"""The server talks out of turn: octets came although no command was waiting for an answer.

SMTP is an alternating dialogue, with exactly one reply to each command. A server that sends two
greetings, or a second EHLO answer, is mostly two programs in one (a proxy and the server behind it both
answer). From then on a client takes each reply for the answer to the next command: mail is lost or
refused without reason, and a reply in clear may be taken for one under TLS. A 421 at any time is no
fault. Octets behind the 220 to STARTTLS are smtp/starttls-extra-octets.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    passed,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import no_smtp, shown, spoke_early
from waxseal.facts import EhloClear, EhloTls, Greeting, StarttlsAnswer


@check(
    title="The server talks out of turn",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.1"),
    remedy=Remedy(
        general="See which program adds the second reply: a proxy, a filter or a load balancer before the "
        "server, or a banner of several lines that lacks the hyphen after its code.",
        postfix="smtpd_banner is one line; look at proxies before smtpd",
        exim="in smtp_banner and ACL messages write line breaks as \\n, and Exim adds the hyphens",
    ),
    rows=("B1",),
)
def judge(
    greeting: Greeting, ehlo: EhloClear | None, starttls: StarttlsAnswer | None, ehlo_tls: EhloTls | None
) -> Judgement:
    """Judge the octets between the replies."""
    if greeting.reply.code is None:
        return no_smtp()
    between = [("the greeting", greeting.reply, greeting.extra)]
    if ehlo is not None:
        between.append((f"the reply to {ehlo.command}", ehlo.reply, ehlo.extra))
    if starttls is not None and starttls.reply.code != 220:
        between.append(("the reply to STARTTLS", starttls.reply, starttls.extra))
    if ehlo_tls is not None:
        between.append((f"the reply to {ehlo_tls.command} under TLS", ehlo_tls.reply, ehlo_tls.extra))
    early = [(what, extra) for what, reply, extra in between if reply.code is not None and spoke_early(extra)]
    if early:
        return fail(
            f"The server goes on talking after {early[0][0]} without being asked",
            *(f"after {what}: {shown(extra)}" for what, extra in early),
        )
    return passed("the server spoke only when it was its turn")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("in turn", Verdict.PASS, (samples.greeting(), samples.ehlo(), samples.ehlo_tls()))
    twice = samples.greeting(extra=b"220 mx.example.org ESMTP\r\n")
    yield Example("two greetings", Verdict.FAIL, (twice,))
    second = samples.ehlo(extra=b"250 SIZE 1000\r\n")
    yield Example("two EHLO answers", Verdict.FAIL, (samples.greeting(), second))
    going = samples.ehlo(extra=b"421 mx.example.org shutting down\r\n")
    yield Example("shutting down", Verdict.PASS, (samples.greeting(), going))
    web = _samples.greeting(b"HTTP/1.1 400 Bad Request\r\n", extra=b"Server: x\r\n")
    yield Example("no SMTP", Verdict.INCONCLUSIVE, (web,))
