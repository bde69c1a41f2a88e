"""The best version of TLS that server and waxseal have in common is TLS 1.1 or older.

These versions rest on MD5 and SHA-1, are open to known attacks, and current software refuses them. Between
mail servers an old version still beats clear text, which is what a sender that refuses it may fall back
to, so on port 25 this is a warning; on submission, where mail programs send passwords, it is a failure. It
is said from the version that was really negotiated with everything up to TLS 1.3 on offer; of a server that
can also do old versions, but does not choose them, tls/version-old-accepted tells.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls import _samples
from waxseal.facts import Endpoint, Handshake, TlsVersions

_OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"})
_CURRENT = frozenset({"TLSv1.2", "TLSv1.3"})


@check(
    title="Only old versions of TLS are spoken",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8996 §4", "RFC 8996 §5", "RFC 9325 §3.1.1", "RFC 8997 §3"),
    remedy=Remedy(
        general="Allow TLS 1.2 and TLS 1.3; upgrade the TLS library where it is too old for them.",
        postfix="smtpd_tls_protocols = >=TLSv1.2; smtpd_tls_mandatory_protocols = >=TLSv1.2 (from 3.6 on)",
        exim="openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1 +no_tlsv1_1 (OpenSSL), or "
        "tls_require_ciphers = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1 (GnuTLS)",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("C1",),
)
def judge(
    endpoint: Endpoint, handshake: Handshake, versions: TlsVersions | None, subject: Subject
) -> Judgement:
    """Judge the negotiated version."""
    name = handshake.version.replace("TLSv", "TLS ")
    if handshake.version in _CURRENT:
        return passed(f"{name} was negotiated")
    if handshake.version not in _OLD:
        return inconclusive(
            f"the version {handshake.version[:40]!r} is not one that waxseal knows",
            advice="test again with a newer waxseal",
        )
    if handshake.version == "SSLv3" and versions is not None:
        return not_applicable("nothing newer than SSL 3.0 is spoken, see tls/version-sslv3")
    offered = ", ".join(handshake.offered_versions)
    return broken(
        endpoint,
        subject,
        f"The server negotiates {name}, which must no longer be used",
        f"negotiated: {handshake.version}; offered: {offered or 'not recorded'}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    old = samples.handshake("TLSv1.1", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")
    yield Example("TLS 1.1 on port 25", Verdict.WARN, (samples.endpoint(), old))
    yield Example(
        "TLS 1.1 on submission",
        Verdict.FAIL,
        (at(samples.endpoint(), port=587), at(old, port=587)),
    )
    yield Example("TLS 1.3", Verdict.PASS, (samples.endpoint(), samples.handshake()))
    oldest = samples.handshake("SSLv3", "TLS_RSA_WITH_RC4_128_SHA")
    yield Example("SSL 3.0", Verdict.NOT_APPLICABLE, (samples.endpoint(), oldest, _samples.versions("SSLv3")))
    yield Example("unknown", Verdict.INCONCLUSIVE, (samples.endpoint(), samples.handshake("GMTLSv1.1")))
