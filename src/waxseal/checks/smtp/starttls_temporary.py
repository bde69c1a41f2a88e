"""The server offers STARTTLS and then says "not now" (454, or another code that begins with 4).

Mostly its TLS is broken inside: the key or certificate file cannot be read, does not fit, or a helper
process is down; and "temporary" lasts until somebody mends it. Senders that demand TLS keep the mail in
their queues and give it back after days; all others send it in clear. Test again: if the answer stays the
same, it is not temporary.
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
)
from waxseal.checks.smtp._replies import code_unsure, first_line, unclear
from waxseal.facts import StarttlsAnswer


@check(
    title="STARTTLS is offered and not given for now",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 8314 §4", "RFC 3207 §4", "RFC 5321 §4.2.1"),
    remedy=Remedy(
        general="Read the server's log for the TLS error, and mend what it names: mostly a key or "
        "certificate file that is missing, unreadable or does not fit. Then test again.",
        postfix="smtpd_tls_chain_files (key first, readable by root), and tlsmgr in master.cf",
        exim="tls_certificate and tls_privatekey, readable by the user that Exim runs as",
        exchange="Enable-ExchangeCertificate -Services SMTP, for a certificate with the connector's FQDN",
    ),
    rows=("B4",),
)
def judge(answer: StarttlsAnswer) -> Judgement:
    """Judge the code of the answer to STARTTLS."""
    code = answer.reply.code
    if code == 220:
        return passed("STARTTLS is offered and given")
    if code_unsure(answer.reply) or code is None:
        return unclear(answer.reply, "STARTTLS")
    if code // 100 == 4:
        return fail(
            f"The server offers STARTTLS, and answers it with {code}: not available for now",
            first_line(answer.reply),
        )
    return not_applicable("STARTTLS is refused for good, see smtp/starttls-refused")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("given", Verdict.PASS, (samples.starttls(),))
    broken = samples.starttls(454, "4.7.0 TLS not available due to local problem")
    yield Example("454", Verdict.FAIL, (broken,))
    yield Example("501", Verdict.NOT_APPLICABLE, (samples.starttls(501, "5.5.4 no parameters allowed"),))
    yield Example("garbage", Verdict.INCONCLUSIVE, (samples.starttls(None, "?"),))
