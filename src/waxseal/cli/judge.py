"""``waxseal judge``: the same verdicts from recorded facts, with no network."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from waxseal.cli.output import WORST_FIRST, Output, output_options
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import FactSet


@click.command("judge")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_options
def command(files: tuple[Path, ...], output: Output) -> int:
    """Judge recorded facts again, without a network.

    FILES are written by 'waxseal check --facts' or --save; '-' reads standard input. Each file is a run of
    its own.
    """
    from waxseal.api import judge
    from waxseal.grading.letters import Basis

    output.expect_possible()
    if len(files) > 1 and (output.form is not None or output.save is not None or output.files):
        raise UsageError("several files give several results", "judge them one by one to write them down")
    results = [judge(read_facts(path), basis=Basis(output.letters_by)) for path in files]
    return min((output.show(result) for result in results), key=WORST_FIRST.index)


def read_facts(path: Path) -> "FactSet":
    """Load one file of facts.

    Raises:
        UsageError: It cannot be read, or holds no target.
    """
    from waxseal.facts import Target
    from waxseal.facts.stored import load

    try:
        if str(path) == "-":
            facts = load(sys.stdin.buffer, "standard input")
        else:
            with path.open("rb") as file:
                facts = load(file, str(path))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "facts are written by 'waxseal check --facts'"
        ) from error
    if not any(isinstance(record.fact, Target) for record in facts):
        raise UsageError(f"{path} holds no target", "facts are written by 'waxseal check --facts'")
    return facts
