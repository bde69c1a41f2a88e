"""``waxseal judge``: the same verdicts from recorded facts, with no network."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from waxseal.cli.output import WORST_FIRST, Output, exit_code, output_options
from waxseal.cli.profile_option import expect_profile, profiles_option
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import FactSet
    from waxseal.grading.profile import Profile


@click.command("judge")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@profiles_option
@output_options
def command(files: tuple[Path, ...], profiles: tuple[str, ...], output: Output) -> int:
    """Judge recorded facts again, without a network.

    FILES are written by 'waxseal check --facts' or --save; '-' reads standard input. Each file is a run of
    its own.

    \b
    waxseal judge facts.jsonl --profile ncsc-nl-2025-05
    waxseal judge facts.jsonl --profile rfc9325 --profile ./ours.toml
    """
    from waxseal.api import judge
    from waxseal.grading.letters import Basis

    output.expect_possible([*files, *map(Path, profiles)])
    known = [expect_profile(name) for name in profiles]
    if len(files) > 1 and (output.form is not None or output.save is not None or output.files):
        raise UsageError("several files give several results", "judge them one by one to write them down")
    if len(known) > 1:
        return _compare(files, dict(zip(profiles, known, strict=True)), output)
    basis = Basis(output.letters_by)
    results = [judge(read_facts(path), profile=profiles[0], basis=basis) for path in files]
    codes = [output.show(result) for result in results]
    return codes[0] if len(codes) == 1 else min(codes, key=WORST_FIRST.index)


def _compare(files: tuple[Path, ...], profiles: "dict[str, Profile]", output: Output) -> int:
    """Print what differs between profiles; the exit code is the worst that any of them gives.

    Raises:
        UsageError: A form was asked for that a comparison does not have, or one profile twice.
    """
    from waxseal.api import judge
    from waxseal.grading.letters import Basis
    from waxseal.report.compare_profiles import print_profiles_compared, render_json
    from waxseal.report.terminal import terminal

    if output.form not in (None, "json") or output.files or output.save is not None:
        raise UsageError("a comparison of profiles has two forms", "leave the form out, or take --json")
    if len(profiles) < 2:
        raise UsageError("one profile is named twice", "name two that differ")
    codes = []
    for path in files:
        facts = read_facts(path)
        results = [judge(facts, profile=name, basis=Basis(output.letters_by)) for name in profiles]
        reports = [result.reports for result in results]
        if output.form == "json":
            sys.stdout.buffer.write(render_json(tuple(profiles.values()), reports))
        else:
            print_profiles_compared(terminal(), tuple(profiles.values()), reports)
        codes += [exit_code(result, output.fail_on) for result in results]
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
            facts = load(_lines(sys.stdin.buffer), "standard input")
        else:
            with path.open("rb") as file:
                facts = load(_lines(file), str(path))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "facts are written by 'waxseal check --facts'"
        ) from error
    if not any(isinstance(record.fact, Target) for record in facts):
        raise UsageError(f"{path} holds no target", "facts are written by 'waxseal check --facts'")
    return facts


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines, of which `load` refuses one without an end before it fills the memory."""
    from waxseal.facts.stored import MAX_LINE_OCTETS

    return iter(lambda: file.readline(MAX_LINE_OCTETS + 2), b"")
