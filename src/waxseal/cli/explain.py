"""``waxseal explain``: what a check means, the standard it rests on, and how to fix what it finds."""

import difflib

import click

from waxseal.checks.api import Check
from waxseal.checks.registry import all_checks
from waxseal.errors import UsageError

MOST_COLUMNS = 100


@click.command("explain")
@click.argument("ids", nargs=-1)
def command(ids: tuple[str, ...]) -> None:
    """Say what a check means, its standard, and how to fix it.

    Without IDS, lists every check. A topic such as 'smtp' lists its checks.
    """
    from waxseal.report.terminal import print_explanation, terminal

    checks = all_checks()
    if not ids:
        _list(list(checks.values()))
        return
    for number, name in enumerate(ids):
        if number:
            click.echo()
        if name in checks:
            print_explanation(terminal(MOST_COLUMNS), checks[name])
            continue
        topic = [check for check in checks.values() if check.id.startswith(f"{name.rstrip('/')}/")]
        if not topic:
            near = difflib.get_close_matches(name, checks, n=3, cutoff=0.4)
            hint = f"did you mean {', '.join(near)}?" if near else "'waxseal explain' lists all"
            raise UsageError(f"there is no check {name!r}", hint)
        _list(topic)


def _list(checks: list[Check]) -> None:
    width = max(len(check.id) for check in checks)
    for check in checks:
        click.echo(f"{check.id:{width}}  {check.title}")
