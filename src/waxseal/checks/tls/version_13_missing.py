"""TLS 1.3 was offered, and the server refuses it or chose TLS 1.2.

TLS 1.2 is sound when it is set up with care, so mail is safe today. TLS 1.3 needs less care: it has no
weak suites, always gives forward secrecy, hides the certificate from listeners and saves a round trip.
Usually the TLS library of the server is too old, or a setting names TLS 1.2 as the highest version.
Servers with TLS 1.1 or older have a finding of their own.
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
from waxseal.checks.tls import _samples
from waxseal.facts import Handshake, TlsVersions


@check(
    title="TLS 1.3 is not spoken",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.1.1",),
    remedy=Remedy(
        general="Upgrade the TLS library (OpenSSL 1.1.1 or later, GnuTLS 3.6.5 or later) and remove settings "
        "that stop at TLS 1.2.",
        postfix="smtpd_tls_protocols = >=TLSv1.2 (from 3.6 on; and not a list that excludes TLSv1.3)",
        exim="remove +no_tlsv1_3 from openssl_options, or -VERS-TLS1.3 from tls_require_ciphers (GnuTLS)",
        exchange="Windows Server 2022 or later with TLS 1.3 enabled in Schannel, and a release of Exchange "
        "that uses it for SMTP",
    ),
    rows=("C1",),
)
def judge(handshake: Handshake, versions: TlsVersions | None) -> Judgement:
    """Judge whether 1.3 was chosen where it was offered."""
    if handshake.version == "TLSv1.3":
        return passed("TLS 1.3 was negotiated")
    answer = versions.of("TLSv1.3") if versions is not None else None
    if answer is not None and answer.accepted:
        return passed("TLS 1.3 is accepted", f"the main handshake: {handshake.version}")
    if handshake.version != "TLSv1.2":
        return not_applicable("the version negotiated is older than TLS 1.2, see tls/version-old")
    refused = answer is not None and answer.accepted is False
    if "TLSv1.3" not in handshake.offered_versions and not refused:
        return inconclusive(
            "TLS 1.3 was not offered, so the server could not choose it",
            advice="test with a TLS library that has TLS 1.3",
        )
    return warn(
        "The server chose TLS 1.2 although TLS 1.3 was offered",
        f"negotiated: {handshake.version}; offered: {', '.join(handshake.offered_versions)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    suite = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    yield Example("1.2 chosen", Verdict.WARN, (samples.handshake("TLSv1.2", suite),))
    yield Example("1.3 chosen", Verdict.PASS, (samples.handshake(),))
    yield Example(
        "1.3 not offered",
        Verdict.INCONCLUSIVE,
        (samples.handshake("TLSv1.2", suite, offered_versions=("TLSv1.2",)),),
    )
    both = _samples.versions("TLSv1.2", "TLSv1.3")
    yield Example("1.3 accepted elsewhere", Verdict.PASS, (samples.handshake("TLSv1.2", suite), both))
    yield Example("1.0 chosen", Verdict.NOT_APPLICABLE, (samples.handshake("TLSv1", suite),))
