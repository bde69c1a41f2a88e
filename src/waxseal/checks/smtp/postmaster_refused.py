"""The server takes no mail for postmaster of the domain.

Every domain that takes mail has to take it for this address, as it is where others report trouble with the
server. Some filters look for it too. It may also be that the tester was turned down for another reason; the
reply tells. Seen only where the envelope is tried (--envelope); no message is sent.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp._envelope import RECIPIENT, envelope
from waxseal.checks.smtp._replies import first_line
from waxseal.facts import EnvelopeAnswers


@check(
    title="Mail to postmaster is refused",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.5.1",),
    remedy=Remedy(
        general="Give the domain a postmaster mailbox, or an alias that leads to a person.",
        postfix="/etc/aliases: postmaster: root, and the domain in virtual_alias_maps where it is virtual",
        exim="a postmaster entry in the aliases file of the domain's router",
    ),
    rows=("P10",),
)
def judge(subject: Subject, envelope: EnvelopeAnswers) -> Judgement:
    """Judge the reply to RCPT."""
    if not envelope.recipient.lower().startswith("postmaster@"):
        return not_applicable("no domain is known whose postmaster could be asked for")
    answer = envelope.tls_recipient
    if answer is None or answer.code is None:
        return unreached("the reply to RCPT was not heard", advice="test again with --envelope")
    if answer.code in (550, 551, 553, 556):
        return warn(f"Mail to {envelope.recipient} is refused", first_line(answer))
    if answer.code // 100 != 2:
        return unreached(
            "RCPT was answered with another refusal, see smtp/envelope-deferred",
            first_line(answer),
            advice="test again later, or from an address that the server knows",
        )
    return passed(f"mail to {envelope.recipient} is taken", first_line(answer))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    unknown = samples.reply(550, "5.1.1 User unknown")
    yield Example("refused", Verdict.WARN, (envelope(tls_recipient=unknown),))
    yield Example("taken", Verdict.PASS, (envelope(recipient=RECIPIENT),))
    later = samples.reply(450, "4.2.0 Greylisted")
    yield Example("put off", Verdict.INCONCLUSIVE, (envelope(tls_recipient=later),))
    yield Example("no domain", Verdict.NOT_APPLICABLE, (envelope(recipient=""),))
