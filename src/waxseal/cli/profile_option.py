"""The option ``--profile``, and what is said where no profile can be had by it."""

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.grading.profile import Profile

DEFAULT = "rfc9325"
_HELP = "Profile that weighs the findings: a name ('waxseal profiles' lists them), or the path of one's own."


def profile_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--profile NAME|FILE``, once; the parameter is ``profile``, a text for `expect_profile`."""
    option = click.option("--profile", default=DEFAULT, show_default=True, metavar="NAME|FILE", help=_HELP)
    return option(command)


def profiles_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same, as often as wanted; the parameter is ``profiles``, a tuple."""
    text = f"{_HELP} Given twice or more: print what differs."
    option = click.option(
        "--profile", "profiles", multiple=True, default=(DEFAULT,), metavar="NAME|FILE", help=text
    )
    return option(command)


def expect_profile(name: str) -> "Profile":
    """The profile of that name, or of that file.

    Raises:
        UsageError: There is none, or it is not of the form.
    """
    from waxseal.grading.profile import load_profile, profile_names

    try:
        return load_profile(name)
    except FileNotFoundError as error:
        near = difflib.get_close_matches(name, profile_names(), n=3, cutoff=0.4)
        hint = (
            f"did you mean {', '.join(near)}?" if near else "'waxseal profiles' lists those that come along"
        )
        raise UsageError(str(error), hint) from error
    except ValueError as error:
        raise UsageError(str(error), "docs/profiles.md says how one's own profile is written") from error
