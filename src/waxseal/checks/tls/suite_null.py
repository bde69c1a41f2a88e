"""Suites that do not encrypt are accepted.

With a NULL suite the connection looks like TLS, the log calls it TLS, and everybody on the path can read the
mail and the password in it. Hardly any sender offers such suites, so as a rule nothing happens; but a sender
that does is told that its mail was encrypted, which is worse than clear text.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer


@check(
    title="A suite without encryption is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1", "RFC 5246 §A.5"),
    remedy=Remedy(
        general="Switch the NULL suites off.",
        postfix="smtpd_tls_exclude_ciphers = eNULL, aNULL; smtpd_tls_ciphers = medium",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1", "E6"),
)
def judge(offer: Offer) -> Judgement:
    """Judge the suites without encryption."""
    kind = offer.of_kind(lambda suite: suite.mode == "NULL")
    if kind.accepted:
        return fail("The server accepts suites that do not encrypt", *kind.lines)
    return kind.none("without encryption")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("accepted", Verdict.FAIL, _samples.offer({"TLSv1.2": (_samples.GCM, _samples.NULL)}))
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.NULL,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
    unknown = _samples.offer({"TLSv1.2": (_samples.GCM,)}, unknown=("TLSv1",))
    yield Example("a version not asked", Verdict.INCONCLUSIVE, unknown)
    new = _samples.offer({"TLSv1.3": (_samples.AES_13,)}, {"TLSv1.3": (0xC0B4,)})
    yield Example("not asked in TLS 1.3", Verdict.PASS, new)
