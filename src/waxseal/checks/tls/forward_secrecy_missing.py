"""The cipher suite that was negotiated has no forward secrecy.

The session key is sent under the server's long-lived key (TLS_RSA_WITH_...) or follows from it. Whoever
records the traffic today and gets hold of that key in some years can then read all of it. Every current
sender offers suites with an ephemeral key exchange, so a server that chooses otherwise is set up to prefer
old suites or has no others. Judged by the suite really negotiated. Suites whose encryption itself is
broken have a finding of their own.
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
    warn,
)
from waxseal.checks.tls._suite import Secrecy, secrecy, weakness
from waxseal.facts import Handshake


@check(
    title="The cipher suite has no forward secrecy",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1", "RFC 9325 §7.3"),
    remedy=Remedy(
        general="Allow suites that begin with ECDHE, and prefer them; drop those with RSA key transport.",
        postfix="tls_preempt_cipherlist = yes; smtpd_tls_exclude_ciphers = kRSA",
        exim="tls_require_ciphers = HIGH:!kRSA:!aNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!kRSA:!SRP:!kDHd:!DSS:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
)
def judge(handshake: Handshake) -> Judgement:
    """Judge the key exchange of the negotiated suite."""
    suite = handshake.suite[:80]
    if weakness(suite) is not None:
        return not_applicable("the suite is broken in itself, see tls/suite-weak")
    found = secrecy(suite)
    if found is Secrecy.FORWARD:
        return passed("The key exchange gives forward secrecy", suite)
    if found is Secrecy.NONE:
        return warn("The negotiated suite has no forward secrecy", f"{handshake.version} {suite}")
    return inconclusive(
        f"the name of the suite ({suite or 'none'}) does not tell its key exchange",
        advice="test again with a newer waxseal",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example(
        "RSA key transport",
        Verdict.WARN,
        (samples.handshake("TLSv1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256"),),
    )
    yield Example("OpenSSL's name", Verdict.WARN, (samples.handshake("TLSv1.2", "AES256-GCM-SHA384"),))
    yield Example(
        "ephemeral", Verdict.PASS, (samples.handshake("TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),)
    )
    yield Example("TLS 1.3", Verdict.PASS, (samples.handshake(),))
    yield Example("no name", Verdict.INCONCLUSIVE, (samples.handshake("TLSv1.2", "0xC0FE"),))
    yield Example(
        "broken anyway", Verdict.NOT_APPLICABLE, (samples.handshake("TLSv1", "TLS_RSA_WITH_RC4_128_SHA"),)
    )
