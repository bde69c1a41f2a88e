"""Suites with a cipher key that can be tried out are accepted, such as single DES.

A key of 56 bits is found in a day by anybody who rents the machines, so whoever recorded such a connection
can read it. Export suites, RC4 and suites without encryption have findings of their own. A sender that
offers nothing better is not protected by TLS here, only made to believe so: a failure on every port.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer
from waxseal.wire.tls_suite_properties import SuiteProperties

_LEAST_BITS: Final = 112


@check(
    title="A suite with a short key is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1",),
    remedy=Remedy(
        general="Switch off single DES and every other suite of less than 112 bits.",
        postfix="smtpd_tls_ciphers = medium; smtpd_tls_exclude_ciphers = LOW, DES",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL:!DES (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1",),
)
def judge(offer: Offer) -> Judgement:
    """Judge the suites whose cipher has a key of less than 112 bits."""
    kind = offer.of_kind(_short)
    if kind.accepted:
        return fail("The server accepts suites whose key can be tried out", *kind.lines)
    return kind.none("with a key of less than 112 bits")


def _short(suite: SuiteProperties) -> bool:
    return 0 < suite.key_bits < _LEAST_BITS and not suite.export and not suite.cipher.startswith("RC4")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("single DES", Verdict.FAIL, _samples.offer({"TLSv1": (_samples.STATIC_CBC, _samples.DES)}))
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.DES,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
