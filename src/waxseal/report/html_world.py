"""What each sender would do with a message, and what the domain publishes that they go by."""

from collections.abc import Iterable, Sequence

from waxseal.facts import DnsStatus
from waxseal.grading.delivery import Outcome, Prediction
from waxseal.report.delivery import because, outcome_text, sender_rows
from waxseal.report.html_page import Page, counted, definitions, folded, table
from waxseal.report.markup import Child, Markup, joined, tag
from waxseal.report.policy_view import (
    DnssecRow,
    PolicySection,
    alike_rows,
    policy_section,
    sts_text,
    tlsa_text,
)
from waxseal.wire.idna import to_u_label

_LOOK = {
    Outcome.CLEAR: "bad",
    Outcome.BOUNCED: "bad",
    Outcome.DEFERRED: "bad",
    Outcome.ENCRYPTED: "warn",
    Outcome.VERIFIED: "good",
    Outcome.UNSEEN: "open",
}
_STANDING = {"secure": "good", "insecure": "warn", "bogus": "bad"}
_MOST_HOSTS = 8
_DENIED = {DnsStatus.NO_DATA, DnsStatus.NXDOMAIN}


def senders(page: Page) -> Markup | None:
    """The section of the senders; None for any target but a domain."""
    rows = sender_rows(page.facts, page.report.root)
    if not rows:
        return None
    one_host = len({host.host for row in rows for host in row.hosts}) == 1
    cells = [_sender(same, one_host=one_host) for same in _alike(rows, one_host=one_host)]
    columns = ("Sender", "A message would be", "Because of")
    return page.section(
        "senders",
        "What each sender would do",
        table("Predicted from what was seen", columns, cells, "senders"),
        None if page.brief or one_host else _hosts(rows),
    )


def _alike(rows: Sequence[Prediction], *, one_host: bool) -> Iterable[list[Prediction]]:
    """Senders that do the same for the same reason."""
    groups: dict[tuple[object, ...], list[Prediction]] = {}
    for row in rows:
        groups.setdefault((row.outcome, row.possible, because(row, one_host=one_host)), []).append(row)
    return groups.values()


def _sender(same: list[Prediction], *, one_host: bool) -> Sequence[Child]:
    first = same[0]
    names = tag("ul", [tag("li", row.title) for row in same]) if len(same) > 1 else first.title
    return names, _outcome(first.outcome, first.possible), because(first, one_host=one_host)


def _outcome(outcome: Outcome, possible: tuple[Outcome, ...]) -> Markup:
    said = outcome_text(outcome, possible).plain
    rest = said.removeprefix(outcome.value)
    return joined(tag("span", outcome.value, class_=f"word {_LOOK[outcome]}"), rest)


def _hosts(rows: Sequence[Prediction]) -> Markup:
    """What comes of each mail host, for each sender."""
    cells: list[Sequence[Child]] = []
    for row in rows:
        for host in row.hosts[:_MOST_HOSTS]:
            place = f"{to_u_label(host.host)} ({host.preference})"
            cells.append((row.title, place, _outcome(host.outcome, host.possible), host.why))
        if len(row.hosts) > _MOST_HOSTS:
            cells.append((row.title, f"and {len(row.hosts) - _MOST_HOSTS} more", "", ""))
    columns = ("Sender", "Mail host (preference)", "A message would be", "Why")
    return folded("Host by host", table("Outcome at each mail host", columns, cells, "senders"))


def world(page: Page) -> Markup | None:
    """The section of what is published; None where none of it was looked up."""
    section = policy_section(page.facts, page.report.root)
    if section is None:
        return None
    validated = f"Validated by {section.validator}." if section.validator else "Nobody validated the answers."
    rows = [_dnssec(same) for same in alike_rows(section.dnssec)]
    columns = ("Name", "Types", "DNSSEC", "TTL")
    return page.section(
        "world",
        "What the world is told",
        definitions(_published(section), class_="published"),
        folded(
            f"DNSSEC, {counted(len(section.dnssec), 'answer', 'answers')}",
            table(validated, columns, rows, "dnssec"),
        )
        if rows
        else None,
    )


def _published(section: PolicySection) -> Iterable[tuple[str, Child]]:
    if section.tlsa:
        yield "TLSA", tag("ul", [tag("li", tlsa_text(row)) for row in section.tlsa])
    elif asked := {row.status for row in section.dnssec if row.rdtype == "TLSA"}:
        open_ones = sorted(status.value.replace("-", " ") for status in asked - _DENIED)
        yield "TLSA", f"not known, DNS: {', '.join(open_ones)}" if open_ones else "none"
    if section.sts is not None:
        yield "MTA-STS", sts_text(section.sts)
    if section.tls_rpt is not None:
        yield "TLS-RPT", ", ".join(section.tls_rpt) or "none"
    if section.spf is not None:
        yield "SPF", section.spf or "none"
    if section.dmarc is not None:
        yield "DMARC", section.dmarc or "none"


def _dnssec(rows: Sequence[DnssecRow]) -> Sequence[Child]:
    first = rows[0]
    kind = _STANDING.get(first.dnssec.value, "open")
    ended = "" if first.status is DnsStatus.ANSWERED else f" ({first.status.value.replace('-', ' ')})"
    why = f": {first.why_bogus}" if first.why_bogus else ""
    ttl = ", ".join(dict.fromkeys(f"{row.ttl_s} s" for row in rows if row.ttl_s is not None))
    return (
        first.name,
        ", ".join(row.rdtype for row in rows) + ended,
        joined(tag("span", first.dnssec.value, class_=f"word {kind}"), why),
        ttl or "–",
    )
