"""The policy host's certificate does not prove that it is the policy host.

Senders fetch the policy only from a host whose certificate names mta-sts. below the domain, is in date and
leads to a root that they trust. Only the subjectAltName counts; a name in the common name alone does not.
Otherwise they take no policy: who has none delivers unprotected, and who has one keeps it until it expires.
Where the host is an alias to a provider, the certificate still has to name the customer's domain.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    passed,
    unreached,
)
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, policy_host, prove_host
from waxseal.facts import Cause, KeyProof, Stage


@check(
    title="The certificate of the MTA-STS policy host does not hold",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.3", "RFC 8461 §7.1", "RFC 8461 §8.2"),
    remedy=Remedy(
        general="Get a certificate of a public authority for mta-sts. below the domain, serve it with its "
        "intermediates, and renew it by itself.",
    ),
    rows=("G7", "D3"),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the chain that the policy host showed, at the time of the fetch."""
    fetch = published.fetch
    if fetch is None or not fetch.certificates:
        return unreached(
            "no certificate of the policy host was seen; see mta-sts/policy-unreachable",
            advice="mend that first, then test again",
        )
    name, proof = policy_host(fetch), prove_host(fetch)
    if proof.unseen:
        return inconclusive(f"{proof.unseen}, so no certificate can be proved", advice="name a root store")
    if proof.faults:
        return fail(
            "The policy host's certificate does not hold, so senders do not take the policy",
            *(f"{name}: {fault}"[:200] for fault in proof.faults),
            f"root store: {fetch.store[:60]} ({fetch.store_size} roots)",
        )
    return passed(f"The policy host proves the name {name}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("sound", Verdict.PASS, (record, _samples.fetch()))
    for name in ("good", "only_common_name", "expired", "self_signed", "intermediate_missing"):
        yield Example(f"the chain {name!r}", Verdict.FAIL, (record, _samples.fetch(certificate=name)))
    other_key = _samples.fetch(key_proof=KeyProof.MISMATCH)
    yield Example("another key", Verdict.FAIL, (record, other_key))
    yield Example("no roots", Verdict.INCONCLUSIVE, (record, _samples.fetch(store_size=0)))
    unseen = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("not reached", Verdict.INCONCLUSIVE, (record, unseen))
    elsewhere = _samples.fetch(status=404, certificate="good")
    yield Example("no policy meant", Verdict.NOT_APPLICABLE, (_samples.no_record(), elsewhere))
