"""The greeting does not begin with the server's full host name.

The first word after 220 is the name of the server, fully qualified, or its address in brackets where it
has no name. Something else there ("localhost", "mail", an underscore, only "ESMTP") mostly means that the
host name was never set. Senders use the word in logs and loop detection, and the same wrong name tends to
stand in mail that the host sends, where receivers do refuse it. Only a greeting with 220 is judged.
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
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._names import name_problem
from waxseal.checks.smtp._replies import cut_off, first_line, name_unsure
from waxseal.facts import Greeting
from waxseal.wire.smtp_ehlo import masked_greeting


@check(
    title="The greeting lacks the server's host name",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.1", "RFC 5321 §2.3.5"),
    remedy=Remedy(
        general="Set the server's full host name, and let its greeting begin with it.",
        postfix="myhostname = mx.example.org; smtpd_banner = $myhostname ESMTP",
        exim="primary_hostname = mx.example.org; smtp_banner must begin with $smtp_active_hostname",
        sendmail="define(`confDOMAIN_NAME', `mx.example.org')",
        opensmtpd="listen on 0.0.0.0 hostname mx.example.org",
        exchange="Set-ReceiveConnector -Fqdn mx.example.org",
    ),
    rows=("A7",),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge the first word of a greeting with 220."""
    reply = greeting.reply
    if masked_greeting(reply):
        return unreached(
            "something on the path has overwritten the greeting, so the name was not seen",
            advice="test from another network; see smtp/greeting-masked",
        )
    if reply.code != 220:
        return not_applicable("the server did not open a session with 220")
    problem = name_problem(greeting.host_name)
    if problem is None and not cut_off(reply):
        return passed(f"the greeting names the host {greeting.host_name[:255]}")
    if name_unsure(reply):
        return unreached(
            "the greeting came garbled or cut short, so the host name cannot be told",
            first_line(reply),
            advice="see the findings about the server's replies",
        )
    return warn(f"The first word of the greeting is no full host name: {problem}", first_line(reply))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("full name", Verdict.PASS, (samples.greeting(),))
    yield Example("address literal", Verdict.PASS, (samples.greeting("[192.0.2.25] ESMTP"),))
    for text in ("localhost ESMTP", "my_mail.example.org ESMTP", "192.0.2.25 ready", ""):
        yield Example(f"{text or 'nothing'}", Verdict.WARN, (samples.greeting(text),))
    yield Example("garbled", Verdict.INCONCLUSIVE, (_samples.greeting(b"220 mx\x00.example.org\r\n"),))
    yield Example("cut short", Verdict.INCONCLUSIVE, (_samples.greeting(b"220-mx.exam"),))
    yield Example("refusal", Verdict.NOT_APPLICABLE, (samples.greeting("go away", code=554, host_name=""),))
    masked = samples.greeting("********************0*2******")
    yield Example("masked", Verdict.INCONCLUSIVE, (masked,))
