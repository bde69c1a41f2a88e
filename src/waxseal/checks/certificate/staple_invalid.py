"""The status that the server staples to the handshake is stale, of another certificate, or does not hold.

A client that asks for the statement and gets one that it cannot rely on may end the handshake; others ask
the authority themselves or go on. A stale staple means as a rule that the job which fetches it has stopped.
Judged at the time of the handshake; clocks may differ by five minutes. A server need not staple, so none at
all is no fault unless the certificate promises one.
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
from waxseal.checks.certificate._samples import chain, stapled
from waxseal.checks.certificate._shown import ShownChain
from waxseal.checks.certificate._statements import Statements, lines
from waxseal.trust.revocation import CertificateStatus, RevocationCode

_WORDS = {
    RevocationCode.STALE: "is stale",
    RevocationCode.NOT_YET_VALID: "is dated in the future",
    RevocationCode.OTHER_CERTIFICATE: "is of another certificate",
    RevocationCode.NOT_SUCCESSFUL: "is an error message of the responder",
}


@check(
    title="The stapled status does not hold",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 6960 §3.2",),
    remedy=Remedy(
        general="See why the job that fetches the OCSP response no longer runs, and let the server load a "
        "fresh one, or turn stapling off.",
        exim="tls_ocsp_file = /path/to/ocsp.der",
    ),
    rows=("D8",),
)
def judge(shown: ShownChain, statements: Statements) -> Judgement:
    """Judge the staple as a client would."""
    if statements.staple is None or not statements.staple.octets:
        return not_applicable("no staple came")
    verdict = statements.stapled(shown)
    if verdict is None:
        return unreached(
            "the issuer's certificate is not at hand, so the staple cannot be proved",
            advice="mend the chain, then test again",
        )
    if not verdict.holds:
        codes = (problem.code for problem in verdict.problems if problem.code is not RevocationCode.FORM)
        words = _WORDS.get(next(codes), "does not hold")
        return shown.weakened(f"The stapled status {words}", *lines(verdict))
    if verdict.status is CertificateStatus.UNKNOWN:
        return shown.weakened("The stapled status says that the certificate is not known", *lines(verdict))
    return passed("The stapled status holds", *lines(verdict))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    good = (samples.endpoint(), *chain("good"))
    yield Example("stale", Verdict.WARN, (*good, stapled("ocsp_stale")))
    submission = (at(samples.endpoint(), port=587), *chain("good", port=587))
    yield Example("stale on submission", Verdict.FAIL, (*submission, stapled("ocsp_stale", port=587)))
    yield Example("forged", Verdict.WARN, (*good, stapled("ocsp_forged")))
    yield Example("an error message", Verdict.WARN, (*good, stapled("ocsp_try_later")))
    yield Example("not known", Verdict.WARN, (*good, stapled("ocsp_unknown")))
    other = (samples.endpoint(), *chain("must_staple"))
    yield Example("of another certificate", Verdict.WARN, (*other, stapled("ocsp_good")))
    yield Example("good", Verdict.PASS, (*good, stapled("ocsp_good")))
    yield Example("revoked holds too", Verdict.PASS, (*good, stapled("ocsp_revoked")))
    alone = (samples.endpoint(), *chain("intermediate_missing"))
    yield Example("issuer not at hand", Verdict.INCONCLUSIVE, (*alone, stapled("ocsp_good")))
    yield Example("none", Verdict.NOT_APPLICABLE, (*good, stapled("")))
