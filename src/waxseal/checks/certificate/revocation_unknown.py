"""The authority was asked whether the certificate is revoked, and gave no answer that holds.

Asked only with ``--online-revocation``. Clients that insist on an answer then refuse the certificate; most
go on without one. No answer at all may be the network's fault, so it is not held against the server; the
same goes for an answer that is stale or wrongly signed. A warning it is where the authority's own responder
says that it does not know the certificate: then either the certificate is not what it claims, or the
authority has lost it.
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
    inconclusive,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.certificate._samples import answered, chain
from waxseal.checks.certificate._shown import MAX_LINE, ShownChain
from waxseal.checks.certificate._statements import Statements, lines
from waxseal.facts import Cause, describe
from waxseal.trust.proof import plain
from waxseal.trust.revocation import CertificateStatus

LATER = "ask again later, or look at the authority's status page"


@check(
    title="The authority does not answer for the certificate",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 6960 §3.2",),
    remedy=Remedy(
        general="Ask the authority, or get a new certificate from it and let the server load that one.",
    ),
    rows=("D7",),
)
def judge(shown: ShownChain, statements: Statements) -> Judgement:
    """Judge the newest answer on the certificate."""
    answer = statements.answer
    if answer is None:
        return not_applicable("the authority was not asked; --online-revocation asks it")
    if not answer.method:
        return not_applicable("the certificate names no place where its revocation can be asked over http")
    place = plain(f"asked by {answer.method.upper()} at {answer.url}", MAX_LINE)
    if not answer.octets:
        if answer.ended.cause is Cause.COMPLETED:
            return inconclusive("the authority's answer was empty", place, advice=LATER)
        return inconclusive(
            "the authority gave no answer", place, plain(describe(answer.ended)), advice=LATER
        )
    verdict = statements.answered(shown)
    if verdict is None:
        return unreached("the issuer's certificate is not at hand", advice="mend the chain, then test again")
    if not verdict.holds:
        return inconclusive(
            "the authority's answer cannot be relied on", place, *lines(verdict), advice=LATER
        )
    if verdict.status is CertificateStatus.UNKNOWN:
        return warn("The authority's responder does not know the certificate", place, *lines(verdict))
    return passed("The authority answers for the certificate", place, *lines(verdict))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    good = (samples.endpoint(), *chain("good"))
    yield Example("not known to the responder", Verdict.WARN, (*good, answered("ocsp", "ocsp_unknown")))
    yield Example("good", Verdict.PASS, (*good, answered("ocsp", "ocsp_good")))
    yield Example("revoked is an answer", Verdict.PASS, (*good, answered("crl", "crl_revoked")))
    yield Example("no answer", Verdict.INCONCLUSIVE, (*good, answered("ocsp", "")))
    yield Example("try later", Verdict.INCONCLUSIVE, (*good, answered("ocsp", "ocsp_try_later")))
    yield Example("a stale answer", Verdict.INCONCLUSIVE, (*good, answered("ocsp", "ocsp_stale")))
    yield Example("nowhere to ask", Verdict.NOT_APPLICABLE, (*good, answered("", "")))
    yield Example("not asked", Verdict.NOT_APPLICABLE, good)
