"""The certificate does not bear the name of the host that senders connect to.

For an MX that is the host name in the MX record, for a submission server the name that users enter.
Clients that verify refuse the certificate: they cannot tell the right server with another name from a
wrong one. On port 25 this is a warning, as most senders do not look; under MTA-STS it stops mail. On
submission it is a failure. Only the subjectAltName counts: a name in the common name alone is ignored by
current clients. The evidence tells of the MX host, the given name and the policy domain which are
covered.
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
    passed,
)
from waxseal.checks.certificate._names import coverage, is_readable, presented, reference_name
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.trust.names import match


@check(
    title="The certificate bears another name",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 9525 §6.3", "RFC 9525 §2", "RFC 8461 §4.2", "RFC 7817 §3"),
    remedy=Remedy(
        general="Get a certificate with this host name in its subjectAltName, or let the MX record name a "
        "host that the certificate bears.",
        dns="example.org. IN MX 10 a-name-in-the-certificate.example.org.",
    ),
    rows=("D2", "D3"),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the presented names against the reference identifier."""
    wanted = reference_name(shown.subject, shown.endpoint)
    if wanted is None:
        return inconclusive(
            "only an address is known, so there is no name to compare with",
            presented(shown.chain.leaf),
            advice="give the name that the certificate should bear with --name",
        )
    found = match(shown.chain.leaf, wanted)
    told = coverage(shown.subject, shown.endpoint, shown.chain.leaf)
    if found.matched:
        return passed(f"The certificate bears the name {wanted}", *told)
    if not is_readable(shown.chain.leaf):
        return unread("the certificate")
    summary = f"The certificate does not bear the name {wanted}"
    if found.only_in_common_name:
        summary = f"The certificate has the name {wanted} only as common name, which current clients ignore"
    return shown.broken(summary, *told, presented(shown.chain.leaf))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = samples.endpoint()
    yield Example("another name", Verdict.WARN, (end, *sample("other_name")))
    yield Example("only the policy domain", Verdict.WARN, (end, *sample("only_domain")))
    yield Example("only as common name", Verdict.WARN, (end, *sample("only_common_name")))
    yield Example("on submission", Verdict.FAIL, (at(end, port=587), *sample("other_name", port=587)))
    yield Example("the right name", Verdict.PASS, (end, *sample("good")))
    yield Example("a wildcard", Verdict.PASS, (end, *sample("wildcard")))
    bare = {"domain": None, "host": None}
    nameless = at(samples.endpoint(names=()), **bare)
    yield Example("a bare address", Verdict.INCONCLUSIVE, (nameless, *sample("good", server_name="", **bare)))
    other = (end, samples.handshake(), *sample("other_name", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, other)
