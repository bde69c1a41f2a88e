"""Reports with their sentence and titles in another language; ids, facts and all else stay as they are."""

from msgspec.structs import replace

from waxseal.grading.language import SOURCE, Language, load_language
from waxseal.grading.letters import Letters
from waxseal.report.model import Report


def in_language(reports: tuple[Report, ...], code: str) -> tuple[Report, ...]:
    """The same reports in a language.

    Args:
        reports: In English.
        code: Such as ``de``.

    Raises:
        ValueError: There is no such language.
    """
    if code == SOURCE:
        return reports
    language = load_language(code)
    return tuple(
        replace(
            report,
            language=code,
            headline=replace(report.headline, sentence=language.sentence(report.headline)),
            findings=tuple(
                replace(finding, title=language.title(finding.check, finding.title))
                for finding in report.findings
            ),
            letters=_letters(report, language),
        )
        for report in reports
    )


def _letters(report: Report, language: Language) -> Letters:
    """The letters with the titles of checks in the language; what a rung lacks is told in English."""
    titles = {(finding.check, finding.title) for finding in report.findings}
    regain = tuple(
        replace(row, title=language.title(row.check, row.title)) if (row.check, row.title) in titles else row
        for row in report.letters.regain
    )
    return replace(report.letters, regain=regain)
