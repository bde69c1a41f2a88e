"""A certificate that the server sent cannot be read as X.509 says it is written.

Clients that verify refuse what they cannot read, and a mail server may end the handshake over it even
without verifying. It is a failure where a part that matters (dates, names, key, signature, extensions) is
unreadable, and a warning where the server's own certificate only breaks the form without loss. Other
checks say INCONCLUSIVE of what could not be read. Wrong entries among the names have a finding of their
own, certificate/name-malformed.
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
    check,
    fail,
    passed,
    warn,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import MAX_LINES, ShownChain
from waxseal.trust.chain import ProblemCode


@check(
    title="A certificate cannot be read",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §4.1", "RFC 5280 §4.2", "RFC 5480 §2.1.1"),
    remedy=Remedy(
        general="Replace the certificate by one from current software. See that the files of certificate and "
        "chain are whole: openssl x509 -noout -text reads each of them.",
    ),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge whether the certificates keep to their form."""
    found = shown.problems(ProblemCode.UNPARSEABLE)
    if found:
        return fail("A certificate cannot be read as a whole", *shown.lines(found))
    spelled_out = shown.problems(ProblemCode.CURVE_NOT_NAMED)
    if spelled_out:
        return fail(
            "A certificate spells out the curve of its key, which clients refuse", *shown.lines(spelled_out)
        )
    breaches = [d for d in shown.chain.leaf.deviations if not d.rule.startswith("san-")]
    if breaches:
        told = [f"{d.rule} ({d.source}): {d.octets[:16].hex()}" for d in breaches]
        return warn("The certificate breaks the form that is laid down for it", *told[:MAX_LINES])
    return passed("Every certificate of the path can be read")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a date that is none", Verdict.FAIL, (samples.endpoint(), *sample("unreadable")))
    yield Example("no certificate at all", Verdict.FAIL, (samples.endpoint(), *sample("garbage")))
    yield Example("a negative serial number", Verdict.WARN, (samples.endpoint(), *sample("bad_serial")))
    yield Example("sound", Verdict.PASS, (samples.endpoint(), *sample("good")))
    only_nameless = (samples.endpoint(), samples.handshake(), *sample("unreadable", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, only_nameless)
