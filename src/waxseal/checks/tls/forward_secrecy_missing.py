"""Suites without forward secrecy are all that the server takes, or what it prefers.

The session key is sent under the server's long-lived key (TLS_RSA_WITH_...) or follows from it. Whoever
records the traffic today and gets hold of that key in some years can then read all of it. Every current
sender offers suites with an ephemeral key exchange, so a server that chooses otherwise is set up to prefer
old suites or has no others. One that takes such suites from clients with nothing better is in order on port
25, where clear text would be worse; on submission it is a warning. Suites whose encryption itself is broken
have findings of their own.
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
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.certificate._weighing import is_submission
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import fits, listed, spoken
from waxseal.checks.tls._suite import Secrecy, secrecy, weakness
from waxseal.facts import Endpoint, Handshake, TlsSuites
from waxseal.wire.tls_suites import suite_name


@check(
    title="The cipher suite has no forward secrecy",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.1", "RFC 9325 §7.3", "RFC 9325 §5.2"),
    remedy=Remedy(
        general="Allow suites that begin with ECDHE, and prefer them; drop those with RSA key transport.",
        postfix="tls_preempt_cipherlist = yes; smtpd_tls_exclude_ciphers = kRSA",
        exim="tls_require_ciphers = HIGH:!kRSA:!aNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ALL:!kRSA:!SRP:!kDHd:!DSS:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("E1",),
)
def judge(endpoint: Endpoint, subject: Subject, handshake: Handshake, suites: TlsSuites | None) -> Judgement:
    """Judge the key exchange of the negotiated suite, then of the others that are accepted."""
    suite = handshake.suite[:80]
    if weakness(suite) is not None:
        return not_applicable("the suite is broken in itself, and another check says so")
    found = secrecy(suite)
    if found is Secrecy.NONE:
        return warn("The negotiated suite has no forward secrecy", f"{handshake.version} {suite}")
    if found is Secrecy.UNKNOWN:
        return inconclusive(
            f"the name of the suite ({suite or 'none'}) does not tell its key exchange",
            advice="test again with a newer waxseal",
        )
    static = _static(suites)
    if not static:
        return passed("The key exchange gives forward secrecy", suite)
    if is_submission(endpoint, subject):
        return warn("The server also takes suites without forward secrecy", *static)
    return passed("The key exchange gives forward secrecy; clients with nothing better go without", *static)


def _static(suites: TlsSuites | None) -> tuple[str, ...]:
    """The accepted suites without forward secrecy that are not broken otherwise, a line for each version."""
    lines = []
    for found in () if suites is None else suites.lists:
        bare = [s for s in found.accepted if fits(s, lambda p: not p.forward_secret)]
        sound = [s for s in bare if weakness(suite_name(s)) is None]
        if sound:
            lines.append(f"{spoken(found.version)}: {listed(sound)}")
    return tuple(lines)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    endpoint = samples.endpoint()

    def chosen(suite: str, version: str = "TLSv1.2") -> tuple[Endpoint, Handshake]:
        return endpoint, samples.handshake(version, suite)

    yield Example("RSA key transport", Verdict.WARN, chosen("TLS_RSA_WITH_AES_128_GCM_SHA256"))
    yield Example("OpenSSL's name", Verdict.WARN, chosen("AES256-GCM-SHA384"))
    yield Example("ephemeral", Verdict.PASS, chosen("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"))
    yield Example("TLS 1.3", Verdict.PASS, (endpoint, samples.handshake()))
    also = _samples.offer({"TLSv1.2": (_samples.GCM, _samples.STATIC)})
    yield Example("also without", Verdict.PASS, also)
    yield Example("also without, on submission", Verdict.WARN, _samples.placed(587, *also))
    yield Example("no name", Verdict.INCONCLUSIVE, chosen("0xC0FE"))
    yield Example("broken anyway", Verdict.NOT_APPLICABLE, chosen("TLS_RSA_WITH_RC4_128_SHA", "TLSv1"))
