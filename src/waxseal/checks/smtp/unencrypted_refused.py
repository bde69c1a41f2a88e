"""The server turns a message down because the sender has not used STARTTLS first.

Mail is then never taken in clear, which some owners want. But a server that everybody delivers to must not
demand STARTTLS to deliver mail locally, as senders without TLS, or whose STARTTLS was taken away on the path,
cannot reach the domain at all: their mail bounces. To have only senders that can do TLS use it, MTA-STS and
DANE are the means. Seen only where the envelope is tried (--envelope).
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
from waxseal.checks.smtp._replies import first_line
from waxseal.facts import Endpoint, EnvelopeAnswers


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
def judge(subject: Subject, endpoint: Endpoint, envelope: EnvelopeAnswers) -> Judgement:
    """Judge the reply to MAIL in clear."""
    if is_submission(endpoint, subject):
        return not_applicable("submission may demand TLS")
    answer = envelope.clear_mail
    if answer is None or answer.code is None:
        return unreached("the reply to MAIL in clear was not heard", advice="test again with --envelope")
    if answer.code == 530 or (answer.code // 100 == 5 and "starttls" in answer.text.lower()):
        return warn("The server demands STARTTLS before it takes a message", first_line(answer))
    if answer.code // 100 != 2:
        return unreached(
            "MAIL in clear was turned down for another reason",
            first_line(answer),
            advice="test again later, or from an address that the server knows",
        )
    return passed("STARTTLS is not demanded", first_line(answer))


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
    yield Example("submission", Verdict.NOT_APPLICABLE, (at(end, port=587), at(refusal, port=587)))
