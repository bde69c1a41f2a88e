"""Suites of export grade are accepted.

Their keys were made small on purpose, for a law of the 1990s: 40 or 56 bits for the cipher, 512 or 1024 for
the key exchange. Nobody needs them, and their being there endangers others: an attacker can make some
clients that never asked for export take the small RSA key (FREAK, CVE-2015-0204) or the small Diffie-Hellman
group (LOGJAM, CVE-2015-4000) and break it. So it is a failure on every port.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer
from waxseal.wire.tls_suite_properties import suite_properties


@check(
    title="A suite of export grade is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1", "RFC 5246 §A.5"),
    remedy=Remedy(
        general="Switch the export suites off; upgrade the TLS library (OpenSSL has none from 1.1.0 on).",
        postfix="smtpd_tls_ciphers = medium; smtpd_tls_exclude_ciphers = EXPORT, LOW",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL:!EXPORT (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1", "E6", "F5"),
)
def judge(offer: Offer) -> Judgement:
    """Judge the export suites, and name the attacks that they open."""
    kind = offer.of_kind(lambda suite: suite.export)
    if not kind.accepted:
        return kind.none("of export grade")
    exchanges = {p.key_exchange for _, n in kind.accepted if (p := suite_properties(n)) is not None}
    attacks = {"RSA_EXPORT": "FREAK (CVE-2015-0204)", "DHE_EXPORT": "LOGJAM (CVE-2015-4000)"}
    opens = [name for exchange, name in attacks.items() if exchange in exchanges]
    why = [f"opens the way to {' and '.join(opens)}"] if opens else []
    return fail("The server accepts suites of export grade, whose keys can be tried out", *kind.lines, *why)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    freak = {"TLSv1": (_samples.STATIC_CBC, _samples.EXPORT)}
    logjam = {"TLSv1.2": (_samples.GCM, _samples.DHE_EXPORT)}
    yield Example("RSA", Verdict.FAIL, _samples.offer(freak))
    yield Example("Diffie-Hellman", Verdict.FAIL, _samples.offer(logjam))
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.EXPORT,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
