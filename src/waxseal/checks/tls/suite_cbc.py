"""CBC suites are accepted without encrypt-then-MAC.

In CBC mode TLS signs first and encrypts afterwards. Many programs gave away by their timing whether the
padding was right, from which the text can be worked out (Lucky Thirteen, CVE-2013-0169, and its successors).
Current libraries are careful, so this is a possibility and no proof; tls/padding-oracle looks for the proof.
On port 25 some senders know nothing newer, so there it is a warning only where the server chooses such a
suite with better ones on offer.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.checks.certificate._weighing import is_submission
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer
from waxseal.wire.tls_suite_properties import SuiteProperties

_ENCRYPT_THEN_MAC: Final = 22


@check(
    title="CBC suites are accepted without encrypt-then-MAC",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.2", "RFC 9325 §5.2", "RFC 7366 §2"),
    remedy=Remedy(
        general="Prefer suites with GCM or ChaCha20, and drop those with CBC where no client needs them.",
        postfix="tls_preempt_cipherlist = yes; smtpd_tls_ciphers = high",
        exim="tls_require_ciphers = ECDHE+AESGCM:ECDHE+CHACHA20:HIGH:!aNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20; ssl_prefer_server_ciphers = yes",
    ),
    rows=("E1", "F5"),
)
def judge(offer: Offer) -> Judgement:
    """Judge the CBC suites of the versions that never answered with encrypt_then_mac."""
    protected = {a.version for a in offer.versions.answers if _ENCRYPT_THEN_MAC in a.extensions}
    everywhere = offer.of_kind(_in_cbc)
    if not everywhere.accepted:
        return everywhere.none("in CBC mode")
    bare = offer.of_kind(_in_cbc, of_versions={version for version, _ in everywhere.accepted} - protected)
    if not bare.accepted:
        return passed("CBC suites are accepted with encrypt-then-MAC", *everywhere.lines)
    if offer.negotiated(bare):
        return warn("The server chooses a CBC suite without encrypt-then-MAC", *bare.lines)
    if is_submission(offer.endpoint, offer.subject):
        return warn("The server accepts CBC suites without encrypt-then-MAC", *bare.lines)
    return passed("CBC suites without encrypt-then-MAC are accepted, which is not advised", *bare.lines)


def _in_cbc(suite: SuiteProperties) -> bool:
    return suite.mode == "CBC" and suite.block_bits > 64 and suite.authentication != "anon"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    found = {"TLSv1.2": (_samples.GCM, _samples.CBC)}
    chosen = samples.handshake("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")
    yield Example("on port 25", Verdict.PASS, _samples.offer(found))
    yield Example("chosen", Verdict.WARN, _samples.offer(found, handshake=chosen))
    yield Example("on submission", Verdict.WARN, _samples.placed(587, *_samples.offer(found)))
    safe = _samples.offer(found, extensions={"TLSv1.2": (22,)}, handshake=chosen)
    yield Example("encrypt-then-MAC", Verdict.PASS, safe)
    yield Example("refused", Verdict.PASS, _samples.offer({"TLSv1.2": (_samples.GCM,)}))
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.CBC,)})
    yield Example("not asked", Verdict.INCONCLUSIVE, part)
