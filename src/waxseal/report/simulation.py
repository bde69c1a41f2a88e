"""What mail clients would negotiate with a server: a table, and their versions against the server's.

The same rows serve the terminal and the JSON document. They rest on `ClientSimulation` alone, and the
server's own range on `TlsVersions` where its versions were asked for.
"""

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from waxseal.checks.client_outcome import Outcome, outcome_of
from waxseal.facts import ClientSimulation, FactSet, Subject, TlsVersions
from waxseal.report.plain import plain
from waxseal.wire.tls_registry import group_name, scheme_name
from waxseal.wire.tls_suite_properties import suite_properties
from waxseal.wire.tls_suites import suite_name

VERSIONS = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_COLUMN = 9
_LOOK = {Outcome.TAKEN: "", Outcome.LOCKED_OUT: "bold red", Outcome.UNSEEN: "magenta"}
_YES_NO = {True: "yes", False: "no", None: ""}


class ClientRow(Struct, frozen=True):
    """One client and what it would negotiate.

    Attributes:
        client: Id of its shape.
        software, library, role: As in the shape.
        documented: Known from a vendor's documents, not recorded.
        outcome: ``taken``, ``locked out`` or ``unseen``.
        words: The outcome in words.
        offered: Versions offered, lowest first.
        lists_versions: Whether these are all; else only the highest is known.
        version: Selected; "" where nothing was.
        suite: Name of the suite selected, or "".
        group: Name of the group of the key exchange, or "".
        scheme: Name of the scheme that the key exchange is signed with; "" where it is not to be seen.
        forward_secret: Whether a recording stays secret when the server's key is lost; None without a suite.
        retried: The group is the one that the server asked for in a HelloRetryRequest.
    """

    client: str
    software: str
    library: str
    role: str
    documented: bool
    outcome: str
    words: str
    offered: tuple[str, ...]
    lists_versions: bool
    version: str = ""
    suite: str = ""
    group: str = ""
    scheme: str = ""
    forward_secret: bool | None = None
    retried: bool = False


class SimulationSection(Struct, frozen=True):
    """What was simulated at one endpoint.

    Attributes:
        subject: The endpoint.
        server_versions: Versions that the server accepts, lowest first; None where that was not asked.
        clients: One row for each client, by role, then name.
    """

    subject: Subject
    server_versions: tuple[str, ...] | None
    clients: tuple[ClientRow, ...]


def simulation_sections(facts: FactSet, root: Subject) -> tuple[SimulationSection, ...]:
    """The section of each endpoint inside a subject; none where nothing was simulated."""
    found: dict[Subject, list[ClientSimulation]] = {}
    for where, seen in facts.within(ClientSimulation, root):
        found.setdefault(where, []).append(seen)
    return tuple(
        SimulationSection(where, _server_versions(facts, where), tuple(map(_row, sorted(seen, key=_order))))
        for where, seen in found.items()
    )


def simulation_view(facts: FactSet, subject: Subject) -> RenderableType | None:
    """The section of one endpoint for a terminal, without its heading; None where nothing was simulated."""
    section = next(iter(simulation_sections(facts, subject)), None)
    if section is None:
        return None
    parts: list[RenderableType] = [_table(section), Text(""), _picture(section)]
    if any(row.documented for row in section.clients):
        parts.append(Text("* known from the vendor's documents, not recorded", style="dim"))
    return Group(*parts)


_ROLES = ("sender", "submitter", "mail program", "tool")


def _order(seen: ClientSimulation) -> tuple[int, str]:
    return (_ROLES.index(seen.role) if seen.role in _ROLES else len(_ROLES), seen.client)


def _server_versions(facts: FactSet, subject: Subject) -> tuple[str, ...] | None:
    versions = facts.nearest(TlsVersions, subject)
    if versions is None:
        return None
    return tuple(a.version for a in versions.answers if a.accepted and a.version in VERSIONS)


def _row(seen: ClientSimulation) -> ClientRow:
    outcome = outcome_of(seen)
    return ClientRow(
        client=seen.client,
        software=seen.software,
        library=seen.library,
        role=seen.role,
        documented=seen.documented,
        outcome=outcome.outcome.value,
        words=outcome.words,
        offered=seen.offered,
        lists_versions=seen.lists_versions,
        version=seen.version,
        suite="" if seen.suite is None else suite_name(seen.suite),
        group="" if seen.group is None else group_name(seen.group),
        scheme="" if seen.scheme is None else scheme_name(seen.scheme),
        forward_secret=_forward_secret(seen.suite),
        retried=seen.retried,
    )


def _forward_secret(suite: int | None) -> bool | None:
    properties = None if suite is None else suite_properties(suite)
    return None if properties is None else properties.forward_secret


def _version(name: str) -> str:
    return "TLS 1.0" if name == "TLSv1" else name.replace("TLSv", "TLS ")


def _name(row: ClientRow) -> str:
    return plain(f"{row.software}{'*' if row.documented else ''}")


def _table(section: SimulationSection) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for title in ("Client", "Version", "Suite", "Group", "Forward secret"):
        table.add_column(title, overflow="fold")
    for row in section.clients:
        outcome = Outcome(row.outcome)
        client = Text(plain(f"{row.client}{'*' if row.documented else ''}"))
        if outcome is Outcome.TAKEN:
            group = f"{row.group} (asked for)" if row.retried else row.group
            cells = (_version(row.version), row.suite, group, _YES_NO[row.forward_secret])
            table.add_row(client, *(Text(plain(cell)) for cell in cells))
        else:
            said = Text(plain(f"{outcome.value.upper()}: {row.words}"), style=_LOOK[outcome])
            table.add_row(client, Text(_version(row.version)), said)
    return table


def _picture(section: SimulationSection) -> Table:
    """Ranges of versions, the server's first: ● offered, ◉ negotiated, ┄ perhaps lower ones too."""
    seen = {version for row in section.clients for version in (*row.offered, row.version)}
    seen |= set(section.server_versions or ())
    columns = [v for at, v in enumerate(VERSIONS) if any(other in VERSIONS[: at + 1] for other in seen)]
    ranges: dict[tuple[tuple[str, ...], str, bool], list[str]] = {}
    for row in section.clients:
        ranges.setdefault((row.offered, row.version, row.lists_versions), []).append(_name(row))
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text("".join(_version(version).ljust(_COLUMN) for version in columns)), Text(""))
    if section.server_versions is None:
        table.add_row(Text("(not asked for)"), Text("this server"))
    else:
        table.add_row(_range(columns, section.server_versions, "", whole=True), Text("this server"))
    for (offered, version, whole), names in ranges.items():
        who = Text(", ".join(dict.fromkeys(names)))
        table.add_row(_range(columns, offered, version, whole=whole), who)
    return table


def _range(columns: list[str], offered: tuple[str, ...], version: str, *, whole: bool) -> Text:
    marks = []
    inside = [at for at, column in enumerate(columns) if column in offered]
    for at, column in enumerate(columns):
        mark = "◉" if column == version and version else "●" if column in offered else " "
        joined = bool(inside) and inside[0] <= at < inside[-1]
        before = not whole and bool(inside) and at < inside[0]
        if mark == " ":
            mark = "─" if joined else "┄" if before else " "
        marks.append(mark + ("─" if joined else "┄" if before else " ") * (_COLUMN - 1))
    return Text("".join(marks))
