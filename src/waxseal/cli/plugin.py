"""The command as a monitoring plug-in: its thresholds, its exit codes, and how it says that it failed.

In the form of Nagios the exit code is the status, and a mistake on the command line is UNKNOWN on standard
output (Monitoring Plugins Development Guidelines, "Plugin Return Codes"). A Checkmk local check says its
status in the line and always exits with 0: the agent throws away what a cached check that fails has written.
"""

import os
import sys
from typing import TYPE_CHECKING

import click

from waxseal.grading.severity import Severity
from waxseal.report.thresholds import Limits, Range, parse_range

if TYPE_CHECKING:
    from waxseal.api import Result

PLUGIN_FORMS = ("nagios", "checkmk")
"""The forms that have exit codes of their own."""
NEVER = "never"
_SEVERITIES = [severity.label for severity in Severity if severity] + [NEVER]
_LETTERS = list("BCDEF")
_OPTION = "--format"
_SHORT = "-f"
_SWITCHES = ("--json", "--facts", "--transcript")
_VARIABLES = ("WAXSEAL_{}_FORMAT", "WAXSEAL_{}_OUTPUT_FORMAT")


def _range(ctx: click.Context, param: click.Parameter, value: str | None) -> Range | None:
    """Read a range; what is none is a mistake on the command line."""
    try:
        return None if value is None else parse_range(value)
    except ValueError as error:
        hint = "write 14: to be told of fewer than 14, @0:13 for 0 to 13"
        raise click.BadParameter(f"{error}; {hint}", ctx, param) from error


def _severity(ctx: click.Context, param: click.Parameter, value: str) -> Severity | None:
    return None if value == NEVER else Severity.from_label(value)


class _LetterChoice(click.Choice[str]):
    """B to F, also in small letters; a mistake is told with capitals."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(value.upper(), param, ctx)


def _letter(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    return value or ""


PLUGIN_OPTIONS = (
    click.option(
        "--warning",
        type=click.Choice(_SEVERITIES),
        default="medium",
        show_default=True,
        callback=_severity,
        help="WARNING when a finding is this severe or worse.",
    ),
    click.option(
        "--critical",
        type=click.Choice(_SEVERITIES),
        default="high",
        show_default=True,
        callback=_severity,
        help="CRITICAL when a finding is this severe or worse.",
    ),
    click.option(
        "--expiry-warning",
        callback=_range,
        metavar="RANGE",
        help="WARNING when the days left to a certificate are outside this range, such as 14:.  "
        "[default: as certificate/expires-soon says]",
    ),
    click.option(
        "--expiry-critical",
        callback=_range,
        metavar="RANGE",
        help="CRITICAL when the days left to a certificate are outside this range, such as 3:.",
    ),
    click.option(
        "--letter-warning",
        type=_LetterChoice(_LETTERS),
        callback=_letter,
        help="WARNING when a letter is this one or worse.",
    ),
    click.option(
        "--letter-critical",
        type=_LetterChoice(_LETTERS),
        callback=_letter,
        help="CRITICAL when a letter is this one or worse.",
    ),
)
"""The thresholds; each stores under the name of a field of `Limits`."""


def plugin_status(result: "Result", form: str, limits: Limits) -> int:
    """The exit code alone, where the answer is printed elsewhere."""
    if form == "checkmk":
        return 0
    from waxseal.report.nagios import render_nagios

    return render_nagios(result.reports, result.facts, limits=limits)[1]


def asked_form(arguments: list[str] | None) -> str | None:
    """Which of `PLUGIN_FORMS` a command line asks for, also one that cannot be read as a whole.

    Args:
        arguments: Without the program's name; None for those of this process.
    """
    line = sys.argv[1:] if arguments is None else arguments
    variables = [name.format(line[0].upper()) for name in _VARIABLES if line]
    given = next((os.environ[name] for name in variables if os.environ.get(name)), "")
    words = iter(line)
    for word in words:
        if word == "--":
            break
        if word in _SWITCHES:
            given = ""
        if word in (_OPTION, _SHORT):
            given = next(words, "")
        elif word.startswith(f"{_OPTION}="):
            given = word.partition("=")[2]
        elif word.startswith(_SHORT) and len(word) > len(_SHORT):
            given = word.removeprefix(_SHORT)
    return given if given in PLUGIN_FORMS else None


def show_failure(form: str, message: str) -> int:
    """Say in one of `PLUGIN_FORMS` that there is no answer, and give the exit code."""
    from waxseal.report import checkmk, nagios

    module = checkmk if form == "checkmk" else nagios
    sys.stdout.buffer.write(module.render_unknown(message).encode(errors="replace"))
    sys.stdout.flush()
    return 0 if form == "checkmk" else 3
