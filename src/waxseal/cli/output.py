"""What ``check`` and ``judge`` share: the forms of output and the exit code that follows from them."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource
from msgspec import Struct

from waxseal.cli.forms import FORMS, Wanted, form_and_path
from waxseal.cli.gathering import gathered
from waxseal.cli.language import language_option
from waxseal.cli.main import EXIT_BUG, EXIT_FINDING, EXIT_OK, EXIT_UNTESTED, close_stdout
from waxseal.cli.plugin import PLUGIN_FORMS, PLUGIN_OPTIONS, plugin_status
from waxseal.errors import UsageError
from waxseal.grading.severity import Severity
from waxseal.report.thresholds import Limits, Range

if TYPE_CHECKING:
    from waxseal.api import Result
    from waxseal.cli.progress import Progress
    from waxseal.facts import Record, Target
    from waxseal.grading.profile import Profile

BRIEF_FROM = 6
"""So many reports, and remedies are left out of each."""


class Asked(NamedTuple):
    """What is to be checked, as the command line says it."""

    targets: "tuple[str | Target, ...]"
    name: str | None
    port: int | None
    vantage: str
    profile: "Profile"


class Output(Struct, frozen=True):
    """What the options of output say, as they were given."""

    forms: tuple[str, ...] = ()
    output_format: str | None = None
    write: tuple[str, ...] = ()
    save: Path | None = None
    verbose: int = 0
    fail_on: str = "high"
    letters_by: str = "worst"
    language: str = "en"
    warning: Severity | None = Severity.MEDIUM
    critical: Severity | None = Severity.HIGH
    expiry_warning: Range | None = None
    expiry_critical: Range | None = None
    letter_warning: str = ""
    letter_critical: str = ""

    @property
    def limits(self) -> Limits:
        """Limits of the monitoring plug-ins."""
        return Limits(
            self.warning,
            self.critical,
            self.expiry_warning,
            self.expiry_critical,
            self.letter_warning,
            self.letter_critical,
        )

    @property
    def form(self) -> str | None:
        """The one form of standard output that was asked for; None for the report in the terminal.

        Raises:
            UsageError: Several were asked for.
        """
        asked = dict.fromkeys([*self.forms, *([self.output_format] if self.output_format else [])])
        if len(asked) > 1:
            raise UsageError(
                f"{' and '.join(asked)} exclude each other on standard output",
                "--write puts further forms into files",
            )
        return next(iter(asked), None)

    @property
    def files(self) -> tuple[tuple[str, Path], ...]:
        """Each form and file that ``--write`` asks for.

        Raises:
            UsageError: A form is not known.
        """
        read = (form_and_path(given) for given in self.write)
        return tuple((form, Path(path)) for form, path in read)

    def expect_possible(self, inputs: Iterable[Path] = ()) -> None:
        """See before a run that nothing of this fails after it.

        Args:
            inputs: The files that are read; no form may be written over one.

        Raises:
            UsageError: The options exclude each other, or a file cannot be written.
        """
        _ = self.form
        read = {_identity(path) for path in inputs}
        written = set() if self.save is None else {_identity(self.save)}
        for _, path in self.files:
            identity = _identity(path)
            if identity in read:
                raise UsageError(f"--write would overwrite {path}, which is read", "name another file")
            if identity in written:
                raise UsageError("--write names one file twice", "give each form a file of its own")
            written.add(identity)
        for path in [path for _, path in self.files] + ([self.save] if self.save is not None else []):
            expect_writable(path)

    def show(self, result: "Result", *, fail_on: str | None = None) -> int:
        """Print a result, write the files, and give the exit code, also where nobody reads to the end.

        Args:
            result: The result.
            fail_on: Stands in for the option.

        Raises:
            UsageError: A file cannot be written; the result is printed first.
        """
        wanted = Wanted(fail_on or self.fail_on, self.limits, self.verbose, self.language)
        _tell_unused_exemptions(result)
        try:
            self._print(result, wanted)
            sys.stdout.flush()
        except BrokenPipeError:
            close_stdout()
        finally:
            if self.save is not None:
                save_facts(result.facts, self.save)
            for form, path in self.files:
                _write(FORMS[form].render(result, wanted), path)
        if self.form in PLUGIN_FORMS and fail_on is None:
            return plugin_status(result, self.form, self.limits)
        return exit_code(result, wanted.fail_on)

    def _print(self, result: "Result", wanted: Wanted) -> None:
        if self.form is None:
            _print_reports(result, wanted)
        else:
            sys.stdout.buffer.write(FORMS[self.form].render(result, wanted))


def _form(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A switch for one form; not set by the environment, where ``--format`` is."""
    return click.option(
        f"--{name}", "forms", flag_value=name, multiple=True, allow_from_autoenv=False, help=text
    )


def _unless_switched(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """What the environment says of the form, unless a switch such as ``--json`` was given."""
    from_outside = ctx.get_parameter_source(param.name or "") is ParameterSource.ENVIRONMENT
    return None if from_outside and ctx.params.get("forms") else value


_OPTIONS = (
    click.option(
        "-f",
        "--format",
        "output_format",
        type=click.Choice(list(FORMS)),
        callback=_unless_switched,
        help="Form of standard output.",
    ),
    _form("json", "The same as --format json (waxseal.report/1)."),
    _form("facts", "The same as --format facts (waxseal.facts/1)."),
    _form("transcript", "The same as --format transcript."),
    click.option(
        "-w",
        "--write",
        multiple=True,
        metavar="[FORM=]FILE",
        help="Also write a form to this file; its ending may say which: .html, .md, .csv, .json, .sarif, "
        ".xml (JUnit), .prom, .facts, .txt.",
    ),
    click.option(
        "--save",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Also write the facts to this file, for 'waxseal judge'.",
    ),
    click.option("-v", "--verbose", count=True, help="More detail; -vv shows every check."),
    click.option(
        "--letters-by",
        type=click.Choice(["worst", "best", "first"]),
        default="worst",
        show_default=True,
        help="Address that decides the letters: the worst, the best, or the worst of those tried first.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice([s.label for s in Severity if s] + ["never"]),
        default="high",
        show_default=True,
        help="Exit with 1 when a finding is this severe or worse.",
    ),
    language_option,
    *PLUGIN_OPTIONS,
)

output_options = gathered(_OPTIONS, Output, "output")
"""Adds the options to a command that judges; they come as one argument, `output`."""


def _tell_unused_exemptions(result: "Result") -> None:
    """Exemptions that nothing fits any more are better taken out of the profile."""
    from waxseal.grading.exemptions import State
    from waxseal.report.plain import plain

    for standing in result.reports[0].exemptions if result.reports else ():
        if standing.state is State.UNUSED:
            exemption = standing.exemption
            where = f" at {exemption.where}" if exemption.where else ""
            click.echo(plain(f"waxseal: the exemption of {exemption.check}{where} fits no finding"), err=True)


def _write(data: bytes, path: Path) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "--write takes the path of a file"
        ) from error


def _print_reports(result: "Result", wanted: Wanted) -> None:
    from waxseal.report.spoken import in_language
    from waxseal.report.terminal import print_report, terminal

    console = terminal()
    brief = len(result.reports) >= BRIEF_FROM and not wanted.verbose
    for report in in_language(result.reports, wanted.language):
        print_report(console, report, result.facts, verbose=wanted.verbose, brief=brief)


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


def _identity(path: Path) -> str | tuple[int, int]:
    """What is the same for every name of one file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return os.path.realpath(path)
    return found.st_dev, found.st_ino


def expect_writable(path: Path) -> None:
    """See before a run that a file can be written, so that nothing is lost after it.

    Raises:
        UsageError: The folder is not there, or not to be written to; or the path is a folder's.
    """
    real = Path(os.path.realpath(path))  # a link may lead to where nothing is yet
    try:
        place = real if real.exists() else real.parent
        possible = os.access(place, os.W_OK) and place.is_dir() is (place is not real)
    except OSError:
        possible = False
    if not possible:
        raise UsageError(f"{path} cannot be written", "give the path of a file in a folder that is there")


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
