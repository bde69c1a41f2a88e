"""Suites with RC4 are accepted.

RC4 leaks: who sees enough connections with the same text in them, such as the login of a mail program, can
work out that text. It must not be chosen even where the client offers nothing else. On port 25 such a sender
would deliver in clear instead, which is worse still, so there it is a warning; where the server chooses RC4
although better suites were offered, and on submission, a failure.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer


@check(
    title="A suite with RC4 is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 7465 §2", "RFC 9325 §4.1", "RFC 9325 §5.2"),
    remedy=Remedy(
        general="Switch the RC4 suites off.",
        postfix="smtpd_tls_exclude_ciphers = RC4, MD5",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL:!RC4 (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1", "F5"),
)
def judge(offer: Offer) -> Judgement:
    """Judge the suites with RC4 that are not of export grade."""
    kind = offer.of_kind(lambda suite: suite.cipher.startswith("RC4") and not suite.export)
    if not kind.accepted:
        return kind.none("with RC4")
    if offer.negotiated(kind):
        return fail("The server chooses RC4 although better suites are offered", *kind.lines)
    return broken(offer.endpoint, offer.subject, "The server accepts suites with RC4", *kind.lines)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    found = {"TLSv1.2": (_samples.GCM, _samples.RC4)}
    chosen = samples.handshake("TLSv1.2", "TLS_RSA_WITH_RC4_128_SHA")
    yield Example("on port 25", Verdict.WARN, _samples.offer(found))
    yield Example("chosen", Verdict.FAIL, _samples.offer(found, handshake=chosen))
    yield Example("on submission", Verdict.FAIL, _samples.placed(465, *_samples.offer(found)))
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.RC4,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
