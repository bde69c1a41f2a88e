"""What simulated senders and mail programs would negotiate, where that was asked for."""

from collections.abc import Sequence

from waxseal.checks.client_outcome import Outcome
from waxseal.report.grouping import place
from waxseal.report.html_page import Page, code, table
from waxseal.report.markup import Child, Markup, joined, tag
from waxseal.report.simulation import ClientRow, SimulationSection, simulation_sections
from waxseal.report.tls_inventory import version_name

_MOST = 8
_SECRET = {True: ("yes", "good"), False: ("no", "bad")}


def clients(page: Page) -> Markup | None:
    """The section; None where nothing was simulated."""
    tested = {endpoint.subject for endpoint in page.report.endpoints}
    sections = [s for s in simulation_sections(page.facts, page.report.root) if s.subject in tested]
    if not sections:
        return None
    rest = f"The first {_MOST} of {len(sections)} addresses." if len(sections) > _MOST else None
    tables = [_clients(section) for section in sections[:_MOST]]
    told = tag("p", rest, class_="lead") if rest else None
    return page.section("clients", "What clients would negotiate", told, tables)


def _clients(section: SimulationSection) -> Markup:
    columns = ("Client", "Version", "Suite", "Group", "Forward secret")
    rows = [_row(row) for row in section.clients]
    return table(f"With {place(section.subject)}", columns, rows, "clients")


def _row(row: ClientRow) -> Sequence[Child]:
    source = "by the vendor's documents" if row.documented else ""
    about = ", ".join(part for part in (row.software, row.role, source) if part)
    client = joined(row.client, tag("small", about))
    version = version_name(row.version)
    if row.outcome != Outcome.TAKEN.value:
        kind = "bad" if row.outcome == Outcome.LOCKED_OUT.value else "open"
        said = joined(tag("span", row.outcome, class_=f"word {kind}"), f": {row.words}")
        return client, version or "–", said, "–", "–"
    group = f"{row.group} (asked for)" if row.retried else row.group
    secret = None
    if row.forward_secret is not None:
        words, kind = _SECRET[row.forward_secret]
        secret = tag("span", words, class_=f"word {kind}")
    return client, version, code(row.suite), group or "–", secret
