"""``waxseal explain``: what a check or a profile's rule means, its standard, and how to fix what it finds."""

import difflib

import click

from waxseal.checks.api import Check
from waxseal.checks.registry import all_checks
from waxseal.errors import UsageError
from waxseal.grading.profile import find_rule, load_profile, profile_names
from waxseal.grading.rules.own_rule import OwnRule

MOST_COLUMNS = 100


@click.command("explain")
@click.argument("ids", nargs=-1)
def command(ids: tuple[str, ...]) -> None:
    """Say what a check means, its standard, and how to fix it.

    Without IDS, lists every check. A topic such as 'smtp' lists its checks, and a profile such as
    'ncsc-nl-2025-05' its rules; 'ncsc-nl-2025-05/suites' is one of them.
    """
    from waxseal.report.profiles import print_rule
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
        elif (rule := find_rule(name)) is not None:
            print_rule(terminal(MOST_COLUMNS), rule)
        else:
            _list(_of_topic(name.rstrip("/")))


def _of_topic(name: str) -> "list[Check] | list[OwnRule]":
    """The checks of a topic, or the rules of a profile.

    Raises:
        UsageError: There is neither of that name.
    """
    topic = [check for check in all_checks().values() if check.id.startswith(f"{name}/")]
    if topic:
        return topic
    rules = list(load_profile(name).own) if name in profile_names() else []
    if rules:
        return rules
    known = [*all_checks(), *(rule.id for profile in profile_names() for rule in load_profile(profile).own)]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else "'waxseal explain' lists all"
    raise UsageError(f"there is no check {name!r}", hint)


def _list(rows: "list[Check] | list[OwnRule]") -> None:
    width = max(len(row.id) for row in rows)
    for row in rows:
        click.echo(f"{row.id:{width}}  {row.title}")
