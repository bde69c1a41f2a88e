"""The server takes mail in clear, though its owner says that it must not.

You have said that this server demands TLS (--expect-tls). It does not: MAIL in clear was taken. So a client
whose STARTTLS was taken away on the path, or that never asks for it, hands over its mail, and on a submission
port its password, where everybody on the path can read it. Where nothing was said of the kind, nothing is
expected: a server that everybody delivers to must take mail in clear.
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
    unreached,
)
from waxseal.checks.smtp._envelope import envelope
from waxseal.checks.smtp._mail_in_clear import demands_starttls, mail_in_clear
from waxseal.facts import Endpoint, EnvelopeAnswers, MailProtocol, RunContext, StarttlsSession, TlsMode


@check(
    title="Mail is taken in clear where TLS is demanded",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 3207 §4", "RFC 8314 §4.1"),
    remedy=Remedy(
        general="Let the server answer MAIL in clear with 530.",
        postfix="smtpd_tls_security_level = encrypt",
        exim="in acl_smtp_mail: deny condition = ${if eq{$tls_in_cipher}{}} message = Must issue a STARTTLS "
        "command first",
        dovecot="ssl = required",
        exchange="Set-ReceiveConnector -RequireTLS $true",
    ),
    rows=("B9",),
)
def judge(
    context: RunContext, endpoint: Endpoint, envelope: EnvelopeAnswers | None, session: StarttlsSession | None
) -> Judgement:
    """Judge the answer to MAIL in clear by what the caller expects."""
    if "tls" not in context.expected:
        return not_applicable("nobody said that the server demands TLS (--expect-tls)")
    if endpoint.protocol not in (MailProtocol.SMTP, MailProtocol.LMTP):
        return not_applicable(f"{endpoint.protocol.label} is spoken here")
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("nothing is said in clear here: TLS begins with the first octet")
    answer = mail_in_clear(envelope, session)
    if answer is None:
        return unreached(
            "the answer to MAIL in clear was not heard", advice="test again, at depth standard or --envelope"
        )
    if answer.status.startswith("2"):
        return fail("The server takes mail in clear", str(answer)[:200])
    if demands_starttls(answer):
        return passed("mail in clear is refused", str(answer)[:200])
    if answer.status.startswith("5"):
        return unreached(
            "MAIL in clear was refused, but for another reason than the lack of TLS",
            str(answer)[:200],
            advice="test from an address that the server takes mail from",
        )
    return unreached("MAIL in clear was put off", str(answer)[:200], advice="test again later")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    expecting, end = samples.run_context(expected=("tls",)), samples.endpoint()
    refusal = envelope(clear_mail=samples.reply(530, "5.7.0 Must issue a STARTTLS command first"))
    yield Example("refused", Verdict.PASS, (expecting, end, refusal))
    yield Example("taken", Verdict.FAIL, (expecting, end, envelope()))
    yield Example("nothing expected", Verdict.NOT_APPLICABLE, (end, envelope()))
    other = envelope(clear_mail=samples.reply(550, "5.7.1 not you"))
    yield Example("refused otherwise", Verdict.INCONCLUSIVE, (expecting, end, other))
    yield Example("not heard", Verdict.INCONCLUSIVE, (expecting, end))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (expecting, implicit, refusal))
