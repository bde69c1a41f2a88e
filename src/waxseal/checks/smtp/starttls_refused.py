"""The server lists STARTTLS and then refuses the command.

It promises in its EHLO answer what it does not do: the answer to STARTTLS is a permanent refusal, or no
code that fits. Mostly a proxy or filter before the real server passes the keyword on and not the command,
or TLS is switched off in one place only. Senders that demand TLS cannot deliver; all others send in
clear. A code that begins with 4 is smtp/starttls-temporary.
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
    title="STARTTLS is offered and refused",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 3207 §4", "RFC 3207 §3"),
    remedy=Remedy(
        general="Let the program that lists STARTTLS also carry it out: give certificate and key to the "
        "proxy or filter in front, or hide the keyword there and let the server behind speak for "
        "itself.",
        postfix="smtpd_tls_security_level = may, smtpd_tls_chain_files; for a proxy filter before the queue "
        "keep TLS in the smtpd in front",
        exim="acl_smtp_starttls must accept",
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
        return not_applicable("STARTTLS is put off, see smtp/starttls-temporary")
    if code // 100 == 5:
        return fail(f"The server offers STARTTLS and refuses it ({code})", first_line(answer.reply))
    return fail(f"The server answers STARTTLS with {code}, where 220 is due", first_line(answer.reply))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("given", Verdict.PASS, (samples.starttls(),))
    yield Example("502", Verdict.FAIL, (samples.starttls(502, "5.5.1 command not implemented"),))
    yield Example("250", Verdict.FAIL, (samples.starttls(250, "ok"),))
    yield Example("454", Verdict.NOT_APPLICABLE, (samples.starttls(454, "4.7.0 not now"),))
    yield Example("garbage", Verdict.INCONCLUSIVE, (samples.starttls(None, "?"),))
