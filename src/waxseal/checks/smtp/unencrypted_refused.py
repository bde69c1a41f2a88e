"""The server turns a message down because the sender has not used STARTTLS first.

Mail is then never taken in clear, which some owners want. But a server that everybody delivers to must not
demand STARTTLS to deliver mail locally, as senders without TLS, or whose STARTTLS was taken away on the path,
cannot reach the domain at all: their mail bounces. To have only senders that can do TLS use it, MTA-STS and
DANE are the means. Silent where you say that the server is to demand TLS (--expect-tls).
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
    at,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.certificate._weighing import is_submission
from waxseal.checks.smtp._envelope import envelope
from waxseal.checks.smtp._mail_in_clear import demands_starttls, mail_in_clear
from waxseal.facts import (
    Answer,
    Endpoint,
    EnvelopeAnswers,
    MailProtocol,
    RunContext,
    StarttlsSession,
)


@check(
    title="Mail is turned down where the sender uses no TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4",),
    remedy=Remedy(
        general="Offer TLS without demanding it, and publish MTA-STS or DANE so that senders insist; or "
        "leave it, knowing that senders without TLS cannot reach the domain.",
        postfix="smtpd_tls_security_level = may",
        exim="an acl_smtp_mail that does not deny where $tls_in_cipher is empty",
        exchange="Set-ReceiveConnector -RequireTLS $false",
    ),
    rows=("P10",),
)
def judge(
    subject: Subject,
    context: RunContext,
    endpoint: Endpoint,
    envelope: EnvelopeAnswers | None,
    session: StarttlsSession | None,
) -> Judgement:
    """Judge the reply to MAIL in clear."""
    if endpoint.protocol is not MailProtocol.SMTP:
        return not_applicable(f"{endpoint.protocol.label} is spoken here")
    if is_submission(endpoint, subject):
        return not_applicable("submission may demand TLS")
    if "tls" in context.expected:
        return not_applicable("the server is to demand TLS (--expect-tls); see smtp/clear-mail-taken")
    if envelope is None and session is None:
        return not_applicable("MAIL in clear was not tried (--envelope)")
    answer = mail_in_clear(envelope, session)
    if answer is None:
        return unreached("the reply to MAIL in clear was not heard", advice="test again with --envelope")
    if demands_starttls(answer):
        return warn("The server demands STARTTLS before it takes a message", str(answer)[:200])
    if not answer.status.startswith("2"):
        return unreached(
            "MAIL in clear was turned down for another reason",
            str(answer)[:200],
            advice="test again later, or from an address that the server knows",
        )
    return passed("STARTTLS is not demanded", str(answer)[:200])


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = samples.endpoint()
    refusal = envelope(clear_mail=samples.reply(530, "5.7.0 Must issue a STARTTLS command first"))
    yield Example("demanded", Verdict.WARN, (end, refusal))
    yield Example("not demanded", Verdict.PASS, (end, envelope()))
    yield Example(
        "put off", Verdict.INCONCLUSIVE, (end, envelope(clear_mail=samples.reply(451, "4.7.1 later")))
    )
    yield Example("not heard", Verdict.INCONCLUSIVE, (end, envelope(clear_mail=None)))
    heard = StarttlsSession(clear_mail=Answer("530", "5.7.0 Must issue a STARTTLS command first"))
    yield Example("demanded, seen beside STARTTLS", Verdict.WARN, (end, heard))
    exchange = envelope(clear_mail=samples.reply(530, "5.7.57 Client was not authenticated"))
    yield Example("a login is wanted", Verdict.INCONCLUSIVE, (end, exchange))
    expecting = samples.run_context(expected=("tls",))
    yield Example("demanded by intent", Verdict.NOT_APPLICABLE, (expecting, end, refusal))
    yield Example("submission", Verdict.NOT_APPLICABLE, (at(end, port=587), at(refusal, port=587)))
