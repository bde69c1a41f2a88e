"""The report as people read it in a terminal: the sentence, a row per address, what to fix first, detail.

Meaning never rests on colour alone: each state has its word. Widths are respected, wide characters included
(rich measures cells). Peers' text reaches the screen only as plain `Text`, escaped when it was read.
"""

from collections.abc import Iterable
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.checks.api import Check, Remedy, Verdict
from waxseal.facts import FactSet, ImapLogin, MailProtocol
from waxseal.grading.headline import LOCAL
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import EndpointSeal, Seal, State
from waxseal.report.delivery import sender_view
from waxseal.report.endpoint_detail import endpoint_lines
from waxseal.report.grouping import DEEPER, alike, bare, left_open, place, places, problems, tls_words
from waxseal.report.letters_view import letters_head, regain_rows
from waxseal.report.logins import login_met
from waxseal.report.model import Report
from waxseal.report.plain import plain
from waxseal.report.policy_view import policy_view
from waxseal.report.simulation import simulation_view
from waxseal.report.tls_inventory import inventory_lines
from waxseal.report.words import SCOPE_WORDS, settings, state_word
from waxseal.wire.idna import to_u_label

_STATE_LOOK = {
    State.SEALED: "bold green",
    State.NO_MAIL: "bold",
    State.MEND: "bold yellow",
    State.PARTLY_UNKNOWN: "bold yellow",
    State.UNKNOWN: "bold magenta",
    State.UNDELIVERABLE: "bold red",
    State.EXPOSED: "bold red",
}
_SEAL_LOOK = {
    Seal.SEALED: "green",
    Seal.ENCRYPTED: "yellow",
    Seal.EXPOSED: "red",
    Seal.UNKNOWN: "magenta",
}
_SEVERITY_LOOK = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "none": "dim"}
ACCOUNT = "auth/account-refused"
ON_REQUEST = frozenset(
    {
        ACCOUNT,
        "auth/accepted-in-clear",
        "auth/made-up-user-let-in",
        "smtp/clear-mail-taken",
        "smtp/data-end-smuggled",
        "smtp/relay-open",
    }
)
"""Checks that can pass only where their trial was asked for; a reader who asked wants to hear it."""
_MOST_SUBJECTS = 4
_WIDEST_ADDRESS = 26
_LEAST_WORDS = 24
"""With fewer columns left for TLS and certificate, they stand below the address."""
_BLANK = Text("")
_LEAST_COLUMNS = 40


def print_report(
    console: Console, report: Report, facts: FactSet, *, verbose: int = 0, brief: bool = False
) -> None:
    """Print one report.

    Args:
        console: Where to; its width is respected.
        report: The report.
        facts: What it rests on, for the detail.
        verbose: 1 adds detail of what was not seen and the evidence, 2 adds every check.
        brief: Leave remedies out, for many reports after each other.
    """
    write(console, Group(*_parts(report, facts, verbose, brief)))


def print_explanation(console: Console, check: Check) -> None:
    """Print what a check means, the standard it rests on, and how to mend what it finds."""
    title = _text(check.title, style="bold")
    title.append(f"  {check.id}", style="dim")
    parts: list[RenderableType] = [title, _BLANK]
    for paragraph in check.explanation.split("\n\n"):
        parts += [_text(paragraph.replace("\n", " ")), _BLANK]
    parts.append(_labelled("Judged for", f"each {SCOPE_WORDS[check.scope]}"))
    parts.append(_labelled("Standard", f"{', '.join(check.cites)} ({check.level.value})"))
    parts.append(_labelled("Fix", check.remedy.general))
    parts += _settings(check.remedy)
    write(console, Group(*parts))


def write(console: Console, what: RenderableType) -> None:
    """Print without the blanks that fill lines up."""
    with console.capture() as captured:
        console.print(what, highlight=False)
    for line in captured.get().splitlines():
        console.file.write(f"{line.rstrip()}\n")


def terminal(most_columns: int | None = None) -> Console:
    """Standard output as a console: colour only on a terminal, NO_COLOR respected, no markup."""
    console = Console(soft_wrap=False, emoji=False, markup=False)
    console.width = max(console.width, _LEAST_COLUMNS)
    if most_columns is not None:
        console.width = min(console.width, most_columns)
    return console


def _text(text: str, style: str = "") -> Text:
    """Text that reaches the screen as it is read here: no markup, and nothing that a terminal obeys."""
    return Text(plain(text), style=style)


def _parts(report: Report, facts: FactSet, verbose: int, brief: bool) -> Iterable[RenderableType]:
    yield _head(report)
    if report.endpoints:
        yield _BLANK
        yield _indented(letters_head(report.letters), 2)
        yield _BLANK
        yield _indented(_Endpoints(report.endpoints), 2)
    if report.to_fix:
        yield from _to_fix(report, verbose, brief)
    if not brief and report.letters.regain:
        yield _heading("What gives points back")
        for row in regain_rows(report.letters, verbose=verbose):
            yield _indented(row, 2)
    if report.exempt or report.ended_exemptions:
        yield from _exempt(report)
    if report.not_seen:
        yield from _not_seen(report, verbose, brief)
    if not brief:
        yield from _on_request(report, facts)
    if verbose:
        for endpoint in report.endpoints:
            yield _heading(f"{place(endpoint.subject)} in detail")
            for label, text in endpoint_lines(facts, endpoint.subject):
                yield _indented(_labelled(label, text), 2)
            for label, text in inventory_lines(facts, endpoint.subject, verbose=verbose >= 2):
                yield _indented(_labelled(label, text), 2)
    for endpoint in report.endpoints:
        clients = simulation_view(facts, endpoint.subject)
        if clients is not None:
            yield _heading(f"What senders would negotiate with {place(endpoint.subject)}")
            yield _indented(clients, 2)
    if not brief and (told := policy_view(facts, report.root)) is not None:
        yield _heading("What the world is told")
        yield _indented(told, 2)
    if not brief and (senders := sender_view(facts, report.root, verbose=verbose)) is not None:
        yield _heading("What each sender would do")
        yield _indented(senders, 2)
    if verbose >= 2:
        yield from _passes(report)
    yield _BLANK
    yield _footer(report)
    yield _BLANK


def _indented(what: RenderableType, columns: int) -> Padding:
    return Padding(what, (0, 0, 0, columns), expand=False)


def _heading(text: str) -> Group:
    return Group(_BLANK, _text(text, style="bold"))


def _head(report: Report) -> RenderableType:
    look = "bold" if report.headline.id == LOCAL else _STATE_LOOK[report.headline.state]
    text = Text()
    text.append(f" {state_word(report)} ", style=f"{look} reverse")
    text.append(" ")
    text.append(plain(report.headline.sentence), style="bold")
    return text


class _Endpoints:
    """A row per address, below the name of its host; the columns of all hosts stand below each other."""

    def __init__(self, endpoints: tuple[EndpointSeal, ...]) -> None:
        self.endpoints = endpoints

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        address = min(max(cell_len(plain(bare(row.subject))) for row in self.endpoints), _WIDEST_ADDRESS)
        seal = max(cell_len(row.seal.value) for row in self.endpoints)
        narrow = options.max_width < address + seal + _LEAST_WORDS
        for host, rows in groupby(self.endpoints, key=lambda row: row.subject.host):
            if host is not None:
                yield _text(to_u_label(host))
            of_host = list(rows)
            inner = _below_each_other(of_host) if narrow else _beside_each_other(of_host, address, seal)
            yield inner if host is None else _indented(inner, 2)


def _beside_each_other(rows: list[EndpointSeal], address: int, seal: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", min_width=address)
    table.add_column(no_wrap=True, min_width=seal)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(_text(bare(row.subject)), _seal(row), _text(tls_words(row)))
    return table


def _below_each_other(rows: list[EndpointSeal]) -> Group:
    parts: list[RenderableType] = []
    for row in rows:
        said = _seal(row)
        said.append(plain(f": {tls_words(row)}"), style="default")
        parts += [_text(bare(row.subject)), _indented(said, 2)]
    return Group(*parts)


def _seal(row: EndpointSeal) -> Text:
    return _text(row.seal.value, style=_SEAL_LOOK[row.seal])


def _to_fix(report: Report, verbose: int, brief: bool) -> Iterable[RenderableType]:
    yield _heading("What to fix first" if len(report.to_fix) > 1 else "What to fix")
    groups = problems(report.to_fix)
    for number, group in enumerate(groups, start=1):
        yield _indented(_problem(number, group, report.target.protocol, verbose, brief), 2)


def _problem(
    number: int, group: list[GradedFinding], protocol: MailProtocol, verbose: int, brief: bool
) -> RenderableType:
    first = group[0]
    title = _text(f"{first.title} ")
    title.append(f"[{first.severity.label}]", style=_SEVERITY_LOOK[first.severity.label])
    title.append(f"  {first.check}", style="dim")
    body: list[RenderableType] = [_marked(f"{number}.", title)]
    shown = group if verbose else group[:_MOST_SUBJECTS]
    for same in alike(shown):
        body.append(_indented(_text(same[0].summary), 3))
        body.append(_indented(_labelled("At", places([f.subject for f in same])), 3))
        if verbose or not brief:
            body.extend(_indented(_text(line, style="dim"), 5) for line in same[0].evidence)
    if len(group) > len(shown):
        body.append(_indented(_text(f"and at {len(group) - len(shown)} more; see -v", style="dim"), 3))
    if not brief:
        body.append(_indented(_remedy(first, protocol), 3))
    return Group(*body)


def _remedy(finding: GradedFinding, protocol: MailProtocol) -> RenderableType:
    lines: list[RenderableType] = [_labelled("Fix", finding.remedy.general)]
    lines += _settings(finding.remedy, protocol)
    lines.append(_labelled("Standard", ", ".join(finding.cites)))
    return Group(*lines)


def _settings(remedy: Remedy, protocol: MailProtocol = MailProtocol.SMTP) -> list[RenderableType]:
    return [_indented(_labelled(software, setting), 2) for software, setting in settings(remedy, protocol)]


def _bullet(text: Text) -> Table:
    return _marked("•", text)


def _marked(mark: str, text: Text) -> Table:
    """Text behind a mark; further lines begin below its first word."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(_text(mark), text)
    return row


def _labelled(label: str, text: str) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(_text(f"{label}:", style="cyan"), _text(text))
    return row


def _exempt(report: Report) -> Iterable[RenderableType]:
    """What the profile does not count for a time, and why."""
    yield _heading("Exempted by the profile")
    for same in alike(report.exempt):
        text = _text(f"{same[0].summary}  ")
        text.append(same[0].check, style="dim")
        yield _indented(_bullet(text), 2)
        for reason in dict.fromkeys(finding.exempt for finding in same):
            held = [finding.subject for finding in same if finding.exempt == reason]
            yield _indented(_labelled("At", places(held)), 4)
            yield _indented(_labelled("Exempt", reason), 4)
    for exemption in report.ended_exemptions:
        yield _indented(_bullet(_text(f"The exemption of {exemption.check} has ended: {exemption.text}")), 2)


def _not_seen(report: Report, verbose: int, brief: bool) -> Iterable[RenderableType]:
    own = [f for f in report.not_seen if not f.follows]
    absent = [f for f in report.not_seen if f.follows]
    yield _heading("What could not be seen")
    for same in alike(own):
        text = _text(f"{same[0].summary}  ")
        text.append(same[0].check, style="dim")
        yield _indented(_bullet(text), 2)
        yield _indented(_labelled("At", places([finding.subject for finding in same])), 4)
        if verbose or not brief:
            for line in same[0].evidence:
                yield _indented(_text(line, style="dim"), 6)
            yield _indented(_labelled("Try", same[0].advice), 4)
    deeper = [f for f in absent if DEEPER in f.advice] if verbose == 1 else []
    if deeper:
        checks = ", ".join(dict.fromkeys(f.check for f in deeper))
        yield _indented(_bullet(_text(f"{DEEPER} would show more")), 2)
        yield _indented(_labelled("Left open", checks), 4)
    if absent and verbose:
        for summary, same in _by_summary([f for f in absent if f not in deeper]).items():
            yield _indented(_bullet(_text(summary)), 2)
            yield _indented(_labelled("At", places([f.subject for f in same])), 4)
            checks = ", ".join(dict.fromkeys(f.check for f in same))
            yield _indented(_labelled("Left open", checks), 4)
    elif absent:
        line = f"{left_open(absent, further=bool(own))} (see -v)"
        yield _indented(_bullet(_text(line, style="dim")), 2)


def _by_summary(findings: list[GradedFinding]) -> dict[str, list[GradedFinding]]:
    groups: dict[str, list[GradedFinding]] = {}
    for finding in findings:
        groups.setdefault(finding.summary, []).append(finding)
    return groups


def _on_request(report: Report, facts: FactSet) -> Iterable[RenderableType]:
    """What was only tried because somebody asked for it, and found in order."""
    sound = [f for f in report.findings if f.verdict is Verdict.PASS and f.check in ON_REQUEST]
    if sound:
        yield _heading("Tried on request, and in order")
    for same in alike(sound):
        text = _text(f"{same[0].summary}  ")
        text.append(same[0].check, style="dim")
        yield _indented(_bullet(text), 2)
        if len(report.endpoints) > 1:
            yield _indented(_labelled("At", places([f.subject for f in same])), 4)
        if same[0].check == ACCOUNT:
            logins = [facts.nearest(ImapLogin, finding.subject) for finding in same]
            for met in dict.fromkeys(login_met(login) for login in logins if login is not None):
                yield _indented(_text(met), 4)


def _passes(report: Report) -> Iterable[RenderableType]:
    """Each check that passed, and by their reasons those that do not apply."""
    yield _heading("Every other check")
    for finding in report.findings:
        if finding.verdict is Verdict.PASS:
            text = _text(f"pass  {finding.check}: {finding.summary}")
            if len(report.endpoints) > 1:
                text.append(plain(f" ({place(finding.subject)})"), style="dim")
            yield _indented(text, 2)
    aside = [f for f in report.findings if f.verdict is Verdict.NOT_APPLICABLE]
    for summary, same in _by_summary(aside).items():
        checks = ", ".join(dict.fromkeys(f.check for f in same))
        yield _indented(_text(f"{Verdict.NOT_APPLICABLE.value}  {summary}: {checks}"), 2)


def _footer(report: Report) -> Text:
    counts = report.counts
    parts = [
        f"{sum(counts.values())} answers: {counts[Verdict.PASS]} pass",
        f"{counts[Verdict.WARN]} warn",
        f"{counts[Verdict.FAIL]} fail",
        f"{counts[Verdict.INCONCLUSIVE]} not seen",
        f"{counts[Verdict.NOT_APPLICABLE]} not applicable",
    ]
    spent = f"{report.connections} connection{'' if report.connections == 1 else 's'}"
    if report.injection_connections:
        spent += f" ({report.injection_connections} of them to try injection)"
    number = len({(e.subject.address, e.subject.port) for e in report.endpoints})
    places = f"{number} address{'' if number == 1 else 'es'}"
    text = f"{', '.join(parts)}. {spent}, {places}, {report.elapsed_s:.1f} s. Profile {report.profile}."
    return _text(text, style="dim")
