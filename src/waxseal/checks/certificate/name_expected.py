"""The certificate does not bear the name that was given to be expected (--name).

Whoever runs the test said by which name the server is known to its users or in its policy; the
certificate does not cover it. Clients that were set up with that name and verify will refuse the server.
It is a failure on every port, because the expectation was stated. Where the name is the host's own,
certificate/name-mismatch speaks.
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
    not_applicable,
    passed,
)
from waxseal.checks.certificate._names import canonical, is_readable, presented, reference_name
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.facts import Target
from waxseal.trust.names import match
from waxseal.trust.proof import plain


@check(
    title="The certificate lacks the expected name",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 9525 §6.3", "RFC 9525 §2"),
    remedy=Remedy(general="Get a certificate that has the expected name in its subjectAltName."),
    rows=("D3",),
)
def judge(shown: ShownChain, target: Target | None) -> Judgement:
    """Judge the presented names against the one given apart."""
    if target is None or not target.expected_name:
        return not_applicable("no other name was given to be expected")
    wanted = canonical(target.expected_name)
    if wanted == canonical(reference_name(shown.subject, shown.endpoint) or ""):
        return not_applicable("it is the host's own name, see certificate/name-mismatch")
    found = match(shown.chain.leaf, wanted)
    if found.matched:
        return passed(f"The certificate bears the expected name {wanted}", plain(f"covered by {found.by}"))
    if not is_readable(shown.chain.leaf):
        return unread("the certificate")
    where = "has it only as common name" if found.only_in_common_name else "does not bear it"
    return fail(f"The name {wanted} is expected, and the certificate {where}", presented(shown.chain.leaf))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = samples.endpoint()
    other = samples.target(expected_name="mail.example.com")
    yield Example("not covered", Verdict.FAIL, (end, other, *sample("good")))
    covered = samples.target(expected_name="imap.example.org")
    yield Example("covered by a wildcard", Verdict.PASS, (end, covered, *sample("wildcard")))
    yield Example("nothing expected", Verdict.NOT_APPLICABLE, (end, samples.target(), *sample("good")))
    same = samples.target(expected_name="MX.example.org.")
    yield Example("the host's own name", Verdict.NOT_APPLICABLE, (end, same, *sample("other_name")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (end, other, *sample("garbage")))
