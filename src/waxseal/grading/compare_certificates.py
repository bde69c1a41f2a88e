"""What two runs saw differently of the certificates at one port: another key, another issuer, a renewal."""

from collections.abc import Iterator
from datetime import timedelta

from waxseal.facts import Certificate, CertificateChain, FactSet, RunContext, Subject, TrustAnchors
from waxseal.grading.compare_model import Difference, Kind, Runs, lacking_side
from waxseal.grading.severity import Severity
from waxseal.trust.chain import verify
from waxseal.trust.proof import plain

_NOT_BEFORE_SLACK = timedelta(days=1)
"""Authorities date a certificate back a little."""


def compare_certificates(runs: Runs, place: Subject) -> Iterator[Difference]:
    """The leaves shown for each server name and key type; different types where no type is common."""
    a, b = _chains(runs.a, place), _chains(runs.b, place)
    for name in sorted(a.keys() & b.keys()):
        common = sorted(a[name].keys() & b[name].keys())
        pairs = [(a[name][kind], b[name][kind]) for kind in common]
        if not common:  # the types of key differ, and with them every key
            pairs = [(_all(a[name]), _all(b[name]))]
        for one, other in pairs:
            found = _leaves(runs, place, one, other)
            if found is not None:
                yield found


_Shown = tuple[Subject, CertificateChain]


def _chains(facts: FactSet, place: Subject) -> dict[str, dict[str, list[_Shown]]]:
    """What was shown, by server name and type of key."""
    found: dict[str, dict[str, list[_Shown]]] = {}
    for where, chain in facts.within(CertificateChain, place):
        kind = where.certificate_type or chain.leaf.key_type
        found.setdefault(where.server_name or "", {}).setdefault(kind, []).append((where, chain))
    return found


def _all(shown: dict[str, list[_Shown]]) -> list[_Shown]:
    return [one for some in shown.values() for one in some]


def _leaves(runs: Runs, place: Subject, a: list[_Shown], b: list[_Shown]) -> Difference | None:
    """The one difference between what two sides were shown; none where they have a leaf in common."""
    one, other = ([chain.leaf for _, chain in some] for some in (a, b))
    if {leaf.sha256 for leaf in one} & {leaf.sha256 for leaf in other}:
        return None
    told = _called(one[0]), _called(other[0])
    keys = {_key(leaf) for leaf in one}, {_key(leaf) for leaf in other}
    if keys[0] & keys[1]:
        return Difference(Kind.CERTIFICATE, Severity.LOW, place, *told)
    lacks = lacking_side(
        not any(_trusted(runs.a, *shown) for shown in a), not any(_trusted(runs.b, *shown) for shown in b)
    )
    if lacks is not None and _same_roots(runs):
        return Difference(Kind.CERTIFICATE_ISSUER, Severity.CRITICAL, place, *told, lacks)
    own = one[0].issuer == one[0].subject
    if one[0].issuer == other[0].issuer and not own and _issued_between(runs, one, other):
        return Difference(Kind.RENEWAL, Severity.LOW, place, *told)
    changing = len(keys[0]) > 1 or len(keys[1]) > 1  # a server that makes its key anew proves nothing
    return Difference(Kind.CERTIFICATE_KEY, Severity.MEDIUM if changing else Severity.HIGH, place, *told)


def _key(leaf: Certificate) -> str:
    return leaf.spki_sha256 or leaf.sha256


def _same_roots(runs: Runs) -> bool:
    a, b = (facts.nearest(RunContext, Subject()) for facts in (runs.a, runs.b))
    return a is not None and b is not None and a.root_store == b.root_store


def _trusted(facts: FactSet, where: Subject, chain: CertificateChain) -> bool:
    anchors = facts.nearest(TrustAnchors, where)
    return anchors is not None and verify(chain.certificates, anchors.candidates, chain.shown_at).trusted


def _issued_between(runs: Runs, a: list[Certificate], b: list[Certificate]) -> bool:
    """Whether the side that looked later saw certificates that did not exist when the other one looked."""
    one, other = (facts.nearest(RunContext, Subject()) for facts in (runs.a, runs.b))
    if one is None or other is None or one.started_at == other.started_at:
        return False
    later, since = (b, one.started_at) if other.started_at > one.started_at else (a, other.started_at)
    since -= _NOT_BEFORE_SLACK
    return all(leaf.not_before is not None and leaf.not_before > since for leaf in later)


def _called(leaf: Certificate) -> str:
    own = leaf.issuer == leaf.subject
    issuer = "by itself" if own else f"by {plain(leaf.issuer, 80) or 'nobody'}"
    return f"{leaf.key_type} key {_key(leaf)[:16]}, certificate {leaf.sha256[:16]} issued {issuer}"
