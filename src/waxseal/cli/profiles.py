"""``waxseal profiles``: which profiles there are, and what stands in one."""

import click

MOST_COLUMNS = 110


@click.command("profiles")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the profiles, or print the rules of one.

    NAME is that of a profile, or the path of one's own. Printed are its rules with their classes and sources,
    the weights that differ from the profile that it extends, and its exemptions with their end.

    \b
    waxseal profiles
    waxseal profiles ncsc-nl-2025-05
    waxseal profiles ./ours.toml
    """
    from waxseal.cli.profile_option import expect_profile
    from waxseal.grading.profile import load_profile, profile_names
    from waxseal.report.profiles import print_profile, print_profile_list
    from waxseal.report.terminal import terminal

    if name is None:
        print_profile_list(terminal(MOST_COLUMNS), map(load_profile, profile_names()))
        return
    profile = expect_profile(name)
    base = profile.extends.partition("/")[0]
    print_profile(terminal(MOST_COLUMNS), profile, load_profile(base) if base in profile_names() else None)
