"""Suites without a certificate are accepted.

The client of an anonymous suite cannot know with whom it speaks. Between mail servers on port 25 that is
common and harmless: most senders verify nothing, and one that means to does not offer such suites; so there
it is only a warning where the server chooses one although others were offered. On submission the client
would send its password to anybody, and it is a failure.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed, warn
from waxseal.checks.certificate._weighing import is_submission
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer


@check(
    title="A suite without a certificate is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5246 §A.5", "RFC 7672 §8.2"),
    remedy=Remedy(
        general="Switch anonymous suites off on submission; on port 25 let the others come first.",
        postfix="smtpd_tls_exclude_ciphers = aNULL",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1", "E6"),
)
def judge(offer: Offer) -> Judgement:
    """Judge the suites without authentication of the server."""
    kind = offer.of_kind(lambda suite: suite.authentication == "anon")
    if not kind.accepted:
        return kind.none("without a certificate")
    if is_submission(offer.endpoint, offer.subject):
        return fail("The server accepts suites in which it shows no certificate", *kind.lines)
    if offer.negotiated(kind):
        return warn("The server prefers a suite in which it shows no certificate", *kind.lines)
    return passed("Suites without a certificate are accepted, as is usual between mail servers", *kind.lines)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    found = {"TLSv1.2": (_samples.GCM, _samples.ANONYMOUS)}
    chosen = samples.handshake("TLSv1.2", "TLS_DH_anon_WITH_AES_128_CBC_SHA256")
    yield Example("on port 25", Verdict.PASS, _samples.offer(found))
    yield Example("preferred", Verdict.WARN, _samples.offer(found, handshake=chosen))
    yield Example("on submission", Verdict.FAIL, _samples.placed(587, *_samples.offer(found)))
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.ANONYMOUS,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
