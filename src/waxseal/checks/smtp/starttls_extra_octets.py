"""Octets in clear follow the "220 go ahead" to STARTTLS.

After 220 the next thing on the wire is the client's TLS hello; the server has nothing to say. Octets that
come there are not protected by TLS: a server or proxy that answers more than it was asked, or somebody on
the path who slips in replies that a careless client would take for replies under TLS. Sound clients throw
them away; others can be led astray or break the handshake off.
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
    not_applicable,
    passed,
)
from waxseal.checks.smtp._replies import shown
from waxseal.facts import StarttlsAnswer


@check(
    title="Octets in clear follow the answer to STARTTLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2", "RFC 5321 §4.2", "RFC 5321 §4.3.1"),
    remedy=Remedy(
        general="Bring the server and any mail proxy before it up to date, and test again from another "
        "network: if the octets are there from one network only, somebody on that path puts them "
        "in.",
    ),
    rows=("B7",),
)
def judge(answer: StarttlsAnswer) -> Judgement:
    """Judge whether anything in clear came behind the 220."""
    if answer.reply.code != 220:
        return not_applicable("STARTTLS was not answered with 220")
    if not answer.extra:
        return passed("nothing in clear followed the 220 to STARTTLS")
    return fail(
        f"{len(answer.extra)} octets in clear follow the 220 to STARTTLS, where TLS must begin",
        f"received: {shown(answer.extra)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("nothing", Verdict.PASS, (samples.starttls(),))
    injected = samples.starttls(extra=b"250-mx.example.org\r\n250 AUTH PLAIN\r\n")
    yield Example("replies", Verdict.FAIL, (injected,))
    yield Example("454", Verdict.NOT_APPLICABLE, (samples.starttls(454, "4.7.0 not now"),))
