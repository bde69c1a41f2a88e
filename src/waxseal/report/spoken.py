"""Reports with their sentence and titles in another language; ids, facts and all else stay as they are."""

from msgspec.structs import replace

from waxseal.grading.language import SOURCE, load_language
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
        )
        for report in reports
    )
