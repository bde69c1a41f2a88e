"""``waxseal judge``: the same verdicts from recorded facts, with no network."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from waxseal.cli.output import WORST_FIRST, expect_writable, one_form, output_options, show
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import FactSet


@click.command("judge")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_options
def command(
    files: tuple[Path, ...], forms: tuple[str, ...], save: Path | None, verbose: int, fail_on: str
) -> int:
    """Judge recorded facts again, without a network.

    FILES are written by 'waxseal check --facts' or --save; '-' reads standard input. Each file is a run of
    its own.
    """
    from waxseal.api import judge

    form = one_form(forms)
    expect_writable(save)
    results = [judge(read_facts(path)) for path in files]
    if len(results) == 1:
        return show(results[0], form, save=save, verbose=verbose, fail_on=fail_on)
    if form is not None or save is not None:
        raise UsageError(
            "several files give several results", "judge them one by one with --json, --facts or --save"
        )
    codes = [show(result, None, save=None, verbose=verbose, fail_on=fail_on) for result in results]
    return min(codes, key=WORST_FIRST.index)


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
