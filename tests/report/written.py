"""Reports of recorded lab domains, and the same reports full of what a hostile server might say."""

from functools import cache

from hypothesis import strategies as st
from msgspec import structs

from tests.corpus import recorded
from tests.report.hostile_text import HOSTILE
from waxseal.api import Result, judge
from waxseal.checks.api import Verdict
from waxseal.facts import Attempt, Cause, FactSet
from waxseal.grading.letters import Letters
from waxseal.grading.severity import Severity
from waxseal.report.model import Report

TEXT = st.sampled_from(HOSTILE) | st.text(
    st.characters() | st.sampled_from("`|*_[]()<>&{}\\@:#\"'=\n\r\t\ud800\x00")
)
"""Text that a stranger sends: surrogates and controls included."""


@cache
def lab() -> Result:
    """The judgement of every lab domain, as recorded."""
    return judge(recorded("lab"))


def facts() -> FactSet:
    return lab().facts


def report(name: str) -> Report:
    """The report of one lab domain."""
    return next(report for report in lab().reports if report.target.name == name)


def few(*names: str) -> tuple[Report, ...]:
    return tuple(report(name) for name in names or ("sound.test", "dane-mismatch.test", "null-mx.test"))


def thinned(whole: Report) -> Report:
    """A report with at most two findings of each verdict, for tests that render it often."""
    kept = [f for verdict in Verdict for f in [f for f in whole.findings if f.verdict is verdict][:2]]
    return structs.replace(whole, findings=tuple(kept))


def saying(whole: Report, text: str) -> Report:
    """The same report, with a stranger's text wherever one can stand."""
    findings = tuple(
        structs.replace(f, summary=text, evidence=(text, text), title=text, advice=text)
        for f in whole.findings
    )
    return structs.replace(
        whole,
        findings=findings,
        headline=structs.replace(whole.headline, sentence=text),
        target=structs.replace(whole.target, given=text),
        endpoints=tuple(structs.replace(e, ended=text) for e in whole.endpoints),
        letters=_letters(whole.letters, text),
    )


def _letters(letters: Letters, text: str) -> Letters:
    regain = tuple(structs.replace(row, title=text, remedy=text) for row in letters.regain)
    passive = structs.replace(letters.passive, letter=None, why=text)
    return structs.replace(letters, regain=regain, passive=passive)


def at_line(whole: Report, file: str, line: int) -> Report:
    """As if a targets file had named it."""
    return structs.replace(whole, target=structs.replace(whole.target, file=file, line=line))


def exempted(whole: Report, check: str, why: str) -> Report:
    """As a profile with an exemption would weigh it."""
    findings = tuple(
        structs.replace(f, exempt=why, severity=Severity.NONE) if f.check == check and _bad(f.verdict) else f
        for f in whole.findings
    )
    return structs.replace(whole, findings=findings)


def _bad(verdict: Verdict) -> bool:
    return verdict in (Verdict.FAIL, Verdict.WARN)


def crashed(whole: Report) -> FactSet:
    """The facts inside a target, as if its first probe had crashed."""
    records = [record for record in facts() if record.subject.within(whole.root)]
    at = next(number for number, record in enumerate(records) if isinstance(record.fact, Attempt))
    attempt = records[at].fact
    assert isinstance(attempt, Attempt)
    ended = structs.replace(attempt.ended, cause=Cause.CRASHED)
    records[at] = structs.replace(records[at], fact=structs.replace(attempt, ended=ended))
    return FactSet(records)
