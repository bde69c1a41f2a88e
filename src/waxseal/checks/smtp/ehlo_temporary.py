"""The server answers EHLO with "not now" (a code that begins with 4).

It let the caller in and then puts it off: a limit was reached, a filter behind the server does not
answer, or the server shuts down. Senders come back later, so mail is late and not lost. As the reason may
lie with the caller, nothing was learned about STARTTLS.
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
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.smtp._replies import first_line, unclear
from waxseal.facts import EhloClear


@check(
    title="The server puts the client off at EHLO",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2.1", "RFC 5321 §3.8"),
    remedy=Remedy(
        general="See the server's log for the limit or the filter that put the client off, and raise or "
        "mend it.",
        postfix="smtpd_milters, smtpd_helo_restrictions, smtpd_client_connection_rate_limit",
        exim="defer in acl_smtp_helo, smtp_accept_max_per_host",
    ),
    rows=("B4", "P10"),
)
def judge(ehlo: EhloClear) -> Judgement:
    """Judge the code of the last answer to EHLO or HELO."""
    code = ehlo.reply.code
    if code is None:
        return unclear(ehlo.reply, ehlo.command)
    if code // 100 == 4:
        return inconclusive(
            f"the server puts this client off at {ehlo.command} ({code}), so nothing more could be seen",
            first_line(ehlo.reply),
            advice="test again in a few minutes, and from an address that the server knows",
        )
    if code // 100 != 2:
        return not_applicable(f"the server does not accept {ehlo.command}, see smtp/ehlo-rejected")
    return passed(f"the server does not put clients off at {ehlo.command}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("accepted", Verdict.PASS, (samples.ehlo(),))
    for code, text in ((421, "mx.example.org closing"), (451, "4.7.1 try again later")):
        answer = samples.ehlo(reply=samples.reply(code, text), keywords=())
        yield Example(f"{code}", Verdict.INCONCLUSIVE, (answer,))
    rejected = samples.ehlo(reply=samples.reply(502, "what?"), keywords=())
    yield Example("rejected", Verdict.NOT_APPLICABLE, (rejected,))
