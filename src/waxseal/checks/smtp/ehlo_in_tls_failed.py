"""The handshake is done, and the server does not accept EHLO under TLS.

After STARTTLS both sides begin anew, so the client must say EHLO again. Here the server completes the
handshake and then answers with an error: TLS works and mail cannot be sent through it. Senders give up on
this server, or come back without TLS. Mostly the server does not reset its state ("duplicate EHLO"), or a
filter behind a TLS proxy is down.
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
from waxseal.checks.smtp._replies import code_unsure, first_line, unclear
from waxseal.facts import EhloTls


@check(
    title="EHLO fails under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.2", "RFC 5321 §2.2.1"),
    remedy=Remedy(
        general="See the server's log for why it rejects the second EHLO (LHLO in LMTP), and bring the "
        "server, or the proxy that ends TLS before it, up to date.",
        postfix="smtpd_helo_restrictions and smtpd_milters apply to this EHLO as well",
        exim="acl_smtp_helo applies to this EHLO as well",
    ),
    rows=("B8", "B4"),
)
def judge(second: EhloTls) -> Judgement:
    """Judge the reply to EHLO under TLS."""
    first = second.rejected or second.reply
    if first.code == 250:
        return passed(f"{second.command} is accepted under TLS")
    if code_unsure(first):
        return unclear(first, f"{second.command} under TLS")
    said = f"{second.command}: {first_line(first)}"
    if second.rejected is not None and second.reply.code == 250:
        return fail("Under TLS the server accepts HELO only, so no extension can be used", said)
    return fail(f"The server answers {second.command} under TLS with {first.code}, where 250 is due", said)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("accepted", Verdict.PASS, (samples.ehlo_tls(),))
    again = samples.reply(503, "5.5.1 Duplicate EHLO")
    yield Example("rejected", Verdict.FAIL, (samples.ehlo_tls(reply=again, keywords=()),))
    helo = samples.ehlo_tls(command="HELO", reply=samples.reply(250, "hi"), keywords=(), rejected=again)
    yield Example("HELO only", Verdict.FAIL, (helo,))
    garbage = samples.ehlo_tls(reply=samples.reply(None, "?"), keywords=())
    yield Example("garbage", Verdict.INCONCLUSIVE, (garbage,))
