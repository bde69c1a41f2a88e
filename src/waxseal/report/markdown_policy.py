"""Two sections of the Markdown report: what each sender would do, and what a domain publishes."""

from collections.abc import Iterator

from waxseal.facts import DnsStatus, FactSet, Subject
from waxseal.grading.delivery import Decider, Prediction
from waxseal.report.delivery import outcome_text, sender_rows
from waxseal.report.markdown_text import code, prose, table
from waxseal.report.policy_view import DnssecRow, PolicySection, StsRow, TlsaRow, policy_section
from waxseal.wire.idna import to_u_label

_MOST_RECORD = 120


def sender_lines(facts: FactSet, root: Subject) -> Iterator[str]:
    """The senders' table: a row for those that do the same for the same reason; nothing for no sender."""
    rows = sender_rows(facts, root)
    if not rows:
        return
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        outcome = outcome_text(row.outcome, row.possible).plain
        groups.setdefault((outcome, _because(row), _record(row)), []).append(row.title)
    yield "## What each sender would do"
    yield ""
    head = ("Sender", "A message would be", "Because of", "Record")
    yield from table(
        head,
        (
            (prose("; ".join(titles)), outcome, because, record)
            for (outcome, because, record), titles in groups.items()
        ),
    )


def _because(row: Prediction) -> str:
    if row.decider is Decider.NONE:
        return prose(row.why or "no record decides")
    where = f" at {to_u_label(row.host)}" if row.host else ""
    return prose(f"{row.decider.value}{where}: {row.why}" if row.why else f"{row.decider.value}{where}")


def _record(row: Prediction) -> str:
    record = row.record
    return code(record if len(record) <= _MOST_RECORD else f"{record[: _MOST_RECORD - 3]}...")


def policy_lines(facts: FactSet, root: Subject) -> Iterator[str]:
    """What the world is told; nothing where no policy was looked up."""
    section = policy_section(facts, root)
    if section is None:
        return
    yield "## What the world is told"
    yield ""
    yield from table(("What", "Published", "Standing"), _rows(section))


def _rows(section: PolicySection) -> Iterator[tuple[str, str, str]]:
    validated = f"validated by {section.validator}" if section.validator else "not validated"
    yield "DNSSEC", "", prose(validated)
    for name, rows in _by_name(section.dnssec).items():
        for standing, types in rows.items():
            yield "", code(f"{name} {', '.join(types)}"), prose(standing)
    for tlsa in section.tlsa:
        yield "TLSA", code(f"{tlsa.owner} {tlsa.record}"), prose(_tlsa(tlsa))
    if section.sts is not None:
        yield "MTA-STS", code(_sts(section.sts)), prose(section.sts.why)
    told = (
        ("TLS-RPT", None if section.tls_rpt is None else ", ".join(section.tls_rpt)),
        ("SPF", section.spf),
        ("DMARC", section.dmarc),
    )
    for what, text in told:
        if text is not None:
            yield what, code(text) or "none", ""


def _by_name(rows: tuple[DnssecRow, ...]) -> dict[str, dict[str, list[str]]]:
    """The types of each name by their standing: A and AAAA are mostly alike."""
    names: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        ended = "" if row.status is DnsStatus.ANSWERED else f" ({row.status.value})"
        why = f": {row.why_bogus}" if row.why_bogus else ""
        standing = f"{row.dnssec.value}{ended}{why}"
        names.setdefault(row.name, {}).setdefault(standing, []).append(row.rdtype)
    return names


def _tlsa(row: TlsaRow) -> str:
    if row.unusable:
        return f"not usable: {row.unusable}"
    found = (
        ("matches at", row.matched),
        ("matches one of several certificates at", row.partly),
        ("does not match at", row.unmatched),
        ("no certificate seen at", row.unseen),
    )
    said = "; ".join(f"{words} {', '.join(where)}" for words, where in found if where)
    standing = f" ({row.standing})" if row.standing else ""
    return f"{said or 'no address to match it with'}{standing}"


def _sts(row: StsRow) -> str:
    if not row.mode:
        return ""
    mx = f", mx {', '.join(row.mx)}" if row.mx else ""
    return f"mode {row.mode}, max_age {row.max_age_s} s, id {row.id}{mx}"
