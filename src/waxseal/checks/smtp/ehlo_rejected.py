"""The server does not accept EHLO.

Every SMTP server has to understand EHLO. One that answers "unknown command" leaves the sender HELO only,
with no extension at all: no STARTTLS, so mail travels in clear, no 8-bit text, no size limit. Mostly a
firewall on the path turns the command into XXXX, or the server is very old or a home-made one. Where the
refusal is about the caller (its name or address) and HELO is refused too, it may be meant for the tester
only, and nothing was learned.
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
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.smtp._replies import code_unsure, first_line, unclear
from waxseal.facts import EhloClear

_NOT_UNDERSTOOD = (500, 502, 503)


@check(
    title="EHLO is rejected",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §2.2.1", "RFC 5321 §4.1.1.1", "RFC 5321 §4.3.2"),
    remedy=Remedy(
        general="Switch SMTP inspection off on the firewall ('no inspect esmtp' on a Cisco ASA, 'no fixup "
        "protocol smtp' on a PIX); else replace the server software by one that speaks ESMTP.",
        postfix="see smtpd_helo_restrictions where only some callers are refused",
        exim="see acl_smtp_helo and helo_verify_hosts where only some callers are refused",
    ),
    rows=("B3", "B4"),
)
def judge(ehlo: EhloClear) -> Judgement:
    """Judge the reply to EHLO itself, and what came of HELO after it."""
    first = ehlo.rejected or ehlo.reply
    if first.code == 250 and ehlo.rejected is None:
        return passed(f"{ehlo.command} is accepted")
    if code_unsure(first) or first.code is None:
        return unclear(first, ehlo.command)
    said = f"{ehlo.command}: {first_line(first)}"
    if ehlo.rejected is not None and ehlo.reply.code == 250:
        return fail(
            "The server rejects EHLO and accepts only HELO: no extension can be used, and so no STARTTLS",
            said,
            f"HELO: {first_line(ehlo.reply)}",
        )
    if first.code // 100 == 4:
        return not_applicable(f"{ehlo.command} is put off for now, see smtp/ehlo-temporary")
    if first.code in _NOT_UNDERSTOOD:
        return fail(f"The server does not understand {ehlo.command} ({first.code})", said)
    if first.code // 100 == 5:
        return inconclusive(
            f"the server refuses this client at {ehlo.command} ({first.code}), so nothing more could be seen",
            said,
            advice="test from an address that the server accepts, with a name (--ehlo) that resolves to it",
        )
    answer = warn if first.code // 100 == 2 else fail
    return answer(f"The server answers {ehlo.command} with {first.code}, where 250 is due", said)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    unknown = samples.reply(502, "5.5.2 Error: command not recognized")
    blocked = samples.reply(550, "5.7.1 no mail from you")
    yield Example("accepted", Verdict.PASS, (samples.ehlo(),))
    helo = samples.ehlo(
        command="HELO", keywords=(), rejected=unknown, reply=samples.reply(250, "mx.example.org")
    )
    yield Example("HELO only", Verdict.FAIL, (helo,))
    neither = samples.ehlo(command="HELO", keywords=(), rejected=unknown, reply=unknown)
    yield Example("neither", Verdict.FAIL, (neither,))
    yield Example("refused", Verdict.INCONCLUSIVE, (samples.ehlo(reply=blocked, keywords=()),))
    later = samples.ehlo(reply=samples.reply(421, "busy"), keywords=())
    yield Example("later, please", Verdict.NOT_APPLICABLE, (later,))
    yield Example("220", Verdict.WARN, (samples.ehlo(reply=samples.reply(220, "hello"), keywords=()),))
