"""The server signs its key exchange with SHA-1 or MD5 where a client allows it.

The signature proves that the key exchange came from the holder of the certificate. With these hashes an
attacker who can compute fast enough can pass off one signature for another. Current clients do not offer
them, so this touches old senders only. In TLS 1.3 they are gone; before TLS 1.2 there is nothing else, which
tls/version-old and tls/version-old-accepted tell.
"""

from collections.abc import Iterator
from typing import Final

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
from waxseal.checks.tls._offer import FULL, MAX_LINE, none_fits, signed
from waxseal.facts import Endpoint, NumberList, SuiteList, TlsSchemes, TlsSuites, TlsVersions
from waxseal.wire.tls_registry import scheme_name

_MD5, _SHA1 = 1, 2
_RSA_DSA_ECDSA: Final = (1, 2, 3)


@check(
    title="SHA-1 or MD5 signs the key exchange",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9155 §4",),
    remedy=Remedy(
        general="Use a TLS library at its usual security level (OpenSSL's level 2 forbids SHA-1), without "
        "settings that lower it.",
        postfix="smtpd_tls_ciphers = medium (without @SECLEVEL=0 in tls_medium_cipherlist)",
        exim="tls_require_ciphers = HIGH:!aNULL (without @SECLEVEL=0)",
    ),
    rows=("E5",),
)
def judge(
    endpoint: Endpoint,
    subject: Subject,
    versions: TlsVersions,
    schemes: TlsSchemes,
    suites: TlsSuites | None,
) -> Judgement:
    """Judge the schemes of TLS 1.2."""
    answer = versions.of("TLSv1.2")
    if answer is not None and answer.accepted is False:
        return not_applicable("TLS 1.2 is not spoken, and no other version has the choice")
    found = schemes.of("TLSv1.2")
    of_12 = suites.of("TLSv1.2") if suites is not None else None
    if found is None and of_12 is not None and none_fits(TlsSuites(lists=(of_12,)), signed):
        return not_applicable("no suite with a signed key exchange is accepted in TLS 1.2")
    if found is None:
        return unreached("no signature of TLS 1.2 was seen", advice=FULL)
    weak = [scheme for scheme in found.accepted if _is_weak(scheme)]
    if weak:
        names = ", ".join(map(scheme_name, weak))[:MAX_LINE]
        return broken(endpoint, subject, "The server signs with SHA-1 or MD5", names)
    if any(map(_is_weak, found.undecided)):
        return unreached("whether the server would sign with SHA-1 or MD5 was not asked", advice=FULL)
    return passed(
        "The server does not sign with SHA-1 or MD5", ", ".join(map(scheme_name, found.accepted))[:MAX_LINE]
    )


def _is_weak(scheme: int) -> bool:
    """Hash and signature are the two octets of a scheme of TLS 1.2 (RFC 5246 §7.4.1.4.1)."""
    return scheme >> 8 in (_MD5, _SHA1) and scheme & 0xFF in _RSA_DSA_ECDSA


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def by(accepted: tuple[int, ...], undecided: tuple[int, ...] = ()) -> TlsSchemes:
        return TlsSchemes(lists=(NumberList("TLSv1.2", accepted, undecided),))

    both = _samples.versions("TLSv1.2", "TLSv1.3")
    weak = by((0x0804, 0x0201))
    yield Example("SHA-1", Verdict.WARN, (samples.endpoint(), both, weak))
    yield Example("on submission", Verdict.FAIL, _samples.placed(587, samples.endpoint(), both, weak))
    yield Example("SHA-2 only", Verdict.PASS, (samples.endpoint(), both, by((0x0804, 0x0401))))
    part = by((0x0804,), (0x0201,))
    yield Example("not asked", Verdict.INCONCLUSIVE, (samples.endpoint(), both, part))
    static = TlsSuites(lists=(SuiteList("TLSv1.2", (_samples.STATIC,)),))
    unsigned = (samples.endpoint(), both, TlsSchemes(lists=()), static)
    yield Example("nothing is signed", Verdict.NOT_APPLICABLE, unsigned)
    new = _samples.versions("TLSv1.3")
    yield Example("no TLS 1.2", Verdict.NOT_APPLICABLE, (samples.endpoint(), new, by((0x0804,))))
