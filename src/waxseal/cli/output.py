"""What ``check`` and ``judge`` share: the forms of output and the exit code that follows from them."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from waxseal.cli.main import EXIT_BUG, EXIT_FINDING, EXIT_OK, EXIT_UNTESTED, close_stdout
from waxseal.errors import UsageError
from waxseal.grading.severity import Severity

if TYPE_CHECKING:
    from waxseal.api import Result
    from waxseal.cli.progress import Progress
    from waxseal.facts import Record

BRIEF_FROM = 6
"""So many reports, and remedies are left out of each."""


class Asked(NamedTuple):
    """What is to be checked, as the command line says it."""

    targets: tuple[str, ...]
    name: str | None
    port: int | None
    vantage: str


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of output, the same for every command that judges."""
    options = [
        _form("json", "One JSON document (waxseal.report/1)."),
        _form("facts", "What was seen, as JSON lines (waxseal.facts/1)."),
        _form("transcript", "The dialogues, line by line."),
        click.option(
            "--save",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Also write the facts to this file, for 'waxseal judge'.",
        ),
        click.option("-v", "--verbose", count=True, help="More detail; -vv shows every check."),
        click.option(
            "--fail-on",
            type=click.Choice([s.label for s in Severity if s] + ["never"]),
            default="high",
            show_default=True,
            help="Exit with 1 when a finding is this severe or worse.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _form(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(f"--{name}", "forms", flag_value=name, multiple=True, help=text)


def show(result: "Result", form: str | None, *, save: Path | None, verbose: int, fail_on: str) -> int:
    """Print a result in the chosen form and give the exit code, also where nobody reads to the end.

    Raises:
        UsageError: The facts cannot be saved; the result is printed first.
    """
    try:
        _print(result, form, verbose)
        sys.stdout.flush()
    except BrokenPipeError:
        close_stdout()
    finally:
        if save is not None:
            save_facts(result.facts, save)
    return exit_code(result, fail_on)


def _print(result: "Result", form: str | None, verbose: int) -> None:
    if form == "json":
        from waxseal.report.json_form import render_json

        sys.stdout.buffer.write(render_json(result.reports, result.facts))
    elif form == "facts":
        from waxseal.facts.stored import dump

        sys.stdout.buffer.writelines(dump(result.facts))
    elif form == "transcript":
        from waxseal.report.transcript import render_transcript

        for report in result.reports:
            for line in render_transcript(result.facts, report.root):
                click.echo(line)
    else:
        _print_reports(result, verbose)


def _print_reports(result: "Result", verbose: int) -> None:
    from waxseal.report.terminal import print_report, terminal

    console = terminal()
    brief = len(result.reports) >= BRIEF_FROM and not verbose
    for report in result.reports:
        print_report(console, report, result.facts, verbose=verbose, brief=brief)


def save_facts(records: "Iterable[Record]", path: Path) -> None:
    """Write facts to a file.

    Raises:
        UsageError: It cannot be written.
    """
    from waxseal.facts.stored import dump

    try:
        with path.open("wb") as file:
            file.writelines(dump(records))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "--save takes the path of a file"
        ) from error


def expect_writable(path: Path | None) -> None:
    """See before a run that its facts can be saved, so that nothing is lost after it.

    Raises:
        UsageError: The folder is not there, or not to be written to.
    """
    if path is None:
        return
    place = path if path.exists() else path.parent
    if not os.access(place, os.W_OK) or (place is path.parent and not place.is_dir()):
        raise UsageError(f"{path} cannot be written", "--save takes the path of a file")


@contextmanager
def keeping(progress: "Progress", save: Path | None) -> Iterator[None]:
    """Where the run inside is interrupted, save what was seen so far, if saving was asked for."""
    try:
        yield
    except KeyboardInterrupt:
        if save is not None and progress.records:
            save_facts(progress.records, save)
            click.echo(f"waxseal: what was seen so far is in {save}", err=True)
        raise


def one_form(forms: tuple[str, ...]) -> str | None:
    """The one form of output that was asked for; None for the report.

    Raises:
        UsageError: Several were asked for.
    """
    if len(set(forms)) > 1:
        raise UsageError(
            f"--{' and --'.join(dict.fromkeys(forms))} exclude each other",
            "--save keeps the facts beside any form",
        )
    return forms[0] if forms else None


WORST_FIRST = (EXIT_BUG, EXIT_FINDING, EXIT_UNTESTED, EXIT_OK)
"""Which exit code counts where several apply (docs/exit-codes.md)."""


def exit_code(result: "Result", fail_on: str) -> int:
    """Exit code of a run: the first of `WORST_FIRST` that applies."""
    from waxseal.facts import Attempt, Cause, Subject

    if any(finding.crashed for report in result.reports for finding in report.findings):
        return EXIT_BUG
    if any(attempt.ended.cause is Cause.CRASHED for _, attempt in result.facts.within(Attempt, Subject())):
        return EXIT_BUG
    if fail_on != "never":
        limit = Severity.from_label(fail_on)
        if any(report.worst >= limit for report in result.reports):
            return EXIT_FINDING
    if any(report.untested for report in result.reports):
        return EXIT_UNTESTED
    return EXIT_OK
