"""The option of language, for commands that say a headline."""

from collections.abc import Callable
from typing import Any

import click

from waxseal.errors import UsageError

VARIABLE = "WAXSEAL_LANGUAGE"


def _known(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """The code as catalogues have it.

    Raises:
        UsageError: There is no such language.
    """
    if value == "en":
        return value
    from waxseal.grading.language import languages, load_language

    try:
        return load_language(value).code
    except ValueError as error:
        there = ", ".join(languages())
        raise UsageError(str(error), f"--language and {VARIABLE} take one of: {there}") from error


def language_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``language``: a code that `waxseal.grading.language.load_language` knows."""
    return click.option(
        "--language",
        default="en",
        envvar=VARIABLE,
        show_default=True,
        show_envvar=True,
        metavar="CODE",
        callback=_known,
        help="Say the headline and the titles of findings in this language.",
    )(command)
