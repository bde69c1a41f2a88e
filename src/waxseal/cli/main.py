"""The command ``waxseal``: sub-commands that are loaded when called, and what its exit codes mean.

Start-up imports click and nothing else; each sub-command imports what it needs (DESIGN §8).
"""

import errno
import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from waxseal.errors import UsageError
from waxseal.version import __version__

EXIT_OK = 0
EXIT_FINDING = 1
EXIT_USAGE = 2
EXIT_UNTESTED = 3
EXIT_BUG = 70
EXIT_INTERRUPTED = 130
MOST_CHARACTERS = 4000
"""Of what is said on standard error of one mistake."""
_WRITE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})

COMMANDS = {
    "check": "Test domains, mail hosts or addresses, and say what was found.",
    "judge": "Judge recorded facts again, without a network.",
    "compare": "Say what two recorded runs saw differently.",
    "tls": "Make one TLS handshake, as asked, and show everything.",
    "records": "Print the TLSA, MTA-STS and TLS-RPT records for a domain.",
    "plan": "Say what a change would do to senders, and its safe order.",
    "explain": "Say what a check means, its standard, and how to fix it.",
    "profiles": "List the profiles, or print the rules of one.",
    "lab": "Keep a simulated mail world running to try things on.",
}
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "auto_envvar_prefix": "WAXSEAL"}
"""Options can be set by the environment: ``WAXSEAL_CHECK_CONTROL`` for ``check --control``."""


class LazyGroup(click.Group):
    """A group that knows its sub-commands by name and imports one when it is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; a reader that goes away ends it in peace, where click would exit with 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            close_stdout()
            return EXIT_OK

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``waxseal.cli.<name>`` and give its command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"waxseal.cli.{cmd_name}").command
        _name_variables(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the sub-commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _name_variables(command: click.Command, name: str) -> None:
    """Name the variables after options, where click alone would name them after parameters.

    A variable that an option brings itself, for all commands, comes after that of the one command.
    """
    for option in command.params:
        long = next((given[2:] for given in option.opts if given.startswith("--")), "")
        if not isinstance(option, click.Option) or not option.allow_from_autoenv or not long:
            continue
        own = f"{CONTEXT['auto_envvar_prefix']}_{name}_{long}".replace("-", "_").upper()
        general = [option.envvar] if isinstance(option.envvar, str) else []
        if not isinstance(option.envvar, list):
            option.envvar = [own, *general]


@click.group(cls=LazyGroup, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="waxseal")
def waxseal() -> None:
    """Is e-mail sealed in transit? Tests the servers that receive mail, and explains every answer.

    \b
    Exit codes: 0 ok, 1 a finding at or above --fail-on, 2 usage,
                3 could not test, 70 a bug in waxseal.

    Options can be set by the environment, such as WAXSEAL_CHECK_CONTROL for
    check --control.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with its code; never shows a traceback for what a user or a peer did."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    _ready_streams()
    try:
        code: Any = waxseal.main(arguments, standalone_mode=False)
        sys.stdout.flush()
    except UsageError as error:
        return _failed(arguments, EXIT_USAGE, error.message, error.hint)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "waxseal"
        return _failed(arguments, EXIT_USAGE, error.format_message(), f"see '{where} --help'")
    except click.ClickException as error:
        return _failed(arguments, EXIT_USAGE, error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _failed(arguments, EXIT_INTERRUPTED, "interrupted")
    except BrokenPipeError:
        close_stdout()
        return EXIT_OK
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _WRITE_ERRORS:
            close_stdout()
            _complain(f"the result cannot be written: {error.strerror}", "see where standard output leads")
            return EXIT_USAGE
        told = f"a bug in waxseal: {type(error).__name__}: {error}"
        hint = "please report it; WAXSEAL_TRACEBACK=1 shows where it struck"
        code = _failed(arguments, EXIT_BUG, told, hint)
        _show_traceback()
    return code if isinstance(code, int) else EXIT_OK


def _failed(arguments: list[str] | None, code: int, message: str, hint: str = "") -> int:
    """Say what went wrong and give the exit code; a monitoring plug-in says both in its own form."""
    from waxseal.cli.plugin import asked_form, show_failure

    form = asked_form(arguments)
    if form is not None:
        return show_failure(form, message)
    _complain(message, hint)
    return code


def _ready_streams() -> None:
    """Stand in for standard streams that are closed, and let no character fail where one cannot be shown."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # open until the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _complain(message: str, hint: str) -> None:
    """Say it on standard error; names of files and what stands in them must not command the terminal."""
    from waxseal.report.plain import plain

    for text in (f"waxseal: {message}", f"hint: {hint}" if hint else ""):
        lines = (plain(line) for line in text.expandtabs().split("\n"))
        shown = "\n".join(lines)
        if shown:
            cut = f"{shown[:MOST_CHARACTERS]}..." if len(shown) > MOST_CHARACTERS else shown
            click.echo(cut, err=True)


def close_stdout() -> None:
    """Nobody reads any more: let the interpreter's own flush at exit fail in silence."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_traceback() -> None:
    if os.environ.get("WAXSEAL_TRACEBACK"):
        import traceback

        traceback.print_exc()


if __name__ == "__main__":
    main()
