"""The manual page waxseal(1) as Markdown, from which Sphinx makes roff."""

from collections.abc import Iterable, Iterator

from tools.documentation.commands import Command, Option
from tools.documentation.exit_codes import ExitCode
from tools.documentation.markdown import block, code, prose

SUMMARY = "test whether e-mail is sealed in transit"
_VARIABLES = {
    "NO_COLOR": "Set to anything: no colour, also on a terminal.",
    "SSLKEYLOGFILE": "Where `waxseal tls` appends the secrets of connections; `--key-log` goes before it.",
    "WAXSEAL_TRACEBACK": "Set to anything: a bug in waxseal shows where it struck.",
}
_FILES = {
    "/etc/resolv.conf": "The resolvers that are asked, unless `--resolver` names some.",
    "/etc/ssl/certs/ca-certificates.crt": "The root store `system` on Debian; elsewhere as OpenSSL has it.",
    "facts": "What was seen, as JSON lines (`waxseal.facts/1`): any name that `--save` gives.",
}


def page(commands: Iterable[Command], codes: Iterable[ExitCode]) -> str:
    """The whole page: every command with all its options, exit codes, environment, files, examples."""
    program, *others = commands
    parts = [
        "# waxseal\n",
        "## Synopsis\n",
        *(f"**{command.usage.partition(' [')[0]}** {_behind(command.usage)}\n" for command in others),
        "## Description\n",
        *(f"{prose(text)}\n" for text in program.paragraphs if not text.startswith("Exit codes")),
        "## Commands\n",
        *(_command(command) for command in others),
        "## Exit status\n",
        *(f"{code.number}\n: {code.meaning}\n" for code in codes),
        "## Environment\n",
        "An option can be set by the variable that is named with it; blanks stand between several values.\n",
        *(_term(code(name), text) for name, text in _VARIABLES.items()),
        "## Files\n",
        *(_term(f"*{name}*", text) for name, text in _FILES.items()),
        "## Examples\n",
        *(block("\n".join(command.examples)) for command in others if command.examples),
        "## See also\n",
        "**dig**(1), **openssl-s_client**(1), **posttls-finger**(1), **swaks**(1)\n",
        "RFC 3207 (SMTP over TLS), RFC 7672 (DANE for SMTP), RFC 8314 (TLS for mail programs), "
        "RFC 8460 (TLS-RPT), RFC 8461 (MTA-STS), RFC 9325 (use of TLS).\n",
    ]
    return "\n".join(parts)


def _behind(usage: str) -> str:
    return prose(usage[len(usage.partition(" [")[0]) :].strip())


def _term(term: str, text: str) -> str:
    return f"{term}\n: {text}\n"


def _command(command: Command) -> str:
    parts = [f"### {command.name}\n"]
    parts += [
        block(text) if text in "\n".join(command.examples) else f"{prose(text)}\n"
        for text in command.paragraphs
    ]
    several = len([head for head, options in command.sections if options]) > 1
    for head, options in command.sections:
        if options and several:
            parts.append(f"*{head}*\n")
        parts += [_option(option) for option in options]
    return "\n".join(parts)


def _option(option: Option) -> str:
    names = ", ".join(f"**{prose(name)}**" for name in option.names)
    value = f" *{prose(option.value)}*" if option.value else ""
    return f"{names}{value}\n: {' '.join(_said(option))}\n"


def _said(option: Option) -> Iterator[str]:
    yield prose(option.help)
    if option.several:
        yield "Can be given several times."
    if option.extra:
        yield prose(f"[{option.extra}]")
    if option.variable:
        yield prose(f"({option.variable})")
