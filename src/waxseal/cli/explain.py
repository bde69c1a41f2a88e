"""``waxseal explain``: what a check means, the standard it rests on, and how to fix what it finds."""

import difflib

import click

from waxseal.checks.api import Check
from waxseal.checks.registry import all_checks
from waxseal.errors import UsageError


@click.command("explain")
@click.argument("ids", nargs=-1)
def command(ids: tuple[str, ...]) -> None:
    """Say what a check means, its standard, and how to fix it.

    Without IDS, lists every check. A topic such as 'smtp' lists its checks.
    """
    checks = all_checks()
    if not ids:
        _list(list(checks.values()))
        return
    for number, name in enumerate(ids):
        if name in checks:
            if number:
                click.echo()
            _explain(checks[name])
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


def _explain(check: Check) -> None:
    from rich.console import Console, Group
    from rich.padding import Padding
    from rich.text import Text

    parts: list[object] = [Text(check.id, style="bold"), Text(check.title), Text()]
    parts += [Text(paragraph.replace("\n", " ") + "\n") for paragraph in check.explanation.split("\n\n")]
    parts.append(Text.assemble(("Standard: ", "cyan"), f"{', '.join(check.cites)} ({check.level.value})"))
    parts.append(Text.assemble(("Judged per: ", "cyan"), check.scope.name.lower()))
    parts.append(Text.assemble(("Fix: ", "cyan"), check.remedy.general))
    parts += [
        Padding(Text.assemble((f"{software}: ", "cyan"), setting), (0, 0, 0, 2))
        for software, setting in check.remedy.by_software.items()
    ]
    console = Console(emoji=False, markup=False, highlight=False)
    console.width = min(console.width, 100)
    console.print(Group(*parts))  # type: ignore[arg-type]
