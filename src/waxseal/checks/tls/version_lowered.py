"""A lower version of TLS is negotiated than at an earlier run, with the same versions on offer.

An update or a new setting may have taken the newer version away, or another machine answers now. It may also
be the mark of somebody on the path who keeps the two from agreeing on better: TLS 1.3 hides the certificate
and proves the whole handshake, TLS 1.2 does not. The earlier run is the one named with --baseline. Whether
the version of now is good enough by itself, tls/version-old and tls/version-13-missing tell.
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
from waxseal.facts import EarlierEndpoint, Handshake

_ORDER = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@check(
    title="A lower version of TLS is negotiated than before",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.1.1", "RFC 3207 §6"),
    remedy=Remedy(
        general="Allow the newer version again; where the server does, look for what keeps it from being "
        "negotiated on the way, from another network (waxseal compare).",
        postfix="smtpd_tls_protocols = >=TLSv1.2 (from 3.6 on), with OpenSSL 1.1.1 or newer",
        exim="openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1 +no_tlsv1_1",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("B7", "C1"),
)
def judge(handshake: Handshake, earlier: EarlierEndpoint | None) -> Judgement:
    """Judge the version negotiated now against that of then."""
    if earlier is None:
        return not_applicable("there is no earlier run of this address to compare with (--baseline)")
    if earlier.version not in _ORDER:
        return not_applicable("the earlier run negotiated no TLS here")
    if handshake.version not in _ORDER or earlier.version not in (handshake.offered_versions or _ORDER):
        return inconclusive(
            "the two runs did not offer the same versions, so theirs cannot be compared",
            f"then {_name(earlier.version)}, now {_name(handshake.version)}",
            advice="test with the version of waxseal that made the baseline, or make a new one",
        )
    told = f"{earlier.seen_at:%Y-%m-%d %H:%M} UTC: {_name(earlier.version)}"
    if _ORDER.index(handshake.version) < _ORDER.index(earlier.version):
        return warn(
            f"{_name(handshake.version)} is negotiated, and it was {_name(earlier.version)} before",
            told,
            f"now: {_name(handshake.version)} {handshake.suite}",
        )
    return passed(f"{_name(handshake.version)} is negotiated, no less than before", told)


def _name(version: str) -> str:
    return version[:20].replace("TLSv", "TLS ")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    then = EarlierEndpoint(seen_at=samples.NOW, starttls=True, version="TLSv1.3")
    before = EarlierEndpoint(seen_at=samples.NOW, starttls=True, version="TLSv1.2")
    lower = samples.handshake("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    yield Example("lower", Verdict.WARN, (lower, then))
    yield Example("the same", Verdict.PASS, (samples.handshake(), then))
    yield Example("higher", Verdict.PASS, (samples.handshake(), before))
    yield Example("no earlier run", Verdict.NOT_APPLICABLE, (samples.handshake(),))
    unheard = EarlierEndpoint(seen_at=samples.NOW)
    yield Example("no TLS then", Verdict.NOT_APPLICABLE, (samples.handshake(), unheard))
    less = samples.handshake("TLSv1.2", offered_versions=("TLSv1.2",))
    yield Example("less offered", Verdict.INCONCLUSIVE, (less, then))
