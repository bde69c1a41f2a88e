"""The server puts a first message off ("come back later"), by greylisting or a limit of its rate.

A sender has to keep the message and try again; proper mail servers do, after minutes to an hour, so first
messages come late and some services that never try again do not arrive. It is a fact about delivery and no
fault of TLS. It may also be that only this tester, which the server has not met before, is put off. Seen only
where the envelope is tried (--envelope).
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp._envelope import envelope
from waxseal.checks.smtp._replies import first_line
from waxseal.facts import EnvelopeAnswers

_GREYLISTED = ("greylist", "graylist", "grey-list", "gray-list")
_LIMITED = ("too many", "rate", "limit", "throttl", "quota")


@check(
    title="A first message is put off",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2.1",),
    remedy=Remedy(
        general="Where this is not meant, exempt known senders from greylisting, or raise the limit.",
        postfix="smtpd_client_message_rate_limit, smtpd_client_event_limit_exceptions",
        exim="the defer conditions of acl_smtp_rcpt, ratelimit",
    ),
    rows=("P10",),
)
def judge(envelope: EnvelopeAnswers) -> Judgement:
    """Judge the replies to MAIL and RCPT under TLS."""
    answers = [a for a in (envelope.tls_mail, envelope.tls_recipient) if a is not None and a.code is not None]
    if not answers:
        return unreached("no reply to the envelope was heard under TLS", advice="test again with --envelope")
    for answer in answers:
        if answer.code is not None and answer.code // 100 == 4:
            return warn(f"The server puts the message off ({_reason(answer.text)})", first_line(answer))
    if envelope.tls_recipient is None and answers[-1].code == 250:
        return unreached(
            "the reply to RCPT was not heard, where most servers put messages off",
            first_line(answers[-1]),
            advice="name the domain, whose postmaster is then asked for",
        )
    return passed("the server puts no message off", first_line(answers[-1]))


def _reason(text: str) -> str:
    lower = text.lower()
    if any(word in lower for word in _GREYLISTED):
        return "greylisting"
    if any(word in lower for word in _LIMITED):
        return "a limit"
    return "it does not say why"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    grey = samples.reply(450, "4.2.0 Greylisted, see http://postgrey.schweikert.ch/")
    yield Example("greylisting", Verdict.WARN, (envelope(tls_recipient=grey),))
    busy = samples.reply(421, "4.7.0 Too many messages from you")
    yield Example("a limit", Verdict.WARN, (envelope(tls_mail=busy, tls_recipient=None),))
    yield Example("taken", Verdict.PASS, (envelope(),))
    gone = samples.reply(550, "5.1.1 no such user")
    yield Example("refused for good", Verdict.PASS, (envelope(tls_recipient=gone),))
    yield Example("only MAIL", Verdict.INCONCLUSIVE, (envelope(recipient="", tls_recipient=None),))
    nothing = envelope(tls_mail=None, tls_recipient=None)
    yield Example("not heard", Verdict.INCONCLUSIVE, (nothing,))
