"""Proves a chain as sent against trust anchors, and says everything that is wrong with it (RFC 5280 §6).

A path is searched for among certificates in any order (RFC 4158); what a path must keep stands in ``rules``,
signatures in ``signature``. No name is matched here (see ``names``), no strength judged (see ``strength``),
nothing is fetched, and revocation is not looked at (see ``ocsp`` and ``crl``). Breaches of form that take no
trust away are told beside the problems (see ``form``).

As for the decision, OpenSSL's default verification is the reference: see ``rules``. Where it tries one
candidate of several and gives up, a whole search is made here, so that cross-signed chains are not refused
for their order. A trust anchor need not be self-signed (OpenSSL's X509_V_FLAG_PARTIAL_CHAIN).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from waxseal.facts import Certificate
from waxseal.trust.algorithms import CLIENT_AUTH, SERVER_AUTH
from waxseal.trust.certificate import parse
from waxseal.trust.constraints import Comparisons
from waxseal.trust.decoded import Decoded
from waxseal.trust.distinguished import CanonicalName
from waxseal.trust.form import form_faults
from waxseal.trust.proof import ChainProof, PathStep, Problem, ProblemCode, plain
from waxseal.trust.reading import decode
from waxseal.trust.rules import depth_exceeded, problems_of
from waxseal.trust.signature import signature_fault

__all__ = ["CLIENT_AUTH", "SERVER_AUTH", "ChainProof", "PathStep", "Problem", "ProblemCode", "verify"]

MAX_DEPTH: Final = 10
MAX_SIGNATURES: Final = 100
MAX_STEPS: Final = 500
MAX_PATHS: Final = 50


def verify(
    chain: tuple[Certificate, ...],
    anchors: tuple[bytes, ...],
    at: datetime,
    purpose: str = SERVER_AUTH,
    *,
    intermediates_limit: int | None = None,
) -> ChainProof:
    """Find the best path from the leaf to a trust anchor and everything that is wrong with it.

    Only the octets of the certificates are used, so that facts recorded by an older version are proved by
    today's rules.

    Args:
        chain: As sent, leaf first.
        anchors: DER of the roots that may be trusted, such as ``anchors.candidates`` gives.
        at: The moment to judge for, aware.
        purpose: Dotted OID of the extended key usage that is needed.
        intermediates_limit: Most certificates between leaf and anchor, self-issued ones not counted; None for
            no limit but `MAX_DEPTH`.

    Raises:
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of a proof needs a time zone")
    sent = tuple(certificate.der for certificate in chain)
    return _verify(sent, anchors, at, purpose, intermediates_limit)


def issuer_of(chain: tuple[Certificate, ...], anchors: tuple[bytes, ...], at: datetime) -> Certificate | None:
    """The certificate that signed the leaf, by the best path from it; None where it is not at hand.

    Args:
        chain: As sent, leaf first.
        anchors: DER of the roots that may be trusted.
        at: The moment to judge for, aware.
    """
    path = verify(chain, anchors, at).path
    if len(path) < 2:
        return None
    wanted = path[1].sha256
    known = (*(certificate.der for certificate in chain), *anchors)
    found = next((decode(octets) for octets in known if decode(octets).sha256 == wanted), None)
    signed = found is not None and not signature_fault(decode(chain[0].der), found.key)
    return parse(found.der) if found is not None and signed else None


@lru_cache(maxsize=128)
def _verify(
    chain: tuple[bytes, ...], anchors: tuple[bytes, ...], at: datetime, purpose: str, limit: int | None
) -> ChainProof:
    if not chain:
        return ChainProof(False, problems=(Problem(ProblemCode.NO_CERTIFICATE, 0, "nothing was sent"),))
    return _Search(chain, anchors, at, purpose, limit).run()


@dataclass(eq=False, slots=True)
class _Node:
    """One distinct certificate: where it was sent (None: nowhere), and whether it is an anchor."""

    taken: Decoded
    index: int | None
    anchor: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """A finished path with its problems."""

    nodes: tuple[_Node, ...]
    problems: tuple[Problem, ...]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Smaller is better: ends in an anchor, few problems, short."""
        return not self.nodes[-1].anchor, len(self.problems), len(self.nodes)


class _Search:
    """The bounded search for a path of one chain."""

    def __init__(
        self,
        chain: tuple[bytes, ...],
        anchors: tuple[bytes, ...],
        at: datetime,
        purpose: str,
        limit: int | None,
    ) -> None:
        self.at = at
        self.limit = limit
        self.purpose = purpose
        self.nodes: dict[bytes, _Node] = {}
        for index, octets in enumerate(chain):
            self.nodes.setdefault(octets, _Node(decode(octets), index, anchor=False))
        for octets in anchors:
            self.nodes.setdefault(octets, _Node(decode(octets), None, anchor=True)).anchor = True
        self.sent = [self.nodes[octets] for octets in chain]
        self.by_subject: dict[CanonicalName, list[_Node]] = {}
        for node in self.nodes.values():
            if node.taken.subject_name:
                self.by_subject.setdefault(node.taken.subject, []).append(node)
        self.faults: dict[tuple[_Node, _Node], str] = {}
        self.comparisons = Comparisons()
        self.steps = 0
        self.paths = 0
        self.exhausted = False
        self.best: _Found | None = None

    def run(self) -> ChainProof:
        self._extend((self.sent[0],), ())
        if self.best is None:
            self._finish((self.sent[0],), ())
        best = self.best
        assert best is not None  # noqa: S101 - the line above set it
        problems = sorted(best.problems, key=lambda problem: problem.depth)
        if self.exhausted and not self._perfect():
            problems.append(
                Problem(ProblemCode.TOO_COMPLEX, len(best.nodes) - 1, "more ways to go than are followed")
            )
        used = [node.index for node in best.nodes if node.index is not None]
        return ChainProof(
            trusted=best.nodes[-1].anchor and not problems,
            path=tuple(_step(node, node is best.nodes[-1]) for node in best.nodes),
            problems=tuple(problems),
            superfluous=tuple(
                index for index, node in enumerate(self.sent) if node.index != index or index not in used
            ),
            root_sent=any(_names_itself(node.taken) for node in self.sent[1:] if node is not self.sent[0]),
            out_of_order=used != sorted(used),
            form=tuple(form_faults([node.taken for node in best.nodes], best.nodes[-1].anchor)),
        )

    def _extend(self, path: tuple[_Node, ...], faults: tuple[Problem, ...]) -> None:
        """Follow every way on from the last certificate of a path until a perfect one is found."""
        self.steps += 1
        if self.steps > MAX_STEPS or self.paths >= MAX_PATHS:
            self.exhausted = True
            return
        last = path[-1]
        if last.anchor:
            self._finish(path, faults)
            if _names_itself(last.taken):
                return
        depth = len(path) - 1
        followed = False
        refused: _Node | None = None
        for issuer in self._issuers(path):
            if self._perfect():
                return
            if len(path) >= MAX_DEPTH:
                self._finish(
                    path, (*faults, Problem(ProblemCode.TOO_COMPLEX, depth, f"deeper than {MAX_DEPTH}"))
                )
                return
            fault = self._fault(last, issuer)
            if fault is None:
                if self.best is None:
                    self._finish(path, faults)
                return
            if fault:
                refused = refused or issuer
            else:
                followed = True
                self._extend((*path, issuer), faults)
        if followed or last.anchor:
            return
        if _names_itself(last.taken):
            self._finish(path, (*faults, *self._self_signed(last, depth)))
        elif refused is not None:
            problem = Problem(ProblemCode.SIGNATURE_INVALID, depth, self._fault(last, refused) or "")
            self._extend((*path, refused), (*faults, problem))
        else:
            self._finish(path, (*faults, self._dead_end(path)))

    def _issuers(self, path: tuple[_Node, ...]) -> Iterator[_Node]:
        """Candidates by name and key identifiers, the likeliest first: anchors, valid now, in sent order."""
        last = path[-1]
        position = last.index or 0
        found = [
            node
            for node in self.by_subject.get(last.taken.issuer, ())
            if node not in path and last.taken.issuer_name and _may_issue(node.taken, last.taken)
        ]
        found.sort(
            key=lambda node: (
                not node.anchor,
                not _in_dates(node.taken, self.at),
                node.index is not None and node.index < position,
            )
        )
        yield from found

    def _fault(self, node: _Node, issuer: _Node) -> str | None:
        """Why `issuer` did not sign `node`; "" where it did, None where the budget is spent."""
        pair = (node, issuer)
        if pair not in self.faults:
            if len(self.faults) >= MAX_SIGNATURES:
                self.exhausted = True
                return None
            self.faults[pair] = signature_fault(node.taken, issuer.taken.key)
        return self.faults[pair]

    def _self_signed(self, node: _Node, depth: int) -> Iterator[Problem]:
        """The end in a certificate that names itself as its issuer."""
        code = ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED if depth else ProblemCode.SELF_SIGNED_LEAF
        yield Problem(
            code,
            depth,
            f"{plain(parse(node.taken.der).subject) or 'the certificate'} is in no root store asked",
        )
        fault = self._fault(node, node)
        if fault:
            yield Problem(ProblemCode.SIGNATURE_INVALID, depth, fault)

    def _dead_end(self, path: tuple[_Node, ...]) -> Problem:
        """The end in a certificate whose issuer is not at hand, or stands below it already."""
        node, depth = path[-1], len(path) - 1
        if node.taken.unreadable and not node.taken.issuer_name:
            return Problem(ProblemCode.ISSUER_UNKNOWN, depth, "the issuer's name cannot be read")
        issuer = plain(parse(node.taken.der).issuer) or "an issuer without a name"
        namesakes = [other for other in self.by_subject.get(node.taken.issuer, ()) if other is not node]
        detail = f"{issuer} was not sent and is no trust anchor"
        if any(other in path for other in namesakes):
            detail = f"{issuer} stands below already: the issuers go round in a circle"
        elif namesakes:
            detail = f"{issuer} is at hand only with another key identifier"
        if node.taken.issuer_urls:
            return Problem(
                ProblemCode.INTERMEDIATE_MISSING,
                depth,
                f"{detail}; it can be had at {plain(node.taken.issuer_urls[0])}",
            )
        return Problem(ProblemCode.ISSUER_UNKNOWN, depth, detail)

    def _finish(self, path: tuple[_Node, ...], faults: tuple[Problem, ...]) -> None:
        self.paths += 1
        taken = [node.taken for node in path]
        kept = problems_of(taken, self.at, self.purpose, self.comparisons)
        found = _Found(path, (*faults, *kept, *depth_exceeded(taken, self.limit)))
        if self.best is None or found.rank < self.best.rank:
            self.best = found

    def _perfect(self) -> bool:
        return self.best is not None and self.best.nodes[-1].anchor and not self.best.problems


def _step(node: _Node, last: bool) -> PathStep:
    return PathStep(node.index, parse(node.taken.der).subject, node.taken.sha256, node.anchor and last)


def _in_dates(taken: Decoded, at: datetime) -> bool:
    return (
        taken.not_before is not None
        and taken.not_after is not None
        and taken.not_before <= at <= taken.not_after
    )


def _names_itself(taken: Decoded) -> bool:
    """Whether it names itself as its issuer, which makes it the end of a path."""
    return taken.self_issued and _may_issue(taken, taken)


def _may_issue(issuer: Decoded, subject: Decoded) -> bool:
    """Whether the authorityKeyIdentifier does not speak against an issuer of the right name.

    A key identifier, or issuer and serial number, of another certificate do (RFC 5280 §4.2.1.1); a part that
    is missing on either side does not.
    """
    named = subject.authority_key
    if named is None:
        return True
    if (
        named.key_id is not None
        and issuer.subject_key_id is not None
        and named.key_id != issuer.subject_key_id
    ):
        return False
    return named.serial is None or named.serial == issuer.serial
