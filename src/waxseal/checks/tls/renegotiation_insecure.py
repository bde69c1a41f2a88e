"""The server does not know secure renegotiation.

Without it, an attacker can put his own commands in front of a client's connection, and the server takes both
for one (CVE-2009-3555). Current clients, such as those with OpenSSL 3, break off the handshake up to TLS 1.2
with a server that does not know it; so where TLS 1.3 is missing too, they deliver in clear or not at all,
and it is a failure. It is one too where such a renegotiation was really completed.
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
    fail,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.certificate._weighing import broken
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, accepted_below_13, spoken, unknown_below_13
from waxseal.facts import Endpoint, Renegotiation, TlsVersions

_RENEGOTIATION_INFO: Final = 0xFF01


@check(
    title="Secure renegotiation is missing",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5746 §3.6", "RFC 5746 §3.7", "RFC 9325 §3.5"),
    remedy=Remedy(
        general="Upgrade the TLS library (OpenSSL from 0.9.8m on), and let nothing on the way take the "
        "extension out.",
    ),
    rows=("C4",),
)
def judge(
    endpoint: Endpoint, subject: Subject, versions: TlsVersions, tried: Renegotiation | None
) -> Judgement:
    """Judge renegotiation_info in the newest version up to TLS 1.2, and what was tried."""
    if tried is not None and (tried.without_info or (tried.completed and not tried.info_sent)):
        return fail("Renegotiation without protection was completed", spoken(tried.version))
    accepted = accepted_below_13(versions)
    if not accepted:
        if unknown_below_13(versions):
            return unreached("what the server does up to TLS 1.2 was not seen", advice=FULL)
        return not_applicable("there is no renegotiation in TLS 1.3, and no older version is spoken")
    name = spoken(accepted[0].version)
    if _RENEGOTIATION_INFO in accepted[0].extensions:
        return passed(f"{name} has secure renegotiation")
    new = versions.of("TLSv1.3")
    if new is None or not new.accepted:
        return fail(f"{name} lacks secure renegotiation, and current clients refuse that")
    return broken(endpoint, subject, f"{name} is spoken without secure renegotiation")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    endpoint = samples.endpoint()
    bare = {"TLSv1.2": (23, 11)}
    yield Example("missing", Verdict.FAIL, (endpoint, _samples.versions("TLSv1.2", extensions=bare)))
    beside = _samples.versions("TLSv1.2", "TLSv1.3", extensions=bare)
    yield Example("missing beside TLS 1.3", Verdict.WARN, (endpoint, beside))
    both = _samples.versions("TLSv1.2", "TLSv1.3")
    done = Renegotiation(version="TLSv1.2", info_sent=True, attempted=1, completed=1, without_info=True)
    yield Example("completed without it", Verdict.FAIL, (endpoint, both, done))
    yield Example("there", Verdict.PASS, (endpoint, both))
    yield Example("TLS 1.3 alone", Verdict.NOT_APPLICABLE, (endpoint, _samples.versions("TLSv1.3")))
    unknown = _samples.versions("TLSv1.3", unknown=("TLSv1.2",))
    yield Example("not asked", Verdict.INCONCLUSIVE, (endpoint, unknown))
