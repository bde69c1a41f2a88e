"""The forms that a result can be written in: their names, file endings, and how each is made.

A renderer is imported when its form is asked for; what it needs beside the result comes from the options.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.api import Result
    from waxseal.report.model import Report
    from waxseal.report.thresholds import Limits


class Wanted(NamedTuple):
    """What a form may depend on beside the result.

    Attributes:
        fail_on: As ``--fail-on``: what counts as failed in a test report.
        limits: Limits of the monitoring plug-ins.
        verbose: How often ``-v`` was given.
        language: For people; what programs read stays English.
    """

    fail_on: str
    limits: "Limits"
    verbose: int = 0
    language: str = "en"


class Form(NamedTuple):
    """One form.

    Attributes:
        text: What it is, for ``--help``.
        endings: Endings of file names that mean it.
        render: Makes it.
    """

    text: str
    endings: tuple[str, ...]
    render: Callable[["Result", Wanted], bytes]


def _spoken(result: "Result", wanted: Wanted) -> "tuple[Report, ...]":
    from waxseal.report.spoken import in_language

    return in_language(result.reports, wanted.language)


def _text(result: "Result", wanted: Wanted) -> bytes:
    from io import StringIO

    from rich.console import Console

    from waxseal.report.terminal import print_report

    out = StringIO()
    console = Console(file=out, width=100, emoji=False, markup=False, no_color=True)
    for report in _spoken(result, wanted):
        print_report(console, report, result.facts, verbose=wanted.verbose)
    return out.getvalue().encode(errors="backslashreplace")


def _json(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.json_form import render_json

    return render_json(result.reports, result.facts)


def _facts(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.facts.stored import dump

    return b"".join(dump(result.facts))


def _transcript(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.transcript import render_transcript

    lines = (line for report in result.reports for line in render_transcript(result.facts, report.root))
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def _html(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.html import render_html

    return render_html(_spoken(result, wanted), result.facts).encode(errors="replace")


def _markdown(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.markdown import render_markdown

    return render_markdown(_spoken(result, wanted), result.facts).encode(errors="replace")


def _csv(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.csv_form import render_csv

    return render_csv(result.reports, result.facts).encode(errors="replace")


def _junit(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.grading.severity import Severity
    from waxseal.report.junit import render_junit

    least = None if wanted.fail_on == "never" else Severity.from_label(wanted.fail_on)
    return render_junit(result.reports, result.facts, fail_on=least).encode(errors="replace")


def _sarif(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.sarif import render_sarif

    return render_sarif(result.reports, result.facts)


def _nagios(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.nagios import render_nagios

    return render_nagios(_spoken(result, wanted), result.facts, limits=wanted.limits)[0].encode(
        errors="replace"
    )


def _checkmk(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.checkmk import render_checkmk

    return render_checkmk(_spoken(result, wanted), result.facts, limits=wanted.limits).encode(
        errors="replace"
    )


def _prometheus(result: "Result", wanted: Wanted) -> bytes:
    from waxseal.report.prometheus import render_prometheus

    return render_prometheus(result.reports, result.facts).encode(errors="replace")


FORMS = {
    "text": Form("the report as in a terminal", (".txt",), _text),
    "json": Form("one JSON document (waxseal.report/1)", (".json",), _json),
    "html": Form("a page, whole in one file", (".html", ".htm"), _html),
    "markdown": Form("Markdown", (".md",), _markdown),
    "csv": Form("a row for each finding", (".csv",), _csv),
    "junit": Form("a test report (JUnit XML)", (".xml",), _junit),
    "sarif": Form("SARIF 2.1.0, for code scanning", (".sarif",), _sarif),
    "nagios": Form("a Nagios or Icinga plug-in's answer", (), _nagios),
    "checkmk": Form("lines of a Checkmk local check", (), _checkmk),
    "prometheus": Form("Prometheus text", (".prom",), _prometheus),
    "facts": Form("what was seen, as JSON lines (waxseal.facts/1)", (".facts", ".jsonl"), _facts),
    "transcript": Form("the dialogues, line by line", (), _transcript),
}


def form_and_path(given: str) -> tuple[str, str]:
    """Read ``FORM=FILE``, or a file whose ending says the form.

    Raises:
        UsageError: The form is not known.
    """
    name, mark, path = given.partition("=")
    if mark and name in FORMS and path:
        return name, path
    if mark and path and name.isalnum():
        raise UsageError(
            f"there is no form {name[:80]!r}",
            f"write FORM=FILE; forms: {', '.join(FORMS)}; ./{given[:80]} for a file of that name",
        )
    ending = PurePath(given).suffix.lower()
    found = next((name for name, form in FORMS.items() if ending and ending in form.endings), None)
    if found is None:
        raise UsageError(
            f"--write {given[:80]!r} does not say in which form",
            f"write FORM=FILE; forms: {', '.join(FORMS)}",
        )
    return found, given
