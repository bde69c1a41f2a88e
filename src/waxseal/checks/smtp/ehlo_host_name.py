"""The answer to EHLO does not begin with the server's full host name.

The first line of the answer is "250", the host's name and perhaps a word of welcome; the extensions
follow. A server that begins with something else ("250-Hello", or an extension) breaks the form, and
clients that skip the first line lose an extension: where it is STARTTLS, mail travels in clear. The same
wrong name as in the greeting is reported once, by smtp/greeting-host-name.
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
from waxseal.facts import EhloClear, Greeting


@check(
    title="The EHLO answer lacks the server's host name",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.1.1.1", "RFC 5321 §2.3.5"),
    remedy=Remedy(
        general="Set the server's full host name, and let the EHLO answer begin with it.",
        postfix="myhostname = mx.example.org",
        exim="primary_hostname = mx.example.org (or smtp_active_hostname)",
        sendmail="define(`confDOMAIN_NAME', `mx.example.org')",
        opensmtpd="listen on 0.0.0.0 hostname mx.example.org",
        exchange="Set-ReceiveConnector -Fqdn mx.example.org",
    ),
    rows=("A7",),
)
def judge(ehlo: EhloClear, greeting: Greeting | None) -> Judgement:
    """Judge the first word of the first EHLO answer."""
    if ehlo.command != "EHLO" or ehlo.reply.code != 250:
        return not_applicable("EHLO was not accepted")
    problem = name_problem(ehlo.host_name)
    if problem is None and not cut_off(ehlo.reply):
        return passed(f"the EHLO answer names the host {ehlo.host_name[:255]}")
    if name_unsure(ehlo.reply):
        return unreached(
            "the EHLO answer came garbled or cut short, so the host name cannot be told",
            first_line(ehlo.reply),
            advice="see the findings about the server's replies",
        )
    if greeting is not None and greeting.reply.code == 220 and greeting.host_name == ehlo.host_name:
        return not_applicable("the name is the one of the greeting, see smtp/greeting-host-name")
    return warn(f"The first word of the EHLO answer is no full host name: {problem}", first_line(ehlo.reply))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("full name", Verdict.PASS, (samples.ehlo(),))
    welcome = _samples.ehlo(b"250-Hello probe.example.net\r\n250 STARTTLS\r\n")
    yield Example("Hello", Verdict.WARN, (samples.greeting(), welcome))
    yield Example("an extension", Verdict.WARN, (_samples.ehlo(b"250-STARTTLS\r\n250 mx.example.org\r\n"),))
    local = _samples.ehlo(b"250-localhost\r\n250 STARTTLS\r\n")
    yield Example("as in the greeting", Verdict.NOT_APPLICABLE, (samples.greeting("localhost ESMTP"), local))
    yield Example("garbled", Verdict.INCONCLUSIVE, (_samples.ehlo(b"250-mx\x00\r\n250 STARTTLS\r\n"),))
