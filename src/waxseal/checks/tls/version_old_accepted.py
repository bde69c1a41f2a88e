"""TLS 1.0 or TLS 1.1 is accepted beside newer versions.

Senders that know TLS 1.2 use it, so nearly all mail is well protected. The old versions rest on MD5 and
SHA-1 and must no longer be used. On port 25 a very old sender would otherwise fall back to clear text, so
this is a small warning there; on submission, where mail programs send passwords and can be brought up to
date, a failure. Where nothing newer is spoken, tls/version-old says so.
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
    check,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, MAX_LINE, OLD, fits, listed, spoken, unknown_below_13
from waxseal.facts import Endpoint, SuiteList, TlsSuites, TlsVersions


@check(
    title="TLS 1.0 or 1.1 is still accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8996 §4", "RFC 8996 §5", "RFC 8997 §3", "RFC 9325 §5.2"),
    remedy=Remedy(
        general="Allow TLS 1.2 and TLS 1.3 only, once the log shows that no sender that matters needs less.",
        postfix="smtpd_tls_protocols = >=TLSv1.2; smtpd_tls_mandatory_protocols = >=TLSv1.2 (from 3.6 on)",
        exim="openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1 +no_tlsv1_1 (OpenSSL), or "
        "tls_require_ciphers = NORMAL:-VERS-TLS1.0:-VERS-TLS1.1 (GnuTLS)",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("C1", "F5"),
)
def judge(endpoint: Endpoint, subject: Subject, versions: TlsVersions, suites: TlsSuites | None) -> Judgement:
    """Judge the old versions among those that are accepted."""
    accepted = [a.version for a in versions.answers if a.accepted]
    old = [version for version in accepted if version in OLD]
    if old and not {"TLSv1.2", "TLSv1.3"} & set(accepted):
        return not_applicable("nothing newer is spoken, see tls/version-old")
    if old:
        found = suites.of("TLSv1") if suites is not None and "TLSv1" in old else None
        cbc = [] if found is None else [s for s in found.accepted if fits(s, lambda p: p.mode == "CBC")]
        beast = [f"TLS 1.0 with CBC, open to BEAST (CVE-2011-3389): {listed(cbc)}"[:MAX_LINE]] if cbc else []
        names = " and ".join(map(spoken, old))
        return broken(endpoint, subject, f"{names} can still be negotiated", *beast)
    unknown = [version for version in unknown_below_13(versions) if version in OLD]
    if unknown:
        return unreached(
            f"whether {' and '.join(map(spoken, unknown))} can be negotiated was not seen", advice=FULL
        )
    return passed("TLS 1.0 and 1.1 are refused")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    both = _samples.versions("TLSv1", "TLSv1.1", "TLSv1.2")
    suites = TlsSuites(lists=(SuiteList("TLSv1", (_samples.STATIC_CBC,)),))
    yield Example("on port 25", Verdict.WARN, (samples.endpoint(), both, suites))
    yield Example("on submission", Verdict.FAIL, _samples.placed(587, samples.endpoint(), both))
    yield Example("refused", Verdict.PASS, (samples.endpoint(), _samples.versions("TLSv1.2", "TLSv1.3")))
    unknown = _samples.versions("TLSv1.2", unknown=("TLSv1", "TLSv1.1"))
    yield Example("not asked", Verdict.INCONCLUSIVE, (samples.endpoint(), unknown))
    only = _samples.versions("TLSv1", "TLSv1.1")
    yield Example("nothing newer", Verdict.NOT_APPLICABLE, (samples.endpoint(), only))
