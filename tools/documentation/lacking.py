"""What has no words: checks without an explanation, commands and options without help, codes without a row.

Each function takes what it judges, so that a test can show it something bad.
"""

from collections.abc import Iterable, Iterator

from tools.documentation import facts
from tools.documentation.commands import Command
from tools.documentation.exit_codes import ExitCode

from waxseal.checks.api import Check
from waxseal.facts import Fact

LEAST_EXPLANATION = 120
"""Characters of a docstring that explains a fault, at least."""
LEAST_HELP = 8


def in_checks(checks: Iterable[Check]) -> Iterator[str]:
    """Checks that are not explained, cite nothing or do not say how to mend what they find."""
    for check in checks:
        if len(check.explanation) < LEAST_EXPLANATION:
            yield f"{check.id}: its docstring has less than {LEAST_EXPLANATION} characters"
        if not check.cites:
            yield f"{check.id}: it cites nothing"
        if not check.remedy.general:
            yield f"{check.id}: it has no remedy"


def in_commands(commands: Iterable[Command]) -> Iterator[str]:
    """Commands without a summary or help, options without help."""
    for command in commands:
        name = f"waxseal {command.name}".strip()
        if len(command.summary) < LEAST_HELP:
            yield f"{name}: it has no summary"
        if not "".join(command.paragraphs):
            yield f"{name}: it has no help"
        for option in command.options:
            if len(option.help) < LEAST_HELP:
                yield f"{name} {option.names[-1]}: it has no help"


def in_exit_codes(known: Iterable[int], documented: Iterable[ExitCode]) -> Iterator[str]:
    """Exit codes without a row, and rows of codes that nothing ends with."""
    rows = {code.number: code for code in documented}
    for number in sorted(set(known) - set(rows)):
        yield f"exit code {number}: it has no row"
    for number in sorted(set(rows) - set(known)):
        yield f"exit code {number}: nothing ends with it"
    for code in rows.values():
        if not code.meaning:
            yield f"exit code {code.number}: its row says nothing"


def in_facts(kinds: Iterable[type[Fact]]) -> Iterator[str]:
    """Facts without a docstring."""
    for kind in kinds:
        if not facts.description(kind):
            yield f"{kind.TAG}: it has no docstring"
