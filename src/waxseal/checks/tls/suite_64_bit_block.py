"""Suites with blocks of 64 bits are accepted, such as triple DES.

After some hundred gigabytes under one key two blocks are the same and tell something of the text (SWEET32,
CVE-2016-2183). A mail connection never carries so much, so there is no danger today; but no sender of the
last ten years needs these suites, and triple DES has only 112 bits of security.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer


@check(
    title="A suite with blocks of 64 bits is accepted",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1",),
    remedy=Remedy(
        general="Switch triple DES, IDEA and the like off.",
        postfix="smtpd_tls_exclude_ciphers = 3DES, IDEA",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL:!3DES (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1", "F5"),
)
def judge(offer: Offer) -> Judgement:
    """Judge the suites with small blocks whose key is long enough."""
    kind = offer.of_kind(lambda suite: suite.block_bits == 64 and suite.key_bits >= 112 and not suite.export)
    if kind.accepted:
        return warn("The server accepts suites with blocks of 64 bits (SWEET32)", *kind.lines)
    return kind.none("with blocks of 64 bits")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("triple DES", Verdict.WARN, _samples.offer({"TLSv1.2": (_samples.GCM, _samples.TRIPLE)}))
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.TRIPLE,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
