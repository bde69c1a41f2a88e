"""``waxseal compare``: what two recorded runs saw differently, and so what differs by the path."""

import sys
from pathlib import Path

import click

from waxseal.cli.judge import read_facts
from waxseal.cli.main import EXIT_FINDING, EXIT_OK
from waxseal.errors import UsageError


@click.command("compare")
@click.argument("one", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document (waxseal.compare/1).")
def command(one: Path, other: Path, as_json: bool) -> int:
    """Say what two recorded runs saw differently.

    ONE and OTHER are files of facts, written by 'waxseal check --save'. Runs from two places show what a path
    takes away; name the places with --vantage, or go another way with --via.

    \b
    waxseal check example.org --vantage home --save home.jsonl
    waxseal check example.org --vantage office --via socks5://gw:1080 --save office.jsonl
    waxseal compare home.jsonl office.jsonl

    The exit code is 1 where they differ in STARTTLS, in a certificate's key or in whether TLS is reached.
    """
    if str(one) == "-" and str(other) == "-":
        raise UsageError("standard input can be one of the two runs, not both", "save one of them to a file")
    from waxseal.grading.compare import compare, vantages
    from waxseal.report.compare import print_comparison, render_json, weighty

    a, b = read_facts(one), read_facts(other)
    comparison = compare(a, b)
    names = vantages(a, b, (one.name, other.name))
    if as_json:
        sys.stdout.buffer.write(render_json(comparison, *names))
    else:
        from waxseal.report.terminal import terminal

        print_comparison(terminal(), comparison, *names)
    return EXIT_FINDING if weighty(comparison) else EXIT_OK
