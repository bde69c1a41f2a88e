"""The authority has revoked the server's certificate.

It takes its word back: the key was stolen, the name was lost, or the certificate was made in error. Clients
that ask refuse it, and on submission that means no mail. On port 25 few senders ask, so it is a warning
there, but a revoked certificate is as a rule one whose key somebody else may hold. Said where a statement of
the authority proves it: stapled to the handshake, or asked for with ``--online-revocation``. Where nothing
was said of the certificate, this does not apply.
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
    at,
    check,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.certificate._samples import answered, chain, stapled
from waxseal.checks.certificate._shown import ShownChain
from waxseal.checks.certificate._statements import Statements, lines
from waxseal.trust.revocation import CertificateStatus


@check(
    title="The certificate is revoked",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.3",),
    remedy=Remedy(
        general="Make a new key, get a new certificate for it, and let the server load it. Ask the "
        "authority why it revoked the old one.",
        postfix="postfix reload",
        dovecot="doveadm reload",
    ),
    rows=("D7",),
)
def judge(shown: ShownChain, statements: Statements) -> Judgement:
    """Judge every statement that holds; one that proves the revocation decides."""
    named = (("the staple", statements.stapled(shown)), ("the answer", statements.answered(shown)))
    found = [(where, verdict) for where, verdict in named if verdict is not None]
    sound = [(where, verdict) for where, verdict in found if verdict.holds]
    for where, verdict in sound:
        if verdict.status is CertificateStatus.REVOKED:
            return shown.weakened(f"The certificate is revoked, as {where} proves", *lines(verdict))
    for where, verdict in sound:
        if verdict.status is CertificateStatus.GOOD:
            return passed(f"The certificate is not revoked, as {where} proves", *lines(verdict))
    if found:
        return unreached(
            "what was said of its revocation cannot be relied on, see certificate/staple-invalid and "
            "certificate/revocation-unknown",
            advice="mend that first, then test again",
        )
    return not_applicable("no statement came, and the authority was not asked or gave none")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    good = (samples.endpoint(), *chain("good"))
    yield Example("revoked, by the staple", Verdict.WARN, (*good, stapled("ocsp_revoked")))
    submission = (at(samples.endpoint(), port=587), *chain("good", port=587))
    yield Example("revoked on submission", Verdict.FAIL, (*submission, stapled("ocsp_revoked", port=587)))
    yield Example("revoked, when asked", Verdict.WARN, (*good, answered("ocsp", "ocsp_revoked")))
    yield Example("revoked, by the list", Verdict.WARN, (*good, answered("crl", "crl_revoked")))
    yield Example(
        "the newer answer counts",
        Verdict.WARN,
        (*good, stapled("ocsp_good"), answered("ocsp", "ocsp_revoked")),
    )
    yield Example("good, by the staple", Verdict.PASS, (*good, stapled("ocsp_good")))
    yield Example("good, by the list", Verdict.PASS, (*good, answered("crl", "crl_good")))
    yield Example("a forged staple", Verdict.INCONCLUSIVE, (*good, stapled("ocsp_forged")))
    yield Example("nothing was said", Verdict.NOT_APPLICABLE, (*good, stapled("")))
