"""Matches TLSA records to a certificate chain as a sending mail server does (RFC 6698, RFC 7671, RFC 7672).

Which records are usable for SMTP, which of them the digests leave in play, what each one matches, and whether
one of them authenticates the server. Whether the records themselves may be believed is DNSSEC's word and no
part of it, nor is which names are reference identifiers: both come from who asks. Paths to a trust anchor are
proved in ``chain``. Records are read from DNS in ``wire.dns_rdata``.

Where the standards leave room, OpenSSL is the reference, which Postfix verifies with: the server's own
certificate is no trust anchor, not even a self-signed one, since a trust anchor stands above the certificate
that it vouches for (RFC 6698 §2.1.1); the anchor's own constraints count, as in ``rules``, and its dates only
where it is self-signed.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from waxseal.facts import Certificate, TlsaRecord
from waxseal.trust import chain, der
from waxseal.trust.keys import read_key
from waxseal.trust.names import match_dns_id
from waxseal.trust.proof import Problem, ProblemCode
from waxseal.trust.reading import decode
from waxseal.trust.signature import octets_fault

__all__ = [
    "Combination",
    "DaneProof",
    "MatchFault",
    "RecordMatch",
    "association",
    "record_for",
    "unusable",
    "verify",
]

PKIX_TA, PKIX_EE, DANE_TA, DANE_EE = 0, 1, 2, 3
CERT, SPKI = 0, 1
FULL, SHA2_256, SHA2_512 = 0, 1, 2

_DIGEST_OCTETS: Final = {SHA2_256: 32, SHA2_512: 64}
_DATES: Final = frozenset({ProblemCode.EXPIRED, ProblemCode.NOT_YET_VALID})
_ENDS: Final = frozenset(
    {
        ProblemCode.INTERMEDIATE_MISSING,
        ProblemCode.ISSUER_UNKNOWN,
        ProblemCode.SELF_SIGNED_LEAF,
        ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED,
    }
)
"""What is wrong with every path that ends outside the anchors."""
MAX_REMEMBERED: Final = 4
_ASIDE: Final = "a stronger digest of the same usage and selector is published"


class MatchFault(StrEnum):
    """Why a record does not authenticate the server."""

    UNUSABLE = "unusable"
    """No sender can use it for SMTP."""
    ASIDE = "aside"
    """Digest algorithm agility leaves it out (RFC 7671 §9)."""
    UNMATCHED = "unmatched"
    """Usage 3: it is not of the server's certificate. Usage 2: its trust anchor was not sent."""
    CHAIN = "chain"
    """Usage 2: its trust anchor was sent, or is in the record, but no sound path leads there."""
    NAME = "name"
    """Usage 2: the path holds, but the certificate bears none of the reference identifiers."""


class RecordMatch(Struct, frozen=True, omit_defaults=True):
    """What came of one record.

    Attributes:
        record: The record.
        depth: Place among the certificates sent, 0 for the server's own, of the one that the record is of;
            None where it is of none.
        fault: Why it does not authenticate; None where it does.
        why: The same in words; "" where it does.
        problems: With `MatchFault.CHAIN`, what is wrong with the best path to the anchor.
    """

    record: TlsaRecord
    depth: int | None = None
    fault: MatchFault | None = None
    why: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it authenticates the server."""
        return self.fault is None

    @property
    def unusable(self) -> bool:
        """Whether no sender can use it for SMTP."""
        return self.fault is MatchFault.UNUSABLE

    @property
    def aside(self) -> bool:
        """Whether digest algorithm agility leaves it out (RFC 7671 §9)."""
        return self.fault is MatchFault.ASIDE


class Combination(Struct, frozen=True):
    """One set of TLSA parameters among the usable records (RFC 7671 §8).

    Attributes:
        usage, selector, matching_type: The parameters.
        holds: Whether one of its records authenticates the server for a client that knows no others.
    """

    usage: int
    selector: int
    matching_type: int
    holds: bool

    def __str__(self) -> str:
        """As the parameters stand in a record: ``3 1 1``."""
        return f"{self.usage} {self.selector} {self.matching_type}"


class DaneProof(Struct, frozen=True):
    """What the records say of the chain.

    Attributes:
        holds: A record authenticates the server.
        matches: What came of each record, in the order given.
        combinations: Every set of parameters among the usable records, in the order first met, those that
            digest agility leaves out among them: each has to match by itself (RFC 7671 §8).
    """

    holds: bool
    matches: tuple[RecordMatch, ...]
    combinations: tuple[Combination, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether any record is usable, so that the server has to be authenticated (RFC 7672 §2.2)."""
        return any(match.fault is not MatchFault.UNUSABLE for match in self.matches)


def unusable(record: TlsaRecord) -> str:
    """Why a record cannot be used for SMTP, in words; "" where it can.

    Usages 0 and 1 are undefined for SMTP, and may be treated as unusable (RFC 7672 §3.1.3); so MUST be
    parameters that are not understood, and malformed data (RFC 6698 §4.1): digests of the wrong length, and
    with matching type 0 what is no certificate or key.
    """
    if record.usage not in (DANE_TA, DANE_EE):
        if record.usage in (PKIX_TA, PKIX_EE):
            return f"certificate usage {record.usage} is not for SMTP"
        return f"certificate usage {record.usage} is unknown"
    if record.selector not in (CERT, SPKI):
        return f"selector {record.selector} is unknown"
    octets = len(record.data)
    if record.matching_type in _DIGEST_OCTETS:
        due = _DIGEST_OCTETS[record.matching_type]
        return "" if octets == due else f"the digest has {octets} octets where {due} are due"
    if record.matching_type != FULL:
        return f"matching type {record.matching_type} is unknown"
    return _full_data_fault(record.selector, record.data)


def association(certificate: Certificate, selector: int, matching_type: int) -> bytes:
    """The certificate association data of a record of a certificate (RFC 6698 §2.1.4).

    Args:
        certificate: The certificate; only its octets are used.
        selector: 0 for the whole certificate, 1 for its SubjectPublicKeyInfo (RFC 6698 §2.1.2).
        matching_type: 0 for the octets themselves, 1 for SHA-256, 2 for SHA-512 (RFC 6698 §2.1.3).

    Raises:
        ValueError: The selector or matching type is unknown, or the key cannot be found in the certificate.
    """
    if selector not in (CERT, SPKI) or matching_type not in (FULL, SHA2_256, SHA2_512):
        raise ValueError(f"no association of selector {selector} and matching type {matching_type}")
    data = _association(certificate.der, selector, matching_type)
    if not data:
        raise ValueError("the key cannot be found in the certificate")
    return data


def record_for(certificate: Certificate, usage: int, selector: int, matching_type: int) -> TlsaRecord:
    """The record that is of a certificate; raises as `association` does."""
    return TlsaRecord(usage, selector, matching_type, association(certificate, selector, matching_type))


def verify(
    records: Sequence[TlsaRecord],
    certificates: tuple[Certificate, ...],
    names: tuple[str, ...],
    at: datetime,
) -> DaneProof:
    """Whether the records authenticate the server that showed the certificates.

    One record that does is enough (RFC 6698 §4.1). Usage 3 compares the server's own certificate and nothing
    else: names and dates do not count (RFC 7672 §3.1.1). Usage 2 wants the trust anchor among the
    certificates sent, or whole in the record, a sound path to it, and one of the names (RFC 7672 §3.1.2).

    Args:
        records: The RRset, in any order.
        certificates: As sent, the server's own first.
        names: The reference identifiers (RFC 7672 §3.2.2), host names as A-labels; only for usage 2.
        at: The moment to judge paths for, aware.

    Raises:
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("the moment of a proof needs a time zone")
    strongest: dict[tuple[int, int], int] = {}
    faults = [unusable(record) for record in records]
    for record, fault in zip(records, faults, strict=True):
        if not fault:
            kind = (record.usage, record.selector)
            strongest[kind] = max(strongest.get(kind, FULL), record.matching_type)
    matches = []
    combinations: dict[tuple[int, int, int], bool] = {}
    holds = False
    for record, fault in zip(records, faults, strict=True):
        if fault:
            matches.append(RecordMatch(record, fault=MatchFault.UNUSABLE, why=fault))
            continue
        found = _compare(record, certificates, names, at)
        parameters = (record.usage, record.selector, record.matching_type)
        combinations[parameters] = combinations.get(parameters, False) or found.fault is None
        if FULL != record.matching_type < strongest[record.usage, record.selector]:
            # (RFC 7671 §9) only Full and the strongest digest of each usage and selector are processed.
            found = RecordMatch(record, found.depth, MatchFault.ASIDE, _ASIDE)
        holds = holds or found.fault is None
        matches.append(found)
    return DaneProof(
        holds, tuple(matches), tuple(Combination(*key, held) for key, held in combinations.items())
    )


def _compare(
    record: TlsaRecord, certificates: tuple[Certificate, ...], names: tuple[str, ...], at: datetime
) -> RecordMatch:
    if not certificates:
        return RecordMatch(record, fault=MatchFault.UNMATCHED, why="no certificate was sent")
    if record.usage == DANE_TA:
        return _compare_anchor(record, certificates, names, at)
    if _association(certificates[0].der, record.selector, record.matching_type) == record.data:
        return RecordMatch(record, 0)
    what = "certificate" if record.selector == CERT else "key"
    return RecordMatch(record, fault=MatchFault.UNMATCHED, why=f"it is of another {what}")


def _compare_anchor(
    record: TlsaRecord, certificates: tuple[Certificate, ...], names: tuple[str, ...], at: datetime
) -> RecordMatch:
    """Compare a record of usage 2: the anchor, then the path, then the names."""
    anchors = {
        depth: certificate.der
        for depth, certificate in enumerate(certificates)
        if _association(certificate.der, record.selector, record.matching_type) == record.data
    }
    own = anchors.pop(0, None)
    depth = next(iter(anchors), None)
    problems: tuple[Problem, ...]
    if anchors:
        problems, reached = _path_faults(certificates, tuple(anchors.values()), at)
        depth = depth if reached is None else reached
    elif record.matching_type == FULL and record.selector == SPKI:
        problems = _signed_by(certificates, record.data, at)
        depth = None if own is None else 0
    elif own is not None:
        why = "it is of the server's own certificate, which is no trust anchor; usage 3 is for that"
        return RecordMatch(record, 0, MatchFault.CHAIN, why)
    elif record.matching_type == FULL:
        # (RFC 7671 §5.2.2) the one record with which the anchor need not be sent.
        problems, _ = _path_faults(certificates, (record.data,), at)
    else:
        return RecordMatch(record, fault=MatchFault.UNMATCHED, why="its trust anchor was not sent")
    if problems:
        why = f"{problems[0].code.value}: {problems[0].detail}".removesuffix(": ")
        return RecordMatch(record, depth, MatchFault.CHAIN, f"no sound path to its anchor ({why})", problems)
    leaf = certificates[0]
    if not _bears_one_of(leaf.dns_names or leaf.common_names, names):
        wanted = " or ".join(names) or "a name that is known"
        return RecordMatch(record, depth, MatchFault.NAME, f"the certificate does not bear {wanted}")
    return RecordMatch(record, depth)


class _SoundPath(Struct, frozen=True):
    """A sound path: from when until when it is one, and where its anchor was sent."""

    begins_at: datetime
    ends_at: datetime
    index: int | None


def _path_faults(
    certificates: tuple[Certificate, ...], anchors: tuple[bytes, ...], at: datetime
) -> tuple[tuple[Problem, ...], int | None]:
    """What is wrong with the best path to an anchor, and where that anchor was sent.

    A path once found sound is remembered: it stays so while its certificates are in date.
    """
    sent = tuple(certificate.der for certificate in certificates)
    known = _sound_paths(sent, anchors)
    moment = at.replace(microsecond=0)
    for path in known:
        if path.begins_at <= moment <= path.ends_at:
            return (), path.index
    proof = chain.verify(certificates, anchors, at)
    by_print = {decode(octets).sha256: decode(octets) for octets in (*sent, *anchors)}
    taken = [by_print[step.sha256] for step in proof.path]
    problems = proof.problems
    if proof.path[-1].anchor and not taken[-1].self_issued:
        # (RFC 5280 §6.1.1 (d)) a trust anchor has no dates; OpenSSL asks for those of a root all the same.
        last = len(taken) - 1
        problems = tuple(p for p in problems if p.code not in _DATES or p.depth != last)
        taken.pop()
    index = proof.path[-1].index
    begins = [each.not_before for each in taken if each.not_before is not None]
    ends = [each.not_after for each in taken if each.not_after is not None]
    if not problems and len(begins) == len(ends) == len(taken) > 0 and len(known) < MAX_REMEMBERED:
        known.append(_SoundPath(max(begins), min(ends), index))
    return problems, index if proof.path[-1].anchor else None


@lru_cache(maxsize=2048)
def _sound_paths(sent: tuple[bytes, ...], anchors: tuple[bytes, ...]) -> list[_SoundPath]:
    """What is remembered of these certificates and anchors; filled by `_path_faults`."""
    return []


def _signed_by(certificates: tuple[Certificate, ...], key: bytes, at: datetime) -> tuple[Problem, ...]:
    """What speaks against a chain below a bare key (RFC 7671 §5.2.3); empty where it is authenticated.

    The topmost certificate has to be signed by the key, and everything else about the path to be sound.
    """
    proof = chain.verify(certificates, (), at)
    problems = tuple(problem for problem in proof.problems if problem.code not in _ENDS)
    depth = len(proof.path) - 1
    index = proof.path[depth].index
    top = decode(certificates[index or 0].der)
    if top.inner_algorithm != top.algorithm:
        fault = "the two signature algorithm identifiers differ"
    else:
        fault = octets_fault(top.signed, top.algorithm, top.signature, key)
    if fault:
        told = f"the topmost certificate is not signed by the key of the record: {fault}"
        problems = (*problems, Problem(ProblemCode.SIGNATURE_INVALID, depth, told))
    return problems


@lru_cache(maxsize=1024)
def _bears_one_of(presented: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether a presented identifier matches a reference identifier (RFC 7672 §3.2.3).

    Args:
        presented: The DNS-IDs where there is one, and only else the common names; a wildcard is the whole
            first label.
        names: The reference identifiers.
    """
    return any(match_dns_id(name, offered) for name in names for offered in presented)


@lru_cache(maxsize=4096)
def _association(octets: bytes, selector: int, matching_type: int) -> bytes:
    """The data of a record of a certificate; empty where there is no key to find, so that nothing matches."""
    selected = octets if selector == CERT else _key_of(octets)
    if matching_type == FULL or not selected:
        return selected
    return (hashlib.sha256 if matching_type == SHA2_256 else hashlib.sha512)(selected).digest()


@lru_cache(maxsize=1024)
def _key_of(octets: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, header included; empty where it cannot be found."""
    try:
        outer, end = der.read_element(octets)
        signed, _ = der.read_element(der.expect(outer, der.SEQUENCE))
        fields = der.expect(signed, der.SEQUENCE)
        part, at = der.read_element(fields)
        for _ in range(6 if part.tag == 0xA0 else 5):  # version, then five fields before the key
            part, at = der.read_element(fields, at)
        der.expect(part, der.SEQUENCE)
    except der.DerError:
        return b""
    return part.encoded if end == len(octets) else b""


def _full_data_fault(selector: int, data: bytes) -> str:
    """Why data of matching type 0 is no certificate or key; "" where it is one."""
    what = "certificate" if selector == CERT else "key"
    try:
        key = data if selector == SPKI else _key_of(data)
        read_key(key)
    except (der.DerError, ValueError):
        return f"the data is no {what} that can be read"
    return ""
