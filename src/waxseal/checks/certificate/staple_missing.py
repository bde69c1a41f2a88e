"""The certificate promises that a status is stapled to each handshake, and the server staples none.

A certificate can hold a note that the server always sends a fresh statement of the authority with it ("must
staple"). It was asked for when the certificate was ordered. Clients that know the note refuse a handshake
without the statement, so without it the server is worse off than with an ordinary certificate. Certificates
without the note promise nothing, and for them this does not apply.
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
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.certificate._samples import chain, stapled
from waxseal.checks.certificate._shown import ShownChain
from waxseal.facts import StapledResponse


@check(
    title="The promised staple is missing",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 7633 §4.2.3.1",),
    remedy=Remedy(
        general="Let the server staple OCSP responses, or get a certificate without the must-staple "
        "extension where the software cannot, as is so with most mail servers.",
        exim="tls_ocsp_file = /path/to/ocsp.der",
    ),
    rows=("D8",),
)
def judge(shown: ShownChain, staple: StapledResponse | None) -> Judgement:
    """Judge whether a staple came where one is promised."""
    if not shown.chain.leaf.must_staple:
        return not_applicable("the certificate does not promise a staple")
    if staple is None or not staple.offered:
        return inconclusive(
            "the handshake that showed the certificate did not ask for a staple", advice="test again"
        )
    if not staple.octets:
        return shown.weakened(
            "The certificate promises a stapled status, and none came",
            "TLS feature extension: status_request (5)",
        )
    return passed("The promised staple came", f"{len(staple.octets)} octets")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    promised = (samples.endpoint(), *chain("must_staple"))
    yield Example("promised and missing", Verdict.WARN, (*promised, stapled("")))
    submission = (at(samples.endpoint(), port=587), *chain("must_staple", port=587))
    yield Example("the same on submission", Verdict.FAIL, (*submission, stapled("", port=587)))
    yield Example("promised and there", Verdict.PASS, (*promised, stapled("ocsp_good")))
    yield Example("not asked for", Verdict.INCONCLUSIVE, (*promised, stapled("", offered=False)))
    yield Example("nothing known of a staple", Verdict.INCONCLUSIVE, promised)
    not_promised = (samples.endpoint(), *chain("good"), stapled(""))
    yield Example("not promised", Verdict.NOT_APPLICABLE, not_promised)
