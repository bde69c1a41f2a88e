"""The certificate's list of names has entries that are no host names, and that no client will match.

Wildcards inside a label (mx*.example.org), spaces, addresses of web pages, and IP addresses written as
host names are the usual ones. Clients pass over them, so the certificate is good for fewer names than it
seems, and a strict client may refuse it whole. It is a warning. Where just such an entry was meant to
cover the host, certificate/name-mismatch speaks and lists it.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.certificate._names import is_readable, reference_name
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.trust.names import match


@check(
    title="The certificate lists malformed names",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §4.2.1.6", "RFC 9525 §6.3"),
    remedy=Remedy(
        general="Have the certificate issued with plain host names; a wildcard only as the whole first label "
        "(*.example.org), and addresses as iPAddress entries.",
    ),
    rows=("D2",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the form of each presented name."""
    leaf = shown.chain.leaf
    wanted = reference_name(shown.subject, shown.endpoint)
    found = match(leaf, wanted or "")
    breaches = [f"{d.rule}: {d.octets[:32].hex() or 'no octets'}" for d in leaf.deviations if "san" in d.rule]
    odd = [f"not a host name: {name[:150]!r}" for name in found.malformed] + breaches
    if odd and wanted is not None and not found.matched:
        return not_applicable("none of the names covers the host, see certificate/name-mismatch")
    if odd:
        return warn("The certificate lists names that no client will match", *odd[:5])
    if not leaf.has_san:
        if not is_readable(leaf):
            return unread("the certificate")
        return not_applicable("the certificate has no list of names (subjectAltName)")
    return passed("Every name in the certificate is well-formed")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = samples.endpoint()
    yield Example("two odd names beside the host's", Verdict.WARN, (end, *sample("odd_name")))
    yield Example("sound names", Verdict.PASS, (end, *sample("wildcard")))
    yield Example("nothing but odd names", Verdict.NOT_APPLICABLE, (end, *sample("only_odd_name")))
    yield Example("no names", Verdict.NOT_APPLICABLE, (end, *sample("only_common_name")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (end, *sample("garbage")))
