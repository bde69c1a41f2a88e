"""A server can have an RSA and an ECDSA certificate side by side, and one of them could not be asked for.

Each sender is shown the one that its own suites select, so both must be sound, and DANE records must fit
both. waxseal asks for each type alone; where a server speaks only TLS 1.3, or the connection budget was
spent, a type may stay unseen, and this finding says so instead of calling it good. It is never counted
against the server. Which types were found is listed.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    passed,
)
from waxseal.facts import CertificateTypeQuery, CertificateTypes


@check(
    title="Not every certificate of the server was seen",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5246 §7.4.2", "RFC 8446 §4.4.2.2"),
    remedy=Remedy(
        general="Inspect the unseen certificate on the server itself: name, dates and chain.",
        postfix="postconf smtpd_tls_chain_files, and openssl x509 -noout -text for each file",
        exim="exim -bP tls_certificate (a list where there are several)",
    ),
    rows=("D6",),
)
def judge(types: CertificateTypes) -> Judgement:
    """Judge whether each key type was asked for with an answer."""
    found = [q.certificate_type for q in types.queries if q.shown]
    unseen = [q for q in types.queries if q.shown is None]
    listed = "found: " + (", ".join(found) or "none of the types asked for")
    if unseen:
        names = " and ".join(q.certificate_type for q in unseen)
        reasons = (f"{q.certificate_type}: {q.why or 'not asked'}"[:200] for q in unseen)
        return inconclusive(
            f"whether the server has a certificate of type {names} could not be seen",
            listed,
            *reasons,
            advice="test again with a higher --max-connections, or look on the server itself",
        )
    if not types.queries:
        return inconclusive("no certificate type was asked for", advice="raise --max-connections")
    return passed("Every certificate type was asked for", listed)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    rsa = CertificateTypeQuery("rsa", True)
    yield Example(
        "not asked",
        Verdict.INCONCLUSIVE,
        (CertificateTypes(queries=(rsa, CertificateTypeQuery("ec", None, "the server has only TLS 1.3"))),),
    )
    yield Example(
        "RSA only",
        Verdict.PASS,
        (CertificateTypes(queries=(rsa, CertificateTypeQuery("ec", False, "alert 40"))),),
    )
    yield Example("both", Verdict.PASS, (CertificateTypes(queries=(rsa, CertificateTypeQuery("ec", True))),))
    yield Example("nothing asked", Verdict.INCONCLUSIVE, (CertificateTypes(queries=()),))
