"""SSL 3.0 is still accepted.

Whoever can make a client repeat itself and cut into the connection reads what is sent under SSL 3.0 octet by
octet (POODLE, CVE-2014-3566), because it does not look at its padding. Every sender of the last twenty years
knows TLS, so switching it off costs no mail. On port 25, where a fall back to clear text would be worse, it
is a warning; on submission, and where nothing newer is spoken, a failure.
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
    fail,
    passed,
    unreached,
)
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, fits, listed
from waxseal.facts import Endpoint, SuiteList, TlsSuites, TlsVersions


@check(
    title="SSL 3.0 is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 7568 §3", "RFC 9325 §3.1.1", "RFC 9325 §5.2"),
    remedy=Remedy(
        general="Allow TLS 1.2 and TLS 1.3 only; upgrade the TLS library where it is too old for them.",
        postfix="smtpd_tls_protocols = >=TLSv1.2; smtpd_tls_mandatory_protocols = >=TLSv1.2 (from 3.6 on)",
        exim="openssl_options = +no_sslv2 +no_sslv3 +no_tlsv1 +no_tlsv1_1 (OpenSSL)",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("C1", "F5"),
)
def judge(endpoint: Endpoint, subject: Subject, versions: TlsVersions, suites: TlsSuites | None) -> Judgement:
    """Judge the answer to SSL 3.0."""
    answer = versions.of("SSLv3")
    if answer is None or answer.accepted is None:
        return unreached("whether SSL 3.0 is accepted was not seen", advice=FULL)
    if not answer.accepted:
        return passed("SSL 3.0 is refused")
    found = suites.of("SSLv3") if suites is not None else None
    cbc = [] if found is None else [s for s in found.accepted if fits(s, lambda p: p.mode == "CBC")]
    poodle = f"POODLE finds what it needs: {listed(cbc)}" if cbc else "no CBC suite was seen with it"
    newer = [a for a in versions.answers if a.accepted and a.version.startswith("TLS")]
    if not newer:
        return fail("Nothing newer than SSL 3.0 is spoken", poodle)
    return broken(endpoint, subject, "SSL 3.0 is accepted", poodle)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    also = _samples.versions("SSLv3", "TLSv1", "TLSv1.2")
    suites = TlsSuites(lists=(SuiteList("SSLv3", (_samples.STATIC_CBC,)),))
    yield Example("on port 25", Verdict.WARN, (samples.endpoint(), also, suites))
    yield Example("on submission", Verdict.FAIL, _samples.placed(587, samples.endpoint(), also, suites))
    yield Example("nothing newer", Verdict.FAIL, (samples.endpoint(), _samples.versions("SSLv3")))
    yield Example("refused", Verdict.PASS, (samples.endpoint(), _samples.versions("TLSv1.2")))
    unknown = _samples.versions("TLSv1.2", unknown=("SSLv3",))
    yield Example("not asked", Verdict.INCONCLUSIVE, (samples.endpoint(), unknown))
