"""The rules that a finished path must keep, each found broken in its own step (RFC 5280 §6.1).

As the reference of what senders do, OpenSSL's default is followed where it and RFC 5280 differ: the trust
anchor's own dates, purpose and constraints count (RFC 5280 §6.1.1 (d) takes only name and key from it),
extKeyUsage binds issuers too, anyExtendedKeyUsage does not stand for serverAuth, policies are not asked for.
Finding the path is ``chain``'s job.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from waxseal.trust.algorithms import ANY_PURPOSE, CLIENT_AUTH, SERVER_AUTH, SERVER_GATED
from waxseal.trust.constraints import Comparisons, names_bound, violations
from waxseal.trust.decoded import Decoded
from waxseal.trust.proof import Problem, ProblemCode, plain

_LEAF_USAGES: Final[dict[str, frozenset[str]]] = {
    SERVER_AUTH: frozenset({"digitalSignature", "keyEncipherment", "keyAgreement"}),
    CLIENT_AUTH: frozenset({"digitalSignature", "keyAgreement"}),
}


def problems_of(
    path: Sequence[Decoded], at: datetime, purpose: str, comparisons: Comparisons
) -> Iterator[Problem]:
    """Every rule that the path breaks, whatever its end; signatures and the end itself are not looked at.

    Args:
        path: Leaf first.
        at: The moment to judge for, aware.
        purpose: Dotted OID of the extended key usage that is needed.
        comparisons: Budget for name constraints.
    """
    moment = at.replace(microsecond=0)
    for depth, certificate in enumerate(path):
        yield from _readable(certificate, depth)
        yield from _dates(certificate, depth, moment)
        yield from _critical(certificate, depth)
        yield from _purpose(certificate, depth, purpose)
        if depth:
            yield from _authority(certificate, depth, last=depth == len(path) - 1)
        if certificate.curve_spelled_out and len(path) > 1:
            yield Problem(ProblemCode.CURVE_NOT_NAMED, depth, "the parameters do not name a curve")
    yield from _path_lengths(path)
    yield from _name_constraints(path, comparisons)


def _readable(certificate: Decoded, depth: int) -> Iterator[Problem]:
    if certificate.unreadable:
        yield Problem(ProblemCode.UNPARSEABLE, depth, plain("; ".join(certificate.unreadable)))


def _dates(certificate: Decoded, depth: int, at: datetime) -> Iterator[Problem]:
    """Both ends belong to the period, to the whole second (RFC 5280 §4.1.2.5).

    OpenSSL takes the last second for past.
    """
    if certificate.not_before is not None and at < certificate.not_before:
        yield Problem(
            ProblemCode.NOT_YET_VALID, depth, f"valid from {certificate.not_before:%Y-%m-%d %H:%M:%S} UTC"
        )
    if certificate.not_after is not None and at > certificate.not_after:
        yield Problem(
            ProblemCode.EXPIRED, depth, f"valid until {certificate.not_after:%Y-%m-%d %H:%M:%S} UTC"
        )


def _critical(certificate: Decoded, depth: int) -> Iterator[Problem]:
    """A critical extension that is not recognised rejects the certificate (RFC 5280 §4.2)."""
    if certificate.unknown_critical:
        yield Problem(
            ProblemCode.UNKNOWN_CRITICAL_EXTENSION, depth, plain(", ".join(certificate.unknown_critical))
        )


def _purpose(certificate: Decoded, depth: int, purpose: str) -> Iterator[Problem]:
    """Where extKeyUsage is there, the key is for those purposes only (RFC 5280 §4.2.1.12)."""
    accepted = {purpose} | (SERVER_GATED if purpose == SERVER_AUTH else frozenset())
    purposes = certificate.extended_key_usage
    if purposes is not None and accepted.isdisjoint(purposes):
        only = "anyExtendedKeyUsage alone" if set(purposes) == {ANY_PURPOSE} else plain(", ".join(purposes))
        yield Problem(ProblemCode.EXTENDED_KEY_USAGE, depth, f"for {only}, not for {purpose}")
    needed = _LEAF_USAGES.get(purpose)
    usages = certificate.key_usage
    if depth == 0 and needed is not None and usages is not None and needed.isdisjoint(usages):
        yield Problem(ProblemCode.KEY_USAGE, depth, f"only for {', '.join(usages) or 'nothing'}")


def _authority(certificate: Decoded, depth: int, last: bool) -> Iterator[Problem]:
    """An issuer must be a CA (RFC 5280 §6.1.4 (k)) that may sign certificates (RFC 5280 §6.1.4 (n)).

    A root of version 1, and a last certificate whose keyUsage says keyCertSign, pass without
    basicConstraints, as in OpenSSL.
    """
    usages = certificate.key_usage
    if usages is not None and "keyCertSign" not in usages:
        yield Problem(ProblemCode.NOT_A_CA, depth, "keyUsage does not allow keyCertSign")
    if certificate.ca:
        return
    old_root = certificate.version == 1 and certificate.self_issued
    if certificate.ca is None and last and (old_root or usages is not None):
        return
    why = (
        "basicConstraints is missing" if certificate.ca is None else "basicConstraints says that it is no CA"
    )
    yield Problem(ProblemCode.NOT_A_CA, depth, why)


def _path_lengths(path: Sequence[Decoded]) -> Iterator[Problem]:
    """Not more intermediates below an issuer than it allows; self-issued ones are not counted.

    (RFC 5280 §6.1.4 (l) and (m), §4.2.1.9.)
    """
    below = 0
    for depth, certificate in enumerate(path[1:], start=1):
        limit = certificate.path_length
        if limit is not None and below > limit:
            yield Problem(
                ProblemCode.PATH_LENGTH_EXCEEDED, depth, f"{below} intermediates below, {limit} allowed"
            )
        below += not certificate.self_issued


def depth_exceeded(path: Sequence[Decoded], limit: int | None) -> Iterator[Problem]:
    """More intermediates between leaf and last certificate than a caller allows; None allows any."""
    between = sum(not certificate.self_issued for certificate in path[1:-1])
    if limit is not None and between > limit:
        yield Problem(ProblemCode.DEPTH_EXCEEDED, len(path) - 1, f"{between} intermediates, {limit} allowed")


def _name_constraints(path: Sequence[Decoded], comparisons: Comparisons) -> Iterator[Problem]:
    """They bind every certificate below, self-issued intermediates excepted (RFC 5280 §6.1.3 (b), (c))."""
    for above, issuer in enumerate(path):
        constraints = issuer.constraints
        if constraints is None:
            continue
        for depth, certificate in enumerate(path[:above]):
            if depth and certificate.self_issued:
                continue
            names = len(names_bound(certificate, leaf=depth == 0))
            if not comparisons.spend(names * (len(constraints.permitted) + len(constraints.excluded))):
                yield Problem(ProblemCode.TOO_COMPLEX, depth, "too many names under too many constraints")
                return
            found = violations(certificate, constraints, leaf=depth == 0)
            if found:
                more = f" and {len(found) - 3} more" if len(found) > 3 else ""
                yield Problem(
                    ProblemCode.NAME_CONSTRAINTS_VIOLATED,
                    depth,
                    f"{'; '.join(plain(each) for each in found[:3])}{more}, by constraints at depth {above}",
                )
