"""The certificate says what its key is for, and being a TLS server is not among it.

Where a certificate lists purposes, serverAuth has to be one of them, and the key usage has to allow what
TLS does with the key. Certificates meant for clients, for signing mail or for VPNs lack it. Clients that
verify refuse them. On port 25 this is a warning, on submission a failure. A certificate without such
lists is for everything.
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
    at,
    check,
    passed,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.trust.chain import ProblemCode


@check(
    title="The certificate is not for servers",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §4.2.1.12", "RFC 5280 §4.2.1.3"),
    remedy=Remedy(
        general="Get a certificate with extended key usage serverAuth and key usage digitalSignature.",
    ),
    rows=("D1",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the purposes of the certificates."""
    found = shown.problems(ProblemCode.EXTENDED_KEY_USAGE, ProblemCode.KEY_USAGE)
    if found:
        return shown.broken(
            f"{shown.place(found[0].depth)} is not for use by a TLS server",
            *shown.lines(found),
        )
    if shown.problems(ProblemCode.UNPARSEABLE):
        return unread("a certificate")
    return passed("The certificate may be used by a TLS server")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("client certificate", Verdict.WARN, (samples.endpoint(), *sample("client_only")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("client_only", port=587))
    )
    yield Example("server certificate", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
