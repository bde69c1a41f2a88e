"""TLS compression is switched on.

Compression tells by the length of what is sent how much of it repeats. Whoever can put text of his own into
a connection, and sees its length, can find out the rest letter by letter, such as a password (CRIME,
CVE-2012-4929). TLS 1.3 has no compression, and current libraries leave it out.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, accepted_below_13, spoken, unknown_below_13
from waxseal.facts import TlsVersions

_METHODS: Final = {1: "DEFLATE", 64: "LZS"}


@check(
    title="TLS compression is on",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.3",),
    remedy=Remedy(
        general="Switch compression off, or upgrade the TLS library (OpenSSL from 1.1.0 on has it off).",
        postfix="tls_ssl_options = no_compression",
        exim="openssl_options = +no_sslv2 +no_sslv3 +no_compression",
        dovecot="ssl_options = no_compression",
    ),
    rows=("C3",),
)
def judge(versions: TlsVersions) -> Judgement:
    """Judge the compression method of each version."""
    accepted = accepted_below_13(versions)
    on = [answer for answer in accepted if answer.compression]
    if on:
        names = (f"{spoken(a.version)}: {_METHODS.get(a.compression, a.compression)}" for a in on)
        return warn("The server compresses under TLS (CRIME)", *names)
    if accepted:
        return passed("Compression was offered and not taken")
    if unknown_below_13(versions):
        return unreached("what the server does up to TLS 1.2 was not seen", advice=FULL)
    return not_applicable("TLS 1.3 has no compression, and no older version is spoken")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("on", Verdict.WARN, (_samples.versions("TLSv1.2", compression=1),))
    yield Example("off", Verdict.PASS, (_samples.versions("TLSv1.2", "TLSv1.3"),))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (_samples.versions("TLSv1.3"),))
    yield Example("not asked", Verdict.INCONCLUSIVE, (_samples.versions("TLSv1.3", unknown=("TLSv1",)),))
