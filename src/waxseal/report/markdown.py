"""The report as GitHub-flavoured Markdown, for a ticket, a wiki or a mail; it reads well unrendered too.

The sentence and the two letters, the addresses, what gives lost points back, what to fix, what could not be
seen; then what senders do and what is published (``markdown_policy``). No text of a stranger is markup
(``markdown_text``).
"""

from collections.abc import Iterator
from itertools import chain

from waxseal.checks.api import Verdict
from waxseal.facts import FactSet
from waxseal.grading.letters import Letters, Regain
from waxseal.grading.profile import GradedFinding
from waxseal.report.grouping import alike, bare, in_utc, left_open, place, places, problems, tls_words
from waxseal.report.letters_view import ATTACKERS, EFFORTS, letter_text
from waxseal.report.markdown_policy import policy_lines, sender_lines
from waxseal.report.markdown_text import code, fenced, prose, table
from waxseal.report.model import Report
from waxseal.report.words import settings, state_word
from waxseal.wire.idna import to_u_label

_UNSEEN = "?"
_MOST_PLACES = 12
_AXES = ("Listener", "Man in the middle")


def render_markdown(reports: tuple[Report, ...], facts: FactSet) -> str:
    """One document: a chapter for each target, with a line between two.

    Args:
        reports: One for each target.
        facts: What they rest on.
    """
    chapters = ("\n".join(_chapter(report, facts)) for report in reports)
    return "\n\n---\n\n".join(chapters) + "\n"


def _chapter(report: Report, facts: FactSet) -> Iterator[str]:
    yield f"# {prose(place(report.root))}"
    yield ""
    yield f"**{state_word(report)}:** {prose(report.headline.sentence)}"
    sections = (
        _letters(report.letters),
        _addresses(report),
        _regain(report.letters.regain),
        _to_fix(report),
        _exempt(report),
        _not_seen(report),
        sender_lines(facts, report.root),
        policy_lines(facts, report.root),
        ["---", "", prose(_footer(report))],
    )
    for lines in map(list, sections):
        if lines:
            yield from ("", *lines)


def _letters(letters: Letters) -> Iterator[str]:
    rows = (
        (ATTACKERS[letter.axis], f"**{letter.letter or _UNSEEN}**", prose(letter_text(letter)))
        for letter in (letters.passive, letters.active)
    )
    yield from table(("Attacker", "Letter", "Why"), rows)


def _addresses(report: Report) -> Iterator[str]:
    if not report.endpoints:
        return
    by_address = {row.subject: row for row in report.letters.by_address}
    rows = []
    for endpoint in report.endpoints:
        letters = by_address.get(endpoint.subject)
        shown = (letters.passive.letter, letters.active.letter) if letters else (None, None)
        host = endpoint.subject.host
        rows.append(
            (
                prose(to_u_label(host)) if host else "",
                code(bare(endpoint.subject)),
                endpoint.seal.value,
                prose(tls_words(endpoint)),
                *(letter or _UNSEEN for letter in shown),
            )
        )
    yield "## Addresses"
    yield ""
    yield from table(("Host", "Address", "State", "TLS", *_AXES), rows)


def _regain(regain: tuple[Regain, ...]) -> Iterator[str]:
    if not regain:
        return
    yield "## What gives lost points back"
    yield ""
    rows = (
        (
            prose(row.title),
            _points(row.passive),
            _points(row.active),
            ", ".join(ATTACKERS[axis].lower() for axis in row.caps),
            prose(EFFORTS.get(row.effort, row.effort)),
            prose(row.remedy),
        )
        for row in regain
    )
    yield from table(("Fault", *_AXES, "Lifts the cap", "Takes", "What to do"), rows)


def _points(points: int) -> str:
    return f"+{points}" if points else ""


def _to_fix(report: Report) -> Iterator[str]:
    groups = problems(report.to_fix)
    if groups:
        yield "## What to fix first" if len(groups) > 1 else "## What to fix"
    for number, group in enumerate(groups, start=1):
        first = group[0]
        yield ""
        yield f"### {number}. {prose(first.title)} ({first.severity.label})"
        yield ""
        yield from chain.from_iterable(_said(same) for same in alike(group))
        yield f"- Fix: {prose(first.remedy.general)}"
        for software, setting in settings(first.remedy, report.target.protocol):
            yield f"    - {software}: {code(setting)}"
        yield f"- Standard: {prose(', '.join(first.cites))} ({first.level.value})"
        yield f"- Check: {code(first.check)}"


def _said(same: list[GradedFinding]) -> Iterator[str]:
    """What was found, where, and what it rests on, as an item of a list."""
    first = same[0]
    yield f"- Found: {prose(first.summary)}"
    yield f"    - At: {_places(same)}"
    if first.evidence:
        yield "    - Evidence:"
        yield ""
        yield from fenced(first.evidence, indent=" " * 6)
        yield ""


def _places(findings: list[GradedFinding]) -> str:
    shown = prose(places([finding.subject for finding in findings[:_MOST_PLACES]]))
    more = len(findings) - _MOST_PLACES
    return shown if more <= 0 else f"{shown}, and {more} more"


def _exempt(report: Report) -> Iterator[str]:
    found = report.exempt
    if found:
        yield "## What is exempt"
        yield ""
    for same in alike(found):
        yield f"- {code(same[0].check)}: {prose(same[0].title)}"
        yield f"    - At: {_places(same)}"
        yield f"    - Exempt: {prose(same[0].exempt)}"


def _not_seen(report: Report) -> Iterator[str]:
    own = [finding for finding in report.not_seen if not finding.follows]
    following = [finding for finding in report.not_seen if finding.follows]
    if not own and not following:
        return
    yield "## What could not be seen"
    yield ""
    for same in alike(own):
        first = same[0]
        yield f"- {code(first.check)}: {prose(first.summary)}"
        yield f"    - At: {_places(same)}"
        yield f"    - Try: {prose(first.advice)}"
        if first.evidence:
            yield "    - Evidence:"
            yield ""
            yield from fenced(first.evidence, indent=" " * 6)
            yield ""
    if following:
        yield f"- {prose(left_open(following, further=bool(own)))}."


def _footer(report: Report) -> str:
    counts = report.counts
    spent = f"{report.connections} connection{'' if report.connections == 1 else 's'}"
    seen = ""
    if report.context is not None:
        at = in_utc(report.context.started_at).strftime("%Y-%m-%d %H:%M")
        seen = f" Seen at {at} UTC by waxseal {report.context.version}."
    return (
        f"{sum(counts.values())} answers: {counts[Verdict.PASS]} pass, {counts[Verdict.WARN]} warn, "
        f"{counts[Verdict.FAIL]} fail, {counts[Verdict.INCONCLUSIVE]} not seen, "
        f"{counts[Verdict.NOT_APPLICABLE]} not applicable. {spent}.{seen} "
        f"Profile {report.profile}; letters {report.letters.version}."
    )
