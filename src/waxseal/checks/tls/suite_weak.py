"""The cipher suite that was negotiated protects badly or not at all.

NULL does not encrypt; export and single-DES keys can be tried out; RC4 and RC2 are broken: mail under them
may as well be in clear, and this is a failure. Triple DES (blocks of 64 bits) and anonymous suites (no
certificate) still keep out a mere listener on port 25 and are a warning there; on submission an anonymous
suite fails, because the client cannot know to whom it sends the password. Judged by the suite really
negotiated, so the server chose it with better ones on offer. Where all suites were asked for one by one, the
checks of each kind (tls/suite-rc4 and so on) tell more, and this one stands aside.
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
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls._suite import Secrecy, secrecy, weakness
from waxseal.facts import Endpoint, Handshake, SuiteList, TlsSuites


@check(
    title="A weak cipher suite is negotiated",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1", "RFC 7465 §2", "RFC 5246 §A.5"),
    remedy=Remedy(
        general="Switch off NULL, export, DES, RC4, RC2, 3DES and anonymous suites; allow ECDHE with AES-GCM "
        "or ChaCha20.",
        postfix="smtpd_tls_ciphers = medium; smtpd_tls_exclude_ciphers = aNULL, DES, 3DES, RC4, MD5",
        exim="tls_require_ciphers = HIGH:!aNULL:!eNULL:!3DES:!RC4 (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1",),
)
def judge(endpoint: Endpoint, handshake: Handshake, suites: TlsSuites | None, subject: Subject) -> Judgement:
    """Judge the encryption of the negotiated suite."""
    suite = handshake.suite[:80]
    weak = weakness(suite)
    if weak is not None and suites is not None and suites.lists:
        return not_applicable(f"the negotiated suite {weak.reason}: the check of that kind tells it")
    if weak is not None:
        summary = f"The negotiated suite {weak.reason}"
        line = f"{handshake.version} {suite}"
        return fail(summary, line) if weak.forbidden else broken(endpoint, subject, summary, line)
    if secrecy(suite) is Secrecy.UNKNOWN:
        return inconclusive(
            f"the name of the suite ({suite or 'none'}) does not tell its strength",
            advice="test again with a newer waxseal",
        )
    return passed("The negotiated suite has no known weakness of its encryption", suite)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    rc4 = samples.handshake("TLSv1.2", "TLS_ECDHE_RSA_WITH_RC4_128_SHA")
    triple = samples.handshake("TLSv1.2", "TLS_RSA_WITH_3DES_EDE_CBC_SHA")
    anonymous = samples.handshake("TLSv1.2", "ADH-AES256-GCM-SHA384")
    yield Example("RC4", Verdict.FAIL, (samples.endpoint(), rc4))
    yield Example("triple DES", Verdict.WARN, (samples.endpoint(), triple))
    yield Example("anonymous on port 25", Verdict.WARN, (samples.endpoint(), anonymous))
    yield Example(
        "anonymous on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), at(anonymous, port=587))
    )
    found = TlsSuites(lists=(SuiteList("TLSv1.2", (0xC011,)),))
    yield Example("RC4, told elsewhere", Verdict.NOT_APPLICABLE, (samples.endpoint(), rc4, found))
    yield Example("AES-GCM", Verdict.PASS, (samples.endpoint(), samples.handshake()))
    yield Example("no name", Verdict.INCONCLUSIVE, (samples.endpoint(), samples.handshake(suite="0xC0FE")))
