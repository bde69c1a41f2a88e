"""Commands and their options as click knows them; the page of each, and their index."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import click
from tools.documentation.markdown import block, code, prose, table

from waxseal.cli.main import COMMANDS, CONTEXT, waxseal
from waxseal.cli.sections import Sectioned

INDEX = "commands/index.md"
_EXTRA = re.compile(r"\s*\[((?:default: |required|x[<>]|[\d.]+<)[^\[\]]*)\]")
_RANGE = re.compile(r"([\d.]+)<=x<=([\d.]+)")
_EXAMPLE = re.compile(r"(?:\./run|waxseal) ")
_PLAINER = {"INTEGER RANGE": "NUMBER", "FLOAT RANGE": "NUMBER", "INTEGER": "NUMBER", "FLOAT": "NUMBER"}
_GENERAL = "Options"


class Option(NamedTuple):
    """One option of a command.

    Attributes:
        names: As they are typed: ``-v``, ``--verbose``; the other side of a switch last.
        value: What stands behind it, such as ``[low|high]``; "" for a switch.
        help: What it does; "" where nobody said.
        extra: Default and range as the help shows them; "" for none.
        variable: The environment variable that sets it; "" for those that none can set.
        several: Whether it can be given several times.
    """

    names: tuple[str, ...]
    value: str
    help: str
    extra: str
    variable: str
    several: bool

    @property
    def spelled(self) -> str:
        """Names and value, as the help has them."""
        return f"{', '.join(self.names)}{' ' if self.value else ''}{self.value}"


class Command(NamedTuple):
    """One command.

    Attributes:
        name: Its name behind ``waxseal``; "" for the program itself.
        summary: One sentence; "" where there is none.
        usage: ``waxseal check [OPTIONS] [TARGETS]...``
        paragraphs: The help, paragraph by paragraph; lines are kept where they are examples.
        sections: Options by heading, in order.
    """

    name: str
    summary: str
    usage: str
    paragraphs: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Option, ...]], ...]

    @property
    def options(self) -> tuple[Option, ...]:
        """All options in order."""
        return tuple(option for _, options in self.sections for option in options)

    @property
    def examples(self) -> tuple[str, ...]:
        """The command lines that the help shows."""
        return tuple(line for part in self.paragraphs if _EXAMPLE.match(part) for line in part.splitlines())


@cache
def all_commands() -> tuple[Command, ...]:
    """The program itself, then every command in the order of its help."""
    settings: dict[str, Any] = CONTEXT
    context = click.Context(waxseal, info_name="waxseal", **settings)
    found = [read(waxseal, context, "", inspect.cleandoc(waxseal.help or "").splitlines()[0])]
    for name, summary in COMMANDS.items():
        command = waxseal.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, **command.context_settings)
        found.append(read(command, inner, name, summary))
    return tuple(found)


def read(command: click.Command, context: click.Context, name: str, summary: str) -> Command:
    """What there is to know of a command."""
    section_of = {}
    order = [_GENERAL]
    if isinstance(command, Sectioned):
        order = list(command.sections)
        section_of = {option: head for head, options in command.sections.items() for option in options}
    sections: dict[str, list[Option]] = {head: [] for head in order}
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            head = section_of.get(parameter.name or "", order[-1])
            sections[head].append(_option(parameter, context))
    return Command(
        name,
        summary,
        " ".join([context.command_path, *command.collect_usage_pieces(context)]),
        help_paragraphs(command.help or ""),
        tuple((head, tuple(options)) for head, options in sections.items()),
    )


def help_paragraphs(text: str) -> tuple[str, ...]:
    """A help text by paragraphs; the lines of a paragraph of examples are kept."""
    found = []
    for part in re.split(r"\n\s*\n", inspect.cleandoc(text).split("\f")[0].strip()):
        lines = [line.strip() for line in part.splitlines() if line.strip() != "\b"]
        examples = all(_EXAMPLE.match(line) for line in lines)
        found.append(("\n" if examples else " ").join(lines))
    return tuple(found)


def _option(option: click.Option, context: click.Context) -> Option:
    spelled, text = option.get_help_record(context) or ("", "")
    names = (*option.opts, *option.secondary_opts)
    extra = _RANGE.sub(r"\1 to \2", "; ".join(_EXTRA.findall(text)))
    return Option(
        names=tuple(sorted(names, key=len)),
        value=_value(spelled, names),
        help=" ".join(_EXTRA.sub("", option.help or "").split()),
        extra=extra,
        variable=_variable(option, context),
        several=option.count or (option.multiple and not option.is_flag),
    )


def _variable(option: click.Option, context: click.Context) -> str:
    """What sets it; none for options that the environment does not set."""
    prefix = context.auto_envvar_prefix
    if prefix is None or not option.allow_from_autoenv or (option.is_eager and not option.expose_value):
        return ""
    named = option.envvar or f"{prefix}_{(option.name or '').upper()}"
    return named if isinstance(named, str) else named[0]


def _value(spelled: str, names: tuple[str, ...]) -> str:
    """What is left of the help's column behind the last name."""
    last = max((spelled.rfind(name) + len(name) for name in names if name in spelled), default=0)
    value = spelled[last:].strip()
    return _PLAINER.get(value, value)


def path_of(command: str) -> str:
    """Path of a command's page."""
    return f"commands/{command or 'waxseal'}.md"


def pages() -> Iterator[tuple[str, str]]:
    """Every page about commands: path and Markdown."""
    commands = all_commands()
    for command in commands:
        yield path_of(command.name), _page(command)
    rows = [
        (f"[{code(f'waxseal {c.name}'.strip())}]({c.name or 'waxseal'}.md)", prose(c.summary))
        for c in commands
    ]
    entries = "\n".join(command.name or "waxseal" for command in commands)
    yield (
        INDEX,
        "# Commands\n\nEach prints its own help with `--help`. What they end with is the same for all: "
        "[exit codes](../exit-codes.md).\n\n"
        f"{table(('Command', 'What it does'), rows)}\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n",
    )


def _page(command: Command) -> str:
    path = f"waxseal {command.name}".strip()
    parts = [f"# {code(path)}\n", block(command.usage, "text")]
    for text in command.paragraphs:
        example = _EXAMPLE.match(text)
        parts.append(block(text, "sh") if example else f"{prose(text)}\n")
    parts.append(f"```{{program}} {path}\n```\n")
    for head, options in command.sections:
        if options:
            parts += [f"## {head}\n", *map(_described, options)]
    parts.append("## Exit codes\n\nAs of every command: [exit codes](../exit-codes.md).\n")
    return "\n".join(parts)


def _described(option: Option) -> str:
    spelled = ", ".join(f"{name}{' ' if option.value else ''}{option.value}" for name in option.names)
    said = [prose(option.help)]
    if option.several:
        said.append("It can be given several times.")
    if option.extra:
        said.append(f"({prose(option.extra)})")
    if option.variable:
        said.append(f"By the environment: {code(option.variable)}.")
    return f"::::{{option}} {spelled}\n{' '.join(said)}\n::::\n"
