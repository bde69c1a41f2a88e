"""What the written forms share: findings that say the same put together, and places as people read them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from waxseal.facts import FactSet, Subject
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import EndpointSeal
from waxseal.report.plain import KEY_TYPES
from waxseal.report.tls_inventory import version_name
from waxseal.wire.idna import to_u_label

SOFTWARE = {
    "postfix": "Postfix",
    "exim": "Exim",
    "sendmail": "Sendmail",
    "opensmtpd": "OpenSMTPD",
    "exchange": "Exchange",
    "dovecot": "Dovecot",
    "dns": "DNS",
}
"""What the software in `Remedy.by_software` is called."""
DEEPER = "--depth full"
"""The option that advice names where more would be asked for."""


def problems(findings: Iterable[GradedFinding]) -> list[list[GradedFinding]]:
    """Neighbours of one check and severity together; of findings in their order, so the weightiest first."""
    return [list(group) for _, group in groupby(findings, key=lambda f: (f.severity, f.check))]


def alike(findings: Iterable[GradedFinding]) -> list[list[GradedFinding]]:
    """Findings of one check and summary together, in the order of the first of each."""
    groups: dict[tuple[str, str], list[GradedFinding]] = {}
    for finding in findings:
        groups.setdefault((finding.check, finding.summary), []).append(finding)
    return list(groups.values())


def left_open(findings: Sequence[GradedFinding], *, further: bool) -> str:
    """``6 checks would take --depth full``: what was not seen because of something told elsewhere.

    Args:
        findings: Those that follow from another; at least one.
        further: Whether others were named before.
    """
    number = len({finding.check for finding in findings})
    checks = f"{number} {'further ' if further else ''}check{'' if number == 1 else 's'}"
    if all(DEEPER in finding.advice for finding in findings):
        return f"{checks} would take {DEEPER}"
    return f"{checks} had nothing to go by"


def bare(subject: Subject) -> str:
    """The address and port alone: ``[192.0.2.1]:25``."""
    return str(Subject(address=subject.address, port=subject.port))


def place(subject: Subject) -> str:
    """A subject as people read it, with U-labels: ``mx.bücher.example [192.0.2.1]:25``."""
    if subject.host is None:
        return to_u_label(subject.domain) if subject.address is None and subject.domain else str(subject)
    return str(subject).replace(subject.host, to_u_label(subject.host), 1)


def places(subjects: Sequence[Subject]) -> str:
    """Several, each host named once: ``mx.example.org [192.0.2.1]:25, [2001:db8::1]:25; mx2.example.org``."""
    texts: list[str] = []
    for host, same in groupby(subjects, key=lambda subject: subject.host):
        of_host = list(same)
        inner = list(dict.fromkeys(bare(s) for s in of_host if s.address is not None))
        if host is None:
            texts += inner or list(dict.fromkeys(place(s) for s in of_host))
        else:
            texts.append(f"{to_u_label(host)} {', '.join(inner)}".rstrip())
    return "; ".join(dict.fromkeys(texts))


def tls_words(row: EndpointSeal) -> str:
    """What came to stand at an address: ``TLS 1.3, ECDSA, 79 days left``; or why nothing did."""
    if not row.version:
        return row.ended or "no TLS"
    parts = [version_name(row.version)]
    if row.key_types:
        parts.append(" + ".join(KEY_TYPES.get(kind, kind) for kind in row.key_types))
    if row.days_left is not None:
        parts.append("expired" if row.days_left < 0 else f"{row.days_left} days left")
    if row.ended:
        parts.append(row.ended)
    return ", ".join(parts)


def in_utc(at: datetime) -> datetime:
    """A moment in UTC, as a file of facts may have it in another way."""
    try:
        return at.astimezone(UTC)
    except OverflowError:  # within a day of the first or the last year
        return at


def last_seen(facts: FactSet) -> dict[Subject, str]:
    """When the last fact at a subject, or inside it, was seen: ``2026-11-01T12:00:00.250Z``."""
    found: dict[Subject, datetime] = {}
    for record in facts:
        for subject in record.subject.outwards():
            if subject not in found or found[subject] < record.seen_at:
                found[subject] = record.seen_at
    return {
        subject: f"{in_utc(at).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        for subject, at in found.items()
    }
